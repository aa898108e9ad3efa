package verifier

import (
	"cmp"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"sync"

	"pawl/verifier/internal/mathexpr"
)

// Extract is embedded by verifiers that read final answers.
type Extract struct {
	From    string `yaml:"extract" enum:"auto|hashes|boxed|phrase|number|line|text|choice|json|regex" default:"auto" doc:"Where the final answer stands: after ####, in \\boxed{}, after 'answer is', the last number, the last line, the whole text; the letter that is chosen; in JSON, at 'path'; where 'pattern' matches last. auto tries the first four in this order, then the last line."`
	Path    string `yaml:"path,omitzero" doc:"For json: a JSONPath, such as $.answer, that finds one value in the JSON of the text: a fenced block, all of it, or the last object within."`
	Pattern string `yaml:"pattern,omitzero" doc:"For regex: a regular expression (RE2); its last match counts, of that the first group where it has one."`
}

// Validate checks that path and pattern are given where they are used, and can
// be read.
func (e Extract) Validate() error {
	for _, k := range []struct{ from, key, value string }{{"json", "path", e.Path}, {"regex", "pattern", e.Pattern}} {
		if e.From == k.from && k.value == "" {
			return fmt.Errorf("extract: %s wants %s, which is missing", k.from, k.key)
		}
		if e.From != k.from && k.value != "" {
			return fmt.Errorf("%s is only used with extract: %s; here extract is %s", k.key, k.from, cmp.Or(e.From, "auto"))
		}
	}
	switch e.From {
	case "json":
		if _, err := compiledPath(e.Path); err != nil {
			return fmt.Errorf("path %q is not a JSONPath: %w", e.Path, err)
		}
	case "regex":
		if _, err := compiledPattern(e.Pattern); err != nil {
			return fmt.Errorf("pattern: %w", err)
		}
	}
	return nil
}

// Answer reads the final answer of a completion and brings it to a canonical
// form, so that two answers are equal when their strings are. The empty string
// means that there is none.
func (e Extract) Answer(text string) string {
	return Canonical(e.written(text))
}

// read is the final answer as it is written, "" for none.
func (e Extract) read(text string) string {
	switch e.From {
	case "hashes":
		return afterHashes(text)
	case "boxed":
		return boxed(text)
	case "phrase":
		return phrase(text)
	case "number":
		return lastNumber(text)
	case "line":
		return lastLine(text)
	case "choice":
		return chosen(text, letters)
	case "json":
		return atPath(text, e.Path)
	case "regex":
		return lastMatch(text, e.Pattern)
	}
	return text
}

// patterns are the regular expressions of recipes, compiled once. There are as
// many as recipes have, so that nothing ever leaves.
var patterns sync.Map

func compiledPattern(p string) (*regexp.Regexp, error) {
	if re, ok := patterns.Load(p); ok {
		return re.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(p)
	if err == nil {
		patterns.Store(p, re)
	}
	return re, err
}

func lastMatch(text, pattern string) string {
	re, err := compiledPattern(pattern)
	if err != nil {
		return "" // Validate has told
	}
	all := re.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	if len(last) > 1 {
		return last[1]
	}
	return last[0]
}

func afterHashes(text string) string {
	i := strings.LastIndex(text, "####")
	if i < 0 {
		return ""
	}
	line, _, _ := strings.Cut(text[i+len("####"):], "\n")
	return line
}

// boxed is the content of the last \boxed{...}, braces balanced.
func boxed(text string) string {
	const open = `\boxed{`
	i := strings.LastIndex(text, open)
	if i < 0 {
		return ""
	}
	rest := text[i+len(open):]
	depth := 1
	for j, c := range rest {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return rest[:j]
			}
		}
	}
	return "" // cut off before it closed
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

var (
	// amount is a number with its unit: $18, 18 dollars, 25%, 3 ducks.
	amount   = regexp.MustCompile(`^[$€£¥]?\s*(-?)\s*[$€£¥]?\s*((?:\d{1,3}(?:,\d{3})+|[1-9]\d{0,2}(?:[ \x{a0}\x{2009}\x{202f}]\d{3})+|\d+)?(?:\.\d+)?)\s*(?:%|°)?\s*([\p{L}]+(?:\s+[\p{L}]+){0,3})?$`)
	fraction = regexp.MustCompile(`^(-?)(?:\\[dt]?frac\{(\d+)\}\{(\d+)\}|(\d+)\s*/\s*(\d+))$`)
	spaces   = regexp.MustCompile(`\s+`)

	// separators stand between thousands.
	separators = strings.NewReplacer(",", "", " ", "", "\u00a0", "", "\u2009", "", "\u202f", "")
)

// marks removes what LaTeX and Markdown put around numbers. It is safe for
// concurrent use, and dear to make.
var marks = strings.NewReplacer(`\$`, "", `\%`, "%", `\!`, "", `\,`, "", `{,}`, ",", `\(`, "", `\)`, "", "−", "-", "**", "")

// longest bounds the numbers that are compared as numbers.
const longest = 200

// Canonical brings an answer to a form in which equal answers are equal
// strings: numbers lose commas, units, currency and trailing zeros, fractions
// are reduced, other text loses case, spacing and closing punctuation.
func Canonical(answer string) string {
	a := strings.TrimSpace(answer)
	if t := strings.TrimRight(a, " .,;!"); len(t) > 4 && strings.HasPrefix(t, "**") && strings.HasSuffix(t, "**") {
		a = strings.TrimSpace(t[2 : len(t)-2])
	}
	a = strings.TrimSuffix(strings.TrimPrefix(a, "$"), "$") // LaTeX's, or a currency; both go
	a = marks.Replace(a)
	a = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(a), ".!;,"))
	if strings.HasPrefix(a, `\text{`) && strings.HasSuffix(a, "}") {
		a = a[len(`\text{`) : len(a)-1]
	}
	if len(a) <= longest {
		if m := fraction.FindStringSubmatch(a); m != nil {
			if r, ok := new(big.Rat).SetString(m[1] + m[2] + m[4] + "/" + m[3] + m[5]); ok {
				return r.RatString()
			}
		}
		if m := amount.FindStringSubmatch(a); m != nil && m[2] != "" && !mathexpr.ChangesNumber(m[3]) {
			if r, ok := new(big.Rat).SetString(m[1] + separators.Replace(m[2])); ok {
				return r.RatString()
			}
		}
	}
	a = strings.ToLower(spaces.ReplaceAllString(a, " "))
	if len(a) == 3 && a[0] == '(' && a[2] == ')' { // (B) is the choice B
		a = a[1:2]
	}
	return a
}
