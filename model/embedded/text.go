package embedded

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"

	"pawl/core"
	"pawl/nn"
)

// Chat templates of models that Pawl makes. Both are plain Jinja, so other
// tools render the same text; here they are built in, for speed.
const (
	// lineTemplate, for bytes: every turn but an answer ends its line.
	lineTemplate = "{% for message in messages %}{{ message['content'] }}{% if message['role'] != 'assistant' %}{{ '\\n' }}{% endif %}{% endfor %}"
	// wordTemplate, for words between spaces: a space before every turn.
	wordTemplate = "{% for message in messages %}{{ ' ' + message['content'] }}{% endfor %}"
)

// text is a tokenizer with its chat template: the way between paths and ids.
type text struct {
	tok    *nn.Tokenizer
	source string         // of the template; "" for none
	jinja  *exec.Template // nil for none and for those built in
}

func newText(tokenizer, config []byte) (*text, error) {
	tok, err := nn.ReadTokenizer(tokenizer, config)
	if err != nil {
		return nil, err
	}
	t := &text{tok: tok}
	if len(config) > 0 {
		var c struct {
			ChatTemplate json.RawMessage `json:"chat_template"`
		}
		if err := json.Unmarshal(config, &c); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: %w", err)
		}
		if t.source, err = templateSource(c.ChatTemplate); err != nil {
			return nil, err
		}
	}
	if t.source != "" && t.source != lineTemplate && t.source != wordTemplate {
		if t.jinja, err = gonja.FromString(t.source); err != nil {
			return nil, fmt.Errorf("tokenizer_config.json: chat_template: %w", err)
		}
	}
	return t, nil
}

// templateSource reads the field chat_template: a string, or a list of named
// templates, of which the one named default counts.
func templateSource(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one, nil
	}
	var many []struct{ Name, Template string }
	if err := json.Unmarshal(raw, &many); err != nil {
		return "", fmt.Errorf("tokenizer_config.json: chat_template: %w", err)
	}
	for _, m := range many {
		if m.Name == "default" {
			return m.Template, nil
		}
	}
	return "", fmt.Errorf("tokenizer_config.json: chat_template: none of the %d templates is named default", len(many))
}

func withTemplate(config []byte, template string) ([]byte, error) {
	if template == "" {
		return config, nil
	}
	var fields map[string]any
	if err := json.Unmarshal(config, &fields); err != nil {
		return nil, fmt.Errorf("adding a chat template: %w", err)
	}
	fields["chat_template"] = template
	return json.MarshalIndent(fields, "", "  ")
}

// render gives the text before the next assistant turn. Without a template the
// contents follow each other as they are.
func (t *text) render(path []core.Node) (string, error) {
	if t.jinja == nil {
		var b strings.Builder
		for _, n := range path {
			if t.source == wordTemplate {
				b.WriteByte(' ')
			}
			b.WriteString(n.Content)
			if t.source == lineTemplate && n.Role != core.RoleAssistant {
				b.WriteByte('\n')
			}
		}
		return b.String(), nil
	}
	messages := make([]map[string]any, len(path))
	for i, n := range path {
		messages[i] = map[string]any{"role": n.Role, "content": n.Content}
	}
	out, err := t.jinja.ExecuteToString(exec.NewContext(map[string]any{
		"messages": messages, "add_generation_prompt": true, "bos_token": t.tok.Token(t.tok.BOS()), "eos_token": t.tok.Token(t.tok.EOS()),
	}))
	if err != nil {
		return "", fmt.Errorf("rendering the chat template: %w", err)
	}
	return out, nil
}

// prompt gives the ids that a continuation of path follows. Turns that were
// sampled keep their own ids: text is never encoded again.
func (t *text) prompt(path []core.Node) ([]int32, error) {
	var ids []int32
	if t.addsBOS() {
		ids = append(ids, t.tok.BOS())
	}
	from := 0
	for i, n := range path {
		if n.Role != core.RoleAssistant || n.TokenIDs == nil {
			continue
		}
		head, err := t.encode(path[from:i])
		if err != nil {
			return nil, err
		}
		ids = append(append(ids, head...), n.TokenIDs...)
		from = i + 1
	}
	tail, err := t.encode(path[from:])
	return append(ids, tail...), err
}

func (t *text) encode(path []core.Node) ([]int32, error) {
	if len(path) == 0 {
		return nil, nil
	}
	s, err := t.render(path)
	if err != nil {
		return nil, err
	}
	if t.jinja != nil {
		return t.tok.EncodeSpecial(s)
	}
	return t.tok.Encode(s)
}

// addsBOS tells whether ids start with the begin token. A Jinja template writes
// it itself.
func (t *text) addsBOS() bool { return t.jinja == nil && t.tok.AddsBOS() }

// answer encodes the content of a turn that was not sampled here.
func (t *text) answer(content string) ([]int32, error) {
	if t.source == wordTemplate {
		content = " " + content
	}
	return t.tok.Continue(content)
}

// decode is the content of sampled ids, end token left out.
func (t *text) decode(ids []int32) string {
	if eos := t.tok.EOS(); len(ids) > 0 && eos >= 0 && ids[len(ids)-1] == eos {
		ids = ids[:len(ids)-1]
	}
	s := t.tok.Decode(ids)
	if t.source == wordTemplate {
		s = strings.TrimPrefix(s, " ")
	}
	return s
}

// EncodePath renders a path for training; see core.Encoder.
func (t *text) EncodePath(path []core.Node) ([]int32, []bool, error) {
	var ids []int32
	if t.addsBOS() {
		ids = append(ids, t.tok.BOS())
	}
	loss := make([]bool, len(ids))
	from := 0
	for i, n := range path {
		if n.Role != core.RoleAssistant {
			continue
		}
		head, err := t.encode(path[from:i])
		if err != nil {
			return nil, nil, err
		}
		answer := n.TokenIDs
		if answer == nil {
			if answer, err = t.answer(n.Content); err != nil {
				return nil, nil, err
			}
			if eos := t.tok.EOS(); eos >= 0 {
				answer = append(answer, eos)
			}
		}
		ids = append(append(ids, head...), answer...)
		loss = append(loss, make([]bool, len(head))...)
		for range answer {
			loss = append(loss, true)
		}
		from = i + 1
	}
	tail, err := t.encode(path[from:])
	if err != nil {
		return nil, nil, err
	}
	return append(ids, tail...), append(loss, make([]bool, len(tail))...), nil
}
