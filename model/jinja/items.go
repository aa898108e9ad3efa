package jinja

import (
	"fmt"
	"math"
)

func (e *attrExpr) eval(r *run, s *scope) (any, error) {
	of, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	return r.attr(of, e.name)
}

// attr is of.name: a method or attribute, else an item.
func (r *run) attr(of any, name string) (any, error) {
	switch x := of.(type) {
	case undefined:
		return nil, fmt.Errorf("%s has no attribute %q", kind(x), name)
	case *namespace:
		if v, ok := x.vars[name]; ok {
			return v, nil
		}
	case *loopInfo:
		if v, ok := x.attr(name); ok {
			return v, nil
		}
	case *dict:
		if m, ok := method(of, name); ok {
			return m, nil
		}
		if v, ok := x.get(name); ok {
			return v, nil
		}
	default:
		if m, ok := method(of, name); ok {
			return m, nil
		}
	}
	return undefined{name}, nil
}

func (e *itemExpr) eval(r *run, s *scope) (any, error) {
	of, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	key, err := r.eval(e.key, s)
	if err != nil {
		return nil, err
	}
	return r.item(of, key)
}

// item is of[key]: an item, else an attribute.
func (r *run) item(of, key any) (any, error) {
	i, isInt := key.(int64)
	switch x := of.(type) {
	case undefined:
		return nil, fmt.Errorf("%s has no items", kind(x))
	case *dict:
		if hashable(key) {
			if v, ok := x.get(key); ok {
				return v, nil
			}
		}
	case *list:
		if isInt {
			if i < 0 {
				i += int64(len(x.items))
			}
			if i >= 0 && i < int64(len(x.items)) {
				return x.items[i], nil
			}
			return undefined{fmt.Sprint("item ", key)}, nil
		}
	case string:
		if isInt {
			runes := []rune(x)
			if i < 0 {
				i += int64(len(runes))
			}
			if i >= 0 && i < int64(len(runes)) {
				return string(runes[i]), r.work(len(x))
			}
			return undefined{fmt.Sprint("character ", key)}, nil
		}
	}
	if name, ok := key.(string); ok {
		return r.attr(of, name)
	}
	return undefined{show(key)}, nil
}

func (e *sliceExpr) eval(r *run, s *scope) (any, error) {
	of, err := r.eval(e.of, s)
	if err != nil {
		return nil, err
	}
	var bounds [3]*int64
	for i, x := range []expr{e.from, e.to, e.step} {
		if x == nil {
			continue
		}
		v, err := r.eval(x, s)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		n, ok := v.(int64)
		if !ok {
			return nil, fmt.Errorf("a slice is from %s, not a number", kind(v))
		}
		bounds[i] = &n
	}
	switch x := of.(type) {
	case string:
		runes := []rune(x)
		picked, err := slice(runes, bounds)
		if err != nil {
			return nil, err
		}
		return r.made(string(picked))
	case *list:
		picked, err := slice(x.items, bounds)
		if err != nil {
			return nil, err
		}
		l := newList(picked...)
		l.tuple = x.tuple
		return r.made(l)
	}
	return nil, fmt.Errorf("%s cannot be sliced", kind(of))
}

// slice picks items as Python does.
func slice[T any](items []T, bounds [3]*int64) ([]T, error) {
	n, step := int64(len(items)), int64(1)
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 || step < -math.MaxInt32 || step > math.MaxInt32 {
		return nil, fmt.Errorf("a slice goes in steps of %d", step)
	}
	low, high := int64(0), n // where bounds may lie
	if step < 0 {
		low, high = -1, n-1
	}
	place := func(p *int64, none int64) int64 {
		if p == nil {
			return none
		}
		x := *p
		if x < 0 {
			x += n
		}
		return min(max(x, low), high)
	}
	from, to := place(bounds[0], low), place(bounds[1], high)
	if step < 0 {
		from, to = place(bounds[0], high), place(bounds[1], low)
	}
	var out []T
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		out = append(out, items[i])
	}
	return out, nil
}
