package maze

import (
	"math/bits"
	"strings"
)

const letters = 26

// maze is a lettered maze as the prompt tells it.
type maze struct {
	start, goal byte
	doors       []string // two letters each, in the order told
	near        [letters]uint32
}

// open adds a door.
func (m *maze) open(x, y byte) {
	m.doors = append(m.doors, string([]byte{x, y}))
	m.near[x-'a'] |= 1 << (y - 'a')
	m.near[y-'a'] |= 1 << (x - 'a')
}

// door tells whether one leads from x to y. Any byte may be asked about.
func (m *maze) door(x, y byte) bool {
	return isLetter(x) && isLetter(y) && m.near[x-'a']>>(y-'a')&1 == 1
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

// spread writes the number of moves from one cell to every other, -1 where no
// way leads.
func spread(near []uint32, from int, moves []int) {
	for i := range moves {
		moves[i] = -1
	}
	seen, edge := uint32(1)<<from, uint32(1)<<from
	for d := 0; edge != 0; d++ {
		next := uint32(0)
		for ; edge != 0; edge &= edge - 1 {
			c := bits.TrailingZeros32(edge)
			moves[c] = d
			next |= near[c]
		}
		edge = next &^ seen
		seen |= next
	}
}

// shortest is the first in the alphabet of the shortest ways from a room to
// the goal, past rooms not in barred; "" where there is none.
func (m *maze) shortest(from byte, barred uint32) string {
	near := m.near
	for c := range near {
		if near[c] &^= barred; barred>>c&1 == 1 {
			near[c] = 0
		}
	}
	var moves [letters]int
	spread(near[:], int(m.goal-'a'), moves[:])
	at := int(from - 'a')
	if moves[at] < 0 {
		return ""
	}
	way := []byte{from}
	for moves[at] > 0 {
		for set := near[at]; ; set &= set - 1 {
			if c := bits.TrailingZeros32(set); moves[c] == moves[at]-1 {
				at = c
				break
			}
		}
		way = append(way, byte('a'+at))
	}
	return string(way)
}

// ways lists ways from start to goal, all of them unless the maze has very
// many.
func (m *maze) ways() []string {
	var found []string
	budget := 20_000
	var walk func(way []byte, seen uint32)
	walk = func(way []byte, seen uint32) {
		if budget--; budget < 0 {
			return
		}
		at := way[len(way)-1]
		if at == m.goal {
			found = append(found, string(way))
			return
		}
		for set := m.near[at-'a'] &^ seen; set != 0; set &= set - 1 {
			c := bits.TrailingZeros32(set)
			walk(append(way, byte('a'+c)), seen|1<<c)
		}
	}
	walk([]byte{m.start}, 1<<(m.start-'a'))
	return found
}

// worked writes a way out, move by move and then whole.
func worked(way string) string {
	var b strings.Builder
	for i := 1; i < len(way); i++ {
		b.WriteString(way[i-1 : i+1])
		b.WriteByte(';')
	}
	b.WriteString(way)
	return b.String()
}

// unrankPair is the pair a < b with number x = b(b-1)/2 + a.
func unrankPair(x uint64) (a, b int) {
	for b = 1; pairs(b+1) <= x; b++ {
	}
	return int(x - pairs(b)), b
}

// pairs is the number of unordered pairs of n rooms.
func pairs(n int) uint64 { return uint64(n*(n-1)) / 2 }
