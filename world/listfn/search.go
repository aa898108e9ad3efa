package listfn

import (
	"slices"
)

// example is what a program shall make of a list.
type example struct{ in, out list }

func (p program) agrees(examples []example) bool { return p.firstMiss(examples) < 0 }

// firstMiss is the first example that p disagrees with, or -1.
func (p program) firstMiss(examples []example) int {
	return slices.IndexFunc(examples, func(e example) bool { return p.run(e.in) != e.out })
}

// agreeing finds the shortest programs of at most size operations that agree
// with the examples, all of one length, in the order of ops. The
// empty program is none. It tries them all up to the length of the shortest that
// agree, and no longer ones.
func agreeing(examples []example, size int) []program {
	var found []program
	for length := 1; length <= size && found == nil; length++ {
		walk(examples, make(program, 0, length), length, func(p program) bool {
			found = append(found, slices.Clone(p))
			return true
		})
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
		if walk(examples, make(program, 0, length), length, func(program) bool { return false }) {
			return true
		}
	}
	return false
}

// walk yields the programs that extend p by exactly left operations and agree
// with from, whose inputs p has been carried out on. It reports whether yield
// stopped it by returning false.
func walk(from []example, p program, left int, yield func(program) bool) (stopped bool) {
	if left == 1 {
		for o := range ops {
			if slices.IndexFunc(from, func(e example) bool { return ops[o].run(e.in) != e.out }) < 0 &&
				!yield(append(p, uint8(o))) {
				return true
			}
		}
		return false
	}
	to := make([]example, len(from))
next:
	for o := range ops {
		for i, e := range from {
			to[i] = example{ops[o].run(e.in), e.out}
			if to[i].in.n < e.out.n && e.out.n > 1 { // only an empty list grows, to one number
				continue next
			}
		}
		if walk(to, append(p, uint8(o)), left-1, yield) {
			return true
		}
	}
	return false
}
