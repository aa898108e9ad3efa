package verifier

import (
	"regexp"
	"slices"
	"strings"
)

// This file finds answers in prose. What it must not do is to take a part of
// an answer for all of it: of "5 or 6" the 5, of 12:30 the 30, of x^2 the 2.

// phrases announce an answer: "the answer is 5", "Answer: 5", and "A: 5" at
// the start of a line.
var phrases = regexp.MustCompile(`(?i)(?:\banswer\s*(?:is\s*:?|:|=)|(?m:^\s*a:))[ \t]*([^\n]*)`)

func phrase(text string) string {
	all := phrases.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	said := all[len(all)-1][1]
	if i := strings.Index(said, ". "); i >= 0 { // the sentence ends there
		said = said[:i]
	}
	if i := strings.LastIndex(said, "= "); i >= 0 && !equations.MatchString(said) { // 5 + 3 = 8
		said = said[i+1:]
	}
	if m := leading.FindStringSubmatch(strings.TrimSpace(said)); m != nil && !goesOn.MatchString(m[2]) {
		return m[1]
	}
	return said
}

// equations are several: x = 5 and y = 6.
var equations = regexp.MustCompile(`=.*(?:[,;]|\band\b|\bor\b).*=`)

// goesOn matches what makes a number a part of an answer: another number beside
// it, what multiplies it, or a bound.
var goesOn = regexp.MustCompile(`(?i)^\s*(?:or|and|to|through|until|x|times|plus|minus|over|divided|by|mod|hundred|thousand|million|billion|trillion|dozen|half|halves|thirds|quarters|fifths|tenths|hundredths|thousandths|squared|cubed|more|less|fewer|below|but|not|if|unless)s?\b|` +
	`^\s*[,;:]\s*(?:and\b|or\b)?\s*[-+$]?\d|\b(?:or|and|to)\s+[-+$]?\d`)

// leading is a number that prose follows: 18 dollars a day, since ...
var leading = regexp.MustCompile(`^[$€£¥]?\s*(-?(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \x{a0}\x{2009}\x{202f}]\d{3})+|\d+)(?:\.\d+)?)((?:\s+\p{L}|[,;:]\s).*)$`)

// numbers matches integers and decimals, with or without commas or spaces
// between thousands, fractions, and times of day, which are no numbers, so that
// no part of one is taken for one.
var numbers = regexp.MustCompile(`-?\\[dt]?frac\{\d+\}\{\d+\}|\d{1,2}:\d{2}\b|-?(?:\d{1,3}(?:,\d{3})+|[1-9]\d{0,2}(?:[ \x{a0}\x{2009}\x{202f}]\d{3})+\b|\d+)(?:\.\d+)?(?:/\d+)?`)

// lastNumber is the last number of a text, "" where it is a part of an
// expression.
func lastNumber(text string) string {
	all := numbers.FindAllStringIndex(text, -1)
	if len(all) == 0 {
		return ""
	}
	at := all[len(all)-1]
	n := text[at[0]:at[1]]
	if partOf(text[:at[0]], text[at[1]:]) {
		return ""
	}
	if n[0] == '-' && at[0] > 0 && isWord(text[at[0]-1]) { // 7-5 holds a 5, not a -5
		n = n[1:]
	}
	return n
}

// framing are commands whose argument is no part of an expression.
var framing = []string{`\boxed{`, `\fbox{`, `\text{`, `\textbf{`, `\mathbf{`, `\mathrm{`}

// partOf tells whether a number between two texts belongs to an expression: an
// exponent, what a root is taken of, the coefficient of a variable.
func partOf(before, after string) bool {
	switch {
	case before == "":
	case strings.ContainsRune("^_√", rune(before[len(before)-1])) || strings.HasSuffix(before, "√"):
		return true
	case before[len(before)-1] == '{' && len(before) > 1 && !slices.ContainsFunc(framing, func(f string) bool { return strings.HasSuffix(before, f) }):
		c := before[len(before)-2]
		return c == '^' || c == '_' || c == '}' || c >= 'a' && c <= 'z'
	}
	return coefficient.MatchString(after)
}

// coefficient matches what follows a number that is one.
var coefficient = regexp.MustCompile(`^(?:\s*\\(?:sqrt|pi|frac|cdot|times)\b|[πi√^]|[a-cn-rt-z](?:[^\p{L}]|$))`)

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == ')'
}
