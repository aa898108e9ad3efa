package jinja

import (
	"fmt"
)

// args are the values of a call.
type args struct {
	list   []any
	named  map[string]any
	order  []string // of the named ones
	caller *function
}

func (a *args) name(name string, v any) {
	if _, there := a.named[name]; !there {
		a.order = append(a.order, name)
	}
	a.named[name] = v
}

// maxNested bounds expressions in each other; sums are nested, too.
const maxNested = 4000

func (r *run) eval(e expr, s *scope) (any, error) {
	if err := r.work(0); err != nil {
		return nil, err
	}
	if r.depth++; r.depth > maxNested {
		return nil, fmt.Errorf("an expression is nested too deeply")
	}
	defer func() { r.depth-- }()
	return e.eval(r, s)
}

func (e *constExpr) eval(*run, *scope) (any, error) { return e.value, nil }

func (e *nameExpr) eval(_ *run, s *scope) (any, error) {
	if v, ok := s.get(e.name); ok {
		return v, nil
	}
	if f, ok := globals[e.name]; ok {
		return f, nil
	}
	return undefined{e.name}, nil
}

func (e *listExpr) eval(r *run, s *scope) (any, error) {
	items, err := r.list(e.items, s)
	if err != nil {
		return nil, err
	}
	l := newList(items...)
	l.tuple = e.tuple
	return r.made(l)
}

func (r *run) list(list []expr, s *scope) ([]any, error) {
	var items []any
	for _, x := range list {
		v, err := r.eval(x, s)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

func (e *dictExpr) eval(r *run, s *scope) (any, error) {
	d := newDict()
	for i, k := range e.keys {
		key, err := r.eval(k, s)
		if err != nil {
			return nil, err
		}
		v, err := r.eval(e.values[i], s)
		if err != nil {
			return nil, err
		}
		if !hashable(key) {
			return nil, fmt.Errorf("a %s cannot be a key", kind(key))
		}
		d.set(key, v)
	}
	return r.made(d)
}

func (e *callExpr) eval(r *run, s *scope) (any, error) {
	f, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	a, err := r.arguments(e.args, s)
	if err != nil {
		return nil, err
	}
	return r.call(f, a)
}

func (r *run) call(f any, a args) (any, error) {
	switch x := f.(type) {
	case *function:
		return x.call(r, a)
	case *loopInfo:
		if x.again != nil && len(a.list) == 1 {
			return x.again(a.list[0])
		}
	}
	return nil, fmt.Errorf("%s cannot be called", kind(f))
}

func (r *run) arguments(in arguments, s *scope) (a args, err error) {
	if a.list, err = r.list(in.list, s); err != nil {
		return a, err
	}
	a.named = map[string]any{}
	for i, name := range in.names {
		v, err := r.eval(in.named[i], s)
		if err != nil {
			return a, err
		}
		a.name(name, v)
	}
	if in.star != nil {
		v, err := r.eval(in.star, s)
		if err != nil {
			return a, err
		}
		more, err := r.items(v)
		if err != nil {
			return a, err
		}
		a.list = append(a.list, more...)
	}
	if in.stars != nil {
		v, err := r.eval(in.stars, s)
		if err != nil {
			return a, err
		}
		d, ok := v.(*dict)
		if !ok {
			return a, fmt.Errorf("%s is no dict of arguments", kind(v))
		}
		for _, k := range d.keys {
			a.name(show(k), d.items[k])
		}
	}
	return a, nil
}

// items lists what iterating over a value gives.
func (r *run) items(v any) ([]any, error) {
	switch x := v.(type) {
	case undefined:
		return nil, nil
	case *list:
		return x.items, r.work(len(x.items))
	case *dict:
		return x.keys, r.work(len(x.keys))
	case string:
		var list []any
		for _, c := range x {
			list = append(list, string(c))
		}
		_, err := r.made(newList(list...))
		return list, err
	}
	return nil, fmt.Errorf("%s cannot be iterated over", kind(v))
}

func (e *filterExpr) eval(r *run, s *scope) (any, error) {
	v, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	return r.filter(v, e.by, s)
}

func (r *run) filter(v any, f filter, s *scope) (any, error) {
	a, err := r.arguments(f.args, s)
	if err != nil {
		return nil, err
	}
	return r.applyFilter(f.name, v, a)
}

func (r *run) applyFilter(name string, v any, a args) (any, error) {
	f, ok := filters[name]
	if !ok {
		return nil, fmt.Errorf("the filter %q is not supported", name)
	}
	if err := r.work(shapeOf(v).size); err != nil {
		return nil, err
	}
	v, err := f(r, v, a)
	if err != nil {
		return nil, fmt.Errorf("filter %s: %w", name, err)
	}
	return r.made(v)
}

func (e *testExpr) eval(r *run, s *scope) (any, error) {
	v, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	a, err := r.arguments(e.args, s)
	if err != nil {
		return nil, err
	}
	ok, err := r.test(e.name, v, a.list)
	return ok != e.not, err
}

func (r *run) test(name string, v any, list []any) (bool, error) {
	t, ok := tests[name]
	if !ok {
		return false, fmt.Errorf("the test %q is not supported", name)
	}
	if len(list) != t.args {
		return false, fmt.Errorf("test %s: it takes %d arguments, not %d", name, t.args, len(list))
	}
	if err := r.work(shapeOf(v).size); err != nil {
		return false, err
	}
	return t.holds(v, list)
}

func (e *condExpr) eval(r *run, s *scope) (any, error) {
	v, err := r.eval(e.test, s)
	switch {
	case err != nil:
		return nil, err
	case truth(v):
		return r.eval(e.then, s)
	case e.els == nil:
		return undefined{"the value of an if without else"}, nil
	}
	return r.eval(e.els, s)
}

func (e *unaryExpr) eval(r *run, s *scope) (any, error) {
	v, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	if e.op == "not" {
		return !truth(v), nil
	}
	switch x := v.(type) {
	case bool:
		return arithmetic(e.op, int64(0), intOf(x))
	case int64, float64:
		if f, ok := x.(float64); ok && e.op == "-" {
			return -f, nil
		}
		return arithmetic(e.op, int64(0), x)
	}
	return nil, fmt.Errorf("%s has no sign", kind(v))
}

func intOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
