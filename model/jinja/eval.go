package jinja

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
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
