package verifier

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

const person = `{"type":"object","required":["name"],"additionalProperties":false,
	"properties":{"name":{"type":"string","minLength":1},"age":{"type":"integer","minimum":0},"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true},
	"born":{"type":"string","format":"date"},"code":{"pattern":"^[A-Z]{2}$"}}}`

func schemed(t *testing.T, schema string, formats bool) core.Verifier {
	t.Helper()
	v, err := newJSONSchema(t.Context(), nil, JSONSchemaConfig{Schema: json.RawMessage(schema), Formats: formats})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJSONSchema(t *testing.T) {
	v, strict := schemed(t, person, false), schemed(t, person, true)
	for _, c := range []struct {
		text, wrong string // what the rationale holds; "" where it is right
	}{
		{`{"name": "Ada"}`, ""},
		{" {\"name\": \"Ada\", \"age\": 36}\n", ""},
		{"```json\n{\"name\": \"Ada\"}\n```", ""},
		{"Here it is:\n```\n{\"name\": \"Ada\"}\n```\nI hope that it helps.", ""},
		{"First:\n```json\n{}\n```\nBetter:\n```json\n{\"name\": \"Ada\"}\n```", ""},
		{`{"name": "Ada", "age": 36.0}`, ""}, // an integer, by the standard
		{"```json {\"name\": \"Ada\"}```", ""},
		{"\tHere it is: {\"name\": \"Ada\"}", "is not JSON: byte 1"},
		{`{"name": "Ada"} done`, "is not JSON: byte 17"},
		{`{"name": "Ada"}{"name": "Ada"}`, "is not JSON"},
		{`{"name": "Ada", "name": "Eve"}`, `the key "name" stands twice`},
		{`{"name": "Ada", "age": NaN}`, "is not JSON"},
		{`{"name": "Ada", "age": Infinity}`, "is not JSON"},
		{`{"name": "Ada", "age": 01}`, "is not JSON"},
		{`{'name': 'Ada'}`, "is not JSON"},
		{`{"name": "Ada",}`, "is not JSON"},
		{`{"tags": [1,]}`, "is not JSON"},
		{`{"name": "Ada", // comment`, "is not JSON"},
		{`{"name": "Ada"`, "is not JSON"},
		{"{\"name\": \"\xff\"}", "not UTF-8"},
		{"", "is empty"},
		{"```json\n```", "is empty"},
		{"```json\n{\"name\": \"Ada\"}", "is not JSON"}, // cut short
		{`{}`, "$: missing property 'name'"},
		{`[]`, "$: got array, want object"},
		{`{"name": ""}`, "$/name: minLength"},
		{`{"name": 7}`, "$/name: got number, want string"},
		{`{"name": "Ada", "age": -1}`, "$/age: minimum"},
		{`{"name": "Ada", "age": 1e400}`, ""},
		{`{"name": "Ada", "age": 1e999999999}`, "out of bounds"},
		{`{"name": "Ada", "age": 1` + strings.Repeat("0", 500) + `}`, "out of bounds"},
		{`{"name": "Ada", "z": 1, "y": 2}`, "$: additional properties 'y', 'z' not allowed"},
		{`{"name": "Ada", "tags": ["x", "y", 7]}`, "$/tags/2: got number, want string"},
		{`{"name": "Ada", "tags": ["x", "x"]}`, "$/tags: items at"},
		{`{"name": "Ada", "code": "abc"}`, "$/code: 'abc' does not match pattern"},
		{`{"name": 1, "age": "x"}`, "$/age: got string, want integer (and 1 more)"},
		{strings.Repeat("[", 300) + strings.Repeat("]", 300), "nested deeper than 200"},
		{strings.Repeat("[", 100000), "is not JSON"},
		{`"` + strings.Repeat("x", maxJSON) + `"`, "longer than 4 MiB"},
	} {
		j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), c.text), nil)
		if err != nil || !slices.Equal(values(j), []float64{truth(c.wrong == "")}) || !strings.Contains(j.Scores[0].Rationale, c.wrong) {
			t.Errorf("%.80q: %v, %v; want %q", c.text, j, err, c.wrong)
		}
	}
	for _, c := range []struct {
		v    core.Verifier
		want float64
	}{{v, 1}, {strict, 0}} {
		j, err := c.v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), `{"name": "Ada", "born": "yesterday"}`), nil)
		if err != nil || !slices.Equal(values(j), []float64{c.want}) {
			t.Errorf("a format: %+v, %v; want %v", j, err, c.want)
		}
	}
}

func TestJSONSchemaOfTheTask(t *testing.T) {
	own, request := quiz("q", map[string]any{"json_schema": map[string]any{"type": "array"}}), coretest.Task("t", "q", "")
	request.Options.Schema = json.RawMessage(`{"type":"object"}`)
	for name, c := range map[string]struct {
		task   core.Task
		schema string
		want   []float64
	}{
		"the row's":             {own, ``, []float64{1, 0}},
		"the request's":         {request, ``, []float64{0, 1}},
		"the recipe's is first": {own, `{"type":"object"}`, []float64{0, 1}},
		"none":                  {coretest.Task("t", "q", "7"), ``, []float64{-1, -1}},
		"not one":               {quiz("q", map[string]any{"json_schema": map[string]any{"type": "thing"}}), ``, []float64{-1, -1}},
		"damaged":               {core.Task{ID: "t", Prompt: request.Prompt, Reference: []byte(`"x"`)}, ``, []float64{-1, -1}},
	} {
		cfg := JSONSchemaConfig{}
		if c.schema != "" {
			cfg.Schema = json.RawMessage(c.schema)
		}
		v, err := newJSONSchema(t.Context(), nil, cfg)
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(c.task, "[]", "{}"), nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("%s: %v, %v; want %v", name, values(j), err, c.want)
		}
	}
}

// A schema reaches nothing outside itself.
func TestJSONSchemaStandsAlone(t *testing.T) {
	for schema, want := range map[string]string{
		`{"$ref":"file:///etc/hostname"}`:    "its own parts only",
		`{"$ref":"http://127.0.0.1:1/x"}`:    "its own parts only",
		`{"$ref":"other.json"}`:              "its own parts only",
		`{"$schema":"http://127.0.0.1:1/x"}`: "its own parts only",
		`{"type":"thing"}`:                   "reading the schema",
		`{"pattern":"(?=x)"}`:                "reading the schema",
		`{"multipleOf":1e-999999999}`:        "out of bounds",
		`{"a":1,"a":2}`:                      "stands twice",
		`[]`:                                 "reading the schema",
		`{"properties":` + strings.Repeat(`{"x":`, 300) + `1`: "reading the schema",
	} {
		if _, err := newJSONSchema(t.Context(), nil, JSONSchemaConfig{Schema: json.RawMessage(schema)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v; want %q", schema, err, want)
		}
		if err := (JSONSchemaConfig{Schema: json.RawMessage(schema)}).Validate(); err == nil {
			t.Errorf("%.60s passes lint", schema)
		}
	}
	// A schema that is its own part is no endless loop.
	list := schemed(t, `{"type":["array","null"],"items":{"$ref":"#"}}`, false)
	j, err := list.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "[[[null],[]]]", "[[[1]]]"), nil)
	if err != nil || !slices.Equal(values(j), []float64{1, 0}) {
		t.Errorf("a list of lists: %+v, %v", j, err)
	}
	j, err = schemed(t, `{"$ref":"#"}`, false).Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "1"), nil)
	if err != nil || len(j.Scores) != 1 || j.Scores[0].Value != 0 {
		t.Errorf("a schema that is only itself: %+v, %v", j, err)
	}
}

func FuzzJSONSchema(f *testing.F) {
	f.Add(person, `{"name": "Ada"}`)
	f.Add(`{"$ref":"#"}`, "```json\n1\n```")
	f.Add(`{"items":{"$dynamicRef":"#x"}}`, "[1e9]")
	f.Add(`{"multipleOf":1e-300}`, "1e300")
	f.Fuzz(func(t *testing.T, schema, text string) {
		v, err := newJSONSchema(t.Context(), nil, JSONSchemaConfig{Schema: json.RawMessage(schema)})
		if err != nil {
			return
		}
		j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), text), nil)
		if err != nil || len(j.Scores) != 1 || (j.Scores[0].Value == 1) != (j.Scores[0].Rationale == "") {
			t.Fatalf("%+v, %v", j, err)
		}
	})
}

// What is read strictly is what encoding/json reads.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,null,true,"x"]}`, `{"a":1,"a":2}`, "[1,]", "1 2", "\"\\ud800\"", "-0", "[[]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseJSON(s)
		if err != nil {
			return
		}
		if !json.Valid([]byte(s)) {
			t.Fatalf("%q is read, but is not JSON", s)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", s, err)
		}
		if again, err := parseJSON(string(b)); err != nil {
			t.Fatalf("%q: %v, then %v, %v", s, v, again, err)
		}
	})
}
