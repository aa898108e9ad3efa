package verifier

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"pawl/core"
)

// vote is what attempt r stands for where attempts vote: the tools it calls, with
// their arguments, where it calls any; the JSON that it is, where the task wants
// JSON; else its final answer. Equal votes are equal strings: keys are sorted,
// parallel calls too, and calls lose their ids.
func (e Extract) vote(ep *core.Episode, r core.Ref) string {
	if calls := toolCalls(*ep.Node(r)); calls != nil {
		return "calls " + strings.Join(calls, ", ")
	}
	if len(ep.Task.Options.Schema) > 0 && (e.From == "" || e.From == "auto") {
		if c, ok := canonicalJSON([]byte(ep.Node(r).Content)); ok {
			return c
		}
	}
	return e.Answer(attempt(ep, r))
}

// toolCalls are the calls of a turn in canonical form, sorted; nil where it makes
// none.
func toolCalls(n core.Node) []string {
	if len(n.Data) == 0 || !bytes.Contains(n.Data, []byte(`"tool_calls"`)) {
		return nil
	}
	var d struct {
		Calls []struct {
			Function struct {
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"` // an object, or a string that spells one
			} `json:"function"`
		} `json:"tool_calls"`
	}
	if json.Unmarshal(n.Data, &d) != nil {
		return nil
	}
	var calls []string
	for _, c := range d.Calls {
		raw := []byte(c.Function.Arguments)
		var text string
		if json.Unmarshal(raw, &text) == nil {
			raw = []byte(text)
		}
		arguments, ok := canonicalJSON(raw)
		if !ok {
			arguments = strings.TrimSpace(string(raw))
		}
		calls = append(calls, c.Function.Name+"("+arguments+")")
	}
	slices.Sort(calls)
	return calls
}

// canonicalJSON is one JSON value with keys sorted, spaces gone and numbers in one
// form, as far as they keep their value.
func canonicalJSON(raw []byte) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return "", false
	}
	b, err := json.Marshal(equalNumbers(v))
	return string(b), err == nil
}

// equalNumbers makes 1.0 and 10e-1 the 1 that they are. Numbers that a float cannot
// hold exactly stay as they are written.
func equalNumbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = equalNumbers(x[k])
		}
	case []any:
		for i := range x {
			x[i] = equalNumbers(x[i])
		}
	case json.Number:
		if f, err := x.Float64(); err == nil && f > -1<<53 && f < 1<<53 {
			return f
		}
	}
	return v
}
