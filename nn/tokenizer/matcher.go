package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in text before all else.
type addedToken struct {
	id         int32
	content    string
	special    bool
	normalized bool // looked for in normalized text
	singleWord bool // only where no letter, digit or mark adjoins it
	lstrip     bool // takes the white space before it
	rstrip     bool // takes the white space after it
}

// maxAdded bounds the bytes of an added token, and so the work of a search.
const maxAdded = 1 << 10

// matcher finds added tokens in text, leftmost first and the longest there.
type matcher struct {
	tokens  map[string]*addedToken
	lengths [256][]int // of the tokens that start with a byte, longest first
}

func newMatcher() *matcher { return &matcher{tokens: map[string]*addedToken{}} }

// add makes spelling stand for a token. The first of one spelling counts.
func (m *matcher) add(spelling string, a *addedToken) {
	if _, there := m.tokens[spelling]; there || spelling == "" {
		return
	}
	m.tokens[spelling] = a
	list := &m.lengths[spelling[0]]
	if at, there := slices.BinarySearchFunc(*list, len(spelling), func(a, b int) int { return b - a }); !there {
		*list = slices.Insert(*list, at, len(spelling))
	}
}

// segment is a part of a text: an added token, or text between them.
type segment struct {
	from, to int
	token    *addedToken // nil for text
}

// split cuts a text at the added tokens in it; special ones count only if asked
// for. Segments are not empty.
func (m *matcher) split(text string, special bool) []segment {
	var list []segment
	done := 0 // what lies before it is in the list
	if m != nil && len(m.tokens) > 0 {
		for i := 0; i < len(text); {
			a, n := m.at(text, i, special)
			if a == nil {
				i++
				continue
			}
			from, to := i, i+n
			i = to
			if a.singleWord && (wordBefore(text[:from]) || wordAfter(text[to:])) {
				continue
			}
			if a.lstrip {
				from = max(done, from-spaceBefore(text[:from]))
			}
			if a.rstrip {
				to += spaceAfter(text[to:])
			}
			if done < from {
				list = append(list, segment{done, from, nil})
			}
			list = append(list, segment{from, to, a})
			done, i = to, to
		}
	}
	if done < len(text) {
		list = append(list, segment{done, len(text), nil})
	}
	return list
}

// at is the longest added token at text[i:], and its length there.
func (m *matcher) at(text string, i int, special bool) (*addedToken, int) {
	for _, n := range m.lengths[text[i]] {
		if i+n > len(text) {
			continue
		}
		if a, ok := m.tokens[text[i:i+n]]; ok && (special || !a.special) {
			return a, n
		}
	}
	return nil, 0
}

// isWord is \w of the regular expressions in tokenizer files.
func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.In(r, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic)
}

func wordBefore(s string) bool { r, _ := utf8.DecodeLastRuneInString(s); return s != "" && isWord(r) }
func wordAfter(s string) bool  { r, _ := utf8.DecodeRuneInString(s); return s != "" && isWord(r) }

func spaceBefore(s string) int {
	n := len(s)
	for n > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:n])
		if !unicode.IsSpace(r) {
			break
		}
		n -= size
	}
	return len(s) - n
}

func spaceAfter(s string) int {
	for i, r := range s {
		if !unicode.IsSpace(r) {
			return i
		}
	}
	return len(s)
}
