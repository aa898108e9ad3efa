package registry

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"pawl/core"
)

// Reference is a name in a document that must exist elsewhere in it.
type Reference struct {
	To        string // "verifier", "seat", "tasks", "policy"
	Name      string
	Allow     []string // names that need not exist
	Defaulted bool     // the name is the field's default
	Pos       Pos
}

// Decoder decodes the values of one document and collects what is wrong with
// them and what they refer to. It is for one goroutine.
type Decoder struct {
	File       string
	Problems   Problems
	References []Reference

	registry *Registry
	where    Value // last value with a position, for defaults that have none
}

// Decoder starts the decoding of a document; file names it in problems.
func (r *Registry) Decoder(file string) *Decoder { return &Decoder{File: file, registry: r} }

// Decode decodes one component; where is the file, for problems.
func (r *Registry) Decode(kind core.Kind, v Value, where string) (core.Spec, []Problem) {
	d := r.Decoder(where)
	spec := d.Component(kind, v, "")
	return spec, d.Problems.Sort()
}

// Into decodes v into the tagged struct that dst points to.
func (d *Decoder) Into(dst any, v Value, path string) {
	rv := reflect.ValueOf(dst).Elem()
	s, err := shapeOf(rv.Type(), 0)
	if err != nil {
		panic("registry: " + err.Error())
	}
	d.value(s, nil, rv, v, path)
}

// Add records a problem at v.
func (d *Decoder) Add(v Value, path, message, hint string) {
	d.AddAt(Pos{Line: v.Line, Col: v.Col, Path: path}, briefOf(v), message, hint)
}

// AddAt records a problem at a position.
func (d *Decoder) AddAt(p Pos, value, message, hint string) {
	if p.Line == 0 {
		p.Line, p.Col = d.where.Line, d.where.Col
	}
	d.Problems = append(d.Problems, Problem{File: d.File, Line: p.Line, Col: p.Col, Path: p.Path, Value: value, Message: message, Hint: hint})
}

func briefOf(v Value) string {
	if v.Form == Text {
		return v.brief()
	}
	return ""
}

func (d *Decoder) pos(v Value, path string) Pos {
	if v.Line == 0 {
		v.Line, v.Col = d.where.Line, d.where.Col
	}
	return Pos{File: d.File, Line: v.Line, Col: v.Col, Path: path}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// value decodes v into rv. f is the field that holds it, nil at the root.
func (d *Decoder) value(s *shape, f *field, rv reflect.Value, v Value, path string) {
	if v.Line > 0 {
		defer func(w Value) { d.where = w }(d.where)
		d.where = v
	}
	switch s.form {
	case formPointer:
		if v.Form != Null {
			rv.Set(reflect.New(s.elem.typ))
			d.value(s.elem, f, rv.Elem(), v, path)
		}
	case formStruct:
		d.structure(s, rv, v, path)
	case formComponent:
		rv.Set(reflect.ValueOf(d.Component(f.kind, v, path)))
	case formRaw:
		rv.SetBytes(v.JSON())
	case formList:
		d.list(s, f, rv, v, path)
	case formMap, formOrdered:
		d.mapping(s, f, rv, v, path)
	default:
		d.scalar(s, f, rv, v, path)
	}
}

func (d *Decoder) list(s *shape, f *field, rv reflect.Value, v Value, path string) {
	if v.Form != List {
		d.wrongType(s, f, v, path)
		return
	}
	rv.Set(reflect.MakeSlice(s.typ, len(v.Items), len(v.Items)))
	for i, item := range v.Items {
		d.value(s.elem, f, rv.Index(i), item, fmt.Sprintf("%s[%d]", path, i))
	}
	if f != nil && (f.min != nil && float64(len(v.Items)) < *f.min || f.max != nil && float64(len(v.Items)) > *f.max) {
		d.Add(v, path, fmt.Sprintf("the list has %d items, not %s", len(v.Items), f.bounds()), "")
	}
}

func (d *Decoder) mapping(s *shape, f *field, rv reflect.Value, v Value, path string) {
	if v.Form != Map {
		d.wrongType(s, f, v, path)
		return
	}
	for _, m := range v.Fields {
		elem := reflect.New(s.elem.typ).Elem()
		d.where = Value{Line: m.Line, Col: m.Col}
		d.value(s.elem, f, elem, m.Value, join(path, m.Key))
		if s.form == formMap {
			if rv.IsNil() {
				rv.Set(reflect.MakeMap(s.typ))
			}
			rv.SetMapIndex(reflect.ValueOf(m.Key).Convert(s.typ.Key()), elem)
			continue
		}
		entry := reflect.New(s.typ.Elem()).Elem()
		entry.Field(0).SetString(m.Key)
		entry.Field(1).Set(reflect.ValueOf(Pos{File: d.File, Line: m.Line, Col: m.Col, Path: join(path, m.Key)}))
		entry.Field(2).Set(elem)
		rv.Set(reflect.Append(rv, entry))
	}
}

// structure decodes a map into a struct. A bare value sets the inline field,
// or names the component of a struct that has one.
func (d *Decoder) structure(s *shape, rv reflect.Value, v Value, path string) {
	if s.pos >= 0 {
		rv.Field(s.pos).Set(reflect.ValueOf(d.pos(v, path)))
	}
	var spare []Member // keys that no plain field claims
	given := map[*field]bool{}
	switch {
	case v.Form == Map:
		for _, m := range v.Fields {
			f := s.field(m.Key)
			if f == nil {
				spare = append(spare, m)
				continue
			}
			if m.Value.Form == Null {
				continue // a key without value is a key not given
			}
			given[f] = true
			d.value(f.shape, f, rv.FieldByIndex(f.index), m.Value, join(path, m.Key))
		}
	case v.Form == Null:
	default:
		f := s.takesBare(v)
		if f == nil {
			d.wrongType(s, nil, v, path)
			return
		}
		given[f] = true
		sub := path
		if f.role == rolePlain {
			sub = join(path, f.name)
		}
		d.value(f.shape, f, rv.FieldByIndex(f.index), v, sub)
	}
	d.spare(s, rv, v, spare, given, path)
	for _, f := range s.fields {
		if !given[f] {
			d.missing(f, rv.FieldByIndex(f.index), v, path)
		}
	}
}

// takesBare finds the field that a value that is no map goes to.
func (s *shape) takesBare(v Value) *field {
	for _, f := range s.fields {
		if f.inline || f.role == roleComponent && v.Form == Text {
			return f
		}
	}
	return nil
}

// spare hands the unclaimed keys to the field that takes them.
func (d *Decoder) spare(s *shape, rv reflect.Value, v Value, spare []Member, given map[*field]bool, path string) {
	if len(spare) == 0 {
		return
	}
	for _, f := range s.fields {
		if f.role == rolePlain {
			continue
		}
		given[f] = true
		if f.role == roleComponent && d.slip(s, f, spare, path) {
			return
		}
		rest := Value{Form: Map, Fields: spare, Line: spare[0].Line, Col: spare[0].Col}
		d.value(f.shape, f, rv.FieldByIndex(f.index), rest, path)
		return
	}
	for _, m := range spare {
		known := s.keys()
		if len(known) == 0 {
			d.AddAt(Pos{Line: m.Line, Col: m.Col, Path: path}, m.Key, fmt.Sprintf("unknown key %q", m.Key), "no settings exist here")
			continue
		}
		d.AddAt(Pos{Line: m.Line, Col: m.Col, Path: path}, m.Key, fmt.Sprintf("unknown key %q", m.Key), hint(m.Key, known))
	}
}

// slip reports keys of a struct that are neither its own nor components, where
// one of its own is near: temprature is no environment.
func (d *Decoder) slip(s *shape, f *field, spare []Member, path string) bool {
	found := false
	for _, m := range spare {
		near := Nearest(m.Key, s.keys())
		if near == "" || d.registry.entry(f.kind, m.Key) != nil {
			continue
		}
		found = true
		d.AddAt(Pos{Line: m.Line, Col: m.Col, Path: path}, m.Key, fmt.Sprintf("unknown key %q", m.Key), fmt.Sprintf("did you mean %q?", near))
	}
	return found
}

// missing sets the default of a field that was not given.
func (d *Decoder) missing(f *field, rv reflect.Value, v Value, path string) {
	switch {
	case f.required && f.role == roleComponent:
		d.Add(v, path, fmt.Sprintf("no %s is named", noun(f.kind)), "")
	case f.required:
		d.Add(v, path, fmt.Sprintf("the key %q is missing", f.name), f.ask())
	case f.def != nil:
		at := len(d.References)
		d.value(f.shape, f, rv, defaultValue(f.shape, *f.def), join(path, f.name))
		for i := at; i < len(d.References); i++ {
			d.References[i].Defaulted = true
		}
	case f.shape.form == formStruct:
		d.structure(f.shape, rv, Value{}, join(path, f.name)) // nested defaults
	}
}

// defaultValue turns the text of a default tag into a value.
func defaultValue(s *shape, text string) Value {
	if s.form != formList {
		return Scalar(text)
	}
	v := Value{Form: List}
	if text != "" {
		for _, item := range strings.Split(text, ",") {
			v.Items = append(v.Items, Scalar(item))
		}
	}
	return v
}

func (d *Decoder) scalar(s *shape, f *field, rv reflect.Value, v Value, path string) {
	if v.Form != Text {
		d.wrongType(s, f, v, path)
		return
	}
	bad := v.Quoted && s.form != formString && s.form != formDuration
	var number float64
	numeric := true
	switch s.form {
	case formString:
		numeric = false
		rv.SetString(v.Text)
	case formBool:
		numeric = false
		bad = bad || v.Text != "true" && v.Text != "false"
		rv.SetBool(v.Text == "true")
	case formInt:
		n, ok := parseInt(v.Text)
		bad = bad || !ok || rv.OverflowInt(n)
		number = float64(n)
		if !bad {
			rv.SetInt(n)
		}
	case formUint:
		text, ok := digits(v.Text)
		n, err := strconv.ParseUint(text, 10, 64)
		bad = bad || !ok || err != nil || rv.OverflowUint(n)
		number = float64(n)
		if !bad {
			rv.SetUint(n)
		}
	case formFloat:
		n, ok := parseFloat(v.Text)
		bad = bad || !ok
		number = n
		rv.SetFloat(n)
	case formDuration:
		t, err := time.ParseDuration(v.Text)
		bad = bad || err != nil
		number = t.Seconds()
		rv.SetInt(int64(t))
	}
	if bad {
		d.wrongType(s, f, v, path)
		return
	}
	if f == nil {
		return
	}
	if numeric && s == f.shape.leaf() && f.shape.form != formList && (f.min != nil && number < *f.min || f.max != nil && number > *f.max) {
		d.Add(v, path, fmt.Sprintf("%s is not %s", v.brief(), f.bounds()), "")
	}
	if f.enum != nil && !contains(f.enum, v.Text) {
		h := "it may be one of " + strings.Join(f.enum, ", ")
		if near := Nearest(v.Text, f.enum); near != "" {
			h = fmt.Sprintf("did you mean %q?", near)
		}
		d.Add(v, path, fmt.Sprintf("%q is not a value of this key", v.brief()), h)
	}
	if f.ref != "" && v.Text != "" {
		d.References = append(d.References, Reference{To: f.ref, Name: v.Text, Allow: f.allow, Pos: d.pos(v, path)})
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// leaf is the shape below pointers.
func (s *shape) leaf() *shape {
	for s.form == formPointer || s.form == formList || s.form == formMap || s.form == formOrdered {
		s = s.elem
	}
	return s
}

// bounds says what min and max allow.
func (f *field) bounds() string {
	num := func(x *float64) string { return strconv.FormatFloat(*x, 'g', -1, 64) }
	switch {
	case f.min != nil && f.max != nil:
		return "from " + num(f.min) + " to " + num(f.max)
	case f.min != nil:
		return num(f.min) + " or more"
	default:
		return num(f.max) + " or less"
	}
}

// wrongType records that v is not of shape s.
func (d *Decoder) wrongType(s *shape, f *field, v Value, path string) {
	var kind core.Kind
	if f != nil {
		kind = f.kind
	}
	h := ""
	switch {
	case v.Form == Text && v.Quoted && (s.form == formInt || s.form == formUint || s.form == formFloat || s.form == formBool):
		h = "drop the quotes"
	case s.form == formList && v.Form == Text:
		h = fmt.Sprintf("write [%s]", v.brief())
	case s.form == formList && v.Form == Map:
		h = "put a dash before each item"
	case s.form == formDuration:
		h = "write 30s, 5m or 1h30m"
	}
	d.Add(v, path, fmt.Sprintf("wants %s, not %s", article(s.describe(kind)), v.quoted()), h)
}

func (v Value) quoted() string {
	if v.Form == Text {
		return strconv.Quote(v.brief())
	}
	return v.brief()
}

func article(s string) string {
	switch {
	case s == "text" || s == "true or false" || s == "anything":
		return s
	case strings.ContainsRune("aeio", rune(s[0])):
		return "an " + s
	}
	return "a " + s
}

func (s *shape) field(key string) *field {
	for _, f := range s.fields {
		if f.role == rolePlain && f.name == key {
			return f
		}
	}
	return nil
}

func (s *shape) keys() []string {
	var keys []string
	for _, f := range s.fields {
		if f.role == rolePlain {
			keys = append(keys, f.name)
		}
	}
	return keys
}
