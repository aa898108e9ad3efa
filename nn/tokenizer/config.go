package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// ReadConfig gives tokenizer_config.json of a folder, with the template of
// chat_template.jinja as its chat_template if that file is there. It is nil if
// neither is.
func ReadConfig(dir string) ([]byte, error) {
	config, err := readFile(filepath.Join(dir, "tokenizer_config.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	template, err := readFile(filepath.Join(dir, "chat_template.jinja"))
	if errors.Is(err, fs.ErrNotExist) {
		return config, nil
	} else if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if config != nil {
		if err := json.Unmarshal(config, &fields); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: %w", err)
		}
	}
	fields["chat_template"] = string(template)
	return json.MarshalIndent(fields, "", "  ")
}

// configure finds begin and end tokens, as tokenizer_config.json names them,
// else by their usual names, and chat templates.
func (t *Tokenizer) configure() error {
	var c struct {
		BOS    json.RawMessage `json:"bos_token"`
		EOS    json.RawMessage `json:"eos_token"`
		AddBOS *bool           `json:"add_bos_token"`
		Chat   json.RawMessage `json:"chat_template"`
		Cleans bool            `json:"clean_up_tokenization_spaces"` // absent: no, as in transformers
		told   bool            // the file says more than a template
	}
	if t.config != nil {
		var fields map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal(t.config, &c), json.Unmarshal(t.config, &fields)); err != nil {
			return err
		}
		delete(fields, "chat_template")
		c.told = len(fields) > 0
	}
	t.cleans = c.Cleans
	var err error
	if t.chat, err = chatTemplates(c.Chat); err != nil {
		return fmt.Errorf("chat_template: %w", err)
	}
	for _, e := range []struct {
		to    *int32
		field string
		raw   json.RawMessage
		usual string
	}{{&t.bos, "bos_token", c.BOS, "<s>"}, {&t.eos, "eos_token", c.EOS, "</s>"}} {
		name, err := tokenName(e.raw)
		if err != nil {
			return fmt.Errorf("%s: %w", e.field, err)
		}
		if id, ok := t.ID(name); ok && name != "" {
			*e.to = id
		} else if name != "" {
			return fmt.Errorf("%s %q is not in the vocabulary", e.field, name)
		} else if !c.told {
			if id, ok := t.ID(e.usual); ok {
				*e.to = id
			}
		}
	}
	// The post-processor rules, if it says what stands around a text.
	if len(t.before)+len(t.after) == 0 {
		if t.addBOS = t.addBOS || c.AddBOS != nil && *c.AddBOS; t.AddsBOS() {
			t.before = []int32{t.bos}
		}
	} else {
		t.addBOS = len(t.before) > 0 && t.before[0] == t.bos
	}
	return nil
}

// chatTemplates reads a template, or a list of named ones.
func chatTemplates(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return map[string]string{"default": one}, nil
	}
	var many []struct {
		Name     string `json:"name"`
		Template string `json:"template"`
	}
	if err := json.Unmarshal(raw, &many); err != nil {
		return nil, fmt.Errorf("neither a string nor a list of named templates: %w", err)
	}
	all := map[string]string{}
	for _, m := range many {
		all[m.Name] = m.Template
	}
	return all, nil
}

// tokenName reads a token given as a string, as an object, or as null.
func tokenName(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	var o struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", fmt.Errorf("neither a string nor a token: %w", err)
	}
	return o.Content, nil
}

// JSON returns tokenizer.json and tokenizer_config.json, the latter for a model
// with the given context unless it was loaded.
func (t *Tokenizer) JSON(context int) (tokenizer, config []byte) {
	if t.config != nil {
		return slices.Clone(t.raw), slices.Clone(t.config)
	}
	name := func(id int32) *string {
		if id < 0 {
			return nil
		}
		s := t.Token(id)
		return &s
	}
	b, err := json.MarshalIndent(struct {
		Class   string  `json:"tokenizer_class"`
		BOS     *string `json:"bos_token"`
		EOS     *string `json:"eos_token"`
		AddBOS  bool    `json:"add_bos_token"`
		AddEOS  bool    `json:"add_eos_token"`
		Cleanup bool    `json:"clean_up_tokenization_spaces"`
		Context int     `json:"model_max_length"`
	}{"PreTrainedTokenizerFast", name(t.bos), name(t.eos), t.addBOS, false, false, context}, "", "  ")
	if err != nil {
		panic(err) // strings, bools and an int
	}
	return slices.Clone(t.raw), append(b, '\n')
}
