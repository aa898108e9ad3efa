package listfn

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of the language. Nothing that respects them can leave them.
const (
	MaxOps = 8   // operations of a program
	MaxLen = 12  // numbers of a list
	Values = 100 // numbers are 0..Values-1, arithmetic is modulo Values
)

// Op is an operation of the language.
type Op struct {
	Name string
	Doc  string // in English, as an order
	run  func(list) list
}

// list is a short list of small numbers. Unused places are 0, so that == is
// equality of lists.
type list struct {
	n uint8
	v [MaxLen]uint8
}

func (l *list) push(x int) {
	l.v[l.n] = uint8(x % Values)
	l.n++
}

func (l list) ints() []int {
	xs := make([]int, l.n)
	for i := range xs {
		xs[i] = int(l.v[i])
	}
	return xs
}

// String writes l as in [3,1].
func (l list) String() string { return string(l.append(nil)) }

func (l list) append(b []byte) []byte {
	b = append(b, '[')
	for i, x := range l.v[:l.n] {
		if i > 0 {
			b = append(b, ',')
		}
		if x >= 10 {
			b = append(b, '0'+x/10)
		}
		b = append(b, '0'+x%10)
	}
	return append(b, ']')
}

// each replaces every number; keep leaves out numbers.
func each(f func(x int) int) func(list) list {
	return func(l list) (r list) {
		for _, x := range l.v[:l.n] {
			r.push(f(int(x)))
		}
		return r
	}
}

func keep(ok func(before []uint8, x uint8) bool) func(list) list {
	return func(l list) (r list) {
		for i, x := range l.v[:l.n] {
			if ok(l.v[:i], x) {
				r.push(int(x))
			}
		}
		return r
	}
}

// one makes a list of one number of a list, or of none where ok is false.
func one(f func(xs []uint8) (x int, ok bool)) func(list) list {
	return func(l list) (r list) {
		if x, ok := f(l.v[:l.n]); ok {
			r.push(x)
		}
		return r
	}
}

func total(xs []uint8) (s int) {
	for _, x := range xs {
		s += int(x)
	}
	return s
}

// ops is the language. Programs that tie are ordered by places in it.
var ops = []Op{
	{"rev", "reverse the list", func(l list) list {
		slices.Reverse(l.v[:l.n])
		return l
	}},
	{"sort", "sort the list in ascending order", func(l list) list {
		slices.Sort(l.v[:l.n])
		return l
	}},
	{"tail", "drop the first number", keep(func(b []uint8, _ uint8) bool { return len(b) > 0 })},
	{"init", "drop the last number", func(l list) list {
		if l.n > 0 {
			l.n--
			l.v[l.n] = 0
		}
		return l
	}},
	{"take2", "keep only the first two numbers", keep(func(b []uint8, _ uint8) bool { return len(b) < 2 })},
	{"rot", "move the first number to the end", func(l list) list {
		if l.n > 0 {
			first := l.v[0]
			copy(l.v[:l.n-1], l.v[1:l.n])
			l.v[l.n-1] = first
		}
		return l
	}},
	{"add1", "add 1 to every number", each(func(x int) int { return x + 1 })},
	{"dbl", "double every number", each(func(x int) int { return 2 * x })},
	{"acc", "replace every number by the sum of the numbers up to and including it", func(l list) (r list) {
		for i := range int(l.n) {
			r.push(total(l.v[:i+1]))
		}
		return r
	}},
	{"evens", "keep only the even numbers", keep(func(_ []uint8, x uint8) bool { return x%2 == 0 })},
	{"odds", "keep only the odd numbers", keep(func(_ []uint8, x uint8) bool { return x%2 == 1 })},
	{"uniq", "keep only the first occurrence of every number", keep(func(b []uint8, x uint8) bool { return !slices.Contains(b, x) })},
	{"sum", "make a list of one number, the sum", one(func(xs []uint8) (int, bool) { return total(xs), true })},
	{"max", "keep only the largest number, once", one(func(xs []uint8) (int, bool) {
		if len(xs) == 0 {
			return 0, false
		}
		return int(slices.Max(xs)), true
	})},
	{"min", "keep only the smallest number, once", one(func(xs []uint8) (int, bool) {
		if len(xs) == 0 {
			return 0, false
		}
		return int(slices.Min(xs)), true
	})},
	{"len", "make a list of one number, how many numbers there are", one(func(xs []uint8) (int, bool) { return len(xs), true })},
}

// rev is the place of an operation that undoes itself.
const rev = 0

// lumps is how many operations at the end of ops make one number of a list;
// little is left to do after them.
const lumps = 4

// Ops lists the operations of the language.
func Ops() []Op { return slices.Clone(ops) }

// program is operations by place in ops.
type program []uint8

func (p program) String() string {
	names := make([]string, len(p))
	for i, o := range p {
		names[i] = ops[o].Name
	}
	return strings.Join(names, "|")
}

func (p program) run(l list) list {
	for _, o := range p {
		l = ops[o].run(l)
	}
	return l
}

func parseOp(name string) (uint8, error) {
	for i, o := range ops {
		if o.Name == name {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("no operation named %.20q", name)
}

// parse reads a program. Spaces around operations are passed over.
func parse(text string) (program, error) {
	names := strings.Split(text, "|")
	if len(names) > MaxOps {
		return nil, fmt.Errorf("reading a program: %d operations are more than %d", len(names), MaxOps)
	}
	p := make(program, len(names))
	for i, name := range names {
		var err error
		if p[i], err = parseOp(strings.TrimSpace(name)); err != nil {
			return nil, fmt.Errorf("reading a program: %w", err)
		}
	}
	return p, nil
}

// toList checks the bounds.
func toList(xs []int) (l list, err error) {
	if len(xs) > MaxLen {
		return l, fmt.Errorf("reading a list: %d numbers are more than %d", len(xs), MaxLen)
	}
	for _, x := range xs {
		if x < 0 || x >= Values {
			return l, fmt.Errorf("reading a list: %d is not in 0..%d", x, Values-1)
		}
		l.push(x)
	}
	return l, nil
}

// Run carries out a program such as "rev|add1" on a list. Errors name what the
// bounds or the language do not allow in the program or the list; the program
// itself cannot fail.
func Run(text string, xs []int) ([]int, error) {
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	l, err := toList(xs)
	if err != nil {
		return nil, err
	}
	return p.run(l).ints(), nil
}
