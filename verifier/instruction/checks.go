package instruction

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// blankLines part paragraphs, unless another divider is named.
var blankLines = regexp.MustCompile(`\n[ \t\r]*\n`)

// paragraphs counts those that are not blank. Between two dividers there may
// not be a blank one.
func paragraphs(p Paragraphs) Rule {
	if p.Divider == "" {
		return counted("paragraphs", p.Count, func(text string) int {
			n := 0
			for _, part := range blankLines.Split(text, -1) {
				if strings.TrimSpace(part) != "" {
					n++
				}
			}
			return n
		})
	}
	return Rule{"paragraphs", func(text string) (Verdict, string) {
		n, ok, parts := 0, true, strings.Split(text, p.Divider)
		for i, part := range parts {
			if strings.TrimSpace(part) != "" {
				n++
			} else if i > 0 && i < len(parts)-1 {
				ok = false
			}
		}
		in, want := p.holds(n)
		if !ok {
			return Broken, "has an empty paragraph"
		}
		return verdict(in), fmt.Sprintf("has %d, not %s", n, want)
	}}
}

var (
	stars  = regexp.MustCompile(`(?m)^\s*\*[^*].*$`)
	dashes = regexp.MustCompile(`(?m)^\s*-.*$`)
)

func bullets(text string) int {
	return len(stars.FindAllStringIndex(text, -1)) + len(dashes.FindAllStringIndex(text, -1))
}

func sections(s Sections) Rule {
	mark := regexp.MustCompile(`\s?` + regexp.QuoteMeta(strings.TrimSpace(s.Mark)) + `\s?\d+\s?`)
	return counted("sections", s.Count, func(text string) int { return len(mark.FindAllStringIndex(text, -1)) })
}

var (
	single = regexp.MustCompile(`\*[^\n*]*\*`)
	double = regexp.MustCompile(`\*\*[^\n*]*\*\*`)
)

// highlights counts parts between single asterisks and parts between double
// ones; of the latter, the first pattern sees two empty parts, which do not count.
func highlights(text string) int {
	n := 0
	for _, h := range append(single.FindAllString(text, -1), double.FindAllString(text, -1)...) {
		if strings.TrimSpace(strings.Trim(h, "*")) != "" {
			n++
		}
	}
	return n
}

var brackets = regexp.MustCompile(`\[.*?\]`)

func placeholders(text string) int { return len(brackets.FindAllStringIndex(text, -1)) }

func include(word string) Rule {
	return plain("include", fmt.Sprintf("has no %q", word), func(text string) bool { return occurrences(text, word) > 0 })
}

func exclude(word string) Rule {
	return plain("exclude", fmt.Sprintf("has %q", word), func(text string) bool { return !hasWord(text, word) })
}

func frequency(word string, c Count) Rule {
	return counted(fmt.Sprintf("frequency of %q", word), c, func(text string) int { return occurrences(text, strings.TrimSpace(word)) })
}

func letters(letter string, c Count) Rule {
	return counted(fmt.Sprintf("letter %q", letter), c, func(text string) int { return occurrences(text, letter) })
}

// occurrences counts where part stands in text, case aside, none within another.
func occurrences(text, part string) int {
	if part == "" {
		return 0
	}
	return strings.Count(strings.ToLower(text), strings.ToLower(part))
}

// hasWord tells whether word stands in text, case aside, as a word of its own.
func hasWord(text, word string) bool {
	text, word = strings.ToLower(text), strings.ToLower(word)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 || word == "" {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		from = i + n
	}
}

func start(s string) Rule {
	return plain("start", fmt.Sprintf("does not begin with %q", s), func(text string) bool {
		return strings.HasPrefix(strings.TrimSpace(text), strings.TrimSpace(s))
	})
}

func end(s string) Rule {
	return plain("end", fmt.Sprintf("does not end with %q", s), func(text string) bool {
		text = strings.Trim(strings.TrimSpace(text), `"`)
		return strings.HasSuffix(strings.ToLower(text), strings.ToLower(strings.TrimSpace(s)))
	})
}

func oneOf(phrases []string) Rule {
	return plain("one_of", fmt.Sprintf("has none of %q", phrases), func(text string) bool {
		for _, p := range phrases {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	})
}

func postscript(mark string) Rule {
	mark = strings.TrimSpace(mark)
	pattern := regexp.QuoteMeta(strings.ToLower(mark))
	switch mark { // spaces between are allowed
	case "P.P.S", "P.P.S.":
		pattern = `p\.\s?p\.\s?s`
	case "P.S.":
		pattern = `p\.\s?s\.`
	}
	re := regexp.MustCompile(pattern)
	return plain("postscript", fmt.Sprintf("has no postscript %q", mark), func(text string) bool { return re.MatchString(strings.ToLower(text)) })
}

// inCase wants letters with case, all of them in one.
func inCase(upper bool) Rule {
	name := map[bool]string{true: "upper", false: "lower"}[upper]
	return Rule{"case", func(text string) (Verdict, string) {
		some := false
		for _, r := range text {
			big, small := unicode.IsUpper(r) || unicode.IsTitle(r), unicode.IsLower(r)
			if upper && (small || unicode.IsTitle(r)) || !upper && big {
				return Broken, fmt.Sprintf("has %q, not %s case", r, name)
			}
			some = some || big || small
		}
		return verdict(some), "has no letters"
	}}
}

func isJSON() Rule {
	return plain("json", "is not JSON", func(text string) bool {
		text = strings.TrimSpace(text)
		for _, fence := range []string{"```json", "```Json", "```JSON", "```"} {
			if rest, ok := strings.CutPrefix(text, fence); ok {
				text = rest
				break
			}
		}
		return json.Valid([]byte(strings.TrimSpace(strings.TrimSuffix(text, "```"))))
	})
}

var titles = regexp.MustCompile(`<<[^\n]+>>`)

func hasTitle() Rule {
	return plain("title", "has no <<title>>", func(text string) bool {
		for _, t := range titles.FindAllString(text, -1) {
			if strings.TrimSpace(strings.TrimRight(strings.TrimLeft(t, "<"), ">")) != "" {
				return true
			}
		}
		return false
	})
}

func noCommas() Rule {
	return plain("no_commas", "has a comma", func(text string) bool { return !strings.Contains(text, ",") })
}

func isQuoted() Rule {
	return plain("quoted", "does not stand in double quotes", func(text string) bool {
		text = strings.TrimSpace(text)
		return len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"'
	})
}

func twoResponses() Rule {
	return plain("two_responses", "are not two different answers with ****** between", func(text string) bool {
		var given []string
		parts := strings.Split(text, "******")
		for i, p := range parts {
			p = strings.TrimSpace(p)
			if p != "" {
				given = append(given, p)
			} else if i > 0 && i < len(parts)-1 {
				return false
			}
		}
		return len(given) == 2 && given[0] != given[1]
	})
}

func repeats(prompt string) Rule {
	return plain("repeats_prompt", "does not begin with the prompt", func(text string) bool {
		return strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), strings.ToLower(strings.TrimSpace(prompt)))
	})
}

// firstWord wants so many paragraphs, and paragraph n to begin with a word.
func firstWord(total, n int, word string) Rule {
	return Rule{"first word", func(text string) (Verdict, string) {
		parts := strings.Split(text, "\n\n")
		full := 0
		for _, p := range parts {
			if strings.TrimSpace(p) != "" {
				full++
			}
		}
		if full != total || n > full {
			return Broken, fmt.Sprintf("has %d paragraphs, not exactly %d", full, total)
		}
		fields := strings.Fields(parts[n-1])
		if len(fields) == 0 {
			return Broken, fmt.Sprintf("has a blank paragraph %d", n)
		}
		first := strings.TrimLeft(strings.TrimLeft(fields[0], "'"), `"`)
		if i := strings.IndexAny(first, `.,?!'"`); i >= 0 {
			first = first[:i]
		}
		return verdict(strings.EqualFold(first, word)), fmt.Sprintf("begins paragraph %d with %q, not %q", n, first, word)
	}}
}
