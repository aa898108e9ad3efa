package verifier

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/registry"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for _, same := range [][]string{
		{"18", " 18 ", "18.", "$18", "18.0", "18.00", "+18"[1:], "18 dollars", "$18.00", "18 sheep", "**18**", "**$18$**", "**$18$**.", `\$18`, "018", `\(18\)`, `\(18\).`},
		{"80000", "80,000", "$80,000.00", "80,000 dollars", `80{,}000`, "80 000", "80\u202f000 dollars"},
		{"-3", "−3", "-3.0", "-$3"},
		{"1/2", "0.5", ".5", "2/4", `\frac{1}{2}`, `\dfrac{2}{4}`, "0.50"},
		{"25", "25%", `25\%`},
		{"paris", "Paris", " PARIS. ", `\text{Paris}`},
		{"b", "(B)", "B", "B."},
		{"x + 1", "X  +\n1"},
		{"1,2"},
		{"2 or 3"},
		{""},
	} {
		for _, s := range same[1:] {
			if got, want := Canonical(s), Canonical(same[0]); got != want {
				t.Errorf("Canonical(%q) = %q, Canonical(%q) = %q; want them equal", s, got, same[0], want)
			}
		}
	}
	different := []string{"18", "18 thousand", "18 or more", "18 and a half", "18 tenths", "-18", "1.8", "180", "18/5", "1,8", "x", "18x + 1", "18 or 19", "x = 18", ""}
	seen := map[string]string{}
	for _, s := range different {
		c := Canonical(s)
		if other, ok := seen[c]; ok {
			t.Errorf("%q and %q are one answer, %q", s, other, c)
		}
		seen[c] = s
	}
}

func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune(`0123456789.,-/ $%\{}()abcXY*`))).Draw(t, "s")
		once := Canonical(s)
		if strings.TrimSpace(once) != once {
			t.Fatalf("Canonical(%q) = %q keeps spaces", s, once)
		}
		if Canonical(" "+s+"\n") != once {
			t.Fatalf("spaces around %q change %q to %q", s, once, Canonical(" "+s+"\n"))
		}
	})
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct{ from, text, want string }{
		{"auto", "16 - 3 - 4 = 9\n9 * 2 = $18\n#### 18", "18"},
		{"auto", "#### 1\nno, wait\n#### 1,234 eggs\n", "1234"},
		{"auto", `so $x^2 = 9$ and \boxed{\frac{3}{4}} holds for 5`, "3/4"},
		{"auto", `\boxed{\text{(B)}}`, "b"},
		{"auto", `\boxed{12`, "12"}, // cut off: the last number then
		{"auto", "The answer is 42.", "42"},
		{"auto", "The answer is: 42. I checked it 3 times.", "42"},
		{"auto", "So the answer is 5 + 3 = 8", "8"},
		{"auto", "Final answer: $18 per day, since 9 * 2", "18"},
		{"auto", "the answer is -7, I think", "-7"},
		{"auto", "He has 3 bags\nA: 90,000", "90000"},
		{"auto", "answer: yes", "yes"},
		{"auto", "5 9 14 3 14 17 17 17 14", "14"},
		{"auto", "7-5", "5"},
		{"auto", "it is -5", "-5"},
		{"auto", "I do not know", "i do not know"},
		{"auto", "line one\nMaybe\n", "maybe"},
		{"auto", "", ""},
		{"auto", " \n ", ""},
		{"hashes", "the answer is 42", ""},
		{"hashes", "#### 42", "42"},
		{"boxed", "#### 42", ""},
		{"phrase", "#### 42", ""},
		{"number", "the answer is 42, not 43", "43"},
		{"line", "1\nThe End", "the end"},
		{"text", "a\nb", "a b"},
	} {
		if got := (Extract{From: c.from}).Answer(c.text); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.from, c.text, got, c.want)
		}
	}
}

func TestAnswerByJSONAndPattern(t *testing.T) {
	for _, c := range []struct {
		cfg        Extract
		text, want string
	}{
		{Extract{From: "json", Path: "$.answer"}, `{"answer": 18.50}`, "37/2"},
		{Extract{From: "json", Path: "$.answer"}, "Here:\n```json\n{\"answer\": \"Paris\"}\n```\nI hope that it helps.", "paris"},
		{Extract{From: "json", Path: "$.answer"}, "```\n{\"answer\": 1}\n```\n```\n{\"answer\": 2}\n```", "2"},
		{Extract{From: "json", Path: "$.answer"}, `{"answer": true}`, "true"},
		{Extract{From: "json", Path: "$.answer"}, `{"answer": null}`, "null"},
		{Extract{From: "json", Path: "$.answer"}, `{"answer": [1, {"b": 2}]}`, `[1,{"b":2}]`},
		{Extract{From: "json", Path: "$.answer"}, `{"answer": 12345678901234567890123}`, "12345678901234567890123"},
		{Extract{From: "json", Path: "$.answer"}, `{"answers": 7}`, ""},
		{Extract{From: "json", Path: "$.answer"}, `It is {"answer": 7}, not {"answer": 8}.`, "8"},
		{Extract{From: "json", Path: "$.answer"}, "{ {\"answer\": 7", ""},
		{Extract{From: "json", Path: "$.answer"}, "```json\n{\"answer\": 7}\n```\nas in\n```python\nprint(8)\n```", "7"},
		{Extract{From: "json", Path: "$.answer"}, `{"answer": 7, "answer": 8}`, ""},
		{Extract{From: "json", Path: "$.answer"}, `the answer is 7`, ""},
		{Extract{From: "json", Path: "$[-1]"}, `[1, 2, 3]`, "3"},
		{Extract{From: "json", Path: "$.a[*]"}, `{"a": [7, 7]}`, "7"}, // several that are one
		{Extract{From: "json", Path: "$.a[*]"}, `{"a": [7, 8]}`, ""},
		{Extract{From: "json", Path: "$['final answer']"}, `{"final answer": 7}`, "7"},
		{Extract{From: "json", Path: "$..answer"}, `{"steps": [], "result": {"answer": 7}}`, "7"},
		{Extract{From: "json", Path: "$.steps[?@.last == true].value"}, `{"steps": [{"value": 1}, {"value": 2, "last": true}]}`, "2"},
		{Extract{From: "regex", Pattern: `(?i)total:\s*(\d+)`}, "Total: 3\ntotal: 18 eggs", "18"},
		{Extract{From: "regex", Pattern: `\d+ eggs`}, "3 eggs, 18 eggs", "18"},
		{Extract{From: "regex", Pattern: `<answer>(.*?)</answer>`}, "<answer>1</answer><answer> Paris </answer>", "paris"},
		{Extract{From: "regex", Pattern: `a(b)?`}, "a", ""},
		{Extract{From: "regex", Pattern: `x`}, "7", ""},
		{Extract{From: "choice"}, "The answer is (B).", "b"},
		{Extract{From: "choice"}, "A or B", ""},
	} {
		if err := c.cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", c.cfg, err)
		}
		if got := c.cfg.Answer(c.text); got != c.want {
			t.Errorf("%+v of %q is %q, want %q", c.cfg, c.text, got, c.want)
		}
	}
}

// The examples of RFC 9535, section 1.5, but $..*.
func TestPathsOfTheRFC(t *testing.T) {
	const store = `{"store": {"book": [
		{"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
		{"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
		{"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
		{"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99}
	], "bicycle": {"color": "red", "price": 399}}}`
	titles := []any{"Sayings of the Century", "Sword of Honour", "Moby Dick", "The Lord of the Rings"}
	authors := []any{"Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"}
	for path, want := range map[string][]any{
		"$.store.book[*].author": authors, "$..author": authors, "$..book[2].title": titles[2:3], "$..book[2].author": authors[2:3], "$..book[2].publisher": nil,
		"$..book[-1].title": titles[3:], "$..book[0,1].title": titles[:2], "$..book[:2].title": titles[:2], "$..book[?@.isbn].title": titles[2:],
		"$..book[?@.price<10].title": {titles[0], titles[2]}, "$['store']['bicycle']['color']": {"red"},
	} {
		x, err := compiledPath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		doc, err := parseJSON(store)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Get(plainNumbers(doc)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestExtractIsChecked(t *testing.T) {
	for want, e := range map[string]Extract{
		"json wants path, which is missing":             {From: "json"},
		"regex wants pattern, which is missing":         {From: "regex"},
		"path is only used with extract: json":          {From: "regex", Pattern: "x", Path: "$"},
		"pattern is only used with extract: regex; her": {Pattern: "x"},
		"is not a JSONPath: it wants to begin with $":   {From: "json", Path: "answer"},
		`path "$.a[" is not a JSONPath`:                 {From: "json", Path: "$.a["},
		"pattern: error parsing regexp":                 {From: "regex", Pattern: "("},
	} {
		if err := e.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", e, err, want)
		}
	}
	// A recipe that says so is refused with its place.
	v := registry.Object(registry.Member{Key: "exact", Line: 3, Value: registry.Object(registry.Member{Key: "extract", Line: 3, Value: registry.Scalar("json")})})
	if _, problems := registry.Default.Decode(core.KindVerifier, v, "r.yaml"); len(problems) != 1 || !strings.Contains(problems[0].Message, "wants path") {
		t.Errorf("%v", problems)
	}
}

func FuzzPath(f *testing.F) {
	f.Add("$.a[?@.b == 1]..c", `{"a": [{"b": 1, "c": 2}]}`)
	f.Add("$[::-1]", "[1, 2]")
	f.Add("$..*", "{}")
	f.Fuzz(func(t *testing.T, path, text string) {
		e := Extract{From: "json", Path: path}
		if a := e.Answer(text); e.Validate() != nil && a != "" {
			t.Fatalf("the path %q is wrong, yet finds %q", path, a)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"#### 18", `\boxed{1}`, "the answer is 1/0", "A: -", "1,2,3.4.5", `\frac{1}{0}`, strings.Repeat("9", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, from := range []string{"", "hashes", "boxed", "phrase", "number", "line", "text", "choice", "json", "regex"} {
			a := Extract{From: from, Path: "$..answer", Pattern: `\d+|"(.*)"`}.Answer(s)
			if strings.TrimSpace(a) != a {
				t.Fatalf("%s of %q keeps spaces: %q", from, s, a)
			}
		}
	})
}
