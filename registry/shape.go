package registry

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pawl/core"
)

// form of a Go type as a recipe sees it.
type form int

const (
	formString form = iota
	formBool
	formInt
	formUint
	formFloat
	formDuration
	formList
	formMap       // map[string]T, order lost
	formOrdered   // Ordered[T]
	formStruct    // nested struct
	formPointer   // optional
	formComponent // core.Spec
	formRaw       // json.RawMessage: anything
)

// shape is the specification read from a Go type and its tags.
type shape struct {
	form   form
	typ    reflect.Type
	elem   *shape // of lists, maps, pointers
	fields []*field
	pos    int // index of the Pos field, -1 where there is none
}

// Roles of a field within its struct.
const (
	rolePlain     = iota
	roleComponent // takes the one key that no other field claims, as a component
	roleRest      // takes all keys that no other field claims
)

type field struct {
	name     string
	index    []int // path through embedded structs, for reflect's FieldByIndex
	role     int
	doc      string
	def      *string
	min, max *float64
	enum     []string
	required bool
	omitZero bool // left out of canonical forms where zero
	inline   bool
	ref      string
	allow    []string
	kind     core.Kind
	shape    *shape
}

// ask says what to write for a field that is missing. It is one clause, without a
// semicolon, since that is what parts a message from its advice.
func (f *field) ask() string {
	doc := strings.ReplaceAll(strings.TrimSuffix(f.doc, "."), ";", ",")
	if first, n := utf8.DecodeRuneInString(doc); n < len(doc) && !unicode.IsUpper(rune(doc[n])) { // no abbreviation
		doc = string(unicode.ToLower(first)) + doc[n:]
	}
	if len(f.enum) > 0 {
		doc += " (one of " + strings.Join(f.enum, ", ") + ")"
	}
	if doc == "" {
		return ""
	}
	return fmt.Sprintf("give %s: %s", f.name, doc)
}

// Pos is where a struct was written. A config struct that declares a field of
// this type, tagged yaml:"-", has it filled.
type Pos struct {
	File      string
	Line, Col int
	Path      string
}

// String is file:line:column.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Entry is one key of an Ordered map.
type Entry[T any] struct {
	Key   string
	Pos   Pos
	Value T
}

// Ordered is a map that keeps the order and position of its keys.
type Ordered[T any] []Entry[T]

// Get returns the value of a key.
func (o Ordered[T]) Get(key string) (T, bool) {
	for _, e := range o {
		if e.Key == key {
			return e.Value, true
		}
	}
	var zero T
	return zero, false
}

// Keys lists the keys in order.
func (o Ordered[T]) Keys() []string {
	keys := make([]string, len(o))
	for i, e := range o {
		keys[i] = e.Key
	}
	return keys
}

func (o Ordered[T]) element() reflect.Type { return reflect.TypeFor[T]() }

type ordered interface{ element() reflect.Type }

var (
	specType     = reflect.TypeFor[core.Spec]()
	posType      = reflect.TypeFor[Pos]()
	durationType = reflect.TypeFor[time.Duration]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	orderedType  = reflect.TypeFor[ordered]()
)

// shapeOf reads the specification of t.
func shapeOf(t reflect.Type, depth int) (*shape, error) {
	if depth > 12 {
		return nil, fmt.Errorf("type %s is nested too deeply; recursive types are not supported", t)
	}
	s := &shape{typ: t, pos: -1}
	var elem reflect.Type
	switch {
	case t == specType:
		s.form = formComponent
	case t == durationType:
		s.form = formDuration
	case t == rawType:
		s.form = formRaw
	case t.Implements(orderedType):
		s.form, elem = formOrdered, reflect.Zero(t).Interface().(ordered).element()
	default:
		switch t.Kind() {
		case reflect.String:
			s.form = formString
		case reflect.Bool:
			s.form = formBool
		case reflect.Int, reflect.Int64, reflect.Int32:
			s.form = formInt
		case reflect.Uint64, reflect.Uint, reflect.Uint32:
			s.form = formUint
		case reflect.Float64:
			s.form = formFloat
		case reflect.Slice:
			s.form, elem = formList, t.Elem()
		case reflect.Map:
			if t.Key().Kind() != reflect.String {
				return nil, fmt.Errorf("type %s: map keys must be strings", t)
			}
			s.form, elem = formMap, t.Elem()
		case reflect.Pointer:
			s.form, elem = formPointer, t.Elem()
		case reflect.Struct:
			s.form = formStruct
			return s, s.readFields(depth)
		default:
			return nil, fmt.Errorf("type %s cannot be written in a recipe", t)
		}
	}
	if elem != nil {
		var err error
		s.elem, err = shapeOf(elem, depth+1)
		return s, err
	}
	return s, nil
}

func (s *shape) readFields(depth int) error {
	seen := map[string]bool{}
	for i := range s.typ.NumField() {
		sf := s.typ.Field(i)
		if sf.Type == posType {
			s.pos = i
			continue
		}
		if !sf.IsExported() || sf.Tag.Get("yaml") == "-" {
			continue
		}
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct && sf.Tag.Get("yaml") == "" {
			if err := s.embed(sf, i, depth, seen); err != nil {
				return fmt.Errorf("field %s: %w", sf.Name, err)
			}
			continue
		}
		f, err := readField(sf, i, depth)
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		if f.name == "as" || f.role == rolePlain && seen[f.name] {
			return fmt.Errorf("field %s: the key %q is taken", sf.Name, f.name)
		}
		seen[f.name] = true
		s.fields = append(s.fields, f)
	}
	return nil
}

// embed takes over the fields of an embedded struct as keys of s itself, so
// that settings shared by several components are declared once.
func (s *shape) embed(sf reflect.StructField, index, depth int, seen map[string]bool) error {
	inner, err := shapeOf(sf.Type, depth+1)
	if err != nil {
		return err
	}
	for _, f := range inner.fields {
		if seen[f.name] {
			return fmt.Errorf("the key %q is taken", f.name)
		}
		seen[f.name] = true
		g := *f
		g.index = append([]int{index}, f.index...)
		s.fields = append(s.fields, &g)
	}
	return nil
}

func readField(sf reflect.StructField, index, depth int) (*field, error) {
	f := &field{index: []int{index}, doc: sf.Tag.Get("doc"), ref: sf.Tag.Get("ref"), kind: core.Kind(sf.Tag.Get("kind"))}
	switch name := sf.Tag.Get("yaml"); name {
	case "":
		return nil, fmt.Errorf("has no yaml tag")
	case ",component":
		f.role = roleComponent
	case ",rest":
		f.role = roleRest
	default:
		f.name, f.omitZero = strings.CutSuffix(name, ",omitzero")
	}
	if def, ok := sf.Tag.Lookup("default"); ok {
		f.def = &def
	}
	f.required = sf.Tag.Get("required") == "true"
	f.inline = sf.Tag.Get("inline") == "true"
	if e := sf.Tag.Get("enum"); e != "" {
		f.enum = strings.Split(e, "|")
	}
	if a := sf.Tag.Get("allow"); a != "" {
		f.allow = strings.Split(a, "|")
	}
	for _, bound := range []struct {
		tag string
		to  **float64
	}{{"min", &f.min}, {"max", &f.max}} {
		if text, ok := sf.Tag.Lookup(bound.tag); ok {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("bad %s tag %q", bound.tag, text)
			}
			*bound.to = &v
		}
	}
	var err error
	f.shape, err = shapeOf(sf.Type, depth+1)
	if err != nil {
		return nil, err
	}
	if (f.shape.holds(formComponent)) != (f.kind != "") {
		return nil, fmt.Errorf("a kind tag goes with core.Spec, and only with it")
	}
	return f, nil
}

// holds reports whether values of s directly are, or list, values of form f.
func (s *shape) holds(f form) bool {
	for s.form == formList || s.form == formPointer || s.form == formOrdered || s.form == formMap {
		s = s.elem
	}
	return s.form == f
}

// component reports whether s is one component, present or optional.
func (s *shape) component() bool {
	return s.form == formComponent || s.form == formPointer && s.elem.form == formComponent
}

// describe names the shape for people.
func (f *field) describe() string { return f.shape.describe(f.kind) }

func (s *shape) describe(kind core.Kind) string {
	switch s.form {
	case formString:
		return "text"
	case formBool:
		return "true or false"
	case formInt:
		return "integer"
	case formUint:
		return "integer from 0"
	case formFloat:
		return "number"
	case formDuration:
		return "duration"
	case formList:
		return "list of " + plural(s.elem.describe(kind))
	case formMap, formOrdered:
		return "map to " + plural(s.elem.describe(kind))
	case formPointer:
		return s.elem.describe(kind)
	case formComponent:
		return noun(kind)
	case formStruct:
		return "map"
	}
	return "anything"
}

func plural(s string) string {
	if s == "anything" || s == "true or false" || strings.HasPrefix(s, "list of") || strings.HasPrefix(s, "map to") {
		return s
	}
	if head, tail, ok := strings.Cut(s, " from "); ok {
		return head + "s from " + tail
	}
	return s + "s"
}

// noun is what one component of a kind is called in a sentence.
func noun(kind core.Kind) string {
	switch kind {
	case core.KindTasks:
		return "task source"
	case core.KindEnv:
		return "environment"
	case core.KindPolicy:
		return "policy source"
	}
	return string(kind)
}
