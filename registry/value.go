package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape of a Value.
type Form int

// The forms a Value can have.
const (
	Null Form = iota
	Text      // a scalar, as written
	List
	Map
)

// Value is one node of a parsed document. The zero Value is null.
type Value struct {
	Form   Form
	Text   string // of a scalar, unquoted
	Quoted bool   // the scalar was quoted or a block: it is text, never a number
	Block  bool   // it was written as lines below a |
	Line   int    // 1-based; 0 where there is no position
	Col    int    // 1-based
	Items  []Value
	Fields []Member // in the order written, keys distinct
}

// Member is one key of a map.
type Member struct {
	Key       string
	Quoted    bool // the key was quoted: it is text, never a number
	Line, Col int  // of the key
	Value     Value
}

// Scalar makes a plain scalar without position.
func Scalar(text string) Value { return Value{Form: Text, Text: text} }

// Object makes a map without position from alternating keys and values.
func Object(members ...Member) Value { return Value{Form: Map, Fields: members} }

// Get returns the value of a key.
func (v Value) Get(key string) (Value, bool) {
	for _, m := range v.Fields {
		if m.Key == key {
			return m.Value, true
		}
	}
	return Value{}, false
}

// With returns v with key set to w; other keys keep their order.
func (v Value) With(key string, w Value) Value {
	fields := slices.Clone(v.Fields)
	for i := range fields {
		if fields[i].Key == key {
			fields[i].Value = w
			v.Fields = fields
			return v
		}
	}
	v.Form = Map
	v.Fields = append(fields, Member{Key: key, Line: w.Line, Col: w.Col, Value: w})
	return v
}

// Without returns v without key.
func (v Value) Without(key string) Value {
	v.Fields = slices.DeleteFunc(slices.Clone(v.Fields), func(m Member) bool { return m.Key == key })
	return v
}

// brief is the value as an error message shows it.
func (v Value) brief() string {
	switch v.Form {
	case Text:
		if len(v.Text) > 40 {
			return strings.ToValidUTF8(v.Text[:37], "") + "..."
		}
		return v.Text
	case List:
		return fmt.Sprintf("a list of %d", len(v.Items))
	case Map:
		return fmt.Sprintf("a map of %d", len(v.Fields))
	}
	return "null"
}

// JSON renders v for programs: plain scalars that read as numbers or booleans
// become those, all other scalars strings. Keys keep their order.
func (v Value) JSON() json.RawMessage {
	var b bytes.Buffer
	v.writeJSON(&b)
	return b.Bytes()
}

func (v Value) writeJSON(b *bytes.Buffer) {
	switch v.Form {
	case Null:
		b.WriteString("null")
	case Text:
		b.Write(v.scalarJSON())
	case List:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.writeJSON(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, m := range v.Fields {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(quote(m.Key))
			b.WriteByte(':')
			m.Value.writeJSON(b)
		}
		b.WriteByte('}')
	}
}

func (v Value) scalarJSON() []byte {
	if !v.Quoted {
		if v.Text == "true" || v.Text == "false" {
			return []byte(v.Text)
		}
		if n, ok := parseInt(v.Text); ok {
			return strconv.AppendInt(nil, n, 10)
		}
		if f, ok := parseFloat(v.Text); ok {
			return strconv.AppendFloat(nil, f, 'g', -1, 64)
		}
	}
	return quote(v.Text)
}

func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

// digits drops the underscores of 50_000_000; an underscore that does not
// stand between two digits makes the number invalid.
func digits(s string) (string, bool) {
	if !strings.Contains(s, "_") {
		return s, true
	}
	isDigit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if s[i] == '_' && (!isDigit(i-1) || !isDigit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// parseInt reads 42, -1, 50_000_000, and 1e6 where it is a whole number.
func parseInt(s string) (int64, bool) {
	s, ok := digits(s)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, ok := parseFloat(s)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// parseFloat reads finite decimal numbers only.
func parseFloat(s string) (float64, bool) {
	s, ok := digits(s)
	if !ok || s == "" || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}
