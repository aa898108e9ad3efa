package execution

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strings"
)

// Match tells whether got is what JSON means by want (as decoded with
// UseNumber). Types are exact: a truth value is no number, a whole number no
// decimal, and nothing but JSON's own kinds passes. Since JSON has no tuples
// and no keys but text, a tuple may stand for a list and a whole number for the
// key that JSON would write for it. With a tolerance above zero numbers may
// differ by so much, absolutely or relatively, and whole numbers and decimals
// compare.
func Match(want any, got Value, tolerance float64) bool {
	switch w := want.(type) {
	case nil:
		return got.Kind == None
	case bool:
		return got.Kind == Bool && got.Truth == w
	case string:
		return got.Kind == Str && got.Runes == nil && got.Text == w
	case json.Number:
		return matchNumber(string(w), got, tolerance)
	case []any:
		if got.Kind != List && got.Kind != Tuple || len(got.Items) != len(w) {
			return false
		}
		for i, x := range w {
			if !Match(x, got.Items[i], tolerance) {
				return false
			}
		}
		return true
	case map[string]any:
		if got.Kind != Dict || len(got.Items) != 2*len(w) {
			return false
		}
		seen := map[string]bool{}
		for i := 0; i < len(got.Items); i += 2 {
			k := got.Items[i]
			name := k.Text
			switch {
			case k.Kind == Int:
				name = k.Whole.String()
			case k.Kind != Str || k.Runes != nil:
				return false
			}
			x, ok := w[name]
			if !ok || seen[name] || !Match(x, got.Items[i+1], tolerance) {
				return false
			}
			seen[name] = true
		}
		return true
	}
	return false
}

func matchNumber(want string, got Value, tolerance float64) bool {
	whole := !strings.ContainsAny(want, ".eE")
	if whole && got.Kind == Int {
		if n, ok := new(big.Int).SetString(want, 10); ok && n.Cmp(got.Whole) == 0 {
			return true
		}
	}
	w, err := json.Number(want).Float64()
	if err != nil {
		return false
	}
	if tolerance == 0 {
		return !whole && got.Kind == Float && got.Real == w
	}
	var g float64
	switch got.Kind {
	case Float:
		g = got.Real
	case Int:
		g, _ = new(big.Float).SetInt(got.Whole).Float64()
	default:
		return false
	}
	return near(w, g, tolerance)
}

func near(w, g, tolerance float64) bool {
	if w == g {
		return true
	}
	if math.IsInf(w, 0) || math.IsInf(g, 0) || math.IsNaN(w) || math.IsNaN(g) {
		return false
	}
	return math.Abs(w-g) <= tolerance*max(1, math.Abs(w))
}

// Same tells whether two values are equal and of equal types; nan equals nan.
// Nothing is known of what is opaque, nor of a thing with such within: neither is
// the same as anything.
func Same(want, got Value, tolerance float64) bool {
	if want.Kind != got.Kind || !want.Sendable() || !got.Sendable() {
		return false
	}
	if want.Kind == Float && tolerance > 0 && near(want.Real, got.Real, tolerance) {
		return true
	}
	if (want.Kind == List || want.Kind == Tuple) && tolerance > 0 {
		if len(want.Items) != len(got.Items) {
			return false
		}
		for i := range want.Items {
			if !Same(want.Items[i], got.Items[i], tolerance) {
				return false
			}
		}
		return true
	}
	return want.Key() == got.Key()
}

// FromJSON is the value that a Python program reads from JSON; the order of
// keys is kept.
func FromJSON(raw []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := fromTokens(d, 0)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = errValue
		}
	}
	return v, err
}

func fromTokens(d *json.Decoder, depth int) (Value, error) {
	t, err := d.Token()
	if err != nil || depth > deepest {
		return Value{}, errValue
	}
	switch t := t.(type) {
	case bool:
		return Value{Kind: Bool, Truth: t}, nil
	case string:
		return Value{Kind: Str, Text: t}, nil
	case json.Number:
		if n, ok := new(big.Int).SetString(string(t), 10); ok {
			return Value{Kind: Int, Whole: n}, nil
		}
		f, _ := t.Float64() // out of range is infinite, as in Python
		return Value{Kind: Float, Real: f}, nil
	case json.Delim:
		v := Value{Kind: List}
		if t == '{' {
			v.Kind = Dict
		}
		for d.More() {
			x, err := fromTokens(d, depth+1)
			if err != nil {
				return v, err
			}
			v.Items = append(v.Items, x)
		}
		_, err := d.Token()
		return v, err
	}
	return Value{}, nil
}
