package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textMethod is a method of Python's str. It gets as many arguments as most at
// most, and at least as many as least.
type textMethod struct {
	least, most int
	call        func(s string, a []any) (any, error)
}

func all(is func(rune) bool) textMethod {
	return textMethod{0, 0, func(s string, _ []any) (any, error) {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0, nil
	}}
}

// cased tells whether all letters with a case have the one that fits.
func cased(fits, other func(rune) bool) textMethod {
	return textMethod{0, 0, func(s string, _ []any) (any, error) {
		return strings.ContainsFunc(s, fits) && !strings.ContainsFunc(s, other), nil
	}}
}

func plainText(f func(string) string) textMethod {
	return textMethod{0, 0, func(s string, _ []any) (any, error) { return f(s), nil }}
}

// chars is an argument that tells what to strip; nil is white space.
func chars(a []any) any {
	if len(a) == 0 {
		return nil
	}
	return a[0]
}

func stripText(s string, chars any, left, right bool) string {
	is := unicode.IsSpace
	if chars != nil {
		set := show(chars)
		is = func(r rune) bool { return strings.ContainsRune(set, r) }
	}
	if left {
		s = strings.TrimLeftFunc(s, is)
	}
	if right {
		s = strings.TrimRightFunc(s, is)
	}
	return s
}

func textArg(a []any, i int) (string, error) {
	s, ok := a[i].(string)
	if !ok {
		return "", fmt.Errorf("%s where a str is needed", kind(a[i]))
	}
	return s, nil
}

// affix tells whether a text begins, or ends, with one of the given ones.
func affix(has func(s, x string) bool) textMethod {
	return textMethod{1, 1, func(s string, a []any) (any, error) {
		options := []any{a[0]}
		if l, ok := a[0].(*list); ok {
			options = l.items
		}
		for i := range options {
			x, err := textArg(options, i)
			if err != nil {
				return nil, err
			}
			if has(s, x) {
				return true, nil
			}
		}
		return false, nil
	}}
}

// find gives the place of a text in another, in characters; -1 is nowhere.
func find(index func(s, x string) int) textMethod {
	return textMethod{1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		if err != nil {
			return nil, err
		}
		i := index(s, x)
		if i < 0 {
			return int64(-1), nil
		}
		return int64(utf8.RuneCountInString(s[:i])), nil
	}}
}

// cutting splits by a separator, at most n times; by white space without one.
func cutting(s string, a []any, fromRight bool) (any, error) {
	n := -1
	if len(a) > 1 {
		x, ok := a[1].(int64)
		if !ok {
			return nil, fmt.Errorf("%s where an int is needed", kind(a[1]))
		}
		n = int(x)
	}
	var parts []string
	if len(a) == 0 || a[0] == nil {
		parts = splitSpace(s, n, fromRight)
	} else {
		sep, err := textArg(a, 0)
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, fmt.Errorf("an empty separator")
		}
		switch {
		case n < 0:
			parts = strings.Split(s, sep)
		case !fromRight:
			parts = strings.SplitN(s, sep, n+1)
		default:
			for ; n > 0; n-- {
				i := strings.LastIndex(s, sep)
				if i < 0 {
					break
				}
				parts = append([]string{s[i+len(sep):]}, parts...)
				s = s[:i]
			}
			parts = append([]string{s}, parts...)
		}
	}
	items := make([]any, len(parts))
	for i, x := range parts {
		items[i] = x
	}
	return newList(items...), nil
}

func splitSpace(s string, n int, fromRight bool) []string {
	if n < 0 {
		return strings.Fields(s)
	}
	var parts []string
	for s = strings.TrimSpace(s); s != "" && n > 0; n-- {
		if fromRight {
			i := strings.LastIndexFunc(s, unicode.IsSpace)
			if i < 0 {
				break
			}
			_, size := utf8.DecodeRuneInString(s[i:])
			parts = append([]string{s[i+size:]}, parts...)
			s = strings.TrimRightFunc(s[:i], unicode.IsSpace)
			continue
		}
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 {
			break
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	if s != "" {
		if fromRight {
			return append([]string{s}, parts...)
		}
		return append(parts, s)
	}
	return parts
}

var textMethods = map[string]textMethod{
	"upper":      plainText(strings.ToUpper),
	"lower":      plainText(strings.ToLower),
	"capitalize": plainText(capitalize),
	"casefold":   plainText(strings.ToLower),
	"title": plainText(func(s string) string { // words are what letters make
		inside := false
		return strings.Map(func(r rune) rune {
			was := inside
			if inside = unicode.IsLetter(r); inside && !was {
				return unicode.ToTitle(r)
			}
			return unicode.ToLower(r)
		}, s)
	}),
	"swapcase": plainText(func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsUpper(r) {
				return unicode.ToLower(r)
			}
			return unicode.ToUpper(r)
		}, s)
	}),
	"isdigit": all(unicode.IsDigit), "isalpha": all(unicode.IsLetter), "isspace": all(unicode.IsSpace),
	"isalnum": all(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	"isupper": cased(unicode.IsUpper, unicode.IsLower), "islower": cased(unicode.IsLower, unicode.IsUpper),
	"strip":      {0, 1, func(s string, a []any) (any, error) { return stripText(s, chars(a), true, true), nil }},
	"lstrip":     {0, 1, func(s string, a []any) (any, error) { return stripText(s, chars(a), true, false), nil }},
	"rstrip":     {0, 1, func(s string, a []any) (any, error) { return stripText(s, chars(a), false, true), nil }},
	"split":      {0, 2, func(s string, a []any) (any, error) { return cutting(s, a, false) }},
	"rsplit":     {0, 2, func(s string, a []any) (any, error) { return cutting(s, a, true) }},
	"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
	"find": find(strings.Index), "rfind": find(strings.LastIndex),
	"removeprefix": {1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		return strings.TrimPrefix(s, x), err
	}},
	"removesuffix": {1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		return strings.TrimSuffix(s, x), err
	}},
	"splitlines": {0, 0, func(s string, _ []any) (any, error) {
		var items []any
		for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)) {
			items = append(items, strings.TrimSuffix(line, "\n"))
		}
		return newList(items...), nil
	}},
	"replace": {2, 3, func(s string, a []any) (any, error) {
		old, err := textArg(a, 0)
		if err != nil {
			return nil, err
		}
		by, err := textArg(a, 1)
		if err != nil {
			return nil, err
		}
		n := int64(-1)
		if len(a) == 3 {
			n, _ = a[2].(int64)
		}
		return replaceText(s, old, by, int(n))
	}},
	"count": {1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		return int64(strings.Count(s, x)), err
	}},
	"partition": {1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		if i := strings.Index(s, x); i >= 0 {
			return tupleOf(s[:i], x, s[i+len(x):]), err
		}
		return tupleOf(s, "", ""), err
	}},
	"rpartition": {1, 1, func(s string, a []any) (any, error) {
		x, err := textArg(a, 0)
		if i := strings.LastIndex(s, x); i >= 0 {
			return tupleOf(s[:i], x, s[i+len(x):]), err
		}
		return tupleOf("", "", s), err
	}},
}

// method finds a method of a value. Those that would change it are not there.
func method(of any, name string) (*function, bool) {
	switch x := of.(type) {
	case string:
		if name == "join" {
			return &function{name, func(r *run, a args) (any, error) {
				if err := a.most(name, 1); err != nil || len(a.list) == 0 {
					return nil, fmt.Errorf("join needs what to join")
				}
				return r.applyFilter("join", a.list[0], args{list: []any{x}})
			}}, true
		}
		m, ok := textMethods[name]
		if !ok {
			return nil, false
		}
		return &function{name, func(r *run, a args) (any, error) {
			if err := a.most(name, m.most); err != nil {
				return nil, err
			}
			if len(a.list) < m.least {
				return nil, fmt.Errorf("%s takes at least %d arguments", name, m.least)
			}
			v, err := m.call(x, a.list)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return r.made(v)
		}}, true
	case *dict:
		return dictMethod(x, name)
	case *list:
		if name == "index" || name == "count" {
			return &function{name, func(r *run, a args) (any, error) {
				if len(a.list) != 1 {
					return nil, fmt.Errorf("%s takes one argument", name)
				}
				n := int64(0)
				for i, e := range x.items {
					if equal(e, a.list[0]) {
						if name == "index" {
							return int64(i), nil
						}
						n++
					}
				}
				if name == "index" {
					return nil, fmt.Errorf("index: the list has no such item")
				}
				return n, r.work(x.shape.size)
			}}, true
		}
	}
	return nil, false
}

func dictMethod(d *dict, name string) (*function, bool) {
	var f func(r *run, a args) (any, error)
	switch name {
	case "get":
		f = func(_ *run, a args) (any, error) {
			if len(a.list) == 0 || len(a.list) > 2 || !hashable(a.list[0]) {
				return nil, fmt.Errorf("get takes a key and what to give without it")
			}
			if v, ok := d.get(a.list[0]); ok {
				return v, nil
			}
			return a.arg(1, "default", nil), nil
		}
	case "items":
		f = func(r *run, a args) (any, error) { return r.applyFilter("items", d, a) }
	case "keys":
		f = func(r *run, a args) (any, error) { return r.made(newList(d.keys...)) }
	case "values":
		f = func(r *run, a args) (any, error) {
			var items []any
			for _, k := range d.keys {
				items = append(items, d.items[k])
			}
			return r.made(newList(items...))
		}
	case "copy":
		f = func(*run, args) (any, error) { return d, nil }
	default:
		return nil, false
	}
	return &function{name, f}, true
}
