package task

import (
	"encoding/json"
	"maps"
	"strings"

	"pawl/core"
)

// reference collects the hidden side of a row.
type reference struct {
	core.Reference
	Numbers    []int64         `json:"numbers,omitempty"`
	Target     *int64          `json:"target,omitempty"`
	Language   string          `json:"language,omitempty"`
	EntryPoint string          `json:"entry_point,omitempty"`
	Cases      json.RawMessage `json:"cases,omitempty"`
	Test       string          `json:"test,omitempty"`
	Generator  string          `json:"generator,omitempty"`

	Choices      []string        `json:"choices,omitempty"`
	Choice       string          `json:"choice,omitempty"` // letter of the right one, where the row gives its index or label
	References   []string        `json:"references,omitempty"`
	JSONSchema   json.RawMessage `json:"json_schema,omitempty"`
	Instructions json.RawMessage `json:"instructions,omitempty"`

	given row // a reference that is an object of its own; the rest is laid over it
}

// has tells whether there is anything to judge an attempt by.
func (r *reference) has() bool {
	return r.Answer != "" || r.Solution != "" || r.World != "" || r.Test != "" || r.EntryPoint != "" || r.Cases != nil || len(r.given) > 0 ||
		r.Choice != "" || r.References != nil || r.JSONSchema != nil || r.Instructions != nil
}

// encode gives null for a reference without content.
func (r *reference) encode() (json.RawMessage, error) {
	if !r.has() {
		return nil, nil
	}
	raw, err := json.Marshal(r)
	if err != nil || len(r.given) == 0 {
		return raw, err
	}
	own := row{}
	if err := json.Unmarshal(raw, &own); err != nil {
		return nil, err
	}
	all := maps.Clone(r.given)
	maps.Copy(all, own)
	return json.Marshal(all)
}

// reference reads answer, solution and reference, and what puzzles and code
// add.
func (r row) reference() (*reference, error) {
	ref := &reference{}
	if raw, ok := r["reference"]; ok && kindOf(raw) == "an object" {
		if err := json.Unmarshal(raw, &ref.given); err != nil {
			return nil, bad("reference", "%w", err)
		}
		if err := json.Unmarshal(raw, &ref.Reference); err != nil {
			return nil, bad("reference", "wants text for answer, solution and world")
		}
	}
	for _, field := range []string{"answer", "reference"} {
		if raw := r[field]; field == "reference" && kindOf(raw) == "an object" {
			continue
		}
		text, err := r.text(field)
		if err != nil {
			return nil, err
		}
		if ref.Answer != "" || strings.TrimSpace(text) == "" {
			continue
		}
		ref.Answer = text
		if _, answer, ok := cutAnswer(text); ok {
			ref.Answer = answer
			if ref.Solution == "" {
				ref.Solution = text
			}
		}
	}
	solution, err := r.text("solution")
	if err != nil {
		return nil, err
	}
	if solution != "" {
		ref.Solution = solution
		if _, answer, ok := cutAnswer(solution); ok && ref.Answer == "" {
			ref.Answer = answer
		}
	}
	if err := r.puzzle(ref); err != nil {
		return nil, err
	}
	if err := r.rules(ref); err != nil {
		return nil, err
	}
	return ref, r.code(ref)
}

// cutAnswer splits a worked solution that ends with "#### answer".
func cutAnswer(text string) (work, answer string, ok bool) {
	i := strings.LastIndex(text, "####")
	if i < 0 {
		return text, "", false
	}
	answer, _, _ = strings.Cut(strings.TrimSpace(text[i+len("####"):]), "\n")
	answer = strings.TrimSpace(answer)
	return strings.TrimSpace(text[:i]), answer, answer != ""
}

// puzzle reads numbers and target. A target without numbers is some other
// data set's word, and ignored.
func (r row) puzzle(ref *reference) error {
	raw, ok := r["numbers"]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, &ref.Numbers); err != nil {
		return bad("numbers", "wants a list of whole numbers")
	}
	if len(ref.Numbers) == 0 { // what Parquet has for an absent list
		return nil
	}
	if len(ref.Numbers) > 64 {
		return bad("numbers", "has %d numbers; 64 are the most", len(ref.Numbers))
	}
	raw, ok = r["target"]
	if !ok {
		return bad("target", "is missing; a row with numbers needs a target")
	}
	if err := json.Unmarshal(raw, &ref.Target); err != nil {
		return bad("target", "wants a whole number, not %s", kindOf(raw))
	}
	ref.World = "countdown"
	return nil
}

// code reads what tests of programs need.
func (r row) code(ref *reference) (err error) {
	for _, f := range []struct {
		name string
		into *string
	}{{"language", &ref.Language}, {"entry_point", &ref.EntryPoint}, {"test", &ref.Test}, {"generator", &ref.Generator}} {
		if raw, ok := r[f.name]; ok && kindOf(raw) != "text" {
			return bad(f.name, "wants text, not %s", kindOf(raw))
		}
		if *f.into, err = r.text(f.name); err != nil {
			return err
		}
	}
	raw, ok := r["cases"]
	if !ok {
		if ref.Test != "" && ref.EntryPoint == "" {
			return bad("entry_point", "is missing; test needs the name of the function to check")
		}
		return nil
	}
	var cases []struct{ Input, Output json.RawMessage }
	if err := json.Unmarshal(raw, &cases); err != nil {
		return bad("cases", "wants a list of {input, output}, not %s", kindOf(raw))
	}
	if len(cases) == 0 {
		return nil
	}
	for i, c := range cases {
		if kindOf(c.Input) != "a list" || c.Output == nil {
			return bad("cases", "case %d wants an input, a list of arguments, and an output", i+1)
		}
	}
	if ref.EntryPoint == "" {
		return bad("entry_point", "is missing; cases need the name of the function to call")
	}
	ref.Cases = raw
	return nil
}
