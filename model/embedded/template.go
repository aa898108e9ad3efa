package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"pawl/core"
	"pawl/model/jinja"
)

// template is a Jinja chat template, as Hugging Face folders carry it.
type template struct{ jinja *jinja.Template }

// today is the day that templates are told. It never changes, since the same
// path must always become the same tokens.
var today = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

func parseTemplate(source string) (*template, error) {
	t, err := jinja.Parse(source)
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
func (t *template) between(path []core.Node, tools json.RawMessage, bos, eos string) ([]string, error) {
	var slots []string
	messages := make([]any, len(path))
	for i, n := range path {
		content := n.Content
		if answers(n) {
			content = slot(len(slots))
			slots = append(slots, content)
		}
		m, err := message(n, content)
		if err != nil {
			return nil, fmt.Errorf("rendering the chat template: turn %d: %w", i+1, err)
		}
		messages[i] = m
	}
	last := path[len(path)-1]
	open := answers(last)
	if !open && last.Role == core.RoleAssistant {
		return nil, fmt.Errorf("rendering the chat template: the last turn has tool calls that were not sampled here; their results come before another answer")
	}
	var offer any // none, as transformers has it where there are none
	if tools != nil {
		offer = tools
	}
	out, err := t.jinja.Render(map[string]any{
		"messages": messages, "add_generation_prompt": !open, "bos_token": bos, "eos_token": eos,
		"tools": offer, "documents": nil,
	}, today)
	if raised := (*jinja.Raised)(nil); errors.As(err, &raised) {
		return nil, fmt.Errorf("rendering the chat template: it refuses these turns: %s", raised.Message)
	} else if err != nil {
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
