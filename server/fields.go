package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// fields is a JSON object whose fields are taken one by one, so that what nobody
// took can be passed on, or refused by name.
type fields struct {
	at  string // of the object within the request, with a dot at the end; "" for the request
	all map[string]json.RawMessage
	bad *problem // the first
}

// maxDepth bounds the nesting of a request.
const maxDepth = 100

// readFields reads an object. Null is one without fields.
func readFields(at string, raw []byte) *fields {
	f := &fields{at: at}
	if err := decode(raw, &f.all); err != nil {
		f.bad = refuse(trimDot(at), "reading the request: %s", err)
	}
	return f
}

// decode reads exactly one JSON value that is not nested too deep.
func decode(raw []byte, v any) error {
	depth, inText, escaped := 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped = c == '\\'
			inText = c != '"'
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("it is nested more than %d deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(v); err != nil {
		if err == io.EOF {
			return fmt.Errorf("it is empty; a JSON object is wanted")
		}
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows the JSON value")
	}
	return nil
}

func trimDot(at string) string {
	if n := len(at); n > 0 && at[n-1] == '.' {
		return at[:n-1]
	}
	return at
}

// take removes a field. A field that is null counts as left out.
func (f *fields) take(name string) (json.RawMessage, bool) {
	raw, ok := f.all[name]
	delete(f.all, name)
	if !ok || string(bytes.TrimSpace(raw)) == "null" {
		return nil, false
	}
	return raw, true
}

// into takes a field into v, which is a pointer; it tells whether it was there.
func (f *fields) into(name string, v any, wanted string) bool {
	raw, ok := f.take(name)
	if !ok {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.wrong(name, "%s is %s; %s is wanted", name, short(raw), wanted)
		return false
	}
	return true
}

func (f *fields) wrong(name, format string, args ...any) {
	if f.bad == nil {
		f.bad = refuse(f.at+name, format, args...)
	}
}

func (f *fields) text(name string) (s string) {
	f.into(name, &s, "a string")
	return s
}

func (f *fields) flag(name string) (b bool) {
	f.into(name, &b, "true or false")
	return b
}

// whole is a number without fraction between least and most.
func (f *fields) whole(name string, least, most int) (n int, ok bool) {
	var v float64
	if !f.into(name, &v, "a whole number") {
		return 0, false
	}
	if v != math.Trunc(v) || v < float64(least) || v > float64(most) {
		f.wrong(name, "%s is %v; a whole number from %d to %d is wanted", name, v, least, most)
		return 0, false
	}
	return int(v), true
}

func (f *fields) number(name string, least, most float64) (v float64, ok bool) {
	if !f.into(name, &v, "a number") {
		return 0, false
	}
	if !(v >= least && v <= most) {
		f.wrong(name, "%s is %v; a number from %v to %v is wanted", name, v, least, most)
		return 0, false
	}
	return v, true
}

// texts is a string or a list of them.
func (f *fields) texts(name string) (list []string) {
	raw, ok := f.take(name)
	if !ok {
		return nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	if json.Unmarshal(raw, &list) != nil {
		f.wrong(name, "%s is %s; a string or a list of strings is wanted", name, short(raw))
	}
	return list
}

// seed is any whole number.
func (f *fields) seed(name string) (seed uint64, ok bool) {
	raw, ok := f.take(name)
	if !ok {
		return 0, false
	}
	var signed int64
	if json.Unmarshal(raw, &signed) == nil {
		return uint64(signed), true
	}
	if json.Unmarshal(raw, &seed) != nil {
		f.wrong(name, "%s is %s; a whole number is wanted", name, short(raw))
		return 0, false
	}
	return seed, true
}

// ignore drops fields that change no answer.
func (f *fields) ignore(names ...string) {
	for _, name := range names {
		delete(f.all, name)
	}
}

// names are the fields that nobody took.
func (f *fields) names() []string { return slices.Sorted(maps.Keys(f.all)) }

// rest is the object of what nobody took, nil where that is nothing.
func (f *fields) rest() json.RawMessage {
	maps.DeleteFunc(f.all, func(_ string, raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" })
	if len(f.all) == 0 {
		return nil
	}
	b, err := json.Marshal(f.all)
	if err != nil {
		panic("server: " + err.Error()) // they were valid
	}
	return b
}

// short is a value for messages.
func short(raw []byte) string {
	const most = 40
	if len(raw) > most {
		return string(bytes.ToValidUTF8(raw[:most], nil)) + "…"
	}
	return string(raw)
}
