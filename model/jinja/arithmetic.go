package jinja

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

func (e *binaryExpr) eval(r *run, s *scope) (any, error) {
	left, err := r.eval(e.left, s)
	if err != nil {
		return nil, err
	}
	if e.op == "and" && !truth(left) || e.op == "or" && truth(left) {
		return left, nil
	}
	right, err := r.eval(e.right, s)
	if err != nil || e.op == "and" || e.op == "or" {
		return right, err
	}
	if e.op == "~" {
		if err := r.work(shapeOf(left).size + shapeOf(right).size); err != nil {
			return nil, err
		}
		return r.made(show(left) + show(right))
	}
	return r.binary(e.op, left, right)
}

func (r *run) binary(op string, a, b any) (any, error) {
	if x, ok := a.(bool); ok {
		a = intOf(x)
	}
	if x, ok := b.(bool); ok {
		b = intOf(x)
	}
	if _, ok := number(a); ok {
		if _, ok := number(b); ok {
			return arithmetic(op, a, b)
		}
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			if op == "+" {
				return r.made(x + y)
			}
		case int64:
			if op == "*" {
				if y = max(y, 0); y > 0 && int64(len(x)) > maxBytes/y {
					return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
				}
				return r.made(strings.Repeat(x, int(y)))
			}
		}
		if op == "%" {
			l, ok := b.(*list)
			if !ok || !l.tuple {
				l = newList(b)
			}
			return r.format(x, l.items)
		}
	case *list:
		if y, ok := b.(*list); ok && op == "+" && x.tuple == y.tuple {
			l := newList(append(append([]any{}, x.items...), y.items...)...)
			l.tuple = x.tuple
			return r.made(l)
		}
	}
	return nil, fmt.Errorf("%s %s %s cannot be computed", kind(a), op, kind(b))
}

func arithmetic(op string, a, b any) (any, error) {
	x, xInt := a.(int64)
	y, yInt := b.(int64)
	f, _ := number(a)
	g, _ := number(b)
	if (op == "/" || op == "//" || op == "%") && g == 0 {
		return nil, fmt.Errorf("division by zero")
	}
	if !xInt || !yInt || op == "/" {
		switch op {
		case "+":
			return f + g, nil
		case "-":
			return f - g, nil
		case "*":
			return f * g, nil
		case "/":
			return f / g, nil
		case "//":
			return math.Floor(f / g), nil
		case "%":
			m := math.Mod(f, g)
			if m != 0 && (m < 0) != (g < 0) {
				m += g
			}
			return m, nil
		}
		return math.Pow(f, g), nil
	}
	large := fmt.Errorf("%d %s %d is too large", x, op, y)
	switch op {
	case "+":
		if z := x + y; (z > x) == (y > 0) {
			return z, nil
		}
	case "-":
		if z := x - y; (z < x) == (y > 0) {
			return z, nil
		}
	case "*":
		if x == 0 || y == 0 || (x*y/y == x && !(x == -1 && y == math.MinInt64) && !(y == -1 && x == math.MinInt64)) {
			return x * y, nil
		}
	case "//":
		q := x / y
		if x%y != 0 && (x < 0) != (y < 0) {
			q--
		}
		return q, nil
	case "%":
		m := x % y
		if m != 0 && (m < 0) != (y < 0) {
			m += y
		}
		return m, nil
	case "**":
		if y < 0 {
			return math.Pow(f, g), nil
		}
		if z := math.Pow(f, g); math.Abs(z) < 1<<53 {
			return int64(z), nil
		}
	}
	return nil, large
}

// format is Python's % for strings, with the verbs that templates use.
func (r *run) format(s string, values []any) (any, error) {
	var b strings.Builder
	k := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, fmt.Errorf("the format ends with %%")
		}
		if s[i] == '%' {
			b.WriteByte('%')
			continue
		}
		verb := s[i]
		if k == len(values) {
			return nil, fmt.Errorf("the format needs more than %d values", k)
		}
		v := values[k]
		k++
		f, isNumber := number(v)
		switch {
		case verb == 's':
			b.WriteString(show(v))
		case verb == 'r':
			repr(&b, v)
		case verb == 'd' && isNumber:
			fmt.Fprintf(&b, "%d", int64(f))
		case verb == 'f' && isNumber:
			fmt.Fprintf(&b, "%f", f)
		default:
			c, _ := utf8.DecodeRuneInString(s[i:])
			return nil, fmt.Errorf("the format %%%c of %s is not supported", c, kind(v))
		}
		if b.Len() > maxBytes {
			return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
		}
	}
	if k < len(values) {
		return nil, fmt.Errorf("the format needs %d values, not %d", k, len(values))
	}
	return r.made(b.String())
}
