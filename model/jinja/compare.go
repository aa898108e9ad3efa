package jinja

import (
	"fmt"
	"strings"
)

func (e *compareExpr) eval(r *run, s *scope) (any, error) {
	left, err := r.eval(e.first, s)
	if err != nil {
		return nil, err
	}
	for i, op := range e.ops {
		right, err := r.eval(e.rest[i], s)
		if err != nil {
			return nil, err
		}
		if err := r.work(shapeOf(left).size + shapeOf(right).size); err != nil {
			return nil, err
		}
		ok, err := compare(op, left, right)
		if err != nil || !ok {
			return false, err
		}
		left = right
	}
	return true, nil
}

func compare(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return equal(a, b), nil
	case "!=":
		return !equal(a, b), nil
	case "in":
		return contains(b, a)
	case "not in":
		ok, err := contains(b, a)
		return !ok, err
	}
	c, err := order(a, b)
	switch op {
	case "<":
		return c < 0, err
	case "<=":
		return c <= 0, err
	case ">":
		return c > 0, err
	}
	return c >= 0, err
}

func contains(in, v any) (bool, error) {
	switch x := in.(type) {
	case string:
		s, ok := v.(string)
		if !ok {
			return false, fmt.Errorf("a str cannot contain %s", kind(v))
		}
		return strings.Contains(x, s), nil
	case *list:
		for _, e := range x.items {
			if equal(e, v) {
				return true, nil
			}
		}
		return false, nil
	case *dict:
		if !hashable(v) {
			return false, fmt.Errorf("a %s cannot be a key", kind(v))
		}
		_, ok := x.get(v)
		return ok, nil
	case undefined:
		return false, nil
	}
	return false, fmt.Errorf("%s cannot contain anything", kind(in))
}

// order compares two values that Python can put in order.
func order(a, b any) (int, error) {
	x, isNumber := number(a)
	y, other := number(b)
	if isNumber && other {
		switch {
		case x < y:
			return -1, nil
		case x > y:
			return 1, nil
		}
		return 0, nil
	}
	if s, ok := a.(string); ok {
		if t, ok := b.(string); ok {
			return strings.Compare(s, t), nil
		}
	}
	l, ok := a.(*list)
	m, also := b.(*list)
	if ok && also && l.tuple == m.tuple {
		for i := range min(len(l.items), len(m.items)) {
			if !equal(l.items[i], m.items[i]) {
				return order(l.items[i], m.items[i])
			}
		}
		return len(l.items) - len(m.items), nil
	}
	return 0, fmt.Errorf("%s and %s have no order", kind(a), kind(b))
}
