package mathexpr

import (
	"errors"
	"math/big"
	"slices"
)

// Points of a comparison of functions, by kind.
const (
	positivePoints = 4
	signedPoints   = 5
	wholePoints    = 3
	widePoints     = 5
)

// sample is what was seen at the points of a comparison so far.
type sample struct {
	confirmed int
	gaps      int // at which one side alone is defined
	unclear   int // at which both are, and cannot be told apart
}

// try compares at one point, and keeps what is seen there. What is too large
// says nothing, nor does what cancels where values are far from 1.
func (s *sample) try(c *comparison, a, b *node, point map[string]*big.Rat, far bool) Verdict {
	v, on := c.atPoint(a, b, point, false)
	switch {
	case v == Different:
		c.why = "they differ at a point"
	case v == Equal:
		s.confirmed++
	case errors.Is(c.lastErr, errTooLarge):
	case on.a != on.b:
		s.gaps++
	case on.a && on.b && !far:
		s.unclear++
	}
	return v
}

// functions compares two expressions in variables, at random points. Values
// depend on the names of the variables alone, so that a comparison is
// symmetric.
func (c *comparison) functions(a, b *node, vars []string) Verdict {
	if v := c.rationalFunctions(a, b, vars); v != Unsure {
		return v
	}
	var seen sample
	counts := []int{positivePoints, signedPoints, wholePoints, widePoints}
	whole := a.has(ofWholeNumbers) || b.has(ofWholeNumbers)
	if whole {
		counts = []int{0, 0, 5 * wholePoints}
	}
	for kind, n := range counts {
		for i := range n {
			if seen.try(c, a, b, pointOf(vars, kind, i), kind == 3) == Different {
				return Different
			}
		}
	}
	if v := c.corners(a, b, vars, whole, &seen); v == Different {
		return Different
	} else if v == Unsure {
		seen.unclear++
	}
	if seen.confirmed == 0 && !whole { // never real: over the complex numbers then
		for i := range positivePoints {
			switch v, _ := c.atPoint(a, b, pointOf(vars, 0, i), true); v {
			case Different:
				return Different
			case Equal:
				seen.confirmed++
			}
		}
	}
	switch {
	case c.work.left < 0:
		c.why = errTooLarge.Error()
		return Unsure
	case seen.unclear > 0:
		return Unsure
	case seen.gaps > 0:
		c.why = "they are not defined at the same points"
		return Unsure
	case seen.confirmed >= min(positivePoints, wholePoints):
		return c.steps(a, b, vars)
	}
	c.why = "they are defined at too few points"
	return Unsure
}

// ofWholeNumbers tells whether a node is defined for whole numbers alone.
func ofWholeNumbers(n *node) bool {
	return n.op == opFact || n.op == opBinom || n.op == opSum || n.op == opProd
}

// pointOf gives each variable a value of a kind: positive, of any sign, whole,
// from a wide range.
func pointOf(vars []string, kind, i int) map[string]*big.Rat {
	point := make(map[string]*big.Rat, len(vars))
	for _, name := range vars {
		r := points(name, kind*1000+i)
		switch kind {
		case 0:
			point[name] = big.NewRat(r.Int64N(1<<22)+1<<19, 1<<20+7)
		case 1:
			point[name] = big.NewRat(r.Int64N(1<<23)-1<<22, 1<<20+7)
		case 2: // small ones, and some that are not
			point[name] = big.NewRat(r.Int64N([]int64{7, 7, 7, 29, 29, 120}[i%6])+2, 1)
		default: // beyond a corner that an absolute value may have
			point[name] = big.NewRat((r.Int64N(1<<21)-1<<20)<<(4*i%24), 1<<19+21)
		}
	}
	return point
}

// cornered tells whether a node is made of pieces, of which points may all lie
// in one: |x - 10^9| is 10^9 - x for what is small.
func cornered(n *node) bool {
	switch n.op {
	case opRoot:
		return true
	case opPow:
		return n.args[1].op == opDiv || n.args[1].op == opNum && !n.args[1].num.IsInt()
	case opFn:
		return slices.Contains([]string{"abs", "sgn", "max", "min", "floor", "ceil", "sqrt", "cbrt"}, n.name)
	}
	return false
}

// corners compares beyond the constants of two expressions, where they are
// made of pieces, or of whole numbers: |x + 5000| is x + 5000 for x > -5000,
// and n choose 200 is 0 for n < 200. Unsure says that it cannot go there.
func (c *comparison) corners(a, b *node, vars []string, whole bool, seen *sample) Verdict {
	if whole {
		return c.beyond(a, b, vars, seen)
	}
	if !a.has(cornered) && !b.has(cornered) {
		return Equal
	}
	for k, e := range rungs(append(c.constants(a), c.constants(b)...)) {
		for sign := range 2 {
			p := make(map[string]*big.Rat, len(vars))
			for j, name := range vars {
				r := points(name, 6000+2*k+sign)
				v := big.NewRat(r.Int64N(1<<20)+1<<19, 1<<20+7) // 1/2 to 3/2
				scale := new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e)))
				if e < 0 {
					v.Quo(v, new(big.Rat).SetInt(scale))
				} else {
					v.Mul(v, new(big.Rat).SetInt(scale))
				}
				if j == 0 && sign == 1 || j > 0 && r.Int64N(2) == 1 {
					v.Neg(v)
				}
				p[name] = v
			}
			if seen.try(c, a, b, p, true) == Different {
				return Different
			}
		}
	}
	return Equal
}

// constants are the sizes, as exponents of 2, of the constant parts of a tree.
func (c *comparison) constants(n *node) []int {
	if len(n.variables()) == 0 {
		v, err := numeric{prec: 64, complex: true, work: &c.work}.eval(n)
		if err != nil || v.re.Sign() == 0 {
			return nil
		}
		return []int{exponent(v.re)}
	}
	var out []int
	for _, a := range n.args {
		out = append(out, c.constants(a)...)
	}
	return out
}

// rungs are exponents of 2 from below the smallest constant to above the
// largest one: every second where they are small, fewer where they are not.
func rungs(sizes []int) []int {
	lo, hi := -4, 12
	for _, e := range sizes {
		lo, hi = min(lo, e-2), max(hi, e+3)
	}
	lo, hi = max(lo, -400), min(hi, 1200)
	var out []int
	for e := 0; e <= hi; e += 2 + e/8 {
		out = append(out, e)
	}
	out = append(out, hi)
	for e := -2; e >= lo; e -= 2 - e/8 {
		out = append(out, e)
	}
	return append(out, lo)
}

// beyond compares functions of whole numbers past the constants that they are
// taken of.
func (c *comparison) beyond(a, b *node, vars []string, seen *sample) Verdict {
	largest := int64(0)
	reachable := true
	for _, n := range []*node{a, b} {
		n.has(func(m *node) bool {
			if !ofWholeNumbers(m) || len(m.variables()) == 0 {
				return false
			}
			m.has(func(k *node) bool {
				if k.op == opNum {
					if q := new(big.Int).Quo(k.num.Num(), k.num.Denom()); q.CmpAbs(big.NewInt(maxFactorial/3)) > 0 {
						reachable = false
					} else {
						largest = max(largest, q.Int64(), -q.Int64())
					}
				}
				return false
			})
			return false
		})
	}
	if !reachable {
		c.why = "they take factorials of too much"
		return Unsure
	}
	if largest < 5 {
		return Equal
	}
	for i := range 2 * wholePoints {
		p := make(map[string]*big.Rat, len(vars))
		for _, name := range vars {
			p[name] = big.NewRat(largest+points(name, 7000+i).Int64N(largest)-1, 1)
		}
		before := *seen
		if seen.try(c, a, b, p, true) == Different {
			return Different
		}
		if *seen == before && errors.Is(c.lastErr, errTooLarge) {
			c.why = errTooLarge.Error()
			return Unsure
		}
	}
	return Equal
}

// steps confirms what points have not refuted. A step may be narrower than
// what is between any points, as in floor(x + 1/10^6), so that floors and
// ceilings count as the same where what they are taken of is the same.
func (c *comparison) steps(a, b *node, vars []string) Verdict {
	stepped := func(m *node) bool { return m.op == opFn && (m.name == "floor" || m.name == "ceil") }
	if !a.has(stepped) && !b.has(stepped) {
		return Equal
	}
	opaque := func(n *node) *node {
		return n.mapped(func(m *node) *node {
			if stepped(m) {
				return &node{op: opApp, name: m.name, args: m.args}
			}
			return m
		})
	}
	if c.functions(opaque(a), opaque(b), vars) == Equal {
		return Equal
	}
	c.why = "their steps may lie elsewhere"
	return Unsure
}
