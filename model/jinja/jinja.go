// Package jinja renders the chat templates that come with language models.
//
// It has the part of Jinja2 that such templates use, the way transformers
// configures it: blocks take their line with them (trim_blocks, lstrip_blocks),
// and values print as Python prints them. Templates come from anywhere, so
// rendering is bounded in steps, depth and bytes, and reads nothing but the
// values it is given: include, import and extends are refused by name, like
// everything else that is not here.
package jinja

import (
	"fmt"
	"time"
)

// Bounds of one rendering.
const (
	maxSource = 1 << 20  // bytes of a template
	maxSteps  = 2 << 20  // expressions and statements run
	maxBytes  = 64 << 20 // of all strings and lists made on the way
	maxOutput = 8 << 20  // bytes of the result
	maxDepth  = 200      // of expressions within each other, and of calls
)

// Template is a parsed template. It is immutable and may be rendered from
// several goroutines.
type Template struct {
	body  []node
	names map[string]bool
}

// Reads tells whether some expression reads a variable of this name.
func (t *Template) Reads(name string) bool { return t.names[name] }

// Error says what is wrong with a template, and where.
type Error struct {
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Raised is what a template says when it calls raise_exception.
type Raised struct{ Message string }

func (e *Raised) Error() string { return e.Message }

// Parse reads a template.
func Parse(source string) (*Template, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("parsing a template: it has %d bytes; at most %d are supported", len(source), maxSource)
	}
	p := &parser{names: map[string]bool{}}
	var err error
	if p.tokens, err = lex(source); err == nil {
		var body []node
		if body, err = p.statements(); err == nil {
			return &Template{body, p.names}, nil
		}
	}
	return nil, fmt.Errorf("parsing a template: %w", err)
}

// Render runs the template. Values may be nil, bool, int, float64, string, []any,
// map[string]any (in the order of its keys), Dict, and json.RawMessage, whose
// objects keep their order. now is what strftime_now tells.
func (t *Template) Render(values map[string]any, now time.Time) (string, error) {
	r := &run{now: now}
	top := &scope{vars: map[string]any{}}
	for name, v := range values {
		x, err := fromGo(v, 0)
		if err != nil {
			return "", fmt.Errorf("rendering a template: value %q: %w", name, err)
		}
		top.vars[name] = x
	}
	if err := r.all(t.body, top); err != nil {
		return "", fmt.Errorf("rendering a template: %w", err)
	}
	return r.out.String(), nil
}
