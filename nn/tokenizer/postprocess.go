package tokenizer

import (
	"encoding/json"
	"fmt"
)

// templateJSON is a post-processor that puts tokens around a text. What it does
// to pairs of texts is read and not used.
type templateJSON struct {
	Single []map[string]struct {
		ID   string `json:"id"`
		Type int    `json:"type_id"`
	} `json:"single"`
	Pair    json.RawMessage `json:"pair"`
	Special map[string]struct {
		ID     string   `json:"id"`
		IDs    []int32  `json:"ids"`
		Tokens []string `json:"tokens"`
	} `json:"special_tokens"`
}

// postProcessor finds what stands before and after a text.
func (t *Tokenizer) postProcessor(j *tokenizerJSON) error {
	list, err := stages("post_processor", j.PostProcessor)
	if err != nil {
		return err
	}
	for _, s := range list {
		var err error
		switch s.kind {
		case "ByteLevel": // concerns offsets, which we do not give
			var o struct {
				Prefix bool `json:"add_prefix_space"`
				Trim   bool `json:"trim_offsets"`
				Regex  bool `json:"use_regex"`
			}
			err = s.read(&o)
		case "TemplateProcessing":
			err = t.around(s)
		default:
			err = s.unsupported()
		}
		if err != nil {
			return fmt.Errorf("post_processor: %w", err)
		}
	}
	return nil
}

func (t *Tokenizer) around(s stage) error {
	var o templateJSON
	if err := s.read(&o); err != nil {
		return err
	}
	var before, after []int32
	texts := 0
	for _, item := range o.Single {
		special, isSpecial := item["SpecialToken"]
		text, isText := item["Sequence"]
		switch {
		case len(item) != 1 || !isSpecial && !isText || isText && text.ID != "A":
			return fmt.Errorf("a TemplateProcessing step: single: each part must be a SpecialToken or the Sequence A")
		case isText:
			texts++
			continue
		}
		ids := o.Special[special.ID].IDs
		if id, ok := t.ID(special.ID); ok && len(ids) == 0 {
			ids = []int32{id}
		}
		if len(ids) == 0 {
			return fmt.Errorf("a TemplateProcessing step: the special token %q is not in the vocabulary", special.ID)
		}
		for _, id := range ids {
			if id < 0 || int(id) >= len(t.pieces) {
				return fmt.Errorf("a TemplateProcessing step: the special token %q has id %d of %d", special.ID, id, len(t.pieces))
			}
		}
		if texts == 0 {
			before = append(before, ids...)
		} else {
			after = append(after, ids...)
		}
	}
	if texts != 1 {
		return fmt.Errorf("a TemplateProcessing step: single: it has the text %d times, want once", texts)
	}
	t.before = append(before, t.before...)
	t.after = append(t.after, after...)
	return nil
}
