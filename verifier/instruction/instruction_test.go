package instruction

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWordsAndSentences(t *testing.T) {
	for text, want := range map[string][2]int{ // words, sentences
		"":                               {0, 0},
		"One two three.":                 {3, 1},
		"It's well-known, isn't it?":     {7, 1},
		"Hello! How are you? Fine.":      {5, 3},
		"Dr. Smith met Mr. J. R. Jones.": {7, 1},
		"It costs 3.50 in all. Cheap!":   {7, 2}, // 3 and 50
		"Wait... what? Yes.":             {3, 2},
		"Wait... What? Yes.":             {3, 3},
		`"Stop!" he said. "Why?"`:        {4, 2},
		"We met (at noon). It rained.":   {6, 2},
		"1. Buy milk.\n2. Buy bread.":    {6, 2},
		"See fig. 3 for e.g. a cat.":     {8, 1},
		"He came at noon. 3 left.":       {6, 2},
		"no end":                         {2, 1},
		"...":                            {0, 0},
		"今日は晴れです。明日は雨です。":                 {2, 2},
		"It was I. Then he came.":         {6, 2},
		"A site: example.com is one. Two": {7, 2},
		// google-research/google-research, instruction_following_eval/instructions_util_test.py.
		"xx,x. xx,x! xx/x. x{x}x? x.":          {10, 5},
		"xx,x! xxxx. x(x)x?":                   {6, 3},
		"xxxx. xx,x! xx|x. x&x x?":             {8, 4},
		"xx-x]xx,x! x{x}xx,x.":                 {8, 2},
		"word1, word2, word3, word4.":          {4, 1},
		"Hyphenated-word has two word counts.": {6, 1},
		"The U.S.A has many Ph.D. students. They will often haven a .com website\nsharing the research that they have done.": {23, 2},
		"नमस्ते दुनिया": {2, 1},
	} {
		if got := [2]int{Words(text), Sentences(text)}; got != want {
			t.Errorf("%q: words and sentences %v, want %v", text, got, want)
		}
	}
}

func n(i int) *int { return &i }

// check is a rule, a text that keeps it and one that breaks it.
func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		rules        Rules
		kept, broken []string
	}{
		"words":      {Rules{Words: &Count{AtLeast: n(2), AtMost: n(3)}}, []string{"one two", "a b c"}, []string{"one", "a b c d", "", " "}},
		"exactly":    {Rules{Words: &Count{Exactly: n(2)}}, []string{"one two"}, []string{"one", "a b c"}},
		"sentences":  {Rules{Sentences: &Count{AtMost: n(2)}}, []string{"One. Two."}, []string{"One. Two. Three."}},
		"paragraphs": {Rules{Paragraphs: &Paragraphs{Count: Count{Exactly: n(2)}}}, []string{"a\n\nb", "\n\na\nb\n \n\nc\n"}, []string{"a\nb", "a\n\nb\n\nc"}},
		"divided":    {Rules{Paragraphs: &Paragraphs{"***", Count{Exactly: n(2)}}}, []string{"a\n***\nb", "***\na\n***\nb\n***"}, []string{"a\n\nb", "a\n***\n***\nb"}},
		"bullets":    {Rules{Bullets: &Count{Exactly: n(2)}}, []string{"* a\n* b", "- a\ntext\n  - b", "*a\n- b"}, []string{"* a", "**bold**\n* a", "* a\n* b\n* c"}},
		"sections":   {Rules{Sections: &Sections{"SECTION", Count{AtLeast: n(2)}}}, []string{"SECTION 1\na\nSECTION 2\nb", "SECTION1 SECTION2"}, []string{"SECTION 1", "Section 1 Section 2", "SECTION A SECTION B"}},
		"highlights": {Rules{Highlights: &Count{Exactly: n(2)}}, []string{"*a* and *b*", "**a** and *b*", "**a** ** ** **b**"}, []string{"*a*", "* * **", "*a\nb*", "*a* *b* *c*"}},
		"brackets":   {Rules{Placeholders: &Count{AtLeast: n(2)}}, []string{"[a] [b]", "[][]"}, []string{"[a]", "[a\nb] [c]"}},
		"capitals":   {Rules{CapitalWords: &Count{Exactly: n(2)}}, []string{"NASA and ESA", "I am A", "I'LL go", "U.S. B2B"}, []string{"Nasa ESA", "A B C", "123 X"}},
		"include":    {Rules{Include: []string{"moon", "c++"}}, []string{"Moonlight in C++"}, []string{"moon", "c++"}},
		"exclude":    {Rules{Exclude: []string{"rock", "ice cream"}}, []string{"rocky icecream"}, []string{"A Rock.", "ice cream!"}},
		"frequency":  {Rules{Frequency: map[string]Count{"war": {AtLeast: n(2)}}}, []string{"War and wars"}, []string{"war"}},
		"letters":    {Rules{Letters: map[string]Count{"t": {AtMost: n(1)}, "!": {AtLeast: n(1)}}}, []string{"T!"}, []string{"Tt!", "t"}},
		"start":      {Rules{Start: "Dear"}, []string{" Dear Sir"}, []string{"dear Sir", "Oh Dear"}},
		"end":        {Rules{End: "Anything else?"}, []string{"Yes. anything ELSE?\n", `"So. Anything else?"`}, []string{"Anything else? No."}},
		"one of":     {Rules{OneOf: []string{"Yes.", "No."}}, []string{"Well: Yes."}, []string{"yes", "maybe"}},
		"postscript": {Rules{Postscript: "P.S."}, []string{"a\nP.S. b", "p. s. b"}, []string{"PS b", "P.S b"}},
		"second":     {Rules{Postscript: "P.P.S"}, []string{"P.P.S b", "p. p. s"}, []string{"P.S. b"}},
		"upper":      {Rules{Case: "upper"}, []string{"YES, 2!"}, []string{"YEs", "123"}},
		"lower":      {Rules{Case: "lower"}, []string{"yes, 2!"}, []string{"yEs", "123"}},
		"json":       {Rules{JSON: true}, []string{`{"a": 1}`, "```json\n[1]\n```", "```\n7\n```"}, []string{"{a: 1}", "Here: {}"}},
		"title":      {Rules{Title: true}, []string{"<<A>>\nb"}, []string{"<A>", "<<>>", "<< >>", "<<a\nb>>"}},
		"commas":     {Rules{NoCommas: true}, []string{"a; b"}, []string{"a, b"}},
		"quoted":     {Rules{Quoted: true}, []string{`"a" and "b"`, " \"a\"\n"}, []string{`a`, `"`, `“a”`}},
		"two":        {Rules{TwoResponses: true}, []string{"a\n******\nb", "******a******b******"}, []string{"a", "a******a", "a******b******c", "a************b"}},
		"repeats":    {Rules{RepeatsPrompt: true}, []string{"what IS it?\nA cat."}, []string{"A cat. What is it?"}},
		"kannada":    {Rules{Language: "kn"}, []string{"ಹೌದು OK", "123"}, []string{"Yes", "हाँ"}},
		"japanese":   {Rules{Language: "ja"}, []string{"今日は"}, []string{"hello"}},
		"chinese":    {Rules{Language: "zh"}, []string{"今天"}, []string{"今日は", "hello"}},
		"hindi":      {Rules{Language: "hi"}, nil, []string{"Yes", "ಹೌದು"}},
	} {
		if err := c.rules.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		keeps := func(text string) bool {
			for _, r := range c.rules.List("What is it?") {
				if v, found := r.Judge(text, false); v != Kept {
					if found == "" {
						t.Errorf("%s: %q: no reason", name, text)
					}
					return false
				}
			}
			return true
		}
		for _, text := range c.kept {
			if !keeps(text) {
				t.Errorf("%s: %q is not taken", name, text)
			}
		}
		for _, text := range c.broken {
			if keeps(text) {
				t.Errorf("%s: %q is taken", name, text)
			}
		}
	}
	for code, text := range map[string]string{"hi": "नमस्ते", "fr": "bonjour", "ru": "да", "ja": "今日"} {
		if v, found := inLanguage(code).Judge(text, false); v != Unknown || found == "" {
			t.Errorf("%q in %s: %v, %q; it cannot be told", text, code, v, found)
		}
	}
}

func TestBadRules(t *testing.T) {
	for want, r := range map[string]Rules{
		"words wants at_least":                  {Words: &Count{}},
		"bullets has exactly and a limit":       {Bullets: &Count{Exactly: n(1), AtLeast: n(1)}},
		"sections has at_least 3 over":          {Sections: &Sections{"S", Count{AtLeast: n(3), AtMost: n(2)}}},
		"paragraphs wants":                      {Paragraphs: &Paragraphs{}},
		"words has a limit below 0":             {Words: &Count{Exactly: n(-1)}},
		"frequency has an empty word":           {Frequency: map[string]Count{" ": {Exactly: n(1)}}},
		"frequency of x wants":                  {Frequency: map[string]Count{"x": {}}},
		`letters: "ab" is not one character`:    {Letters: map[string]Count{"ab": {Exactly: n(1)}}},
		"include has an empty item":             {Include: []string{"a", ""}},
		`language "xx" is not known; there are`: {Language: "xx"},
		`case is "Upper"`:                       {Case: "Upper"},
	} {
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// Each name of IFEval's registry, with arguments as its public rows have them.
func TestIFEval(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range []struct{ id, args, kept, broken string }{
		{"punctuation:no_comma", `{}`, "a b", "a, b"},
		{"detectable_format:number_highlighted_sections", `{"num_highlights": 2}`, "*a* **b** *c*", "*a*"},
		{"length_constraints:number_words", `{"relation": "at least", "num_words": 3}`, "a b c", "a b"},
		{"length_constraints:number_words", `{"relation": "less than", "num_words": 3.0}`, "a b", "a b c"},
		{"detectable_content:number_placeholders", `{"num_placeholders": 1}`, "[a] [b]", "a"},
		{"combination:repeat_prompt", `{"prompt_to_repeat": "Say it."}`, "say it. It.", "It."},
		{"detectable_format:title", `{}`, "<<a>>", "a"},
		{"change_case:english_lowercase", `{}`, "yes sir", "Yes sir"},
		{"change_case:english_lowercase", `{}`, "yes", "да"},
		{"change_case:english_capital", `null`, "YES", "Yes"},
		// The same, instructions_test.py.
		{"change_case:capital_word_frequency", `{"capital_relation": "at least", "capital_frequency": 3}`, "HERE there are THREE FUlly CAPITAL words.", "HERE there are three FUlly CAPITAL words."},
		{"change_case:capital_word_frequency", `{"capital_relation": "less than", "capital_frequency": 5}`, "THERE are Four FULLY CAPITAL WORDS. Many Others Are Only Partially So.", "A B C D E"},
		{"keywords:letter_frequency", `{"letter": "T", "let_frequency": 4, "let_relation": "at least"}`, "There is the T. Four T's.", "#one"},
		{"keywords:forbidden_words", `{"forbidden_words": ["GENE", "TRANSFORM"]}`, "Generative transformer", "a gene"},
		{"combination:two_responses", `{}`, "******\nResponse 1\n******\nResponse 2\n******", "******\nResponse 1.\n******\n******\nResponse 2.\n******"},
		{"length_constraints:nth_paragraph_first_word", `{"first_word": "Really", "num_paragraphs": 2, "nth_paragraph": 2}`, "Wow\n\n  \"Really?! more", "Wow\n\n  Rea!lly more"},
		{"detectable_content:postscript", `{"postscript_marker": "P.S."}`, "Mysterious.\n  P. S. Sometimes", "PS: a"},
		{"length_constraints:number_paragraphs", `{"num_paragraphs": 2}`, "***\nparagraph 1\n ***\nparagraph 2", "paragraph 1\n ***\n paragraph 2\n ***\n ***"},
		{"detectable_format:number_bullet_lists", `{"num_bullets": 1}`, "Paragraph 1\n***\nParagraph 2\n***\nParagraph 3\n* only one bullet point\n", "asterisk (*), *, inline"},
		{"change_case:capital_word_frequency", `{"capital_relation": "less than", "capital_frequency": 2}`, "A b", "A B"},
		{"detectable_format:number_bullet_lists", `{"num_bullets": 2}`, "* a\n* b", "* a\n* b\n* c"},
		{"detectable_format:multiple_sections", `{"section_spliter": "PARAGRAPH", "num_sections": 2}`, "PARAGRAPH 1 a PARAGRAPH 2 b", "PARAGRAPH 1"},
		{"startend:quotation", `{}`, `"a"`, "a"},
		{"startend:end_checker", `{"end_phrase": "Any other questions?"}`, "x Any other questions?", "x"},
		{"keywords:existence", `{"keywords": ["correlated", "experiencing"]}`, "Experiencing correlated", "correlated"},
		{"keywords:frequency", `{"relation": "at least", "keyword": "story", "frequency": 2}`, "story story", "story"},
		{"keywords:forbidden_words", `{"forbidden_words": ["field", "issue"]}`, "fields", "field"},
		{"keywords:letter_frequency", `{"let_relation": "at least", "letter": "#", "let_frequency": 2}`, "##", "#"},
		{"detectable_format:json_format", `{"num_words": null}`, "{}", "a"},
		{"detectable_format:constrained_response", `{}`, "My answer is no.", "no"},
		{"length_constraints:number_paragraphs", `{"num_paragraphs": 2}`, "a\n***\nb", "a\n\nb"},
		{"length_constraints:number_sentences", `{"relation": "at least", "num_sentences": 2}`, "One. It is.", "One."},
		{"length_constraints:nth_paragraph_first_word", `{"first_word": "weekend", "num_paragraphs": 2, "nth_paragraph": 2}`, "a\n\n'Weekend, b", "weekend\n\nb"},
		{"length_constraints:nth_paragraph_first_word", `{"first_word": "a", "num_paragraphs": 1, "nth_paragraph": 1}`, "a.b", "a\n\na"},
		{"combination:two_responses", `{}`, "a ****** b", "a"},
		{"language:response_language", `{"language": "kn"}`, "ಹೌದು", "yes"},
		{"detectable_content:postscript", `{"postscript_marker": "P.P.S"}`, "x P.P.S y", "x P.S. y"},
	} {
		covered[c.id] = true
		rules, err := Read(json.RawMessage(`{"instruction_id_list":["`+c.id+`"],"kwargs":[`+c.args+`]}`), "")
		if err != nil || len(rules) != 1 {
			t.Errorf("%s %s: %v", c.id, c.args, err)
			continue
		}
		for text, want := range map[string]Verdict{c.kept: Kept, c.broken: Broken, " ": Broken} {
			if v, found := rules[0].Judge(text, false); v != want || v == Broken && found == "" {
				t.Errorf("%s %s: %q is %v (%s), want %v", c.id, c.args, text, v, found, want)
			}
		}
	}
	for id := range public {
		if !covered[id] {
			t.Errorf("no case of %s", id)
		}
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	for raw, want := range map[string]string{
		`{"instruction_id_list":["a:b"],"kwargs":[{}]}`:                                                                                `"a:b" is not known; there are change_case:`,
		`{"instruction_id_list":["a:b"],"kwargs":[]}`:                                                                                  "1 names, but 0 kwargs",
		`{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"num_words":3}]}`:                                       "number_words wants a relation",
		`{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"relation":"at least"}]}`:                               "number_words wants num_words",
		`{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"relation":"about","num_words":3}]}`:                    `the relation "about"`,
		`{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"relation":"at least","num_words":1.5}]}`:               "no whole number",
		`{"instruction_id_list":["length_constraints:number_words"],"kwargs":[{"relation":"at least","num_words":"3"}]}`:               "reading the kwargs of",
		`{"instruction_id_list":["keywords:existence"],"kwargs":[{"keywords":[]}]}`:                                                    "wants keywords",
		`{"instruction_id_list":["keywords:letter_frequency"],"kwargs":[{"letter":"ab","let_relation":"at least","let_frequency":1}]}`: "wants letter, one character",
		`{"instruction_id_list":["language:response_language"],"kwargs":[{"language":"xx"}]}`:                                          `language "xx"`,
		`{"instruction_id_list":["startend:end_checker"],"kwargs":[{}]}`:                                                               "wants end_phrase",
		`{"wrods": {"exactly": 1}}`: `unknown field "wrods"`,
		`{"words": 3}`:              "reading instructions",
		`{"words": {}}`:             "words wants at_least",
		`[]`:                        "reading instructions",
	} {
		if _, err := Read(json.RawMessage(raw), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", raw, err, want)
		}
	}
	rules, err := Read(json.RawMessage(`{"sections": {"at_least": 1}, "no_commas": true, "repeats_prompt": true}`), "Hi")
	if err != nil || len(rules) != 3 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	for _, r := range rules {
		if v, found := r.Judge("hi Section 1", false); v != Kept {
			t.Errorf("%s: %s", r.Name, found)
		}
	}
}

// The eight variants of section 2.2, by one instruction each that only they keep.
func TestLoose(t *testing.T) {
	commas, first := noCommas(), start("Dear")
	for text, want := range map[string]bool{
		"Sure, here:\nDear Sir": true, "Dear Sir\nbye, now": true, "Sure,\nDear Sir\nbye, now": true, "**Dear** Sir": true, "Sure,\n*Dear* Sir": true,
		"Dear, Sir": false, "Oh,\n\na, b": false, "": false, "\n\n": false,
	} {
		ok := true
		for _, r := range []Rule{commas, first} {
			v, _ := r.Judge(text, true)
			ok = ok && v == Kept
		}
		if ok != want {
			t.Errorf("%q: %v, want %v", text, ok, want)
		}
	}
	if v, _ := end("Bye").Judge("Bye\n*That is all.*", true); v != Kept {
		t.Error("the last line counts, though it may be left out")
	}
}

// What is kept strictly is kept loosely, and bounds mean what they say.
func TestLooseIsNeverStricter(t *testing.T) {
	rules := Rules{Words: &Count{AtMost: n(4)}, Bullets: &Count{Exactly: n(1)}, NoCommas: true, Title: true, Case: "lower", Highlights: &Count{AtLeast: n(1)}}.List("")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "B", ",", "*", "**", "- ", "\n", " ", "<<", ">>", "word", "."})).Draw(t, "text"), "")
		for _, r := range rules {
			strict, _ := r.Judge(text, false)
			if loose, _ := r.Judge(text, true); strict == Kept && loose != Kept {
				t.Fatalf("%s: %q is kept strictly, not loosely", r.Name, text)
			}
		}
		words := Words(text)
		limit := rapid.IntRange(0, 8).Draw(t, "limit")
		for c, want := range map[*Count]bool{{AtLeast: &limit}: words >= limit, {AtMost: &limit}: words <= limit, {Exactly: &limit}: words == limit} {
			if ok, _ := c.holds(words); ok != want {
				t.Fatalf("%d words, %+v: %v", words, c, ok)
			}
		}
	})
}

func FuzzInstructions(f *testing.F) {
	f.Add(`{"words": {"at_most": 3}, "letters": {"t": {"exactly": 1}}}`, "A b. C")
	f.Add(`{"instruction_id_list":["detectable_format:multiple_sections"],"kwargs":[{"section_spliter":"(","num_sections":1}]}`, "( 1")
	f.Add(`{"postscript": "*", "language": "hi", "paragraphs": {"divider": "*", "exactly": 2}}`, "\xff***")
	f.Fuzz(func(t *testing.T, raw, text string) {
		rules, err := Read(json.RawMessage(raw), "prompt")
		if err != nil {
			return
		}
		for _, r := range rules {
			for _, loose := range []bool{false, true} {
				if v, _ := r.Judge(text, loose); !slices.Contains([]Verdict{Broken, Kept, Unknown}, v) {
					t.Fatalf("%s: %v", r.Name, v)
				}
			}
		}
	})
}
