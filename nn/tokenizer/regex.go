package tokenizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Regular expressions of widely used tokenizers, which are known to take time
// linear in the text.
const (
	gpt2Pattern   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	llama3Pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwenPattern   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// matchTimeout bounds any other expression, which may take exponential time.
const matchTimeout = 10 * time.Second

// pattern is what a step looks for: a fixed text or a regular expression.
type pattern struct {
	text  string
	regex *regexp2.Regexp // nil for a fixed text
}

// patternJSON is a pattern in the file.
type patternJSON struct {
	String *string
	Regex  *string
}

func (p patternJSON) compile() (pattern, error) {
	switch {
	case (p.String == nil) == (p.Regex == nil):
		return pattern{}, errors.New("the pattern must be either a String or a Regex")
	case p.String != nil && *p.String == "":
		return pattern{}, errors.New("the pattern is empty")
	case p.String != nil:
		return pattern{text: *p.String}, bounded("the pattern", *p.String)
	}
	// 64 KiB is beyond any pattern in use but those of word tokenizers, which
	// are not compiled.
	if len(*p.Regex) > 1<<16 {
		return pattern{}, fmt.Errorf("the regular expression has %d bytes; at most %d are supported", len(*p.Regex), 1<<16)
	}
	re, err := compileRegex(*p.Regex)
	return pattern{regex: re}, err
}

// compileRegex reads an expression of Oniguruma's Ruby syntax, which tokenizer
// files use: lines have their own ^ and $, and \w is wider than elsewhere.
func compileRegex(source string) (*regexp2.Regexp, error) {
	s, err := translate(source)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", source, err)
	}
	re, err := regexp2.Compile(s, regexp2.Multiline)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", source, err)
	}
	if !slices.Contains([]string{gpt2Pattern, llama3Pattern, qwenPattern}, source) {
		re.MatchTimeout = matchTimeout
	}
	return re, nil
}

// translate rewrites what the two dialects read differently, and refuses what
// it cannot rewrite.
func translate(s string) (string, error) {
	const word = `\p{L}\p{Nl}\p{Other_Alphabetic}\p{M}\p{Nd}\p{Pc}`
	var b strings.Builder
	class := false // between [ and ]
	for i := 0; i < len(s); i++ {
		two := s[i:min(i+2, len(s))]
		switch {
		case two == `\w` && class:
			b.WriteString(word)
			i++
		case two == `\w` || two == `\W` && !class:
			b.WriteString(map[string]string{`\w`: "[", `\W`: "[^"}[two] + word + "]")
			i++
		case two == `\h` && !class:
			b.WriteString("[0-9A-Fa-f]")
			i++
		case two == `\W` || two == `\h` || two == `\H` || two == `\G` || two == `\K` || two == `\O` || two == `\N` ||
			two == `\Q` || two == `\k` || two == `\g` || !class && (two == `\b` || two == `\B` || two == `\X` || two == `\R` || two == `\y` || two == `\Y`):
			return "", fmt.Errorf("%s at this place is not supported", two)
		case s[i] == '\\':
			b.WriteString(two)
			i++
		case !class && s[i] == '[':
			class = true
			b.WriteByte('[')
			for _, first := range []string{"^", "]"} { // a ] that comes first is itself
				if strings.HasPrefix(s[i+1:], first) {
					b.WriteString(map[string]string{"^": "^", "]": `\]`}[first])
					i++
				}
			}
		case class && (s[i] == '[' || two == "&&" || two == "-["):
			return "", errors.New("classes within classes are not supported")
		case class && s[i] == ']':
			class = false
			b.WriteByte(']')
		case !class && strings.HasPrefix(s[i:], "(?") && !strings.ContainsAny(s[i+2:min(i+3, len(s))], ":=!<>i"):
			return "", fmt.Errorf("the group %q is not supported", s[i:min(i+4, len(s))])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// spans lists the matches in a valid text, in bytes, from left to right.
func (p pattern) spans(s string) ([][]int, error) {
	if p.regex != nil {
		list, err := p.regex.FindAllStringIndex(s, -1)
		if err != nil {
			return nil, fmt.Errorf("matching %q: %w", p.regex.String(), err)
		}
		return list, nil
	}
	var list [][]int
	for at := 0; ; {
		i := strings.Index(s[at:], p.text)
		if i < 0 {
			return list, nil
		}
		list = append(list, []int{at + i, at + i + len(p.text)})
		at += i + len(p.text)
	}
}
