package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pawl/core"
)

// Dialects.
const (
	Chat    = "chat"    // English, for any model
	Compact = "compact" // one line, for models trained on Pawl's worlds
)

// What parts a compact line, and what begins the mark of a role. No world's
// prompts or completions hold either.
const (
	Separator = " | "
	mark      = " ?"
)

// Dialects lists the dialects.
func Dialects() []string { return []string{Chat, Compact} }

// Template is a named prompt, in one dialect or both. It does not change, and
// is safe for concurrent use.
type Template struct {
	Name    string
	Version int    // of a built-in one, raised whenever its words change; 0 for others
	Summary string // of a built-in one

	forms map[string]*form
}

// Parse makes a template of a user's text in one dialect. The text is
// text/template with the fields of Data as .Task, .Attempt and so on, where
// .Turn is the task's last turn: a template that shows it goes on with the
// task's conversation, any other makes a single turn. Allowed are values, if,
// range over a list field, variables, the comparisons, len, index, number (one
// more, since people count from 1) and join. Space at the end is dropped.
//
// The error is a *SyntaxError with the line.
func Parse(name, dialect, text string) (Template, error) {
	if dialect != Chat && dialect != Compact {
		return Template{}, fmt.Errorf("parsing prompt %s: no dialect named %q; there are %s", name, dialect, strings.Join(Dialects(), " and "))
	}
	f, err := newForm(name, dialect, text)
	if err != nil {
		return Template{}, err
	}
	for _, must := range roles[name].must {
		if !slices.Contains(f.shows, must) && !(must == "Task" && slices.Contains(f.shows, "Turn")) {
			return Template{}, &SyntaxError{name, dialect, 1, fmt.Sprintf("it never shows .%s, without which nobody can %s", must, name)}
		}
	}
	return Template{Name: name, forms: map[string]*form{dialect: f}}, nil
}

// Over is t with the wording of u in the dialects that u has.
func (t Template) Over(u Template) Template {
	forms := map[string]*form{}
	for _, of := range []Template{t, u} {
		for dialect, f := range of.forms {
			forms[dialect] = f
		}
	}
	if t.Name == "" {
		t.Name = u.Name
	}
	t.forms = forms
	return t
}

// Text is the wording in a dialect, "" where there is none.
func (t Template) Text(dialect string) string {
	if f := t.forms[dialect]; f != nil {
		return f.source
	}
	return ""
}

// Digest identifies what t says, in all its dialects.
func (t Template) Digest() core.Digest {
	h := core.NewHasher("prompt").String(t.Name)
	for _, d := range Dialects() {
		h.String(t.Text(d))
	}
	return h.Key()
}

// Render words d in a dialect: the path of a request, its last node a user's
// turn. The error is an *UnfitError where text of d does not fit a compact line.
func (t Template) Render(dialect string, d Data) ([]core.Node, error) {
	f := t.forms[dialect]
	if f == nil {
		return nil, fmt.Errorf("rendering %s: the template has no %s form; add one below prompts", t.Name, dialect)
	}
	if name := d.missing(f.needs); name != "" {
		return nil, fmt.Errorf("rendering %s in the %s dialect: it shows .%s, and there is none", t.Name, dialect, name)
	}
	if dialect == Compact {
		if err := fitLine(t.Name, d, f.shows); err != nil {
			return nil, err
		}
	} else {
		d = d.fenced()
	}
	var out limited
	if err := f.tmpl.Execute(&out, d.values(dialect)); err != nil {
		return nil, fmt.Errorf("rendering %s in the %s dialect: %w", t.Name, dialect, err)
	}
	if !slices.Contains(f.shows, "Turn") {
		return []core.Node{{Role: core.RoleUser, Content: out.String()}}, nil
	}
	path := slices.Clone(d.Task)
	path[len(path)-1].Content = out.String()
	for i := range path {
		path[i].Parent = core.Ref(i)
	}
	return path, nil
}

// limited is a buffer that refuses to grow beyond maxRendered.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxRendered {
		return 0, errors.New("the prompt grows too long")
	}
	return l.Buffer.Write(p)
}
