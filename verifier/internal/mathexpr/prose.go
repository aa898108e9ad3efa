package mathexpr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// dressing is what sets a text and says nothing.
var dressing = strings.NewReplacer(`\textbf`, "", `\textrm`, "", `\textit`, "", `\textnormal`, "", `\text`, "", `\mbox`, "", `\mathrm`, "",
	`\operatorname`, "", `\left`, "", `\right`, "", `\dfrac`, `\frac`, `\tfrac`, `\frac`, "$", " ", `\(`, " ", `\)`, " ", `\[`, " ", `\]`, " ", "**", "", `\ `, " ", "~", " ")

// plain is a text without what sets it, in lower case.
func plain(s string) string { return strings.ToLower(undressed(s)) }

// undressed is a text without what sets it. Texts that mean different things
// stay different: braces go only where there is no command, power or index,
// and a space between two letters or digits stays.
func undressed(s string) string {
	s = dressing.Replace(s)
	if !strings.ContainsAny(s, `\^_`) {
		s = strings.Map(func(r rune) rune {
			if r == '{' || r == '}' {
				return ' '
			}
			return r
		}, s)
	}
	inside := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\\' || r == '.' }
	var b strings.Builder
	last := rune(0)
	for _, field := range strings.Fields(s) {
		first, _ := utf8.DecodeRuneInString(field)
		if inside(last) && inside(first) || last == ',' && unicode.IsDigit(first) { // 1, 234 is not 1,234
			b.WriteByte(' ')
		}
		b.WriteString(field)
		last, _ = utf8.DecodeLastRuneInString(field)
	}
	s = b.String()
	if strings.HasSuffix(s, "..") {
		return s
	}
	return strings.TrimRight(s, ".,;")
}

// spaced takes off what sets words, and keeps their spaces.
var spaced = strings.NewReplacer(`\textbf`, "", `\text`, "", `\mbox`, "", `\mathrm`, "", "{", " ", "}", " ", "$", " ")

// isName tells whether a text is one word: a name, a choice, yes.
func isName(s string) bool {
	n := 0
	s = strings.TrimSpace(spaced.Replace(s))
	for _, r := range s {
		if !unicode.IsLetter(r) {
			return false
		}
		n++
	}
	return n > 2
}

// known tells whether one word is mathematics: pi, infinity, seven.
func known(s string) bool {
	_, number := spelt[s]
	_, ok := named(s)
	return number || ok
}

// names compares two words.
func (c *comparison) names(a, b string) Verdict {
	if known(a) || known(b) {
		ta, errA := c.trees(a)
		tb, errB := c.trees(b)
		if errA == nil && errB == nil {
			return c.readings(ta, tb, a, b)
		}
	}
	sa, sb := []rune(a), []rune(b)
	slices.Sort(sa)
	slices.Sort(sb)
	if slices.Equal(sa, sb) { // xyz and zyx, if they are products
		c.why = "the same letters stand in another order"
		return Unsure
	}
	return c.proses(a, b, nil, nil)
}

var (
	choice = regexp.MustCompile(`^\(?\s*([A-Ha-h])\s*[).:](?:\s+(\S.*))?$`)
	// furtherChoice begins what makes (A) one of several, or none.
	furtherChoice = regexp.MustCompile(`(?i)^(?:or|and|but|nor|not|is|are|isn't|if|unless|except|with|minus|plus|[+*/=<>^&,;|-])(?:\W|$)|\([A-H]\)|^[A-H][).]`)
	oneWord       = regexp.MustCompile(`^\(?([A-Za-z])\)?$`)
	clock         = regexp.MustCompile(`^([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?:\s*([ap])\.?\s*m\.?)?$`)
	// date is three numbers that may be a quotient or a difference.
	date = regexp.MustCompile(`^(?:\d{4}([-/])\d{1,2}([-/])\d{1,2}|\d{1,2}([-/])\d{1,2}([-/])(?:\d{4}|\d{2})|0\d([-/])\d{1,4}|\d{1,4}([-/])0\d)$`)
	// span is 3-5, from 3 to 5 or their difference.
	span = regexp.MustCompile(`^\$?\d+(?:\.\d+)?%?-\$?\d+(?:\.\d+)?%?$`)
)

// choices compares the letters of multiple choice; nil where that is not what
// they are.
func (c *comparison) choices(a, b string) *Verdict {
	a, b = strings.TrimSpace(spaced.Replace(a)), strings.TrimSpace(spaced.Replace(b))
	letter := func(s string) (letter, rest string, marked bool) {
		if m := choice.FindStringSubmatch(s); m != nil && !furtherChoice.MatchString(m[2]) {
			return m[1], m[2], true
		}
		if m := oneWord.FindStringSubmatch(s); m != nil {
			return m[1], "", len(s) > 1 && strings.Contains("abcdefgh", strings.ToLower(m[1]))
		}
		return "", "", false
	}
	la, ra, ma := letter(a)
	lb, rb, mb := letter(b)
	verdict := Unsure
	switch {
	case la != "" && lb != "" && (ma || mb) && strings.EqualFold(la, lb):
		verdict = Equal
		switch {
		case la != lb && (!ma && la > lb || !mb && lb > la): // a small letter that nothing marks, e say, may be a variable
			c.why = "a choice in the other case, or another variable"
			verdict = Unsure
		case ra != "" && rb != "" && c.texts(ra, rb) != Equal:
			c.why = "the same letter stands before another answer"
			verdict = Unsure
		}
	case la != "" && lb != "" && (ma || mb):
		verdict = Different
	case la != "" && lb != "" && la != lb && strings.EqualFold(la, lb):
		if !strings.ContainsAny(strings.ToLower(la), "abcdefgh") {
			verdict = Different // variables of either case
		}
		c.why = "a choice in the other case, or another variable"
	case ra != "" && lb == "":
		verdict = c.texts(ra, b)
	case rb != "" && la == "":
		verdict = c.texts(a, rb)
	default:
		return nil
	}
	return &verdict
}

// clocks compares times of day and dates; nil where there is none. A time is
// no ratio, however it looks: 12:30 is not 2:5.
func (c *comparison) clocks(a, b string) *Verdict {
	verdict := Unsure
	if date.MatchString(a) || date.MatchString(b) {
		c.why = "one looks like a date"
		return &verdict
	}
	ma, mb := clock.FindStringSubmatch(a), clock.FindStringSubmatch(b)
	if ma == nil && mb == nil {
		return nil
	}
	if ma == nil || mb == nil {
		c.why = "one looks like a time of day"
		return &verdict
	}
	seconds := func(m []string) int {
		h, _ := strconv.Atoi(m[1])
		min, _ := strconv.Atoi(m[2])
		s, _ := strconv.Atoi(m[3])
		if m[4] != "" && h == 12 {
			h = 0
		}
		if m[4] == "p" {
			h += 12
		}
		return h*3600 + min*60 + s
	}
	verdict = Different
	switch sa, sb := seconds(ma), seconds(mb); {
	case sa == sb:
		verdict = Equal
	case (ma[4] == "") != (mb[4] == "") && sa%43200 == sb%43200:
		verdict = Unsure // 8:30, before noon or after
	}
	return &verdict
}

// proses compares answers that are not both mathematics.
func (c *comparison) proses(a, b string, errA, errB error) Verdict {
	for _, s := range []*string{&a, &b} {
		if t := synonyms[strings.ReplaceAll(*s, " ", "")]; t != "" {
			*s = t
		}
	}
	if a == b {
		return Equal
	}
	if contrary[a] != "" && (contrary[a] == b || contrary[b] == a) {
		c.why = "one denies the other"
		return Different
	}
	words := func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
	}
	switch {
	case words(a) && words(b) && len(a) <= 24 && len(b) <= 24 && !strings.Contains(a, b) && !strings.Contains(b, a) && !sayNothing(a) && !sayNothing(b):
		c.why = "they are different words"
		return Different
	case errA != nil && errB != nil:
		c.why = "neither can be read as mathematics"
	case errA != nil:
		c.why = "one cannot be read as mathematics: " + errA.Error()
	case errB != nil:
		c.why = "one cannot be read as mathematics: " + errB.Error()
	}
	return Unsure
}

// contrary are words of which one denies the other.
var contrary = map[string]string{"yes": "no", "no": "yes", "true": "false", "false": "true"}

// sayNothing tells whether words deny or quantify, so that others may say the
// same.
func sayNothing(s string) bool {
	for _, w := range []string{"none", "nosol", "empty", "doesnot", "infinit", "undefined", "impossible", "true", "false", "yes", "no", "every", "all"} {
		if strings.Contains(strings.ReplaceAll(s, " ", ""), w) {
			return true
		}
	}
	return false
}
