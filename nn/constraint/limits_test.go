package constraint

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func byteVocabulary() *Vocabulary {
	var list [][]byte
	for i := range 256 {
		list = append(list, []byte{byte(i)})
	}
	return NewVocabulary(list, nil)
}

// Grammars come from anywhere: what would take exponential time or memory is
// refused, and what is large takes time in proportion.
func TestHostileGrammars(t *testing.T) {
	chain := func(n int, rule string, last string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, rule+"\n", i, i+1)
		}
		fmt.Fprintf(&b, "a%d ::= %s\nroot ::= a0 \"x\"", n, last)
		return b.String()
	}
	for name, c := range map[string]struct{ source, want string }{
		"empty texts":        {`root ::= ""{4095}{4095}{4095}{4095}`, "repetitions of repetitions"},
		"repeated signs":     {`root ::= "a"` + strings.Repeat("?", 1<<20), "nested too deeply"},
		"groups":             {`root ::= ` + strings.Repeat("(", 1<<20), "nested too deeply"},
		"optional nothing":   {`root ::= "x" ((""?){4095}){20}`, "too many ways"},
		"chain of rules":     {chain(20000, `a%d ::= a%d`, `""`), ""},
		"exponential stacks": {chain(40, `a%d ::= a%[2]d "b" | a%[2]d "c"`, `"x"`), "too many ways"},
	} {
		g, err := Parse(c.source)
		if err == nil {
			_, err = New(g, byteVocabulary())
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %.200v, want %q", name, err, c.want)
		}
	}
}

// Every "a" doubles the ways to have read the text. The state before which that
// is too much says so, rather than that nothing can follow.
func TestTooManyWays(t *testing.T) {
	g, err := Parse(`root ::= "a" root "b" | "a" root "c" | ""`)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(g, byteVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	s, n := c.Start(), 0
	for ; n < 100; n++ {
		if _, _, err = c.Tokens(s); err != nil {
			break
		}
		s = c.Next(s, 'a')
	}
	if _, count, again := c.Tokens(s); !errors.Is(err, ErrTooAmbiguous) || !errors.Is(again, ErrTooAmbiguous) || count != 0 || n < 8 {
		t.Errorf("after %d tokens: %v, again %v with %d tokens", n, err, again, count)
	}
	if _, count, err := c.Tokens(c.Start()); count != 1 || err != nil {
		t.Errorf("another text of the same constraint: %d tokens (%v)", count, err)
	}
}

// What a constraint remembers is bounded, and forgetting changes nothing.
func TestForgetting(t *testing.T) {
	g, err := Regexp(`(?s).*a.{300}`)
	if err != nil {
		t.Fatal(err)
	}
	var masks [2][]string
	for k := range masks {
		c, err := New(g, byteVocabulary())
		if err != nil {
			t.Fatal(err)
		}
		s := c.Start()
		for i := range 150 {
			if k == 1 && i%7 == 0 {
				c.m.forget()
			}
			bits, count, err := c.Tokens(s)
			masks[k] = append(masks[k], fmt.Sprint(bits, count, err))
			s = c.Next(s, int32("aab"[i%3]))
		}
		if c.m.held > maxHeld+maxWays {
			t.Errorf("%d held, at most %d", c.m.held, maxHeld)
		}
	}
	if fmt.Sprint(masks[0]) != fmt.Sprint(masks[1]) {
		t.Error("masks differ after forgetting")
	}
}

func TestSchemasPromiseWhatTheySay(t *testing.T) {
	for name, c := range map[string]struct{ schema, text, want string }{
		"a slash in a name": {`{"properties": {
			"a": {"properties": {"b": {"properties": {"c": {"type": "integer"}}, "required": ["c"]}}, "required": ["b"]},
			"a/b": {"properties": {"d": {"type": "string"}}, "required": ["d"]}}, "required": ["a"]}`,
			`{"a":{"b":{"c":1}},"a/b":{"d":"x"}}`, ""},
		"no escapes but needed ones": {`{"properties": {"a<b": {"pattern": "<b>&"}}, "required": ["a<b"]}`, `{"a<b":"<b>&"}`, ""},
		"type of a value":            {`{"type": "string", "enum": ["a", 1]}`, ``, `the value 1 is not of type "string"`},
		"an integer":                 {`{"type": "integer", "enum": [1.0, 2]}`, `2`, ""},
		"length without a type":      {`{"minItems": 2}`, `[1,2]`, ""},
		"alternatives and more":      {`{"anyOf": [{"type": "object"}], "required": ["a"]}`, ``, `"required" beside "anyOf" is not supported`},
		"a reference and more":       {`{"$ref": "#", "minLength": 3}`, ``, `"minLength" beside "$ref" is not supported`},
		"a reference and a title":    {`{"$ref": "#/$defs/a", "title": "x", "$defs": {"a": {"type": "null"}}}`, `null`, ""},
	} {
		g, err := Schema([]byte(c.schema))
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %q", name, err, c.want)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case !g.Match(c.text):
			t.Errorf("%s: %s is refused", name, c.text)
		}
	}
	for schema, text := range map[string]string{`{"minItems": 2}`: `[1]`, `{"additionalProperties": {"type": "null"}}`: `3`} {
		if g, err := Schema([]byte(schema)); err != nil || g.Match(text) {
			t.Errorf("%s lets %s pass (%v)", schema, text, err)
		}
	}
}
