package verifier

import "strings"

// written is the final answer as it is written in a text, "" for none.
func (e Extract) written(text string) string {
	if e.From != "" && e.From != "auto" {
		return e.read(text)
	}
	for _, read := range []func(string) string{afterHashes, boxed, phrase, lastNumber, lastLine} {
		if a := read(text); Canonical(a) != "" {
			return a
		}
	}
	return ""
}

// span is where the final answer stands in a text: bytes from to to, equal where
// there is none. The same characters may stand elsewhere, also behind the answer;
// those are meant of which another answer would be read if they were others. An
// answer that has no letter or digit is taken where it stands last.
func (e Extract) span(text string) (from, to int) {
	answer := strings.TrimSpace(e.written(text))
	if answer == "" {
		return 0, 0
	}
	other := strings.Map(another, answer)
	last := strings.LastIndex(text, answer)
	for end, tries := len(text), 0; tries < mostTries; tries++ {
		at := strings.LastIndex(text[:end], answer)
		if at < 0 {
			break
		}
		if other == answer || strings.TrimSpace(e.written(text[:at]+other+text[at+len(answer):])) != answer {
			return at, at + len(answer)
		}
		end = at + len(answer) - 1
	}
	if last < 0 {
		return 0, 0 // the answer was put together, not written
	}
	return last, last + len(answer)
}

// mostTries bounds the places that are tried, each of which reads the text anew.
const mostTries = 64

// another is another character of the same kind.
func another(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return '0' + (r-'0'+1)%10
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+1)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+1)%26
	}
	return r
}
