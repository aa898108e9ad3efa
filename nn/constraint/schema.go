package constraint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Schema is the set of JSON texts that a JSON schema accepts, as a model writes
// them: properties in the order of the schema, required ones present, others
// perhaps, none that the schema does not name unless it names none; one space or
// none after colons and commas, and none elsewhere. It knows type, properties,
// required, additionalProperties (false, or ignored beside properties), items,
// minItems, maxItems, minLength, maxLength, pattern (of the whole string), enum,
// const, anyOf, oneOf (as anyOf), $ref to $defs or definitions, which may be
// recursive, and annotations. Any other keyword is an error that names it: a
// constraint must not promise less than its schema.
func Schema(schema []byte) (*Grammar, error) {
	g, err := schemaGrammar(schema)
	if err != nil {
		return nil, fmt.Errorf("constraining to a JSON schema: %w", err)
	}
	return g, nil
}

func schemaGrammar(schema []byte) (*Grammar, error) {
	s := schemas{rules: map[string]*expr{}, defs: map[string]json.RawMessage{}}
	s.standard()
	var top map[string]json.RawMessage
	if err := json.Unmarshal(schema, &top); err == nil {
		for _, key := range []string{"$defs", "definitions"} {
			var defs map[string]json.RawMessage
			if raw, ok := top[key]; ok {
				if err := json.Unmarshal(raw, &defs); err != nil {
					return nil, fmt.Errorf("%s: %w", key, err)
				}
			}
			for name, d := range defs {
				s.defs["#/"+key+"/"+name] = d
			}
		}
		s.defs["#"] = schema
	}
	e, err := s.expr(schema, "", 0)
	if err != nil {
		return nil, err
	}
	s.rule("root", e)
	return compile("root", s.order, s.rules)
}

// schemas turns schemas into rules.
type schemas struct {
	order []string
	rules map[string]*expr
	defs  map[string]json.RawMessage // by reference

	objects int
}

func (s *schemas) rule(name string, e *expr) {
	if s.rules[name] == nil {
		s.order = append(s.order, name)
	}
	s.rules[name] = e
}

var (
	comma = seq(text(","), maybe(text(" ")))
	colon = seq(text(":"), maybe(text(" ")))
	digit = class('0', '9')
)

// standard makes the rules of plain JSON.
func (s *schemas) standard() {
	integer := seq(maybe(text("-")), alt(text("0"), seq(class('1', '9'), repeat(digit, 0, -1))))
	hex := class('0', '9', 'a', 'f', 'A', 'F')
	// Escapes of surrogates are left out: half a pair is no character.
	unicode := seq(text("u"), alt(
		seq(class('0', '9', 'a', 'c', 'A', 'C', 'e', 'f', 'E', 'F'), repeat(hex, 3, 3)),
		seq(class('d', 'd', 'D', 'D'), class('0', '7'), repeat(hex, 2, 2))))
	s.rule("integer", integer)
	s.rule("number", seq(integer, maybe(seq(text("."), repeat(digit, 1, -1))),
		maybe(seq(class('e', 'e', 'E', 'E'), maybe(class('+', '+', '-', '-')), repeat(digit, 1, 2)))))
	s.rule("char", alt(class(' ', '!', '#', '[', ']', 0x10ffff), seq(text(`\`), alt(class('"', '"', '\\', '\\', '/', '/', 'b', 'b', 'f', 'f', 'n', 'n', 'r', 'r', 't', 't'), unicode))))
	s.rule("string", seq(text(`"`), repeat(call("char"), 0, -1), text(`"`)))
	s.rule("value", alt(call("string"), call("number"), call("object"), call("array"), text("true"), text("false"), text("null")))
	s.rule("array", list("[", call("value"), 0, -1, "]"))
	s.rule("object", list("{", seq(call("string"), colon, call("value")), 0, -1, "}"))
}

// list is atLeast to atMost items between brackets, commas between them.
func list(open string, item *expr, atLeast, atMost int, close string) *expr {
	if atMost == 0 {
		return text(open + close)
	}
	rest := atMost - 1
	if atMost < 0 {
		rest = -1
	}
	e := seq(item, repeat(seq(comma, item), max(atLeast-1, 0), rest))
	if atLeast == 0 {
		e = maybe(e)
	}
	return seq(text(open), e, text(close))
}

// schemaJSON is a schema. What is not known is refused by name.
type schemaJSON struct {
	Type                 json.RawMessage   `json:"type"`
	Properties           properties        `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	Items                json.RawMessage   `json:"items"`
	MinItems             int               `json:"minItems"`
	MaxItems             *int              `json:"maxItems"`
	MinLength            int               `json:"minLength"`
	MaxLength            *int              `json:"maxLength"`
	Pattern              string            `json:"pattern"`
	Enum                 []json.RawMessage `json:"enum"`
	Const                json.RawMessage   `json:"const"`
	AnyOf                []json.RawMessage `json:"anyOf"`
	OneOf                []json.RawMessage `json:"oneOf"`
	Ref                  string            `json:"$ref"`

	Defs        json.RawMessage `json:"$defs"`
	Definitions json.RawMessage `json:"definitions"`
	Schema      json.RawMessage `json:"$schema"`
	ID          json.RawMessage `json:"$id"`
	Comment     json.RawMessage `json:"$comment"`
	Title       json.RawMessage `json:"title"`
	Description json.RawMessage `json:"description"`
	Default     json.RawMessage `json:"default"`
	Examples    json.RawMessage `json:"examples"`
}

// properties keep the order in which the schema names them.
type properties []property

type property struct {
	name   string
	schema json.RawMessage
}

func (p *properties) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("properties are not an object")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		var schema json.RawMessage
		if err := d.Decode(&schema); err != nil {
			return err
		}
		*p = append(*p, property{t.(string), schema})
	}
	return nil
}

// expr is a schema's texts; path says where it stands, for errors.
func (s *schemas) expr(raw json.RawMessage, path string, depth int) (*expr, error) {
	fail := func(format string, args ...any) (*expr, error) {
		if path == "" {
			return nil, fmt.Errorf(format, args...)
		}
		return nil, fmt.Errorf("%s: "+format, append([]any{strings.TrimPrefix(path, "/")}, args...)...)
	}
	if depth > 100 {
		return fail("the schema is nested too deeply")
	}
	switch string(bytes.TrimSpace(raw)) {
	case "true":
		return call("value"), nil
	case "false":
		return alt(), nil
	}
	var j schemaJSON
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		what := strings.TrimPrefix(err.Error(), "json: ")
		if keyword, unknown := strings.CutPrefix(what, "unknown field "); unknown {
			what = "the keyword " + keyword
		}
		return fail("%s is not supported", what)
	}
	if err := j.alone(); err != nil {
		return fail("%w", err)
	}
	switch {
	case j.Ref != "":
		return s.reference(j.Ref, path, depth)
	case j.Const != nil:
		j.Enum = []json.RawMessage{j.Const}
		fallthrough
	case j.Enum != nil:
		e, err := j.literals(j.Enum)
		if err != nil {
			return fail("%w", err)
		}
		return e, nil
	case j.AnyOf != nil || j.OneOf != nil:
		var list []*expr
		for i, sub := range slices.Concat(j.AnyOf, j.OneOf) {
			e, err := s.expr(sub, fmt.Sprintf("%s/anyOf/%d", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return alt(list...), nil
	}
	types, err := j.types()
	if err != nil {
		return fail("%w", err)
	}
	var list []*expr
	for _, t := range types {
		e, err := s.typed(t, &j, path, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return alt(list...), nil
}

// alone refuses keywords beside $ref, const, enum, anyOf and oneOf that narrow
// what those say: both together are not built.
func (j *schemaJSON) alone() error {
	type keyword struct {
		name string
		set  bool
	}
	names := func(list []keyword) (set []string) {
		for _, k := range list {
			if k.set {
				set = append(set, k.name)
			}
		}
		return set
	}
	literal := j.Const != nil || j.Enum != nil // beside which a type may stand: see literals
	all := names([]keyword{{"$ref", j.Ref != ""}, {"const", j.Const != nil}, {"enum", j.Enum != nil},
		{"anyOf", j.AnyOf != nil}, {"oneOf", j.OneOf != nil}})
	if len(all) == 0 {
		return nil
	}
	all = append(all, names([]keyword{{"type", j.Type != nil && !literal},
		{"properties", j.Properties != nil}, {"required", j.Required != nil}, {"additionalProperties", j.AdditionalProperties != nil},
		{"items", j.Items != nil}, {"minItems", j.MinItems != 0}, {"maxItems", j.MaxItems != nil},
		{"minLength", j.MinLength != 0}, {"maxLength", j.MaxLength != nil}, {"pattern", j.Pattern != ""}})...)
	if len(all) > 1 {
		return fmt.Errorf("%q beside %q is not supported; say in one of them what both mean", all[1], all[0])
	}
	return nil
}

// types are those that a schema names, or implies, or all.
func (j *schemaJSON) types() ([]string, error) {
	var one string
	var many []string
	switch {
	case j.Type == nil && (j.Properties != nil || j.Required != nil || j.AdditionalProperties != nil):
		return []string{"object"}, nil
	case j.Type == nil && (j.Items != nil || j.MinItems != 0 || j.MaxItems != nil):
		return []string{"array"}, nil
	case j.Type == nil && (j.Pattern != "" || j.MinLength != 0 || j.MaxLength != nil):
		return []string{"string"}, nil
	case j.Type == nil:
		return []string{"value"}, nil
	case json.Unmarshal(j.Type, &one) == nil:
		return []string{one}, nil
	case json.Unmarshal(j.Type, &many) == nil:
		return many, nil
	}
	return nil, fmt.Errorf("type is %s, neither a name nor a list of names", j.Type)
}

func (s *schemas) typed(t string, j *schemaJSON, path string, depth int) (*expr, error) {
	switch t {
	case "value", "number", "integer":
		return call(t), nil
	case "null":
		return text("null"), nil
	case "boolean":
		return alt(text("true"), text("false")), nil
	case "string":
		return j.stringExpr(path)
	case "array":
		item, atMost := call("value"), -1
		if j.Items != nil {
			e, err := s.expr(j.Items, path+"/items", depth+1)
			if err != nil {
				return nil, err
			}
			item = e
		}
		if j.MaxItems != nil {
			atMost = *j.MaxItems
		}
		if atMost >= 0 && j.MinItems > atMost || j.MinItems < 0 {
			return nil, fmt.Errorf("%s: minItems %d and maxItems %d leave nothing", path, j.MinItems, atMost)
		}
		return list("[", item, j.MinItems, atMost, "]"), nil
	case "object":
		return s.object(j, path, depth)
	}
	return nil, fmt.Errorf("%s: there is no type %q", path, t)
}

func (j *schemaJSON) stringExpr(path string) (*expr, error) {
	atMost := -1
	if j.MaxLength != nil {
		atMost = *j.MaxLength
	}
	switch {
	case j.Pattern != "" && (j.MinLength > 0 || atMost >= 0):
		return nil, fmt.Errorf("%s: pattern beside minLength or maxLength is not supported; put the length into the pattern", path)
	case j.Pattern != "":
		e, err := parseRegexp(j.Pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: pattern: %w", path, err)
		}
		return seq(text(`"`), e.quoted(), text(`"`)), nil
	case atMost >= 0 && j.MinLength > atMost || j.MinLength < 0:
		return nil, fmt.Errorf("%s: minLength %d and maxLength %d leave nothing", path, j.MinLength, atMost)
	}
	return seq(text(`"`), repeat(call("char"), j.MinLength, atMost), text(`"`)), nil
}

// quote is s as a JSON string, with the escapes that it needs and no others.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string and a buffer cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

func inner(s string) string { q := quote(s); return q[1 : len(q)-1] }

// quoted is e as it stands in a JSON string: characters that need an escape
// have one.
func (e *expr) quoted() *expr {
	q := *e
	switch e.op {
	case opText:
		q.text = inner(e.text)
		return &q
	case opClass:
		plain := complement(append(complement(e.ranges), 0, 0x1f, '"', '"', '\\', '\\'))
		list := []*expr{class(plain...)}
		for i := 0; i < len(e.ranges); i += 2 {
			for _, r := range []rune{'"', '\\', '\n', '\t', '\r'} {
				if e.ranges[i] <= r && r <= e.ranges[i+1] {
					list = append(list, text(inner(string(r))))
				}
			}
		}
		return alt(list...)
	}
	q.subs = nil
	for _, s := range e.subs {
		q.subs = append(q.subs, s.quoted())
	}
	return &q
}

// object has the properties in order. rest(i) is what may follow once property
// i-1 has been dealt with and something has been written; it is a rule of its
// own, so that optional properties do not multiply.
func (s *schemas) object(j *schemaJSON, path string, depth int) (*expr, error) {
	for _, name := range j.Required {
		if !slices.ContainsFunc(j.Properties, func(p property) bool { return p.name == name }) {
			return nil, fmt.Errorf("%s: property %q is required but not described", path, name)
		}
	}
	if len(j.Properties) == 0 {
		if string(j.AdditionalProperties) == "false" {
			return text("{}"), nil
		}
		item := call("value")
		if j.AdditionalProperties != nil {
			e, err := s.expr(j.AdditionalProperties, path+"/additionalProperties", depth+1)
			if err != nil {
				return nil, err
			}
			item = e
		}
		return list("{", seq(call("string"), colon, item), 0, -1, "}"), nil
	}
	// A number of its own, for other objects may have the same path: a slash may
	// be part of a property's name.
	s.objects++
	serial := s.objects
	name := func(i int, begun bool) string { return fmt.Sprintf("%s/%d/%t (%d)", path, i, begun, serial) }
	n := len(j.Properties)
	s.rule(name(n, true), text("}"))
	s.rule(name(n, false), text("}"))
	for i := n - 1; i >= 0; i-- {
		p := j.Properties[i]
		value, err := s.expr(p.schema, path+"/"+p.name, depth+1)
		if err != nil {
			return nil, err
		}
		member := seq(text(quote(p.name)), colon, value, call(name(i+1, true)))
		required := slices.Contains(j.Required, p.name)
		for _, begun := range []bool{false, true} {
			e := member
			if begun {
				e = seq(comma, member)
			}
			if !required {
				e = alt(e, call(name(i+1, begun)))
			}
			s.rule(name(i, begun), e)
		}
	}
	return seq(text("{"), call(name(0, false))), nil
}

// reference is a rule of its own, so that it may be recursive.
func (s *schemas) reference(ref, path string, depth int) (*expr, error) {
	def, ok := s.defs[ref]
	if !ok {
		return nil, fmt.Errorf("%s: $ref %q leads nowhere; only #, #/$defs/... and #/definitions/... of the same schema are followed", path, ref)
	}
	name := "$ref:" + ref
	if s.rules[name] == nil {
		s.rule(name, alt()) // being made
		e, err := s.expr(def, name, depth+1)
		if err != nil {
			return nil, err
		}
		s.rule(name, e)
	}
	return call(name), nil
}

// literals are constants, in compact form. Each must be of the schema's type, if
// it names one.
func (j *schemaJSON) literals(values []json.RawMessage) (*expr, error) {
	types, err := j.types()
	if err != nil {
		return nil, err
	}
	var list []*expr
	for _, v := range values {
		var b bytes.Buffer
		if err := json.Compact(&b, v); err != nil {
			return nil, err
		}
		kinds := jsonTypes(b.Bytes())
		if j.Type != nil && !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(kinds, t) }) {
			return nil, fmt.Errorf("the value %s is not of type %s", b.String(), j.Type)
		}
		list = append(list, text(b.String()))
	}
	return alt(list...), nil
}

// jsonTypes are the types that a JSON text has.
func jsonTypes(v []byte) []string {
	switch v[0] {
	case '"':
		return []string{"string"}
	case '{':
		return []string{"object"}
	case '[':
		return []string{"array"}
	case 't', 'f':
		return []string{"boolean"}
	case 'n':
		return []string{"null"}
	}
	if f, err := strconv.ParseFloat(string(v), 64); err == nil && f == math.Trunc(f) {
		return []string{"number", "integer"}
	}
	return []string{"number"}
}
