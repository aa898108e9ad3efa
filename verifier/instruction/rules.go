package instruction

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rules are instructions by name. Zero values demand nothing.
type Rules struct {
	Words         *Count           `yaml:"words" json:"words" doc:"Number of words: runs of letters and digits."`
	Sentences     *Count           `yaml:"sentences" json:"sentences" doc:"Number of sentences; abbreviations and initials end none."`
	Paragraphs    *Paragraphs      `yaml:"paragraphs" json:"paragraphs" doc:"Number of paragraphs."`
	Bullets       *Count           `yaml:"bullets" json:"bullets" doc:"Number of lines that begin with - or *."`
	Sections      *Sections        `yaml:"sections" json:"sections" doc:"Number of sections, marked as Section 1."`
	Highlights    *Count           `yaml:"highlights" json:"highlights" doc:"Number of parts that stand between asterisks, one or two."`
	Placeholders  *Count           `yaml:"placeholders" json:"placeholders" doc:"Number of [placeholders]."`
	CapitalWords  *Count           `yaml:"capital_words" json:"capital_words" doc:"Number of words in capitals."`
	Include       []string         `yaml:"include" json:"include" doc:"What must be there, case aside, also as a part of words."`
	Exclude       []string         `yaml:"exclude" json:"exclude" doc:"Words that may not be there, case aside."`
	Frequency     map[string]Count `yaml:"frequency" json:"frequency" doc:"How often something is there, case aside, also as a part of words."`
	Letters       map[string]Count `yaml:"letters" json:"letters" doc:"How often a letter, or any other character, is there, case aside."`
	Start         string           `yaml:"start" json:"start" doc:"What the text begins with."`
	End           string           `yaml:"end" json:"end" doc:"What the text ends with, case and closing quotes aside."`
	OneOf         []string         `yaml:"one_of" json:"one_of" doc:"Phrases of which one must be there."`
	Postscript    string           `yaml:"postscript" json:"postscript" doc:"Mark of a postscript, such as P.S."`
	Case          string           `yaml:"case" json:"case" enum:"upper|lower" doc:"Case of all letters."`
	Language      string           `yaml:"language" json:"language" doc:"Language by its code, such as hi; told by the script alone, so that of several languages in one script only the wrong script is seen, and the verifier abstains otherwise."`
	JSON          bool             `yaml:"json" json:"json" default:"false" doc:"Whether all of the text, a fence aside, must be JSON."`
	Title         bool             `yaml:"title" json:"title" default:"false" doc:"Whether there must be a <<title>>."`
	NoCommas      bool             `yaml:"no_commas" json:"no_commas" default:"false" doc:"Whether commas are forbidden."`
	Quoted        bool             `yaml:"quoted" json:"quoted" default:"false" doc:"Whether the text must stand in double quotes."`
	TwoResponses  bool             `yaml:"two_responses" json:"two_responses" default:"false" doc:"Whether there must be two different answers with ****** between."`
	RepeatsPrompt bool             `yaml:"repeats_prompt" json:"repeats_prompt" default:"false" doc:"Whether the text must begin with the prompt, case aside."`
}

// Paragraphs bounds the number of paragraphs.
type Paragraphs struct {
	Divider string `yaml:"divider" json:"divider" doc:"What stands between paragraphs, such as ***; if not given, a blank line."`
	Count
}

// Sections bounds the number of sections.
type Sections struct {
	Mark string `yaml:"mark" json:"mark" default:"Section" doc:"Word before the number of a section."`
	Count
}

// Validate checks what tags cannot.
func (r Rules) Validate() error {
	named := map[string]*Count{"words": r.Words, "sentences": r.Sentences, "bullets": r.Bullets, "highlights": r.Highlights,
		"placeholders": r.Placeholders, "capital_words": r.CapitalWords}
	if r.Paragraphs != nil {
		named["paragraphs"] = &r.Paragraphs.Count
	}
	if r.Sections != nil {
		named["sections"] = &r.Sections.Count
	}
	for word, c := range r.Frequency {
		if strings.TrimSpace(word) == "" {
			return fmt.Errorf("frequency has an empty word")
		}
		named["frequency of "+word] = &c
	}
	for letter, c := range r.Letters {
		if utf8.RuneCountInString(letter) != 1 {
			return fmt.Errorf("letters: %q is not one character", letter)
		}
		named["letter "+letter] = &c
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if c := named[name]; c != nil {
			if err := c.check(); err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
		}
	}
	for name, list := range map[string][]string{"include": r.Include, "exclude": r.Exclude, "one_of": r.OneOf} {
		if slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" }) {
			return fmt.Errorf("%s has an empty item", name)
		}
	}
	if r.Case != "" && r.Case != "upper" && r.Case != "lower" {
		return fmt.Errorf("case is %q, not upper or lower", r.Case)
	}
	if _, ok := languages[r.Language]; r.Language != "" && !ok {
		return fmt.Errorf("language %q is not known; there are %s", r.Language, strings.Join(slices.Sorted(maps.Keys(languages)), ", "))
	}
	return nil
}

// List gives the rules one by one, in a fixed order; prompt is what
// repeats_prompt wants to see again.
func (r Rules) List(prompt string) []Rule {
	var all []Rule
	count := func(name string, c *Count, n func(string) int) {
		if c != nil {
			all = append(all, counted(name, *c, n))
		}
	}
	count("words", r.Words, Words)
	count("sentences", r.Sentences, Sentences)
	if p := r.Paragraphs; p != nil {
		all = append(all, paragraphs(*p))
	}
	count("bullets", r.Bullets, bullets)
	if s := r.Sections; s != nil {
		all = append(all, sections(*s))
	}
	count("highlights", r.Highlights, highlights)
	count("placeholders", r.Placeholders, placeholders)
	count("capital_words", r.CapitalWords, capitalWords)
	for _, word := range r.Include {
		all = append(all, include(word))
	}
	for _, word := range r.Exclude {
		all = append(all, exclude(word))
	}
	for _, word := range slices.Sorted(maps.Keys(r.Frequency)) {
		all = append(all, frequency(word, r.Frequency[word]))
	}
	for _, letter := range slices.Sorted(maps.Keys(r.Letters)) {
		all = append(all, letters(letter, r.Letters[letter]))
	}
	for _, o := range []struct {
		demanded bool
		rule     func() Rule
	}{
		{r.Start != "", func() Rule { return start(r.Start) }},
		{r.End != "", func() Rule { return end(r.End) }},
		{len(r.OneOf) > 0, func() Rule { return oneOf(r.OneOf) }},
		{r.Postscript != "", func() Rule { return postscript(r.Postscript) }},
		{r.Case != "", func() Rule { return inCase(r.Case == "upper") }},
		{r.Language != "", func() Rule { return inLanguage(r.Language) }},
		{r.JSON, isJSON},
		{r.Title, hasTitle},
		{r.NoCommas, noCommas},
		{r.Quoted, isQuoted},
		{r.TwoResponses, twoResponses},
		{r.RepeatsPrompt, func() Rule { return repeats(prompt) }},
	} {
		if o.demanded {
			all = append(all, o.rule())
		}
	}
	return all
}

// Read reads the instructions of a row: an object as Rules, or
// {instruction_id_list, kwargs} as IFEval has them.
func Read(raw json.RawMessage, prompt string) ([]Rule, error) {
	var public struct {
		IDs  []string          `json:"instruction_id_list"`
		Args []json.RawMessage `json:"kwargs"`
	}
	if err := json.Unmarshal(raw, &public); err != nil {
		return nil, fmt.Errorf("reading instructions: %w", err)
	}
	if public.IDs != nil {
		return ifeval(public.IDs, public.Args)
	}
	var r Rules
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	err := dec.Decode(&r)
	if r.Sections != nil && r.Sections.Mark == "" {
		r.Sections.Mark = "Section"
	}
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("reading instructions: %w", err)
	}
	return r.List(prompt), nil
}
