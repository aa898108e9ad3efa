package task

import (
	"encoding/json"
	"slices"
	"strings"
)

// maxChoices is as many options as there are letters.
const maxChoices = 26

// rules reads what rules judge an attempt by, beside one reference answer:
// options, several references, a schema, instructions. What Parquet has for
// absent lists, an empty one, is passed over.
func (r row) rules(ref *reference) error {
	if err := r.choices(ref); err != nil {
		return err
	}
	var err error
	if ref.References, err = r.texts("references"); err != nil {
		return err
	}
	if raw, ok := r["json_schema"]; ok {
		if ref.JSONSchema, err = schemaOf(raw); err != nil {
			return err
		}
	}
	return r.instructions(ref)
}

// texts reads a field that is a list of texts, nil where it is absent or empty.
func (r row) texts(field string) ([]string, error) {
	raw, ok := r[field]
	if !ok {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, bad(field, "wants a list of texts, not %s", kindOf(raw))
	}
	var all []string
	for i, item := range list {
		one := row{field: item}
		text, err := one.text(field)
		switch {
		case err != nil:
			return nil, bad(field, "item %d wants text, not %s", i+1, kindOf(item))
		case strings.TrimSpace(text) == "":
			return nil, bad(field, "item %d is empty", i+1)
		}
		all = append(all, text)
	}
	return all, nil
}

// choices reads the options of a question: a list of texts, or {text, label}
// with the right label in answerKey, as ARC has it. An answer that is a number
// is an index, from 0, as in MMLU.
func (r row) choices(ref *reference) (err error) {
	raw, ok := r["choices"]
	if !ok {
		return nil
	}
	if kindOf(raw) == "an object" {
		err = r.labelled(ref, raw)
	} else {
		ref.Choices, err = r.texts("choices")
	}
	if err != nil || ref.Choices == nil {
		return err
	}
	if n := len(ref.Choices); n < 2 || n > maxChoices {
		return bad("choices", "has %d options; 2 to %d are possible", n, maxChoices)
	}
	answer, ok := r["answer"]
	if !ok || kindOf(answer) != "a number" {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) == nil && kindOf(items[0]) == "a number" {
		return bad("answer", "%.20s may be an index or one of the choices, which are numbers, too; write its letter", ref.Answer)
	}
	var i int
	if err := json.Unmarshal(answer, &i); err != nil || i < 0 || i >= len(ref.Choices) {
		return bad("answer", "%.20s is no index of the %d choices; they are counted from 0", ref.Answer, len(ref.Choices))
	}
	ref.Choice = letter(i)
	return nil
}

func (r row) labelled(ref *reference, raw json.RawMessage) error {
	var c struct{ Text, Label []string }
	if err := json.Unmarshal(raw, &c); err != nil || len(c.Text) != len(c.Label) {
		return bad("choices", "wants a list of texts, or {text, label} with as many labels as texts")
	}
	ref.Choices = c.Text
	key, err := r.text("answerKey")
	if err != nil || key == "" {
		return err
	}
	i := slices.Index(c.Label, key)
	if i < 0 || i >= maxChoices {
		return bad("answerKey", "%.20q is none of the labels of choices", key)
	}
	ref.Choice = letter(i)
	return nil
}

func letter(i int) string { return string(rune('A' + i)) }

// schemaOf reads a JSON schema: an object, true or false, or one of these as
// text.
func schemaOf(raw json.RawMessage) (json.RawMessage, error) {
	if kindOf(raw) == "text" {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, bad("json_schema", "%w", err)
		}
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		if raw = json.RawMessage(text); !json.Valid(raw) {
			return nil, bad("json_schema", "the text is not JSON")
		}
	}
	if k := kindOf(raw); k != "an object" && k != "true or false" {
		return nil, bad("json_schema", "wants an object, not %s", k)
	}
	return raw, nil
}

// instructions reads `instructions`, an object as the verifier of that name
// takes it, or the two lists of IFEval's public rows: the names of
// instructions, and their arguments in the same order.
func (r row) instructions(ref *reference) error {
	if raw, ok := r["instructions"]; ok && kindOf(raw) == "an object" { // other sets have text there
		ref.Instructions = raw
	}
	raw, ok := r["instruction_id_list"]
	if !ok {
		return nil
	}
	ids, err := r.texts("instruction_id_list")
	if err != nil || ids == nil {
		return err
	}
	if ref.Instructions != nil {
		return bad("instructions", "stands beside instruction_id_list; leave one out")
	}
	args := r["kwargs"]
	var list []json.RawMessage
	if err := json.Unmarshal(args, &list); err != nil || len(list) != len(ids) {
		return bad("kwargs", "wants a list of %d objects, one for each of instruction_id_list, not %s", len(ids), kindOf(args))
	}
	for i, a := range list {
		if kindOf(a) != "an object" && kindOf(a) != "null" {
			return bad("kwargs", "item %d wants an object, not %s", i+1, kindOf(a))
		}
	}
	ref.Instructions, err = json.Marshal(map[string]json.RawMessage{"instruction_id_list": raw, "kwargs": args})
	return err
}
