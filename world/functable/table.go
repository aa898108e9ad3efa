package functable

import (
	"fmt"
	"sync"

	"pawl/world"
)

// tableSize is how many functions a table has.
const tableSize = 64

// function is one of a table. Values are its digits at 0 to 9.
type function struct {
	name   string
	values string
}

// of is the function's value at a digit.
func (f function) of(x int) int { return int(f.values[x] - '0') }

// names are all names of two syllables, shuffled once and for all. Tables take
// them in turn, so that the first 76 tables have no name in common.
var names = sync.OnceValue(func() []string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var all []string
	for _, a := range consonants {
		for _, b := range vowels {
			for _, c := range consonants {
				for _, d := range vowels {
					all = append(all, string([]rune{a, b, c, d}))
				}
			}
		}
	}
	rng := world.Random("functable names", 0, 0)
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
})

// makeTable is the table of a number: a pure function of it.
func makeTable(number uint64) []function {
	all := names()
	rng := world.Random("functable values", 0, number)
	table := make([]function, tableSize)
	first := number % uint64(len(all)) * tableSize
	for i := range table {
		values := make([]byte, 10)
		for x, y := range rng.Perm(10) {
			values[x] = byte('0' + y)
		}
		table[i] = function{name: all[(first+uint64(i))%uint64(len(all))], values: string(values)}
	}
	return table
}

// keyword names a table at the head of a prompt.
func keyword(table uint64) string {
	if table == 0 {
		return "fn"
	}
	return fmt.Sprint("fn", table)
}

// isName tells whether a function may have this name.
func isName(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return s != "" && len(s) <= 12
}

// isValues tells whether s lists ten digits. Books may hold functions that are
// no permutations.
func isValues(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 10
}
