package listfn

import (
	"math/bits"
	"slices"
)

// example is what a program shall make of a list.
type example struct{ in, out list }

func (p program) agrees(examples []example) bool { return p.firstMiss(examples) < 0 }

// firstMiss is the first example that p disagrees with, or -1.
func (p program) firstMiss(examples []example) int {
	for i, e := range examples {
		if p.run(e.in) != e.out {
			return i
		}
	}
	return -1
}

// fitting finds all programs of at most size operations that agree with one
// example, the shortest first, those of one length in the order of ops. The
// empty program is none. It tries them all: sum of len(ops)^i.
func fitting(e example, size int) (found []program) {
	last := map[list]uint32{}
	for length := 1; length <= size; length++ {
		walk(e, make(program, 0, length), length, last, func(p program) bool {
			found = append(found, slices.Clone(p))
			return true
		})
	}
	return found
}

// shortest is those of the programs that agree with the examples and have the
// fewest operations; the programs are sorted by length.
func shortest(programs []program, examples []example) (found []program) {
	for _, p := range programs {
		if len(found) > 0 && len(p) > len(found[0]) {
			break
		}
		if p.agrees(examples) {
			found = append(found, p)
		}
	}
	return found
}

// reachable tells whether programs of at most size operations, or none at all,
// agree with the examples.
func reachable(examples []example, size int) bool {
	if (program{}).agrees(examples) {
		return true
	}
	last := map[list]uint32{}
	for length := 1; length <= size; length++ {
		if walk(examples[0], make(program, 0, length), length, last, func(p program) bool { return !p.agrees(examples[1:]) }) {
			return true
		}
	}
	return false
}

// walk yields the programs that extend p by exactly left operations and agree
// with e, on whose input p has been carried out. It reports whether yield
// stopped it by returning false. Many programs lead to one list, so that what
// last operation is right after each list is kept in last.
func walk(e example, p program, left int, last map[list]uint32, yield func(program) bool) (stopped bool) {
	if left == 1 {
		fit, known := last[e.in]
		if !known {
			for o := range ops {
				if ops[o].run(e.in) == e.out {
					fit |= 1 << o
				}
			}
			last[e.in] = fit
		}
		for ; fit != 0; fit &= fit - 1 {
			if !yield(append(p, uint8(bits.TrailingZeros32(fit)))) {
				return true
			}
		}
		return false
	}
	for o := range ops {
		to := ops[o].run(e.in)
		if to.n < e.out.n && e.out.n > 1 { // only an empty list grows, to one number
			continue
		}
		if walk(example{to, e.out}, append(p, uint8(o)), left-1, last, yield) {
			return true
		}
	}
	return false
}
