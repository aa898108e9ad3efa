package jinja

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// run is one rendering, with what it has used up.
type run struct {
	now   time.Time
	out   strings.Builder
	steps int
	bytes int
	depth int // of expressions
	calls int // of macros
}

// work counts the cost of going through a value.
func (r *run) work(n int) error {
	if r.steps += 1 + n/64; r.steps > maxSteps {
		return fmt.Errorf("it takes more than %d steps", maxSteps)
	}
	return nil
}

// made counts a new value, and refuses those too large to walk through.
func (r *run) made(v any) (any, error) {
	s := shapeOf(v)
	n := 16 * s.size
	switch x := v.(type) {
	case *list: // the parts are counted already
		n = 16 * len(x.items)
	case *dict:
		n = 64 * len(x.keys)
	}
	if r.bytes += n; r.bytes > maxBytes || s.size > maxBytes {
		return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
	}
	if s.depth > maxDepth {
		return nil, fmt.Errorf("a value is nested too deeply")
	}
	return v, r.work(n)
}

func (r *run) write(s string) error {
	if r.out.Len()+len(s) > maxOutput {
		return fmt.Errorf("it writes more than %d bytes", maxOutput)
	}
	r.out.WriteString(s)
	return nil
}

// capture gives what f writes.
func (r *run) capture(f func() error) (any, error) {
	before := r.out
	r.out = strings.Builder{}
	err := f()
	s := r.out.String()
	r.out = before
	if err != nil {
		return nil, err
	}
	return r.made(s)
}

// scope is where names have values; those of a scope hide those around it.
type scope struct {
	vars   map[string]any
	around *scope
}

func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.around {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

func (s *scope) inner() *scope { return &scope{map[string]any{}, s} }

func (r *run) all(list []node, s *scope) error {
	for _, n := range list {
		if err := r.work(0); err != nil {
			return err
		}
		if err := n.run(r, s); err != nil {
			return err
		}
	}
	return nil
}

// at puts the line before an error, unless one is there or it is a jump.
func at(line int, err error) error {
	var e *Error
	if err == nil || err == errBreak || err == errContinue || errors.As(err, &e) {
		return err
	}
	return &Error{line, err}
}

func (n *textNode) run(r *run, _ *scope) error { return r.write(n.text) }

func (n *jumpNode) run(*run, *scope) error { return n.err }

func (n *outputNode) run(r *run, s *scope) error {
	v, err := r.eval(n.value, s)
	if err == nil {
		if err = r.work(shapeOf(v).size); err == nil {
			err = r.write(show(v))
		}
	}
	return at(n.line, err)
}

func (n *ifNode) run(r *run, s *scope) error {
	v, err := r.eval(n.test, s)
	if err != nil {
		return at(n.line, err)
	}
	if truth(v) {
		return r.all(n.then, s)
	}
	return r.all(n.els, s)
}

func (n *scopeNode) run(r *run, s *scope) error {
	in := s.inner()
	for i, name := range n.names {
		v, err := r.eval(n.values[i], s)
		if err != nil {
			return at(n.line, err)
		}
		in.vars[name] = v
	}
	return r.all(n.body, in)
}

func (n *filterNode) run(r *run, s *scope) error {
	v, err := r.capture(func() error { return r.all(n.body, s.inner()) })
	if err == nil {
		v, err = r.chain(v, n.filters, s)
	}
	if err == nil {
		err = r.write(show(v))
	}
	return at(n.line, err)
}

func (r *run) chain(v any, list []filter, s *scope) (any, error) {
	var err error
	for _, f := range list {
		if v, err = r.filter(v, f, s); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (n *setNode) run(r *run, s *scope) error {
	var v any
	var err error
	if n.value != nil {
		v, err = r.eval(n.value, s)
	} else if v, err = r.capture(func() error { return r.all(n.body, s.inner()) }); err == nil {
		v, err = r.chain(v, n.filters, s)
	}
	if err == nil {
		err = r.assign(n.targets, v, s)
	}
	return at(n.line, err)
}

func (r *run) assign(targets []target, v any, s *scope) error {
	values := []any{v}
	if len(targets) > 1 {
		var err error
		if values, err = r.items(v); err != nil {
			return err
		}
		if len(values) != len(targets) {
			return fmt.Errorf("%d values cannot be given to %d names", len(values), len(targets))
		}
	}
	for i, t := range targets {
		if t.attr == "" {
			s.vars[t.name] = values[i]
			continue
		}
		x, _ := s.get(t.name)
		ns, ok := x.(*namespace)
		if !ok {
			return fmt.Errorf("%s.%s cannot be set: %s is no namespace", t.name, t.attr, t.name)
		}
		ns.vars[t.attr] = values[i]
	}
	return nil
}

func (n *macroNode) run(_ *run, s *scope) error {
	s.vars[n.m.name] = n.m.function(s)
	return nil
}

func (n *callNode) run(r *run, s *scope) error {
	f, err := r.eval(n.call.of, s)
	if err != nil {
		return at(n.line, err)
	}
	a, err := r.arguments(n.call.args, s)
	if err != nil {
		return at(n.line, err)
	}
	a.caller = n.caller.function(s)
	v, err := r.call(f, a)
	if err == nil {
		err = r.write(show(v))
	}
	return at(n.line, err)
}

// function makes a macro callable. Its body sees where it was defined.
func (m *macro) function(defined *scope) *function {
	return &function{name: m.name, call: func(r *run, a args) (any, error) {
		if r.calls++; r.calls > maxDepth {
			return nil, fmt.Errorf("macros call each other too deeply")
		}
		defer func() { r.calls-- }()
		s := defined.inner()
		if a.caller != nil {
			s.vars["caller"] = a.caller
		}
		if len(a.list) > len(m.params) {
			return nil, fmt.Errorf("%s takes %d arguments, not %d", m.name, len(m.params), len(a.list))
		}
		for name := range a.named {
			found := false
			for i, p := range m.params {
				found = found || p == name && i >= len(a.list)
			}
			if !found {
				return nil, fmt.Errorf("%s takes no further argument %q", m.name, name)
			}
		}
		for i, p := range m.params {
			v, given := a.named[p]
			switch k := i - (len(m.params) - len(m.defaults)); {
			case i < len(a.list):
				v = a.list[i]
			case given:
			case k >= 0:
				var err error
				if v, err = r.eval(m.defaults[k], s); err != nil {
					return nil, err
				}
			default:
				v = undefined{p}
			}
			s.vars[p] = v
		}
		return r.capture(func() error { return r.all(m.body, s) })
	}}
}

func (n *forNode) run(r *run, s *scope) error {
	v, err := r.eval(n.in, s)
	if err == nil {
		err = n.loop(r, s, v, 0)
	}
	return at(n.line, err)
}

// loop runs the body for each item that passes the test.
func (n *forNode) loop(r *run, s *scope, v any, depth int) error {
	all, err := r.items(v)
	if err != nil {
		return err
	}
	targets := make([]target, len(n.targets))
	for i, name := range n.targets {
		targets[i].name = name
	}
	items := all
	if n.test != nil {
		items = nil
		for _, x := range all {
			in := s.inner()
			if err := r.assign(targets, x, in); err != nil {
				return err
			}
			ok, err := r.eval(n.test, in)
			if err != nil {
				return err
			}
			if truth(ok) {
				items = append(items, x)
			}
		}
	}
	if len(items) == 0 {
		return r.all(n.els, s.inner())
	}
	info := &loopInfo{items: items, depth: depth}
	if n.recursive {
		info.again = func(v any) (any, error) {
			if r.calls++; r.calls > maxDepth {
				return nil, fmt.Errorf("the loop calls itself too deeply")
			}
			defer func() { r.calls-- }()
			return r.capture(func() error { return n.loop(r, s, v, depth+1) })
		}
	}
	for i, x := range items {
		if err := r.work(16); err != nil {
			return err
		}
		in := s.inner()
		info.at = i
		in.vars["loop"] = info
		if err := r.assign(targets, x, in); err != nil {
			return err
		}
		switch err := r.all(n.body, in); err {
		case nil, errContinue:
		case errBreak:
			return nil
		default:
			return err
		}
	}
	return nil
}

// loopInfo is the variable loop.
type loopInfo struct {
	items []any
	at    int
	depth int
	last  any // what changed was told before
	told  bool
	again func(any) (any, error)
}

func (l *loopInfo) attr(name string) (any, bool) {
	n := len(l.items)
	near := func(i int, name string) any {
		if i < 0 || i >= n {
			return undefined{"there is no " + name}
		}
		return l.items[i]
	}
	switch name {
	case "index":
		return int64(l.at + 1), true
	case "index0":
		return int64(l.at), true
	case "revindex":
		return int64(n - l.at), true
	case "revindex0":
		return int64(n - l.at - 1), true
	case "first":
		return l.at == 0, true
	case "last":
		return l.at == n-1, true
	case "length":
		return int64(n), true
	case "depth":
		return int64(l.depth + 1), true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		return near(l.at-1, "previous item"), true
	case "nextitem":
		return near(l.at+1, "next item"), true
	case "cycle":
		return &function{"cycle", func(_ *run, a args) (any, error) {
			if len(a.list) == 0 {
				return nil, fmt.Errorf("cycle needs something to cycle through")
			}
			return a.list[l.at%len(a.list)], nil
		}}, true
	case "changed":
		return &function{"changed", func(r *run, a args) (any, error) {
			now := newList(a.list...)
			same := l.told && equal(l.last, now)
			l.last, l.told = now, true
			return !same, r.work(now.shape.size)
		}}, true
	}
	return nil, false
}
