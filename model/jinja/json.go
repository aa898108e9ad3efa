package jinja

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonOptions are those of Python's json.dumps.
type jsonOptions struct {
	indent    string
	item, key string // separators
	sort      bool
	ascii     bool
	hasIndent bool
}

// writeJSON writes a value as Python's json.dumps does.
func writeJSON(b *strings.Builder, v any, o jsonOptions, level int) error {
	line := func(level int) {
		if o.hasIndent {
			b.WriteByte('\n')
			b.WriteString(strings.Repeat(o.indent, level))
		}
	}
	if b.Len() > maxBytes {
		return fmt.Errorf("the JSON has more than %d bytes", maxBytes)
	}
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case int64:
		b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		b.WriteString(map[string]string{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[floatText(x)])
		if x-x == 0 {
			b.WriteString(floatText(x))
		}
	case string:
		jsonString(b, x, o.ascii)
	case *list:
		if len(x.items) == 0 {
			b.WriteString("[]")
			return nil
		}
		b.WriteByte('[')
		for i, e := range x.items {
			if i > 0 {
				b.WriteString(o.item)
			}
			line(level + 1)
			if err := writeJSON(b, e, o, level+1); err != nil {
				return err
			}
		}
		line(level)
		b.WriteByte(']')
	case *dict:
		if len(x.keys) == 0 {
			b.WriteString("{}")
			return nil
		}
		keys := slices.Clone(x.keys)
		if o.sort {
			var failed error
			slices.SortStableFunc(keys, func(a, b any) int {
				c, err := order(a, b)
				if err != nil {
					failed = err
				}
				return c
			})
			if failed != nil {
				return failed
			}
		}
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteString(o.item)
			}
			line(level + 1)
			name, ok := k.(string)
			if !ok {
				var key strings.Builder
				if err := writeJSON(&key, k, o, 0); err != nil {
					return err
				}
				name = key.String()
			}
			jsonString(b, name, o.ascii)
			b.WriteString(o.key)
			if err := writeJSON(b, x.items[k], o, level+1); err != nil {
				return err
			}
		}
		line(level)
		b.WriteByte('}')
	default:
		return fmt.Errorf("%s has no JSON", kind(v))
	}
	return nil
}

func jsonString(b *strings.Builder, s string, ascii bool) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || ascii && r >= 0x7f && r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		case ascii && r >= utf8.RuneSelf:
			r -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

func toJSON(_ *run, v any, a args) (any, error) {
	if err := a.most("tojson", 2, "indent", "ensure_ascii", "separators", "sort_keys"); err != nil {
		return nil, err
	}
	o := jsonOptions{item: ", ", key: ": "}
	// transformers' own tojson takes ensure_ascii, indent, separators and
	// sort_keys, in this order.
	given := func(i int, name string) (any, bool) {
		if v, ok := a.named[name]; ok {
			return v, true
		}
		if i < len(a.list) {
			return a.list[i], true
		}
		return nil, false
	}
	if x, ok := given(0, "ensure_ascii"); ok {
		o.ascii = truth(x)
	}
	if x, ok := given(1, "indent"); ok && x != nil {
		o.hasIndent, o.item = true, ","
		switch n := x.(type) {
		case int64:
			if n > 64 {
				return nil, fmt.Errorf("an indent of %d is too much", n)
			}
			o.indent = strings.Repeat(" ", int(max(n, 0)))
		case string:
			if len(n) > 64 {
				return nil, fmt.Errorf("an indent of %d bytes is too much", len(n))
			}
			o.indent = n
		default:
			return nil, fmt.Errorf("%s is no indent", kind(x))
		}
	}
	if x, ok := a.named["separators"]; ok && x != nil {
		l, ok := x.(*list)
		if !ok || len(l.items) != 2 {
			return nil, fmt.Errorf("separators must be two strings")
		}
		o.item, o.key = show(l.items[0]), show(l.items[1])
	}
	o.sort = truth(a.named["sort_keys"])
	var b strings.Builder
	if err := writeJSON(&b, v, o, 0); err != nil {
		return nil, err
	}
	return b.String(), nil
}
