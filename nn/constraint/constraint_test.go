package constraint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	grammar := func(g *Grammar, err error) *Grammar {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	nested := grammar(Parse(`
		root  ::= item ("," " "? item)*   # a list
		item  ::= "(" root ")" | [a-c]{1,2} | "\x7e\u00e9"
	`))
	for _, c := range []struct {
		g    *Grammar
		text string
		want bool
	}{
		{grammar(Regexp(`a|b*c`)), "bbc", true},
		{grammar(Regexp(`a|b*c`)), "ab", false},
		{grammar(Regexp(`^(?i:straße)$`)), "STRAßE", true},
		{grammar(Regexp(`.`)), "é", true},
		{grammar(Regexp(`.`)), "\xc3", false},
		{grammar(Regexp(`[^\x00-\x{ffff}]`)), "😀", true},
		{grammar(Regexp(`(ab){2,3}`)), "abab", true},
		{grammar(Regexp(`(ab){2,3}`)), "abababab", false},
		{grammar(Regexp(``)), "", true},
		{nested, "a,(b, (cc)),~é", true},
		{nested, "a,(b, (cc),~é", false},
		{nested, "aaa", false},
		{grammar(Parse(`root ::= "x" root | ""`)), strings.Repeat("x", 5000), true}, // no stack grows
		{grammar(Parse("root ::= [^a-z]+")), "ABC é", true},
		{grammar(Parse("root ::= [^a-z]+")), "ABc", false},
		{grammar(Schema([]byte(`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}`))), `{"a": 1, "b":"x\n"}`, true},
		{grammar(Schema([]byte(`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}`))), `{"b": ""}`, true},
		{grammar(Schema([]byte(`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}`))), `{"a": 1}`, false},
		{grammar(Schema([]byte(`true`))), `{"a": [1, {"b": null}], "c": -1.5e+3}`, true},
		{grammar(Schema([]byte(`true`))), `{"a": [1, {"b": null}}`, false},
		{grammar(Schema([]byte(`{"pattern":"[\"x]\\n?"}`))), `"\"\n"`, true},
	} {
		if got := c.g.Match(c.text); got != c.want {
			t.Errorf("%q: %v, want %v", c.text[:min(len(c.text), 40)], got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	compiled := func(_ *Grammar, err error) error { return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{compiled(Regexp(`a(`)), "missing closing )"},
		{compiled(Regexp(`a\b`)), `\b is not supported here`},
		{compiled(Regexp(`a^b`)), "is not supported here"},
		{compiled(Regexp(`[^\x00-\x{10ffff}]`)), "no finite text matches"},
		{compiled(Regexp(`(a{1000}){1000}`)), "invalid repeat count"},
		{compiled(Parse(`root ::= "a" x`)), `there is no rule "x"`},
		{compiled(Parse(`x ::= "a"`)), "there is no rule root"},
		{compiled(Parse("root ::= \"a\"\nroot ::= \"b\"")), "line 2: rule root is there twice"},
		{compiled(Parse(`root ::= "a`)), "a text is not closed"},
		{compiled(Parse(`root ::= root "a" | "b"`)), "rule root calls itself before"},
		{compiled(Parse("root ::= x root \"a\" | \"b\"\nx ::= \"c\"?")), "rule root calls itself before"},
		{compiled(Parse(`root ::= "a" root`)), "no finite text matches"},
		{compiled(Parse(`root ::= "a"{3,2}`)), "a repetition is not"},
		{compiled(Parse("root ::= ((\"a\"{4000}){4000})")), "too large"},
		{compiled(Schema([]byte(`{"type":"integer","minimum":3}`))), `"minimum" is not supported`},
		{compiled(Schema([]byte(`{"properties":{"a":{"type":"text"}}}`))), `a: there is no type "text"`},
		{compiled(Schema([]byte(`{"$ref":"#/$defs/x"}`))), "leads nowhere"},
		{compiled(Schema([]byte(`{"properties":{},"required":["a"]}`))), `"a" is required but not described`},
		{compiled(Schema([]byte(`{`))), "is not supported"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q", c.err, c.want)
		}
	}
}

// vocabularies: one with all bytes and some longer tokens, and one that cannot
// spell everything.
func vocabularies() map[string]*Vocabulary {
	var all, few [][]byte
	for b := range 256 {
		all = append(all, []byte{byte(b)})
	}
	for _, s := range []string{"ab", "bc", "abc", "é", "\xa9x", `": "`, `{"`, "", `",`, "true", "]}"} {
		all = append(all, []byte(s))
	}
	for _, s := range []string{"", "a", "ab", "bb", "cab", "c", "ca", "(", ")", "éa"} {
		few = append(few, []byte(s))
	}
	return map[string]*Vocabulary{"all bytes": NewVocabulary(all, nil), "few words": NewVocabulary(few, nil)}
}

// walk draws tokens at random until the text may end, and ends it then with some
// probability. Every text so made must match, and none may get stuck.
func walk(c *Constraint, v *Vocabulary, r *rand.Rand, limit int) (string, bool, error) {
	s, out := c.Start(), []byte(nil)
	for n := 0; ; n++ {
		bits, count, _ := c.Tokens(s)
		if s.Accepting() && (count == 0 || r.IntN(4) == 0) {
			return string(out), true, nil
		}
		if count == 0 {
			return string(out), false, fmt.Errorf("a dead end after %q", out)
		}
		if n == limit {
			return string(out), false, nil
		}
		k, token := r.IntN(count), int32(-1)
		for id := range int32(v.Size()) {
			if bits[id>>6]>>(id&63)&1 == 1 {
				if k == 0 {
					token = id
					break
				}
				k--
			}
		}
		out = append(out, v.text.texts[token]...)
		if s = c.Next(s, token); s == nil {
			return string(out), false, fmt.Errorf("token %d is in the mask and refused, after %q", token, out)
		}
	}
}

// Over random expressions, every finished text matches, as package regexp sees
// it, and there are no dead ends.
func TestFinishedTextsMatch(t *testing.T) {
	vs := vocabularies()
	atom := rapid.SampledFrom([]string{"a", "b", "c", "ab", "[a-c]", "[^a]", ".", "é", `\(`, "(?i:B)", `\pL`, "(?s:.)", "x?", ""})
	var expression func(depth int) *rapid.Generator[string]
	expression = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if depth == 0 {
				return atom.Draw(t, "atom")
			}
			sub := expression(depth - 1)
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				return sub.Draw(t, "left") + sub.Draw(t, "right")
			case 1:
				return "(?:" + sub.Draw(t, "left") + "|" + sub.Draw(t, "right") + ")"
			case 2:
				return "(?:" + sub.Draw(t, "sub") + ")" + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{1,3}", "{2,}"}).Draw(t, "count")
			}
			return sub.Draw(t, "sub")
		})
	}
	finished := 0
	rapid.Check(t, func(t *rapid.T) {
		e := expression(3).Draw(t, "expression")
		re := regexp.MustCompile(`^(?:` + e + `)$`)
		g, err := Regexp(e)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range vs {
			c, err := New(g, v)
			if err != nil {
				if name == "all bytes" {
					t.Fatal(err)
				}
				continue
			}
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			for range 4 {
				text, ended, err := walk(c, v, r, 40)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if ended {
					finished++
					if !re.MatchString(text) || !g.Match(text) {
						t.Fatalf("%s: %q does not match", name, text)
					}
				}
			}
		}
	})
	if finished < 100 {
		t.Errorf("only %d texts ended", finished)
	}
}

// Over schemas, every finished text is JSON that an independent validator takes.
func TestFinishedTextsAreValid(t *testing.T) {
	v := vocabularies()["all bytes"]
	for i, schema := range []string{
		`{"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer"},"tags":{"type":"array","items":{"enum":["a","b",3]},"minItems":1,"maxItems":3}},"required":["age"],"additionalProperties":false}`,
		`{"$defs":{"tree":{"type":"object","properties":{"v":{"type":"number"},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"},"maxItems":2}},"required":["v"]}},"$ref":"#/$defs/tree"}`,
		`{"anyOf":[{"type":"null"},{"type":"boolean"},{"const":{"x":[1,2]}},{"type":["integer","string"]}]}`,
		`{"type":"string","pattern":"^[a-z\"\\\\]{2,4}$"}`,
		`{"type":"object","additionalProperties":{"type":"boolean"}}`,
		`{}`,
	} {
		g, err := Schema([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(g, v)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("s.json", doc); err != nil {
			t.Fatal(err)
		}
		valid, err := compiler.Compile("s.json")
		if err != nil {
			t.Fatal(err)
		}
		r, finished := rand.New(rand.NewPCG(uint64(i), 7)), 0
		for range 300 {
			out, ended, err := walk(c, v, r, 200)
			if err != nil {
				t.Fatal(err)
			}
			if !ended {
				continue
			}
			finished++
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(out)))
			if err == nil {
				err = valid.Validate(value)
			}
			if err != nil {
				t.Fatalf("schema %d: %s: %v", i, out, err)
			}
		}
		if finished < 10 {
			t.Errorf("schema %d: only %d texts ended", i, finished)
		}
	}
}

// The first token's text may differ: tokenizers drop a space there.
func TestFirstTokens(t *testing.T) {
	texts := [][]byte{[]byte(" yes"), []byte(" no"), []byte("!")}
	first := [][]byte{[]byte("yes"), []byte("no"), []byte("!")}
	g, err := Regexp(`(yes|no)( no)*!`)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(g, NewVocabulary(texts, first))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Start()
	for _, want := range []struct{ mask, token int32 }{{0b011, 0}, {0b110, 1}, {0b110, 2}} {
		if bits, _, _ := c.Tokens(s); int32(bits[0]) != want.mask {
			t.Fatalf("tokens %03b may follow, want %03b", bits[0], want.mask)
		}
		s = c.Next(s, want.token)
	}
	if _, count, _ := c.Tokens(s); !s.Accepting() || count != 0 || c.Next(s, 0) != nil || c.Next(s, 9) != nil {
		t.Error("the text goes on after its end")
	}
	if _, err := New(g, NewVocabulary(texts[:2], first[:2])); err == nil || !strings.Contains(err.Error(), "cannot be spelt") {
		t.Errorf("without an end: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`root ::= "a" ("b" | [c-d])* x` + "\nx ::= .{2,3} # c", `root ::= "\x41\u00e9" [^\]]?`, "root ::= root", `{"type":"array","items":{"$ref":"#"}}`, `a{2}(b|c)+`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 300 || strings.Count(s, "{") > 2 {
			return // counts multiply: slow, and bounded by maxNodes
		}
		for _, make := range []func() (*Grammar, error){func() (*Grammar, error) { return Parse(s) }, func() (*Grammar, error) { return Regexp(s) }, func() (*Grammar, error) { return Schema([]byte(s)) }} {
			if g, err := make(); err == nil {
				g.Match("ab")
			}
		}
	})
}

// Masks of a real model's vocabulary size, the first time and again.
func BenchmarkTokens(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var texts [][]byte
	for i := range 256 {
		texts = append(texts, []byte{byte(i)})
	}
	for len(texts) < 49152 {
		w := make([]byte, 2+r.IntN(8))
		for i := range w {
			w[i] = "etaoinshrdlu \",:{}[]0123456789"[r.IntN(30)]
		}
		texts = append(texts, w)
	}
	v := NewVocabulary(texts, nil)
	g, err := Schema([]byte(`{"type":"object","properties":{"name":{"type":"string"},"list":{"type":"array","items":{"type":"number"}}},"required":["name","list"]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			c, err := New(g, v)
			if err != nil {
				b.Fatal(err)
			}
			s := c.Start()
			for _, id := range []byte(`{"name":"`) {
				c.Tokens(s)
				s = c.Next(s, int32(id))
			}
			if _, n, _ := c.Tokens(s); n < 10000 {
				b.Fatal(n)
			}
		}
	})
}
