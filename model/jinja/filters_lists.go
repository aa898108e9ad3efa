package jinja

import (
	"fmt"
	"slices"
	"strings"
)

func toList(r *run, v any, _ args) (any, error) {
	items, err := r.items(v)
	return newList(slices.Clone(items)...), err
}

func mapEach(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	attr, byAttr := a.named["attribute"]
	none, hasDefault := a.named["default"]
	if !byAttr && len(a.list) == 0 {
		return nil, fmt.Errorf("it needs a filter or an attribute")
	}
	var out []any
	for _, x := range items {
		var y any
		if byAttr {
			y, err = r.path(x, attr)
			if _, missing := y.(undefined); missing && hasDefault {
				y = none
			}
		} else {
			y, err = r.applyFilter(show(a.list[0]), x, args{list: a.list[1:], named: a.named})
		}
		if err != nil {
			return nil, err
		}
		out = append(out, y)
	}
	return newList(out...), nil
}

// sieve keeps the items, or those with an attribute, that a test holds for.
func sieve(byAttr, keep bool) filterFunc {
	return func(r *run, v any, a args) (any, error) {
		items, err := r.items(v)
		if err != nil {
			return nil, err
		}
		rest := a.list
		var attr any
		if byAttr {
			if len(rest) == 0 {
				return nil, fmt.Errorf("it needs an attribute")
			}
			attr, rest = rest[0], rest[1:]
		}
		var out []any
		for _, x := range items {
			y := x
			if byAttr {
				if y, err = r.path(x, attr); err != nil {
					return nil, err
				}
			}
			ok := truth(y)
			if len(rest) > 0 {
				if ok, err = r.test(show(rest[0]), y, rest[1:]); err != nil {
					return nil, err
				}
			}
			if ok == keep {
				out = append(out, x)
			}
		}
		return newList(out...), nil
	}
}

func sortList(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	attr := a.arg(2, "attribute", nil)
	err = sortBy(items, truth(a.arg(1, "case_sensitive", false)), truth(a.arg(0, "reverse", false)), func(x any) (any, error) {
		if attr == nil {
			return x, nil
		}
		return r.path(x, attr)
	})
	return newList(items...), err
}

// sortBy is stable, in reverse, too.
func sortBy(items []any, exact, backwards bool, key func(any) (any, error)) error {
	var failed error
	of := func(x any) any {
		k, err := key(x)
		if err != nil {
			failed = err
		}
		if s, ok := k.(string); ok && !exact {
			return strings.ToLower(s)
		}
		return k
	}
	slices.SortStableFunc(items, func(a, b any) int {
		if failed != nil {
			return 0
		}
		c, err := order(of(a), of(b))
		if err != nil {
			failed = err
		}
		if backwards {
			return -c
		}
		return c
	})
	return failed
}

func extreme(sign int) filterFunc {
	return func(r *run, v any, a args) (any, error) {
		items, err := r.items(v)
		if err != nil || len(items) == 0 {
			return undefined{"an item of nothing"}, err
		}
		items = slices.Clone(items)
		attr := a.arg(1, "attribute", nil)
		err = sortBy(items, truth(a.arg(0, "case_sensitive", false)), sign > 0, func(x any) (any, error) {
			if attr == nil {
				return x, nil
			}
			return r.path(x, attr)
		})
		return items[0], err
	}
}

func sum(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	total, attr := a.arg(1, "start", int64(0)), a.arg(0, "attribute", nil)
	for _, x := range items {
		if attr != nil {
			if x, err = r.path(x, attr); err != nil {
				return nil, err
			}
		}
		if total, err = r.binary("+", total, x); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func unique(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	exact, attr := truth(a.arg(0, "case_sensitive", false)), a.arg(1, "attribute", nil)
	seen := map[any]bool{}
	var out []any
	for _, x := range items {
		k := x
		if attr != nil {
			if k, err = r.path(x, attr); err != nil {
				return nil, err
			}
		}
		if s, ok := k.(string); ok && !exact {
			k = strings.ToLower(s)
		}
		if !hashable(k) {
			return nil, fmt.Errorf("a %s cannot be told apart from others", kind(k))
		}
		if k = normalKey(k); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return newList(out...), nil
}

func batch(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	n, ok := a.arg(0, "linecount", nil).(int64)
	if !ok || n < 1 || n > 1<<20 {
		return nil, fmt.Errorf("it needs a length of at least 1")
	}
	var out []any
	for part := range slices.Chunk(items, int(n)) {
		part = slices.Clone(part)
		if fill := a.arg(1, "fill_with", nil); fill != nil && len(items) > 0 {
			for len(part) < int(n) {
				part = append(part, fill)
			}
		}
		out = append(out, newList(part...))
	}
	return newList(out...), nil
}
