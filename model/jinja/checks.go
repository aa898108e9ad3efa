package jinja

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/ncruces/go-strftime"
)

// check is a test, as in "x is y".
type check struct {
	args  int // that it takes
	holds func(v any, a []any) (bool, error)
}

func is(f func(v any) bool) check {
	return check{0, func(v any, _ []any) (bool, error) { return f(v), nil }}
}

func ordered(op string) check {
	return check{1, func(v any, a []any) (bool, error) { return compare(op, v, a[0]) }}
}

func remainder(v any, by int64, want int64) (bool, error) {
	i, ok := v.(int64)
	if !ok || by == 0 {
		return false, fmt.Errorf("%s cannot be divided by %d", kind(v), by)
	}
	return (i%by+by)%by == want, nil
}

var tests = map[string]check{
	"boolean":  is(func(v any) bool { _, ok := v.(bool); return ok }),
	"callable": is(func(v any) bool { _, ok := v.(*function); return ok }),
	"defined":  is(func(v any) bool { _, ok := v.(undefined); return !ok }),
	"divisibleby": {1, func(v any, a []any) (bool, error) {
		by, ok := a[0].(int64)
		if !ok {
			return false, fmt.Errorf("%s is no divisor", kind(a[0]))
		}
		return remainder(v, by, 0)
	}},
	"eq": ordered("=="), "equalto": ordered("=="), "ne": ordered("!="),
	"lt": ordered("<"), "lessthan": ordered("<"), "le": ordered("<="),
	"gt": ordered(">"), "greaterthan": ordered(">"), "ge": ordered(">="), "in": ordered("in"),
	"even":    {0, func(v any, _ []any) (bool, error) { return remainder(v, 2, 0) }},
	"odd":     {0, func(v any, _ []any) (bool, error) { return remainder(v, 2, 1) }},
	"false":   is(func(v any) bool { return v == any(false) }),
	"true":    is(func(v any) bool { return v == any(true) }),
	"float":   is(func(v any) bool { _, ok := v.(float64); return ok }),
	"integer": is(func(v any) bool { _, ok := v.(int64); return ok }),
	"number":  is(func(v any) bool { _, ok := number(v); return ok }),
	"iterable": is(func(v any) bool {
		switch v.(type) {
		case string, *list, *dict, undefined:
			return true
		}
		return false
	}),
	"lower": is(func(v any) bool {
		s := show(v)
		return strings.ToLower(s) == s && strings.ContainsFunc(s, unicode.IsLower)
	}),
	"upper": is(func(v any) bool {
		s := show(v)
		return strings.ToUpper(s) == s && strings.ContainsFunc(s, unicode.IsUpper)
	}),
	"mapping": is(func(v any) bool { _, ok := v.(*dict); return ok }),
	"none":    is(func(v any) bool { return v == nil }),
	"sameas":  ordered("=="),
	"sequence": is(func(v any) bool {
		switch v.(type) {
		case string, *list, *dict, undefined:
			return true
		}
		return false
	}),
	"string":    is(func(v any) bool { _, ok := v.(string); return ok }),
	"undefined": is(func(v any) bool { _, ok := v.(undefined); return ok }),
}

var globals = map[string]*function{
	"range": {"range", rangeOf},
	"dict": {"dict", func(r *run, a args) (any, error) {
		d, err := newDict(), a.most("dict", 0, a.order...)
		for _, k := range a.order {
			d.set(k, a.named[k])
		}
		return d, err
	}},
	"namespace": {"namespace", func(r *run, a args) (any, error) {
		ns := &namespace{map[string]any{}}
		for _, v := range a.list {
			d, ok := v.(*dict)
			if !ok {
				return nil, fmt.Errorf("%s cannot become a namespace", kind(v))
			}
			for _, k := range d.keys {
				ns.vars[show(k)] = d.items[k]
			}
		}
		for k, v := range a.named {
			ns.vars[k] = v
		}
		return ns, nil
	}},
	"raise_exception": {"raise_exception", func(_ *run, a args) (any, error) {
		return nil, &Raised{show(a.arg(0, "message", ""))}
	}},
	"strftime_now": {"strftime_now", func(r *run, a args) (any, error) {
		layout, ok := a.arg(0, "format", nil).(string)
		if !ok || len(layout) > 1000 {
			return nil, fmt.Errorf("strftime_now needs a format")
		}
		return strftime.Format(layout, r.now.In(time.UTC)), nil
	}},
}

func rangeOf(r *run, a args) (any, error) {
	bounds := [3]int64{0, 0, 1}
	if len(a.list) == 0 || len(a.list) > 3 {
		return nil, fmt.Errorf("range takes one to three numbers")
	}
	for i, v := range a.list {
		n, ok := v.(int64)
		if !ok || n > math.MaxInt32 || n < math.MinInt32 {
			return nil, fmt.Errorf("range: %s is no number for it", show(v))
		}
		if len(a.list) == 1 {
			i = 1
		}
		bounds[i] = n
	}
	from, to, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, fmt.Errorf("range: steps of 0")
	}
	const most = 100_000 // as in Jinja's sandbox
	if n := (to - from) / step; n > most {
		return nil, fmt.Errorf("range: %d numbers; at most %d are supported", n, most)
	}
	var items []any
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		items = append(items, i)
	}
	return r.made(newList(items...))
}
