package jinja

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type filterFunc func(r *run, v any, a args) (any, error)

// filters are set in init, since map and its like look here themselves.
var filters map[string]filterFunc

func init() {
	filters = map[string]filterFunc{
		"abs": func(_ *run, v any, _ args) (any, error) {
			if f, ok := number(v); ok && f < 0 {
				return arithmetic("-", int64(0), v)
			}
			return v, nil
		},
		"batch": batch, "capitalize": onText(capitalize), "center": center,
		"count": length, "length": length, "d": defaultTo, "default": defaultTo,
		"dictsort": dictSort, "e": onText(escape), "escape": onText(escape), "first": pick(0), "last": pick(-1),
		"float": toFloat, "format": func(r *run, v any, a args) (any, error) { return r.format(show(v), a.list) },
		"indent": indent, "int": toInt, "items": pairs, "join": join, "list": toList, "lower": onText(strings.ToLower),
		"map": mapEach, "max": extreme(1), "min": extreme(-1),
		"reject": sieve(false, false), "rejectattr": sieve(true, false), "select": sieve(false, true), "selectattr": sieve(true, true),
		"replace": replaceAll, "reverse": reverse, "round": round, "safe": func(_ *run, v any, _ args) (any, error) { return v, nil },
		"sort": sortList, "string": onText(func(s string) string { return s }), "sum": sum, "title": onText(title), "tojson": toJSON,
		"trim": trim, "unique": unique, "upper": onText(strings.ToUpper), "urlencode": onText(func(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }),
		"wordcount": func(_ *run, v any, _ args) (any, error) { return int64(len(strings.Fields(show(v)))), nil },
	}
}

// most refuses arguments beyond n, and names other than those given.
func (a args) most(what string, n int, names ...string) error {
	if len(a.list) > n {
		return fmt.Errorf("%s takes %d arguments, not %d", what, n, len(a.list))
	}
	for name := range a.named {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s takes no argument %q", what, name)
		}
	}
	return nil
}

// arg is the argument at a place or of a name.
func (a args) arg(i int, name string, none any) any {
	if i < len(a.list) {
		return a.list[i]
	}
	if v, ok := a.named[name]; ok {
		return v
	}
	return none
}

func onText(f func(string) string) filterFunc {
	return func(_ *run, v any, a args) (any, error) { return f(show(v)), a.most("it", 0) }
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + strings.ToLower(s[n:])
}

// title begins words with capitals; words are what white space, hyphens and
// opening brackets part.
func title(s string) string {
	var b strings.Builder
	start := true
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("-({[<", r):
			start = true
			b.WriteRune(r)
		case start:
			b.WriteString(strings.ToUpper(string(r)))
			start = false
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func length(_ *run, v any, _ args) (any, error) {
	switch x := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(x)), nil
	case *list:
		return int64(len(x.items)), nil
	case *dict:
		return int64(len(x.keys)), nil
	case undefined:
		return int64(0), nil
	}
	return nil, fmt.Errorf("%s has no length", kind(v))
}

func defaultTo(_ *run, v any, a args) (any, error) {
	_, missing := v.(undefined)
	if missing || truth(a.arg(1, "boolean", false)) && !truth(v) {
		return a.arg(0, "default_value", ""), nil
	}
	return v, a.most("it", 2, "default_value", "boolean")
}

func dictSort(_ *run, v any, a args) (any, error) {
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("%s is no dict", kind(v))
	}
	by, exact := 0, truth(a.arg(0, "case_sensitive", false))
	if a.arg(1, "by", "key") == any("value") {
		by = 1
	}
	var items []any
	for _, k := range d.keys {
		items = append(items, tupleOf(k, d.items[k]))
	}
	err := sortBy(items, exact, truth(a.arg(2, "reverse", false)), func(x any) (any, error) { return x.(*list).items[by], nil })
	return newList(items...), err
}

func tupleOf(items ...any) *list {
	l := newList(items...)
	l.tuple = true
	return l
}

func pick(at int) filterFunc {
	return func(r *run, v any, _ args) (any, error) {
		items, err := r.items(v)
		if err != nil || len(items) == 0 {
			return undefined{"an item of nothing"}, err
		}
		return items[(at+len(items))%len(items)], nil
	}
}

func toFloat(_ *run, v any, a args) (any, error) {
	if f, ok := number(v); ok {
		return f, nil
	}
	if f, err := strconv.ParseFloat(strings.TrimSpace(show(v)), 64); err == nil {
		return f, nil
	}
	return a.arg(0, "default", 0.0), nil
}

func toInt(_ *run, v any, a args) (any, error) {
	if i, ok := v.(int64); ok {
		return i, nil
	}
	f, ok := number(v)
	if s, isText := v.(string); isText {
		s = strings.TrimSpace(s)
		if i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64); err == nil {
			return i, nil
		}
		var err error
		f, err = strconv.ParseFloat(s, 64)
		ok = err == nil
	}
	if ok && math.Abs(f) < 1<<62 {
		return int64(f), nil
	}
	return a.arg(0, "default", int64(0)), nil
}

// indent puts spaces before lines: all but the first, and those not blank.
func indent(_ *run, v any, a args) (any, error) {
	width := "    "
	switch x := a.arg(0, "width", int64(4)).(type) {
	case int64:
		if x > 1000 {
			return nil, fmt.Errorf("a width of %d is too much", x)
		}
		width = strings.Repeat(" ", int(max(x, 0)))
	case string:
		width = x
	}
	first, blank := truth(a.arg(1, "first", false)), truth(a.arg(2, "blank", false))
	s := show(v)
	if strings.Count(s, "\n")*len(width) > maxBytes {
		return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
	}
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && first || i > 0 && (line != "" || blank) {
			b.WriteString(width)
		}
		b.WriteString(line)
	}
	return b.String(), a.most("it", 3, "width", "first", "blank")
}

func pairs(_ *run, v any, _ args) (any, error) {
	if _, missing := v.(undefined); missing {
		return newList(), nil
	}
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("%s is no dict", kind(v))
	}
	var items []any
	for _, k := range d.keys {
		items = append(items, tupleOf(k, d.items[k]))
	}
	return newList(items...), nil
}

func join(r *run, v any, a args) (any, error) {
	items, err := r.items(v)
	if err != nil {
		return nil, err
	}
	attr, sep := a.arg(1, "attribute", nil), show(a.arg(0, "d", ""))
	if len(items)*len(sep) > maxBytes {
		return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
	}
	var b strings.Builder
	for i, x := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		if attr != nil {
			if x, err = r.path(x, attr); err != nil {
				return nil, err
			}
		}
		b.WriteString(show(x))
	}
	return b.String(), nil
}

// path looks up "a.b.0".
func (r *run) path(v, attr any) (any, error) {
	if _, ok := attr.(int64); ok {
		return r.item(v, attr)
	}
	for _, name := range strings.Split(show(attr), ".") {
		var key any = name
		if i, err := strconv.ParseInt(name, 10, 64); err == nil {
			key = i
		}
		var err error
		if v, err = r.item(v, key); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func replaceAll(_ *run, v any, a args) (any, error) {
	if len(a.list) < 2 {
		return nil, fmt.Errorf("it needs what to replace, and by what")
	}
	n := -1
	if c, ok := a.arg(2, "count", nil).(int64); ok {
		n = int(c)
	}
	return replaceText(show(v), show(a.list[0]), show(a.list[1]), n)
}

func replaceText(s, old, by string, n int) (any, error) {
	if strings.Count(s, old)*len(by) > maxBytes {
		return nil, fmt.Errorf("it makes more than %d bytes of values", maxBytes)
	}
	return strings.Replace(s, old, by, n), nil
}

func reverse(r *run, v any, _ args) (any, error) {
	items, err := r.items(v)
	items = slices.Clone(items)
	slices.Reverse(items)
	if _, ok := v.(string); ok {
		var b strings.Builder
		for _, x := range items {
			b.WriteString(x.(string))
		}
		return b.String(), err
	}
	return newList(items...), err
}

func round(_ *run, v any, a args) (any, error) {
	f, ok := number(v)
	digits, isInt := a.arg(0, "precision", int64(0)).(int64)
	if !ok || !isInt || digits < -15 || digits > 15 {
		return nil, fmt.Errorf("%s cannot be rounded to %v digits", kind(v), digits)
	}
	if _, isInt := v.(int64); isInt && digits >= 0 && a.arg(1, "method", "common") == any("common") {
		return v, nil
	}
	scale := math.Pow(10, float64(digits))
	switch method := show(a.arg(1, "method", "common")); method {
	case "ceil":
		return math.Ceil(f*scale) / scale, nil
	case "floor":
		return math.Floor(f*scale) / scale, nil
	case "common":
		if digits >= 0 {
			return strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(digits), 64), 64)
		}
		return math.RoundToEven(f*scale) / scale, nil
	default:
		return nil, fmt.Errorf("the method %q is not supported", method)
	}
}

func trim(_ *run, v any, a args) (any, error) {
	return stripText(show(v), a.arg(0, "chars", nil), true, true), a.most("it", 1, "chars")
}

func center(_ *run, v any, a args) (any, error) {
	width, ok := a.arg(0, "width", int64(80)).(int64)
	s := show(v)
	if !ok || width > maxSource {
		return nil, fmt.Errorf("%v is no width for text", a.arg(0, "width", nil))
	}
	free := int(width) - utf8.RuneCountInString(s)
	if free <= 0 {
		return s, nil
	}
	left := free/2 + free&int(width)&1
	return strings.Repeat(" ", left) + s + strings.Repeat(" ", free-left), nil
}
