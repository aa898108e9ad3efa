package tokenizer

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unicodeForm is f.String without its one departure from the standard: after 30
// marks in a row the library puts in a joiner, so that its buffers stay small.
func unicodeForm(f norm.Form, s string) string {
	if f.IsNormalString(s) && !longMarks(s) {
		return s
	}
	if !longMarks(s) {
		return f.String(s)
	}
	decompose, compose := norm.NFD, f == norm.NFC || f == norm.NFKC
	if f == norm.NFKC || f == norm.NFKD {
		decompose = norm.NFKD
	}
	var out []rune
	for _, r := range s {
		out = append(out, []rune(decompose.String(string(r)))...)
	}
	for i := 0; i < len(out); { // order each run of marks by class, keeping equals
		end := i
		for end < len(out) && class(out[end]) != 0 {
			end++
		}
		slices.SortStableFunc(out[i:end], func(a, b rune) int { return int(class(a)) - int(class(b)) })
		i = max(end, i+1)
	}
	if compose {
		out = composed(out)
	}
	return string(out)
}

// longMarks tells whether a text has so many marks in a row that the library
// might break them up. Decomposing gives up to three for one.
func longMarks(s string) bool {
	run := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			run = 0
			i++
			continue
		}
		p := norm.NFKD.PropertiesString(s[i:])
		r, n := utf8.DecodeRuneInString(s[i:])
		if p.CCC() != 0 || p.TrailCCC() != 0 || class(r) != 0 {
			if run++; run > 9 {
				return true
			}
		} else {
			run = 0
		}
		i += n
	}
	return false
}

// class is the canonical combining class of a character.
func class(r rune) uint8 { return norm.NFD.PropertiesString(string(r)).CCC() }

// composed joins each starter with what follows it, unless something of the
// same or a higher class stands between (Unicode Standard, 3.11, D117).
func composed(in []rune) []rune {
	out := in[:0]
	starter, last := -1, -1 // index in out of the starter; class of what follows it
	for _, r := range in {
		c := int(class(r))
		if starter >= 0 && (last < c || last == -1) {
			if x, ok := pair(out[starter], r); ok {
				out[starter] = x
				continue
			}
		}
		out = append(out, r)
		if c == 0 {
			starter, last = len(out)-1, -1
		} else {
			last = c
		}
	}
	return out
}

// pair composes two characters, if Unicode has one for them.
func pair(a, b rune) (rune, bool) {
	s := norm.NFC.String(string(a) + string(b))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}
