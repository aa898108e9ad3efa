package recipe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

type promptDoc struct {
	Chat        string `yaml:"chat" doc:"The text for models that know nothing of Pawl."`
	ChatFile    string `yaml:"chat_file" doc:"A file with it, in place of chat."`
	Compact     string `yaml:"compact" doc:"The line for models that Pawl trained."`
	CompactFile string `yaml:"compact_file" doc:"A file with it, in place of compact."`
}

// Prompt is the named template as the recipe words it: its own text, over the
// built-in one in dialects that it leaves out.
func (p *Plan) Prompt(name string) (prompt.Template, error) {
	own, found := p.Prompts[name]
	base, err := prompt.Get(name)
	if err != nil && !found {
		return prompt.Template{}, err
	}
	return base.Over(own), nil
}

// Wording is how a seat that speaks a dialect is asked by the named template.
func (p *Plan) Wording(name, dialect string) (core.Wording, error) {
	t, err := p.Prompt(name)
	if err != nil {
		return core.Wording{}, err
	}
	if t.Text(dialect) == "" {
		return core.Wording{}, fmt.Errorf("the recipe's prompt %s has no %s form", name, dialect)
	}
	return core.Wording{Dialect: dialect, Text: t.Text(dialect)}, nil
}

// prompts parses the recipe's own templates.
func (b *builder) prompts() {
	written, _ := b.root.Get("prompts")
	for _, e := range b.doc.Prompts {
		b.nameable(e.Key, e.Pos, "prompt")
		values, _ := written.Get(e.Key)
		t := prompt.Template{Name: e.Key}
		for _, d := range []struct{ dialect, text, file string }{
			{prompt.Chat, e.Value.Chat, e.Value.ChatFile}, {prompt.Compact, e.Value.Compact, e.Value.CompactFile},
		} {
			at, _ := values.Get(d.dialect)
			where := "line"
			if d.file != "" {
				at, _ = values.Get(d.dialect + "_file")
				where = d.file + ", line"
				if d.text != "" {
					b.Add(at, e.Pos.Path, fmt.Sprintf("the prompt has %s and %[1]s_file", d.dialect), "keep one of them")
				}
				text, err := readPrompt(d.file)
				if err != nil {
					b.Add(at, e.Pos.Path+"."+d.dialect+"_file", err.Error(), "")
					continue
				}
				d.text = text
			}
			if d.text == "" && at.Line == 0 {
				continue
			}
			u, err := prompt.Parse(e.Key, d.dialect, d.text)
			if err != nil {
				b.misworded(at, e.Pos.Path+"."+d.dialect, where, d.file == "", err)
				continue
			}
			t = t.Over(u)
		}
		if b.plan.Prompts == nil {
			b.plan.Prompts = map[string]prompt.Template{}
		}
		b.plan.Prompts[e.Key] = t
	}
}

// misworded reports a faulty template. Lines of a text of several lines are
// those below the mark (|) that begins it.
func (b *builder) misworded(at registry.Value, path, where string, inline bool, err error) {
	var syntax *prompt.SyntaxError
	if !errors.As(err, &syntax) {
		b.Add(at, path, err.Error(), "")
		return
	}
	if inline && at.Block {
		b.AddAt(registry.Pos{Line: at.Line + syntax.Line, Col: 1, Path: path}, "", syntax.Why, "")
		return
	}
	b.AddAt(registry.Pos{Line: at.Line, Col: at.Col, Path: path}, "", fmt.Sprintf("%s %d of the template: %s", where, syntax.Line, syntax.Why), "")
}

// maxPromptFile bounds what is read of a file: more than any template may have.
const maxPromptFile = 64 << 10

func readPrompt(path string) (string, error) {
	// Opening a pipe would wait for a writer, without end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("reading %s: it is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPromptFile))
	return string(text), err
}

// lintPrompts refuses templates that nothing asks with.
func (b *builder) lintPrompts() {
	for _, e := range b.doc.Prompts {
		known := prompt.Names()
		if slices.Contains(known, e.Key) || slices.Contains(b.prompted, e.Key) {
			continue
		}
		b.AddAt(e.Pos, e.Key, fmt.Sprintf("nothing asks with a prompt named %q", e.Key), nearest(e.Key, append(known, b.prompted...)))
	}
}
