package instruction

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// args are the arguments of an IFEval instruction; those of others are null or
// absent.
type args struct {
	Relation         string   `json:"relation"`
	NumWords         *float64 `json:"num_words"`
	NumSentences     *float64 `json:"num_sentences"`
	NumParagraphs    *float64 `json:"num_paragraphs"`
	NthParagraph     *float64 `json:"nth_paragraph"`
	FirstWord        string   `json:"first_word"`
	NumPlaceholders  *float64 `json:"num_placeholders"`
	NumBullets       *float64 `json:"num_bullets"`
	NumHighlights    *float64 `json:"num_highlights"`
	NumSections      *float64 `json:"num_sections"`
	SectionSpliter   string   `json:"section_spliter"`
	PostscriptMarker string   `json:"postscript_marker"`
	Keywords         []string `json:"keywords"`
	Keyword          string   `json:"keyword"`
	Frequency        *float64 `json:"frequency"`
	ForbiddenWords   []string `json:"forbidden_words"`
	Letter           string   `json:"letter"`
	LetFrequency     *float64 `json:"let_frequency"`
	LetRelation      string   `json:"let_relation"`
	CapitalFrequency *float64 `json:"capital_frequency"`
	CapitalRelation  string   `json:"capital_relation"`
	Language         string   `json:"language"`
	EndPhrase        string   `json:"end_phrase"`
	PromptToRepeat   string   `json:"prompt_to_repeat"`
}

// missing is an argument that an instruction wants and does not have.
type missing string

func (m missing) Error() string { return "wants " + string(m) }

// within reads a number with its relation.
func within(name string, n *float64, relation string) (Count, error) {
	limit, err := whole(name, n)
	if err != nil {
		return Count{}, err
	}
	switch relation {
	case "at least":
		return Count{AtLeast: &limit}, nil
	case "at most":
		return Count{AtMost: &limit}, nil
	case "exactly":
		return Count{Exactly: &limit}, nil
	case "less than":
		if limit--; limit < 0 {
			return Count{}, fmt.Errorf("wants %s above 0 for less than", name)
		}
		return Count{AtMost: &limit}, nil
	case "":
		return Count{}, missing("a relation")
	}
	return Count{}, fmt.Errorf("has the relation %q, which is none of at least, less than, at most, exactly", relation)
}

func whole(name string, n *float64) (int, error) {
	if n == nil {
		return 0, missing(name)
	}
	if *n < 0 || *n > 1e9 || *n != float64(int(*n)) {
		return 0, fmt.Errorf("has %s %v, which is no whole number", name, *n)
	}
	return int(*n), nil
}

func atLeast(name string, n *float64) (Count, error) { return within(name, n, "at least") }

func exactly(name string, n *float64) (Count, error) { return within(name, n, "exactly") }

// of makes rules of a count that may be missing.
func of(make func(Count) Rule) func(Count, error) ([]Rule, error) {
	return func(c Count, err error) ([]Rule, error) {
		if err != nil {
			return nil, err
		}
		return []Rule{make(c)}, nil
	}
}

func each(name string, words []string, rule func(string) Rule) ([]Rule, error) {
	if len(words) == 0 {
		return nil, missing(name)
	}
	var all []Rule
	for _, w := range words {
		if w == "" {
			return nil, fmt.Errorf("has an empty word in %s", name)
		}
		all = append(all, rule(w))
	}
	return all, nil
}

func given(name, s string, rule func(string) Rule) ([]Rule, error) {
	if strings.TrimSpace(s) == "" {
		return nil, missing(name)
	}
	return []Rule{rule(s)}, nil
}

// public are IFEval's instructions. All rules that one gives must be kept.
var public = map[string]func(a args) ([]Rule, error){
	"keywords:existence":       func(a args) ([]Rule, error) { return each("keywords", a.Keywords, include) },
	"keywords:forbidden_words": func(a args) ([]Rule, error) { return each("forbidden_words", a.ForbiddenWords, exclude) },
	"keywords:frequency": func(a args) ([]Rule, error) {
		if strings.TrimSpace(a.Keyword) == "" {
			return nil, missing("keyword")
		}
		return of(func(c Count) Rule { return frequency(a.Keyword, c) })(within("frequency", a.Frequency, a.Relation))
	},
	"keywords:letter_frequency": func(a args) ([]Rule, error) {
		if utf8.RuneCountInString(a.Letter) != 1 {
			return nil, missing("letter, one character")
		}
		return of(func(c Count) Rule { return letters(a.Letter, c) })(within("let_frequency", a.LetFrequency, a.LetRelation))
	},
	"language:response_language": func(a args) ([]Rule, error) {
		if _, ok := languages[a.Language]; !ok {
			return nil, fmt.Errorf("has language %q, which is not known", a.Language)
		}
		return []Rule{inLanguage(a.Language)}, nil
	},
	"length_constraints:number_words": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("words", c, Words) })(within("num_words", a.NumWords, a.Relation))
	},
	"length_constraints:number_sentences": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("sentences", c, Sentences) })(within("num_sentences", a.NumSentences, a.Relation))
	},
	"length_constraints:number_paragraphs": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return paragraphs(Paragraphs{"***", c}) })(exactly("num_paragraphs", a.NumParagraphs))
	},
	"length_constraints:nth_paragraph_first_word": func(a args) ([]Rule, error) {
		total, err := whole("num_paragraphs", a.NumParagraphs)
		if err != nil {
			return nil, err
		}
		n, err := whole("nth_paragraph", a.NthParagraph)
		if err != nil {
			return nil, err
		}
		if n < 1 {
			return nil, fmt.Errorf("has nth_paragraph %d; they are counted from 1", n)
		}
		return given("first_word", a.FirstWord, func(w string) Rule { return firstWord(total, n, w) })
	},
	"detectable_content:number_placeholders": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("placeholders", c, placeholders) })(atLeast("num_placeholders", a.NumPlaceholders))
	},
	"detectable_content:postscript": func(a args) ([]Rule, error) { return given("postscript_marker", a.PostscriptMarker, postscript) },
	"detectable_format:number_bullet_lists": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("bullets", c, bullets) })(exactly("num_bullets", a.NumBullets))
	},
	"detectable_format:number_highlighted_sections": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("highlights", c, highlights) })(atLeast("num_highlights", a.NumHighlights))
	},
	"detectable_format:multiple_sections": func(a args) ([]Rule, error) {
		if strings.TrimSpace(a.SectionSpliter) == "" {
			return nil, missing("section_spliter")
		}
		return of(func(c Count) Rule { return sections(Sections{a.SectionSpliter, c}) })(atLeast("num_sections", a.NumSections))
	},
	"detectable_format:constrained_response": func(args) ([]Rule, error) {
		return []Rule{oneOf([]string{"My answer is yes.", "My answer is no.", "My answer is maybe."})}, nil
	},
	"detectable_format:json_format": func(args) ([]Rule, error) { return []Rule{isJSON()}, nil },
	"detectable_format:title":       func(args) ([]Rule, error) { return []Rule{hasTitle()}, nil },
	"combination:two_responses":     func(args) ([]Rule, error) { return []Rule{twoResponses()}, nil },
	"combination:repeat_prompt":     func(a args) ([]Rule, error) { return given("prompt_to_repeat", a.PromptToRepeat, repeats) },
	"startend:end_checker":          func(a args) ([]Rule, error) { return given("end_phrase", a.EndPhrase, end) },
	"startend:quotation":            func(args) ([]Rule, error) { return []Rule{isQuoted()}, nil },
	"punctuation:no_comma":          func(args) ([]Rule, error) { return []Rule{noCommas()}, nil },
	"change_case:capital_word_frequency": func(a args) ([]Rule, error) {
		return of(func(c Count) Rule { return counted("capital_words", c, capitalWords) })(within("capital_frequency", a.CapitalFrequency, a.CapitalRelation))
	},
	"change_case:english_capital":   func(args) ([]Rule, error) { return []Rule{inCase(true), latin()}, nil },
	"change_case:english_lowercase": func(args) ([]Rule, error) { return []Rule{inCase(false), latin()}, nil },
}

// latin is as much of "in English" as the script tells; detectors of languages
// are wrong about capitals more often than models are about English.
func latin() Rule {
	english := inLanguage("en")
	return Rule{"language", func(text string) (Verdict, string) {
		v, found := english.Check(text)
		return verdict(v != Broken), found
	}}
}

// ifeval makes one rule of each instruction of a row of IFEval.
func ifeval(ids []string, arguments []json.RawMessage) ([]Rule, error) {
	if len(ids) != len(arguments) {
		return nil, fmt.Errorf("reading instructions: %d names, but %d kwargs", len(ids), len(arguments))
	}
	var all []Rule
	for i, id := range ids {
		make, ok := public[id]
		if !ok {
			return nil, fmt.Errorf("reading instructions: %q is not known; there are %s", id, strings.Join(slices.Sorted(maps.Keys(public)), ", "))
		}
		var a args
		if err := json.Unmarshal(arguments[i], &a); err != nil {
			return nil, fmt.Errorf("reading the kwargs of %s: %w", id, err)
		}
		rules, err := make(a)
		if err != nil {
			return nil, fmt.Errorf("reading instructions: %s %w", id, err)
		}
		all = append(all, joined(id, rules))
	}
	return all, nil
}

// joined is one instruction of several rules, all of which must be kept by the
// same text.
func joined(name string, rules []Rule) Rule {
	return Rule{name, func(text string) (Verdict, string) {
		worst, found := Kept, ""
		for _, r := range rules {
			v, f := r.Check(text)
			if v == Broken {
				return v, f
			}
			if v == Unknown {
				worst, found = v, f
			}
		}
		return worst, found
	}}
}
