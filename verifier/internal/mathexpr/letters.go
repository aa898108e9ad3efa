package mathexpr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file tells what letters are: a word, a name, or a product of variables.
// In doubt it makes a word, which nothing can be equal to by chance.

// inText are commands whose argument is prose.
var inText = map[string]bool{"text": true, "textbf": true, "textrm": true, "textit": true, "textnormal": true, "textsf": true, "texttt": true, "mbox": true,
	"hbox": true, "emph": true, "mathrm": true, "operatorname": true, "mathsf": true}

// prose reads the argument of \text: words stay whole, and a single letter is
// a name.
func (c *scanner) prose(s string) {
	c.space = true
	if strings.ContainsAny(s, `\{`) {
		inner := scanner{s: s, commas: c.commas, depth: c.depth}
		for inner.i < len(inner.s) {
			inner.next()
		}
		c.out = append(c.out, inner.out...)
		return
	}
	trimmed := strings.TrimSpace(s)
	inner := scanner{s: s, commas: c.commas, depth: c.depth, space: true}
	for inner.i < len(inner.s) {
		j := inner.i + len(s[inner.i:]) - len(strings.TrimLeftFunc(s[inner.i:], unicode.IsLetter))
		if j == inner.i {
			inner.next()
			continue
		}
		word := s[inner.i:j]
		inner.i = j
		switch {
		case functions[word] != "" && !shortWords[word]:
			inner.emit(token{kind: tFn, text: functions[word], tex: true})
		case utf8.RuneCountInString(word) == 1 && strings.Trim(trimmed, "()[].:") == word && !(strings.Contains(unitLetters, word) && c.afterValue()):
			inner.emit(token{kind: tSym, text: word})
		case len(word) <= 4 && word == strings.ToUpper(word) && word == trimmed && len(c.out) == 0: // a figure, by its points
			for _, r := range word {
				inner.emit(token{kind: tSym, text: string(r)})
			}
		default:
			inner.emit(token{kind: tWord, text: word})
		}
	}
	c.out = append(c.out, inner.out...)
	c.space = strings.HasSuffix(s, " ")
}

// unitLetters are units of one letter.
const unitLetters = "mgshlLNJWV"

// afterValue tells whether what was read last ends a value.
func (c *scanner) afterValue() bool {
	if len(c.out) == 0 {
		return false
	}
	t := c.out[len(c.out)-1]
	return t.kind == tNum || t.kind == tSym || t.is(tOp, ")", "]", "}")
}

// letters reads a run of letters: a function, a Greek letter, a word, or a
// product of variables.
func (c *scanner) letters(run string) {
	if t, ok := named(run); ok {
		c.emit(t)
		return
	}
	if utf8.RuneCountInString(run) == 1 {
		c.emit(token{kind: tSym, text: run})
		return
	}
	if shortWords[run] {
		c.emit(token{kind: tWord, text: run})
		return
	}
	if parts := split(run); parts != nil {
		for _, t := range parts {
			c.emit(t)
		}
		return
	}
	c.emit(token{kind: tWord, text: run})
}

// named is the token of a run that is one name.
func named(run string) (token, bool) {
	switch run {
	case "pi":
		return token{kind: tSym, text: "pi"}, true
	case "infinity", "inf", "oo", "infty", "Infinity":
		return token{kind: tCmd, text: "infty"}, true
	case "min", "max": // minutes, in prose; the parser knows by what follows
		return token{kind: tFn, text: run}, true
	}
	if f := functions[run]; f != "" {
		return token{kind: tFn, text: f}, true
	}
	if greek[run] {
		return token{kind: tSym, text: run}, true
	}
	return token{}, false
}

// split takes a run apart into functions, pi and up to three variables in
// all, such as isin, xcos or mx; nil if it is a word.
func split(run string) []token {
	if utf8.RuneCountInString(run) <= 3 {
		var out []token
		for i, r := range run {
			if rest := run[i:]; len(rest) > 1 {
				if t, ok := named(rest); ok && i > 0 {
					return append(out, t)
				}
			}
			out = append(out, token{kind: tSym, text: string(r)})
		}
		if strings.HasPrefix(run, "pi") {
			return []token{{kind: tSym, text: "pi"}, {kind: tSym, text: run[2:]}}
		}
		return out
	}
	for i := range run {
		if i == 0 || i > 2 {
			continue
		}
		if t, ok := named(run[i:]); ok && (t.kind == tFn || t.text == "pi") {
			return append(split(run[:i]), t)
		}
	}
	return nil
}
