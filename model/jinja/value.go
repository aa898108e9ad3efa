package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Values are nil, bool, int64, float64, string and the types below.
type (
	undefined struct{ name string }
	list      struct {
		items []any
		tuple bool
		shape shape
	}
	dict struct {
		keys  []any // in the order they came
		items map[any]any
		shape shape
	}
	namespace struct{ vars map[string]any }
	function  struct {
		name string
		call func(r *run, a args) (any, error)
	}
)

// shape tells what walking through a value costs. Parts may be shared, so this
// can be far more than the memory that it takes.
type shape struct{ size, depth int }

func shapeOf(v any) shape {
	switch x := v.(type) {
	case string:
		return shape{1 + len(x)/16, 0}
	case *list:
		return x.shape
	case *dict:
		return x.shape
	}
	return shape{1, 0}
}

func (s *shape) add(part any) {
	p := shapeOf(part)
	s.size = min(s.size+p.size+1, maxBytes+1)
	s.depth = max(s.depth, p.depth+1)
}

func newList(items ...any) *list {
	l := &list{items: items}
	for _, x := range items {
		l.shape.add(x)
	}
	return l
}

// Dict is an ordered mapping, as a value for templates.
type Dict []Pair

// Pair is an entry of a Dict.
type Pair struct {
	Key   string
	Value any
}

func newDict() *dict { return &dict{items: map[any]any{}} }

func (d *dict) set(key, v any) {
	key = normalKey(key)
	if _, there := d.items[key]; !there {
		d.keys = append(d.keys, key)
	}
	d.items[key] = v
	d.shape.add(key)
	d.shape.add(v)
}

func (d *dict) get(key any) (any, bool) {
	v, ok := d.items[normalKey(key)]
	return v, ok
}

// normalKey makes keys that Python holds equal the same.
func normalKey(k any) any {
	switch x := k.(type) {
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case float64:
		if i := int64(x); float64(i) == x {
			return i
		}
	}
	return k
}

func hashable(k any) bool {
	switch k.(type) {
	case nil, bool, int64, float64, string:
		return true
	}
	return false
}

func fromGo(v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested too deeply")
	}
	switch x := v.(type) {
	case nil, bool, int64, float64, string:
		return x, nil
	case int:
		return int64(x), nil
	case json.RawMessage:
		return fromJSON(x)
	case []any:
		var items []any
		for _, e := range x {
			y, err := fromGo(e, depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, y)
		}
		return newList(items...), nil
	case map[string]any:
		d := newDict()
		for _, k := range slices.Sorted(maps.Keys(x)) {
			y, err := fromGo(x[k], depth+1)
			if err != nil {
				return nil, err
			}
			d.set(k, y)
		}
		return d, nil
	case Dict:
		d := newDict()
		for _, p := range x {
			y, err := fromGo(p.Value, depth+1)
			if err != nil {
				return nil, err
			}
			d.set(p.Key, y)
		}
		return d, nil
	}
	return nil, fmt.Errorf("a %T is no value for a template", v)
}

// fromJSON keeps the order of objects, and integers apart from other numbers.
func fromJSON(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := jsonValue(d, 0)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = fmt.Errorf("text after the end of the JSON value")
		}
	}
	return v, err
}

func jsonValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(x.String(), 10, 64); err == nil {
			return i, nil
		}
		return x.Float64()
	case json.Delim:
		if x == '[' {
			var items []any
			for d.More() {
				v, err := jsonValue(d, depth+1)
				if err != nil {
					return nil, err
				}
				items = append(items, v)
			}
			_, err := d.Token()
			return newList(items...), err
		}
		o := newDict()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := jsonValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			o.set(k, v)
		}
		_, err := d.Token()
		return o, err
	}
	return t, nil
}

func truth(v any) bool {
	switch x := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case *list:
		return len(x.items) > 0
	case *dict:
		return len(x.keys) > 0
	}
	return true
}

func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && x == y
	case undefined:
		_, ok := b.(undefined)
		return ok
	case *list:
		y, ok := b.(*list)
		return ok && x.tuple == y.tuple && slices.EqualFunc(x.items, y.items, equal)
	case *dict:
		y, ok := b.(*dict)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for _, k := range x.keys {
			if v, there := y.get(k); !there || !equal(x.items[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}

// number is the value of what Python computes with as one.
func number(v any) (float64, bool) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// kind is Python's name of a value's type, for errors.
func kind(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case undefined:
		return fmt.Sprintf("%q, which is not defined", x.name)
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case *list:
		if x.tuple {
			return "tuple"
		}
		return "list"
	case *dict:
		return "dict"
	case *function:
		return "function " + x.name
	}
	return "object"
}

// show is Python's str of a value.
func show(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	repr(&b, v)
	return b.String()
}

func repr(b *strings.Builder, v any) {
	switch x := v.(type) {
	case nil:
		b.WriteString("None")
	case undefined:
	case bool:
		if x {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case int64:
		b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		b.WriteString(floatText(x))
	case string:
		quote(b, x)
	case *list:
		open, end := "[", "]"
		if x.tuple {
			open, end = "(", ")"
			if len(x.items) == 1 {
				end = ",)"
			}
		}
		b.WriteString(open)
		for i, e := range x.items {
			if i > 0 {
				b.WriteString(", ")
			}
			repr(b, e)
		}
		b.WriteString(end)
	case *dict:
		b.WriteByte('{')
		for i, k := range x.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			repr(b, k)
			b.WriteString(": ")
			repr(b, x.items[k])
		}
		b.WriteByte('}')
	default:
		fmt.Fprintf(b, "<%s>", kind(v))
	}
}

func floatText(f float64) string {
	switch {
	case f != f:
		return "nan"
	case f > 1.7976931348623157e308:
		return "inf"
	case f < -1.7976931348623157e308:
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	exp, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	if f != 0 && (exp < -4 || exp >= 16) {
		return s
	}
	s = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func quote(b *strings.Builder, s string) {
	q := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	b.WriteRune(q)
	for _, r := range s {
		switch {
		case r == q || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteRune(q)
}
