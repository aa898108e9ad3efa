package embedded

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"

	"pawl/core"
)

// template is a Jinja chat template, as Hugging Face folders carry it.
type template struct{ jinja *exec.Template }

// sealed refuses what a chat template asks of other files: templates come with
// models, and models come from anywhere.
type sealed struct{}

func (sealed) Read(path string) (io.Reader, error) {
	return nil, fmt.Errorf("the template reads the file %q, which no chat template may", path)
}

func (sealed) Resolve(path string) (string, error) { return path, nil }

func (s sealed) Inherit(string) (loaders.Loader, error) { return s, nil }

func parseTemplate(source string) (*template, error) {
	const root = "chat_template"
	loader, err := loaders.NewShiftedLoader(root, strings.NewReader(source), sealed{})
	if err != nil {
		return nil, err
	}
	c := config.New()
	c.TrimBlocks, c.LeftStripBlocks = true, true // as transformers renders chat templates
	t, err := exec.NewTemplate(root, c, loader, gonja.DefaultEnvironment)
	if err != nil {
		return nil, err
	}
	return &template{t}, nil
}

// slot stands for the content of assistant turn i. It is made of characters
// for private use, so that templates neither find nor change it.
func slot(i int) string { return fmt.Sprintf("\uE0F0%d\uE0F1", i) }

// between gives the text that the template puts before each assistant turn of
// path, and the one after the last. The whole path is rendered at once, since
// templates look at what surrounds a turn.
func (t *template) between(path []core.Node, bos, eos string) ([]string, error) {
	var slots []string
	messages := make([]map[string]any, len(path))
	for i, n := range path {
		messages[i] = map[string]any{"role": n.Role, "content": n.Content}
		if n.Role == core.RoleAssistant {
			slots = append(slots, slot(len(slots)))
			messages[i]["content"] = slots[len(slots)-1]
		}
	}
	open := path[len(path)-1].Role == core.RoleAssistant
	out, err := t.jinja.ExecuteToString(exec.NewContext(map[string]any{
		"messages": messages, "add_generation_prompt": !open, "bos_token": bos, "eos_token": eos,
		"raise_exception": func(_ *exec.Evaluator, args *exec.VarArgs) (string, error) {
			return "", fmt.Errorf("it refuses these turns: %s", args.First().String())
		},
	}))
	if err != nil {
		return nil, fmt.Errorf("rendering the chat template: %w", err)
	}
	var texts []string
	for i, s := range slots {
		before, after, found := strings.Cut(out, s)
		if !found || strings.Contains(after, s) {
			return nil, fmt.Errorf("rendering the chat template: it must show answer %d of the path once", i+1)
		}
		texts, out = append(texts, before), after
	}
	if open {
		out = "" // the last answer is to be continued
	}
	return append(texts, out), nil
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
