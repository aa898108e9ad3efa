package listfn

import "slices"

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
	for length := 1; length <= size; length++ {
		walk(e, make(program, 0, length), length, func(p program) bool {
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
	for length := 1; length <= size; length++ {
		if walk(examples[0], make(program, 0, length), length, func(p program) bool { return !p.agrees(examples[1:]) }) {
			return true
		}
	}
	return false
}

// walk yields the programs that extend p by exactly left operations and agree
// with e, on whose input p has been carried out. It reports whether yield
// stopped it by returning false.
func walk(e example, p program, left int, yield func(program) bool) (stopped bool) {
	for o := range ops {
		to := ops[o].run(e.in)
		q := append(p, uint8(o))
		switch {
		case left == 1:
			if to == e.out && !yield(q) {
				return true
			}
		case to.n < e.out.n && e.out.n > 1: // only an empty list grows, to one number
		case walk(example{to, e.out}, q, left-1, yield):
			return true
		}
	}
	return false
}
