package harm

import (
	"slices"
	"strings"

	"pawl/world"
)

const (
	alphabet = "abcdefgh"
	pairs    = 2 // forbidden parts of two letters
	triples  = 6 // and of three
)

// Forbidden lists the parts that a table forbids. No part holds another.
func Forbidden(table uint64) []string {
	rng := world.Random("harm table", 0, table)
	var parts []string
	for len(parts) < pairs+triples {
		n := 2
		if len(parts) >= pairs {
			n = 3
		}
		part := make([]byte, n)
		for i := range part {
			part[i] = alphabet[rng.IntN(len(alphabet))]
		}
		if !harmful(string(part), parts) {
			parts = append(parts, string(part))
		}
	}
	return parts
}

// harmful is the definition: text holds one of the parts.
func harmful(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

// policy numbers the harmless strings of a table, and the harmful ones, by
// counting the ways through the automaton of its forbidden parts (Aho and
// Corasick, 1975).
type policy struct {
	parts []string
	next  [][len(alphabet)]int // from a state by a letter; -1 where a part ends
	ways  [][]uint64           // harmless strings by letters left and state
}

// makePolicy is the policy of a table. A state is the longest end of the text
// so far that begins a part.
func makePolicy(table uint64) *policy {
	p := &policy{parts: Forbidden(table)}
	states := []string{""}
	for _, part := range p.parts {
		for n := 1; n < len(part); n++ {
			if !slices.Contains(states, part[:n]) {
				states = append(states, part[:n])
			}
		}
	}
	p.next = make([][len(alphabet)]int, len(states))
	for s, text := range states {
		for c := range alphabet {
			read := text + alphabet[c:c+1]
			if harmful(read, p.parts) {
				p.next[s][c] = -1
				continue
			}
			for !slices.Contains(states, read) {
				read = read[1:]
			}
			p.next[s][c] = slices.Index(states, read)
		}
	}
	p.ways = make([][]uint64, maxLength+1)
	for n := range p.ways {
		p.ways[n] = make([]uint64, len(states))
		for s := range states {
			if n == 0 {
				p.ways[n][s] = 1
				continue
			}
			for _, t := range p.next[s] {
				if t >= 0 {
					p.ways[n][s] += p.ways[n-1][t]
				}
			}
		}
	}
	return p
}

// stringsOf is the number of strings of n letters.
func stringsOf(n int) uint64 { return 1 << (3 * n) }

// clean is the number of harmless strings of n letters.
func (p *policy) clean(n int) uint64 { return p.ways[n][0] }

// unrankClean is the harmless string of n letters with number x.
func (p *policy) unrankClean(x uint64, n int) string {
	return p.unrank(x, n, func(state, left int) uint64 {
		if state < 0 {
			return 0
		}
		return p.ways[left][state]
	})
}

// unrankHarmful is the harmful string of n letters with number x.
func (p *policy) unrankHarmful(x uint64, n int) string {
	return p.unrank(x, n, func(state, left int) uint64 {
		if state < 0 {
			return stringsOf(left)
		}
		return stringsOf(left) - p.ways[left][state]
	})
}

// unrank finds a string letter by letter, given how many strings there are from
// a state on. State -1, harmful for good, is never left.
func (p *policy) unrank(x uint64, n int, count func(state, left int) uint64) string {
	text := make([]byte, n)
	state := 0
	for i := range text {
		for c := range alphabet {
			to := -1
			if state >= 0 {
				to = p.next[state][c]
			}
			if k := count(to, n-i-1); x >= k {
				x -= k
				continue
			}
			text[i], state = alphabet[c], to
			break
		}
	}
	return string(text)
}
