package prompt

import (
	"fmt"

	"pawl/core"
)

// Asker words one role for one seat. It is safe for concurrent use.
type Asker struct {
	template Template
	dialect  string
}

// For is the named template in the recipe's own wording and in the dialect of
// the seat that is asked. A component names its templates in fields of its
// configuration tagged ref:"prompt", so that their words are part of its key.
func For(h core.Host, name, seat string) (*Asker, error) {
	w, err := h.Wording(name, seat)
	if err != nil {
		return nil, fmt.Errorf("wording %s for %s: %w", name, seat, err)
	}
	var t Template
	if w.Text == "" {
		t, err = Get(name)
	} else {
		t, err = Parse(name, w.Dialect, w.Text)
	}
	if err == nil && t.Text(w.Dialect) == "" {
		err = fmt.Errorf("the template has no form in the dialect %q", w.Dialect)
	}
	if err != nil {
		return nil, fmt.Errorf("wording %s for %s: %w", name, seat, err)
	}
	return &Asker{t, w.Dialect}, nil
}

// DialectOf is the dialect that a seat speaks, for who does not ask it: attempts
// are cut into steps by it.
func DialectOf(h core.Host, seat string) (string, error) {
	w, err := h.Wording("", seat)
	if err != nil {
		return "", fmt.Errorf("finding the dialect of %s: %w", seat, err)
	}
	return w.Dialect, nil
}

// Dialect is the dialect of the seat: what its replies are parsed by.
func (a *Asker) Dialect() string { return a.dialect }

// Render words d; see Template.Render.
func (a *Asker) Render(d Data) ([]core.Node, error) { return a.template.Render(a.dialect, d) }
