package mathexpr

import (
	"errors"
	"math/big"
)

// The two precisions of an evaluation, in bits. A difference that is nought
// falls by about the difference of the two.
const (
	coarse = 256
	fine   = 576
)

// at compares two expressions at one point, or without one where they have no
// variables: over the reals, and over the complex numbers where those do not
// do. It compares exactly if both are rational there, and else by how their
// difference behaves as the precision grows.
func (c *comparison) at(a, b *node, point map[string]*big.Rat) Verdict {
	v, _ := c.atPoint(a, b, point, false)
	if v == Unsure && errors.Is(c.lastErr, errNotReal) && len(point) == 0 {
		v, _ = c.atPoint(a, b, point, true)
	}
	return v
}

// defined says on which sides an expression has a value.
type defined struct{ a, b bool }

// atPoint compares at one point, over the reals or the complex numbers, and tells
// which sides are defined there. That one alone is says that two functions have
// different domains, which is less than that they differ.
func (c *comparison) atPoint(a, b *node, point map[string]*big.Rat, complex bool) (Verdict, defined) {
	c.lastErr = nil
	e := exact{at: point, work: &c.work}
	ra, errA := e.eval(a)
	rb, errB := e.eval(b)
	if errA == nil && errB == nil {
		if ra.Cmp(rb) == 0 || c.tolerated(a, b, ratFloat(ra), ratFloat(rb)) {
			return Equal, defined{true, true}
		}
		return Different, defined{true, true}
	}
	for _, err := range []error{errA, errB} {
		if err != nil && !errors.Is(err, errIrrational) && !errors.Is(err, errTooLarge) {
			c.lastErr = err
			c.why = err.Error()
			return Unsure, defined{errA == nil || errors.Is(errA, errIrrational), errB == nil || errors.Is(errB, errIrrational)}
		}
	}
	return c.numerically(a, b, point, complex)
}

// most is how many bits may be added to both precisions: for constants, and at
// one of many points.
const (
	mostForConstants = 1 << 13
	mostAtPoint      = 1 << 9
)

// numerically compares two expressions at two precisions. How large and how
// small what they are made of is says how small a difference may be: that of
// e + 10^-200 and e is 664 bits below the point, that of sin 10^-100 and
// 10^-100 three times 332. They are only called equal by a precision that
// reaches four times as far, and not at all where that is out of reach.
func (c *comparison) numerically(a, b *node, point map[string]*big.Rat, complex bool) (Verdict, defined) {
	most := mostForConstants
	if len(point) > 0 {
		most = mostAtPoint
	}
	for more := 0; ; {
		v, on, spread := c.twice(a, b, point, complex, uint(more))
		need := 4*spread - (fine - coarse)
		switch {
		case v != Equal || need <= more:
			return v, on
		case need > most || spread > 80 && (a.hasOp(opApp) || b.hasOp(opApp)): // of which the arguments are told apart to 100 bits
			c.lastErr = errTooLarge
			c.why = "numbers of too different a size are in them"
			return Unsure, on
		}
		for more = 512; more < need; more *= 2 { // few precisions, so that constants are kept
		}
	}
}

// twice evaluates at both precisions, each of so many bits more, and tells how
// far what it met is from 1, in bits.
func (c *comparison) twice(a, b *node, point map[string]*big.Rat, complex bool, more uint) (v Verdict, on defined, spread int) {
	var diff [2]*big.Float
	var scale *big.Float
	var traces [2][]int
	lost := -maxWork
	for i, prec := range []uint{coarse + more, fine + more} {
		n := numeric{at: point, prec: prec, complex: complex, work: &c.work, lost: &lost, trace: &traces[i]}
		va, errA := n.eval(a)
		vb, errB := n.eval(b)
		if errA != nil || errB != nil {
			if c.lastErr = errA; errA == nil || errors.Is(errB, errTooLarge) {
				c.lastErr = errB
			}
			c.why = c.lastErr.Error()
			return Unsure, defined{errA == nil, errB == nil}, 0
		}
		n.lost = nil // that a difference cancels is what is asked
		d := n.add(va, n.negated(vb))
		diff[i] = n.size(d)
		scale = n.size(va)
		if s := n.size(vb); s.Cmp(scale) > 0 {
			scale = s
		}
		if va.im == nil && vb.im == nil && c.tolerated(a, b, va.re, vb.re) {
			return Equal, defined{true, true}, 0
		}
	}
	v = verdictOf(diff[0], diff[1], scale, fine+int(more))
	if v == Different && exponent(diff[1]) < lost-(fine+int(more))/2 {
		// What is left of a sum that cancelled may be nothing but rounding, at
		// both precisions: cosh x + sinh x for large -x.
		c.why = "too much cancels"
		v = Unsure
	}
	return v, defined{true, true}, spreadOf(traces)
}

// spreadOf is how far from 1, in bits, the largest or the smallest part of two
// evaluations of the same is. What differs between the two is no part but what
// a sum that cancelled has left, such as sin(500 pi).
func spreadOf(traces [2][]int) int {
	spread := 0
	for i, e := range traces[0] {
		if i >= len(traces[1]) || max(e-traces[1][i], traces[1][i]-e) <= 1 {
			spread = max(spread, e, -e)
		}
	}
	return spread
}

// verdictOf reads a difference at two precisions, the finer one of so many
// bits. It asks how the difference behaves and not how small it is, since
// nothing says how small a difference of two answers may be: e^{-1000} and
// e^{-2000} differ, and by less than any bound that sin(500 pi) and 0 would
// need.
func verdictOf(coarsely, finely, scale *big.Float, bits int) Verdict {
	switch {
	case finely.Sign() == 0 && coarsely.Sign() == 0:
		return Equal
	case coarsely.Sign() == 0: // below what the coarse one can see
		if below(finely, -(bits-128)+max(0, exponent(scale))) {
			return Equal
		}
		return Different
	}
	shrink := exponent(coarsely) - exponent(finely)
	if finely.Sign() == 0 || shrink > (fine-coarse)/2 {
		return Equal
	}
	if shrink >= -1 && shrink <= 1 {
		rest := float(uint(bits)).Sub(finely, coarsely)
		if below(rest, exponent(finely)-24) {
			return Different
		}
	}
	return Unsure
}

// size is the absolute value, so that a complex difference is one number.
func (e numeric) size(v value) *big.Float {
	if v.im == nil {
		return float(e.prec).Abs(v.re)
	}
	norm := float(e.prec).Mul(v.re, v.re)
	norm.Add(norm, float(e.prec).Mul(v.im, v.im))
	return norm.Sqrt(norm)
}

func ratFloat(r *big.Rat) *big.Float { return float(coarse).SetRat(r) }

// tolerated tells whether the tolerance of the options covers a difference.
// It is for numbers of which one was written as a decimal, hence rounded.
func (c *comparison) tolerated(a, b *node, x, y *big.Float) bool {
	decimal := func(m *node) bool { return m.op == opNum && m.name == "decimal" }
	if c.Tolerance <= 0 || !a.has(decimal) && !b.has(decimal) {
		return false
	}
	d := float(coarse).Sub(x, y)
	large := float(coarse).Abs(x)
	if s := float(coarse).Abs(y); s.Cmp(large) > 0 {
		large = s
	}
	return d.Abs(d).Cmp(large.Mul(large, float(coarse).SetFloat64(c.Tolerance))) <= 0
}
