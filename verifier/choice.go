package verifier

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// letters are the labels of options where nothing tells which there are: no
// public set of questions has more than ten.
const letters = "ABCDEFGHIJ"

// chosen is the letter, of labels, that a completion chooses, "" where it
// chooses none or is not clear:
//
//   - the last announcement decides: \boxed{B}, #### B, "the answer is (B)",
//     "Answer: B", "I choose option B", "B is correct", "Therefore, B.". One of several letters
//     ("A or B") is none, and "the answer is not B" takes an earlier B back;
//   - without any, a last line that is nothing but a letter, or a text that
//     begins with one as a label ("B. Paris") and no other line does;
//   - without these, the one letter that all marked mentions share: (B), **B**,
//     option B.
//
// The words A and I, and lower-case letters, count only where they are marked,
// end a line, or are followed by a word such as "because".
func chosen(text, labels string) string {
	label, _ := choice(text, labels)
	return label
}

// choice is chosen, and what stands behind the letter on its line.
func choice(text, labels string) (label, said string) {
	text = strings.TrimSpace(text)
	if label, said, any := announced(text, labels); any {
		return label, said
	}
	if l := labelAt(lastLine(text), labels); l.ok && strings.Trim(l.rest, closers) == "" {
		return l.label, ""
	}
	if label, said := leadingLabel(text, labels); label != "" {
		return label, said
	}
	only := ""
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		l := strings.Join(m[1:], "")
		switch {
		case !strings.Contains(labels, l):
		case only != "" && only != l:
			return "", ""
		default:
			only = l
		}
	}
	return only, ""
}

var (
	// announcement ends where the letter may begin.
	announcement = regexp.MustCompile(`(?i)(?:\b(?:answer|option|choice|pick|correct one|respuesta|antwort|resposta|risposta)\b|\bréponse|ответ|答案)[^.:=\n]{0,60}?(?:\b(?:is|be|es|est|ist|lautet)\b|[:=：是])|` +
		`\b(?:choose|chose|pick|picked|select|selected|opt for|go with|going with)\b|\bans[:.]|` +
		`(?m:^\s*a:)|\\(?:boxed|fbox)\{|####|<answer>`)
	hedge = regexp.MustCompile(`(?i)\b(?:could|might|may|can|cannot)\b`)
	// conclusion is a sentence that ends with its letter: Therefore, B.
	conclusion = regexp.MustCompile(`(?mi)\b(?:therefore|thus|hence|so|it's|it is|i'd say|i would say)[,:]?\s+(?:option\s+|choice\s+)?(?:[*"]*\(([a-z])\)|[*"]*(?-i:([A-Z])))[*"]*(?:[.!]|\s*$)`)
	// verdict follows a letter: B is correct; (B) is the right answer.
	verdict  = regexp.MustCompile(`^[\s)\]}*"'.]*(?:is|was)\s+(not\s+|n't\s+|in)?(?:the\s+)?(?:only\s+|most\s+|clearly\s+)?(correct|right|best|answer|wrong|appropriate)\b`)
	standing = regexp.MustCompile(`(?:^|[\s(\[*"'])([A-Z])(?:[\s)\]*"'.])`)
	// mention is a letter that is marked as a label.
	mention = regexp.MustCompile(`[(\[]\s*([A-Z])\s*[)\]]|\*\*\(?([A-Z])[).:]?\*\*|(?m:^\s*([A-Z])[).]\s)|(?i:\b(?:option|choice)\s+)\(?([A-Z])\b`)
)

// announced finds the last announcement that decides anything; any tells that
// there was one.
func announced(text, labels string) (label, said string, any bool) {
	type event struct {
		at          int
		label, said string
		not, unsure bool
	}
	var events []event
	for _, m := range announcement.FindAllStringIndex(text, -1) {
		if hedge.MatchString(text[m[0]:m[1]]) {
			continue
		}
		rest := text[m[1]:]
		not := negation.FindString(near(rest))
		l := labelAt(rest[len(not):], labels)
		if l.ok {
			events = append(events, event{m[1], l.label, l.rest, not != "", several(l, labels)})
		}
	}
	for _, m := range conclusion.FindAllStringSubmatchIndex(text, -1) {
		at := max(m[2], m[4])
		if label := strings.ToUpper(text[at : at+1]); strings.Contains(labels, label) {
			events = append(events, event{at, label, "", false, false})
		}
	}
	for _, m := range standing.FindAllStringSubmatchIndex(text, -1) {
		v := verdict.FindStringSubmatch(near(text[m[3]:]))
		if label := text[m[2]:m[3]]; v != nil && strings.Contains(labels, label) {
			events = append(events, event{m[2], label, "", (v[1] != "") != (v[2] == "wrong"), false})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at - b.at })
	for _, e := range events {
		switch {
		case e.unsure:
			label, said, any = "", "", true
		case !e.not:
			label, said, any = e.label, e.said, true
		case e.label == label:
			label, said = "", ""
		}
	}
	said, _, _ = strings.Cut(said, "\n")
	return label, said, any
}

var (
	negation = regexp.MustCompile(`^\s*(?:definitely\s+|clearly\s+)?not\s+`)
	// joint follows a letter where another belongs to it.
	joint = regexp.MustCompile(`^[\s)\]}*"'.]*(?:,\s*(?:or|and)?|or|and|/|&)\s*`)
)

// several tells whether more letters are named beside l: A or B.
func several(l labelled, labels string) bool {
	m := joint.FindString(near(l.rest))
	if m == "" {
		return false
	}
	next := labelAt(l.rest[len(m):], labels)
	return next.ok && next.label != l.label
}

// labelled is a letter at the beginning of a text.
type labelled struct {
	ok    bool
	label string
	rest  string // behind the letter
}

var (
	// before a letter stand markup, and words that say that it is one.
	before = regexp.MustCompile("^(?:[\\s*_\"'“‘`$:>–—-]+|(?i:option|choice|letter|answer|probably|definitely|clearly|therefore|indeed)\\b|\\\\(?:boxed|fbox|text|textbf|textit|mathrm|mathbf)\\s*\\{|<[a-z]+>|\\\\[(\\[]|\\{)*")
	// because goes on after a letter that stands alone.
	because = regexp.MustCompile(`^\s+(?:because|since|as|and|or|is|was|for|due|given|but|which|that|with|by|from|in|based|according|so)\b`)
)

// closers end a label.
const closers = ")]}*_.:,;!?\"'”’`$ \t\r\n"

// near is as much of a text as is looked at from one place, so that reading a
// text takes time in proportion to its length.
func near(text string) string { return text[:min(len(text), 200)] }

// labelAt reads a letter, of labels, at the beginning of s: markup goes, and
// what follows must show that the letter is no word and no part of one.
func labelAt(text, labels string) labelled {
	s := near(text)
	s = s[len(before.FindString(s)):]
	opened := s != "" && strings.ContainsRune("([", rune(s[0]))
	if opened {
		s = strings.TrimLeft(s[1:], " *")
	}
	if s == "" {
		return labelled{}
	}
	label, rest := strings.ToUpper(s[:1]), s[1:]
	if !strings.Contains(labels, label) {
		return labelled{}
	}
	l := labelled{true, label, text[len(near(text))-len(rest):]}
	word := s[0] >= 'a' || label == "A" || label == "I" // may be one
	after := strings.TrimLeft(rest, " \t")
	next, _ := utf8.DecodeRuneInString(after)
	switch {
	case opened:
		l.ok = strings.HasPrefix(after, ")") || strings.HasPrefix(after, "]")
	case after == "" || next == '\n' || next == '\r':
	case len(after) == len(rest): // the letter is followed at once
		l.ok = strings.ContainsRune(closers+`\([/&`, next) || strings.HasPrefix(after, "</")
		if strings.ContainsRune("'’_", next) { // I'm, A's, C_2; but _B_
			tail, _ := utf8.DecodeRuneInString(after[utf8.RuneLen(next):])
			l.ok = !unicode.IsLetter(tail) && !unicode.IsDigit(tail) && tail != '{'
		}
	case because.MatchString(rest):
	case word:
		l.ok = strings.ContainsRune(closers+"(–—", next) || strings.HasPrefix(after, "- ")
	default:
		l.ok = strings.ContainsRune(closers+`(\–—/&`, next) || strings.HasPrefix(after, "- ") || unicode.IsLetter(next) || unicode.IsDigit(next)
	}
	return l
}

var lineLabel = regexp.MustCompile(`(?m)^[\s*_]*[(\[]?([A-Z])(?:[)\]]|\.\s|\.$|:[*\s]|\*\*)[*\s]*(.*)$`)

// leadingLabel is the letter that a text begins with, where no other line
// begins with another. "A:" is no label, but short for answer.
func leadingLabel(text, labels string) (label, said string) {
	first, _, _ := strings.Cut(text, "\n")
	if l := labelAt(first, labels); l.ok && !several(l, labels) {
		rest := strings.TrimLeft(l.rest, ")]*\"' \t\r")
		if rest == "" || rest == "." || rest[0] == ',' || rest[0] == '-' || because.MatchString(l.rest) {
			label = l.label
		}
	}
	all := lineLabel.FindAllStringSubmatchIndex(text, -1)
	for i, m := range all {
		l := text[m[2]:m[3]]
		switch {
		case !strings.Contains(labels, l) || l == "A" && strings.HasPrefix(text[m[3]:], ":"):
			if i == 0 && label == "" {
				return "", ""
			}
		case label == "" && i == 0 && m[0] == 0 && !several(labelled{label: l, rest: text[m[3]:]}, labels):
			label, said = l, text[m[4]:m[5]]
		case l != label:
			return "", ""
		}
	}
	return label, said
}
