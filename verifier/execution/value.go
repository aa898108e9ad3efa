package execution

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind is the exact Python type of a Value.
type Kind byte

// The types that values may have. Everything else is Opaque: nothing but the
// name of its type is known of it.
const (
	None Kind = iota
	Bool
	Int
	Float
	Str
	Bytes
	ByteArray
	List
	Tuple
	Dict // Items alternate keys and values
	Set
	FrozenSet
	Complex // Items are two floats
	Range   // Items are start, stop and step
	Iterator
	Keys
	Values
	Items // of a dict; its Items are pairs
	Ellipsis
	Fraction // Items are two whole numbers
	Decimal  // Text is its literal
	Opaque   // Text is the name of its type
)

// Value is what a program was given or gave back: plain data, whatever the
// program did to its own types.
type Value struct {
	Kind  Kind
	Truth bool     // of Bool; of Iterator: there is more than was drawn
	Whole *big.Int // of Int
	Real  float64
	Text  string
	Runes []rune // of a Str that is no UTF-8 text; nil otherwise
	Items []Value
}

// deepest is how deep values may be nested, both ways.
const deepest = 64

var errValue = errors.New("not a value")

// readValue reads the tagged JSON of wire.py, as decoded with UseNumber. It
// believes nothing: a value that Python could not hold is an error, or Opaque
// where an honest program may come to it.
func readValue(raw any, depth int) (Value, error) {
	if depth > deepest {
		return Value{}, errValue
	}
	switch v := raw.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return Value{Kind: Bool, Truth: v}, nil
	case string:
		return Value{Kind: Str, Text: v}, nil
	case json.Number:
		n, ok := new(big.Int).SetString(string(v), 10)
		if !ok || len(v) > 24 {
			return Value{}, errValue
		}
		return Value{Kind: Int, Whole: n}, nil
	case []any:
		if len(v) == 0 {
			return Value{}, errValue
		}
		tag, ok := v[0].(string)
		if !ok {
			return Value{}, errValue
		}
		return readTagged(tag, v[1:], depth)
	}
	return Value{}, errValue
}

var containers = map[string]Kind{"l": List, "t": Tuple, "s": Set, "z": FrozenSet, "k": Keys, "v": Values, "i": Items, "g": Iterator}

var decimals = regexp.MustCompile(`^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d{1,6})?|NaN|Infinity)$`)

func readTagged(tag string, parts []any, depth int) (v Value, err error) {
	texts := func(n int) ([]string, bool) {
		var out []string
		for _, p := range parts {
			if s, ok := p.(string); ok {
				out = append(out, s)
			}
		}
		return out, len(out) == n && len(parts) == n
	}
	if kind, ok := containers[tag]; ok {
		return readContainer(kind, parts, depth)
	}
	switch tag {
	case "n":
		if s, ok := texts(1); ok {
			n, ok := new(big.Int).SetString(s[0], 16)
			if ok && len(s[0]) <= 1<<18+2 {
				return Value{Kind: Int, Whole: n}, nil
			}
		}
	case "f", "c":
		s, ok := texts(map[string]int{"f": 1, "c": 2}[tag])
		if !ok {
			return v, errValue
		}
		var fs []Value
		for _, s := range s {
			f, err := readFloat(s)
			if err != nil {
				return v, err
			}
			fs = append(fs, Value{Kind: Float, Real: f})
		}
		if tag == "f" {
			return fs[0], nil
		}
		return Value{Kind: Complex, Items: fs}, nil
	case "b", "a":
		if s, ok := texts(1); ok && len(s[0])%2 == 0 {
			var b strings.Builder
			for i := 0; i < len(s[0]); i += 2 {
				n, err := strconv.ParseUint(s[0][i:i+2], 16, 8)
				if err != nil {
					return v, errValue
				}
				b.WriteByte(byte(n))
			}
			return Value{Kind: map[string]Kind{"b": Bytes, "a": ByteArray}[tag], Text: b.String()}, nil
		}
	case "u":
		list, ok := one(parts).([]any)
		if !ok {
			return v, errValue
		}
		v = Value{Kind: Str, Runes: []rune{}}
		for _, c := range list {
			n, ok := c.(json.Number)
			r, err := strconv.ParseInt(string(n), 10, 32)
			if !ok || err != nil || r < 0 || r > 0x10ffff {
				return v, errValue
			}
			v.Runes = append(v.Runes, rune(r))
		}
		if !slices.ContainsFunc(v.Runes, func(r rune) bool { return r >= 0xd800 && r < 0xe000 }) {
			return Value{Kind: Str, Text: string(v.Runes)}, nil // one text has one form
		}
		return v, nil
	case "r":
		v = Value{Kind: Range}
		for _, p := range parts {
			n, err := readValue(p, depth+1)
			if err != nil || n.Kind != Int {
				return v, errValue
			}
			v.Items = append(v.Items, n)
		}
		if len(v.Items) == 3 && v.Items[2].Whole.Sign() != 0 {
			return v, nil
		}
	case "d":
		list, ok := one(parts).([]any)
		if !ok {
			return v, errValue
		}
		v = Value{Kind: Dict}
		for _, e := range list {
			pair, ok := e.([]any)
			if !ok || len(pair) != 2 {
				return v, errValue
			}
			for _, p := range pair {
				x, err := readValue(p, depth+1)
				if err != nil {
					return v, err
				}
				v.Items = append(v.Items, x)
			}
			if !v.Items[len(v.Items)-2].hashable() {
				return Value{Kind: Opaque, Text: "dict"}, nil
			}
		}
		return v, nil
	case "q":
		if s, ok := texts(2); ok && len(s[0])+len(s[1]) < 1<<12 {
			a, okA := new(big.Int).SetString(s[0], 16)
			b, okB := new(big.Int).SetString(s[1], 16)
			if okA && okB && b.Sign() > 0 {
				return Value{Kind: Fraction, Items: []Value{{Kind: Int, Whole: a}, {Kind: Int, Whole: b}}}, nil
			}
		}
	case "m":
		if s, ok := texts(1); ok && len(s[0]) < 1<<12 && decimals.MatchString(s[0]) {
			return Value{Kind: Decimal, Text: s[0]}, nil
		}
	case "e":
		if len(parts) == 0 {
			return Value{Kind: Ellipsis}, nil
		}
	case "o":
		if s, ok := texts(1); ok {
			return Value{Kind: Opaque, Text: identifier(s[0])}, nil
		}
	}
	return v, errValue
}

func readContainer(kind Kind, parts []any, depth int) (Value, error) {
	v := Value{Kind: kind}
	if kind == Iterator {
		if len(parts) != 2 {
			return v, errValue
		}
		more, ok := parts[1].(bool)
		if !ok {
			return v, errValue
		}
		v.Truth, parts = more, parts[:1]
	}
	list, ok := one(parts).([]any)
	if !ok {
		return v, errValue
	}
	for _, e := range list {
		x, err := readValue(e, depth+1)
		if err != nil {
			return v, err
		}
		switch kind {
		case Set, FrozenSet, Keys:
			if !x.hashable() {
				return Value{Kind: Opaque, Text: "set"}, nil
			}
		case Items:
			if x.Kind != Tuple || len(x.Items) != 2 || !x.Items[0].hashable() {
				return Value{Kind: Opaque, Text: "dict_items"}, nil
			}
		}
		v.Items = append(v.Items, x)
	}
	return v, nil
}

func one(parts []any) any {
	if len(parts) != 1 {
		return nil
	}
	return parts[0]
}

func readFloat(s string) (float64, error) {
	switch s {
	case "nan":
		return math.NaN(), nil
	case "inf":
		return math.Inf(1), nil
	case "-inf":
		return math.Inf(-1), nil
	}
	if !strings.Contains(s, "0x") || len(s) > 40 {
		return 0, errValue
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errValue
	}
	return f, nil
}

// identifier is a name that a program gave, fit to be shown.
func identifier(s string) string {
	ok := func(r rune) bool {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if s == "" || len(s) > 60 || strings.ContainsFunc(s, func(r rune) bool { return !ok(r) }) {
		return "object"
	}
	return s
}

func (v Value) hashable() bool {
	switch v.Kind {
	case ByteArray, List, Dict, Set, Iterator, Keys, Values, Items, Opaque:
		return false
	case Tuple, FrozenSet:
		return !slices.ContainsFunc(v.Items, func(x Value) bool { return !x.hashable() })
	}
	return true
}

// Sendable tells whether another process can be given v.
func (v Value) Sendable() bool {
	return v.Kind != Opaque && !slices.ContainsFunc(v.Items, func(x Value) bool { return !x.Sendable() })
}

// returned tells whether a test passes on what it was given for an Opaque.
func (v Value) returned() bool {
	return v.Kind == Opaque && v.Text == "_Opaque" || slices.ContainsFunc(v.Items, Value.returned)
}

// appendPython writes v as a Python expression over the names of wire.py.
func (v Value) appendPython(b []byte) []byte {
	list := func(open, shut string) {
		b = append(b, open...)
		for i, x := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = x.appendPython(b)
		}
		b = append(b, shut...)
	}
	switch v.Kind {
	case None:
		return append(b, "None"...)
	case Bool:
		if v.Truth {
			return append(b, "True"...)
		}
		return append(b, "False"...)
	case Int:
		if v.Whole.BitLen() < 64 {
			return v.Whole.Append(b, 10)
		}
		if v.Whole.Sign() < 0 {
			b = append(b, '-')
		}
		return new(big.Int).Abs(v.Whole).Append(append(b, "0x"...), 16)
	case Float:
		if math.IsInf(v.Real, 0) || math.IsNaN(v.Real) {
			return append(append(append(b, `F("`...), strings.ToLower(strconv.FormatFloat(v.Real, 'g', -1, 64))...), `")`...)
		}
		n := len(b)
		if b = strconv.AppendFloat(b, v.Real, 'g', -1, 64); !strings.ContainsAny(string(b[n:]), ".e") {
			b = append(b, ".0"...)
		}
		return b
	case Str:
		if v.Runes == nil {
			return strconv.AppendQuoteToASCII(b, v.Text)
		}
		b = append(b, '"')
		for _, r := range v.Runes {
			b = fmt.Appendf(b, `\U%08x`, r)
		}
		return append(b, '"')
	case Bytes, ByteArray:
		if v.Kind == ByteArray {
			b = append(b, "A("...)
		}
		b = append(b, `b"`...)
		for i := range len(v.Text) {
			b = fmt.Appendf(b, `\x%02x`, v.Text[i])
		}
		b = append(b, '"')
		if v.Kind == ByteArray {
			b = append(b, ')')
		}
	case List:
		list("[", "]")
	case Tuple:
		if len(v.Items) == 1 {
			list("(", ",)")
		} else {
			list("(", ")")
		}
	case Set:
		list("S([", "])")
	case FrozenSet:
		list("Z([", "])")
	case Complex:
		list("C(", ")")
	case Range:
		list("R(", ")")
	case Iterator:
		if v.Truth {
			list("D([", "])")
		} else {
			list("G([", "])")
		}
	case Keys:
		list("K([", "]).keys()")
	case Fraction:
		list("Q(", ")")
	case Decimal:
		b = append(append(append(b, `M("`...), v.Text...), `")`...)
	case Ellipsis:
		b = append(b, 'E')
	case Opaque:
		b = append(append(append(b, `O("`...), v.Text...), `")`...)
	case Dict:
		b = append(b, '{')
		for i := 0; i+1 < len(v.Items); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(v.Items[i].appendPython(b), ':')
			b = v.Items[i+1].appendPython(b)
		}
		b = append(b, '}')
	case Values, Items:
		b = append(b, '{')
		for i, x := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			if v.Kind == Values {
				b = append(strconv.AppendInt(b, int64(i), 10), ':')
				b = x.appendPython(b)
			} else {
				b = append(x.Items[0].appendPython(b), ':')
				b = x.Items[1].appendPython(b)
			}
		}
		b = append(b, map[Kind]string{Values: "}.values()", Items: "}.items()"}[v.Kind]...)
	}
	return b
}

// Python is v as a Python expression.
func (v Value) Python() string { return string(v.appendPython(nil)) }

// Key is a text that equal values of equal types share: the order within sets
// and dicts does not matter.
func (v Value) Key() string {
	switch v.Kind {
	case Set, FrozenSet, Keys, Items:
		keys := make([]string, len(v.Items))
		for i, x := range v.Items {
			keys[i] = x.Key()
		}
		slices.Sort(keys)
		return fmt.Sprintf("%d{%s}", v.Kind, strings.Join(slices.Compact(keys), ","))
	case Dict:
		var keys []string
		for i := 0; i+1 < len(v.Items); i += 2 {
			keys = append(keys, v.Items[i].Key()+":"+v.Items[i+1].Key())
		}
		slices.Sort(keys)
		return "{" + strings.Join(keys, ",") + "}"
	case List, Tuple, Iterator, Values:
		var b strings.Builder
		fmt.Fprintf(&b, "%d[", v.Kind)
		for _, x := range v.Items {
			b.WriteString(x.Key())
			b.WriteByte(',')
		}
		if v.Kind == Iterator && v.Truth {
			b.WriteString("...")
		}
		b.WriteByte(']')
		return b.String()
	case Float:
		if v.Real == 0 {
			v.Real = 0 // -0.0 == 0.0
		}
	}
	return v.Python()
}
