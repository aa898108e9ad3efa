package multiply

import (
	"math/rand/v2"
	"slices"
)

// A slip disturbs the work at one place: step, and within it digit, counted
// from 0. What comes after follows from what is written.
type slip struct {
	step  int
	digit int
	kind  slipKind
	r     *rand.Rand
}

type slipKind int

const (
	carryLost  slipKind = iota // the carry into a digit is forgotten, or in a sum one appears
	tableWrong                 // a product of two digits is one row or column off
	shiftWrong                 // a zero too few or too many in front
	miscopied                  // a digit is written down wrong
	swapped                    // two digits change places
	slipKinds                  // how many there are
)

// work writes the steps of x*y, the product last. With a slip it makes one
// mistake and carries on; some slips change nothing. Digits are held with the
// units first, as values from 0 to 9.
func work(x, y string, s *slip) []string {
	a, b := digits(x), digits(y)
	steps := make([]string, 0, 2*len(b))
	at := func() *slip { // the slip of the step that comes next
		if s != nil && s.step == len(steps) {
			return s
		}
		return nil
	}
	var sum []byte
	for j, d := range b {
		pad, partial := multiply(a, d, j, at())
		line := append([]byte{'0' + d, '>'}, pad...)
		steps = append(steps, string(append(append(line, '='), written(partial)...)))
		if j == 0 {
			sum = partial
			continue
		}
		sum = add(sum, partial, at())
		steps = append(steps, "+"+string(written(sum)))
	}
	return append(steps, final(sum, at()))
}

// multiply is the digit by digit work of a*d, and the product shifted by shift.
func multiply(a []byte, d byte, shift int, s *slip) (pad []byte, product []byte) {
	pad = make([]byte, 0, 2*len(a)+len(a)+shift+8)
	product = make([]byte, shift, shift+len(a)+2)
	var carry byte
	for i, v := range a {
		t := v*d + carry
		if s != nil && s.digit == i {
			switch s.kind {
			case carryLost:
				t = v * d
			case tableWrong:
				t = neighbour(v, d, s.r) + carry
			}
		}
		carry = t / 10
		pad = append(pad, '0'+t%10, '0'+carry)
		product = append(product, t%10)
	}
	product = append(product, carry)
	if s != nil {
		product = s.misplace(product, shift)
	}
	return pad, product
}

// neighbour is an entry of the multiplication table beside v*d.
func neighbour(v, d byte, r *rand.Rand) byte {
	if r.IntN(2) == 0 {
		v, d = d, v
	}
	if v == 9 || v > 0 && r.IntN(2) == 0 {
		return (v - 1) * d
	}
	return (v + 1) * d
}

// misplace makes the slips of a product that is otherwise right.
func (s *slip) misplace(product []byte, shift int) []byte {
	switch s.kind {
	case shiftWrong:
		if shift > 0 && s.r.IntN(4) > 0 {
			return product[1:]
		}
		return append([]byte{0}, product...)
	default:
		return s.rewrite(product)
	}
}

// rewrite makes the slips of digits written down.
func (s *slip) rewrite(list []byte) []byte {
	i := s.digit % len(list)
	switch s.kind {
	case miscopied:
		list[i] = byte(s.r.IntN(10))
	case swapped:
		if i+1 < len(list) {
			list[i], list[i+1] = list[i+1], list[i]
		}
	}
	return list
}

// add is a+b, as wide as the wider of them. In right work the last carry is 0;
// otherwise it makes the sum wider.
func add(a, b []byte, s *slip) []byte {
	n := max(len(a), len(b))
	sum := make([]byte, 0, n+1)
	var carry byte
	for i := range n {
		t := carry
		if s != nil && s.kind == carryLost && s.digit%n == i {
			t = 1 - carry
		}
		if i < len(a) {
			t += a[i]
		}
		if i < len(b) {
			t += b[i]
		}
		carry = t / 10
		sum = append(sum, t%10)
	}
	if carry > 0 {
		sum = append(sum, carry)
	}
	if s != nil {
		sum = s.rewrite(sum)
	}
	return sum
}

// final writes the sum the usual way round.
func final(sum []byte, s *slip) string {
	if s != nil {
		sum = s.rewrite(slices.Clone(sum))
	}
	b := written(sum)
	slices.Reverse(b)
	for len(b) > 1 && b[0] == '0' {
		b = b[1:]
	}
	return string(b)
}

// digits are the values of s, units first.
func digits(s string) []byte {
	b := make([]byte, len(s))
	for i := range b {
		b[len(s)-1-i] = s[i] - '0'
	}
	return b
}

// written is values as characters, in their order.
func written(values []byte) []byte {
	b := make([]byte, len(values))
	for i, v := range values {
		b[i] = '0' + v
	}
	return b
}
