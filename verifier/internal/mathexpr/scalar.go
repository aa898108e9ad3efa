package mathexpr

import (
	"errors"
	"hash/fnv"
	"math/big"
	"math/rand/v2"
	"slices"
)

// The two precisions of an evaluation, in bits. A difference that is nought
// falls by about the difference of the two.
const (
	coarse = 256
	fine   = 576
)

// comparison is one comparison of two answers.
type comparison struct {
	Options
	work budget
	why  string // of the last verdict, for people

	lastErr error // what stopped the last evaluation
}

// scalars compares two expressions without structure.
func (c *comparison) scalars(a, b *node) Verdict {
	if a.canon() == b.canon() {
		return Equal
	}
	ua, a := a.unit()
	ub, b := b.unit()
	if ua != "" && ub != "" {
		if v := c.units(ua, ub, a, b); v != nil {
			return *v
		}
	}
	return c.marked(a, b)
}

// marked tries the readings of percent and degree marks. A whole answer of 50%
// may mean 50 or 0.5; but where both are marked, both mean the same.
func (c *comparison) marked(a, b *node) Verdict {
	verdict := Different
	for _, pair := range markings(a, b) {
		switch v := c.logarithms(pair[0], pair[1]); v {
		case Equal:
			return Equal
		case Unsure:
			verdict = Unsure
		}
	}
	return verdict
}

// markings are the pairs of readings of two expressions.
func markings(a, b *node) [][2]*node {
	pa, pb := percentage(a), percentage(b)
	da, db := a.hasOp(opDegree), b.hasOp(opDegree)
	var out [][2]*node
	for _, bare := range []bool{true, false} {
		for _, radian := range []bool{false, true} {
			if radian && (!da && !db || da && db) {
				continue // one reading does where both are marked, or none
			}
			if bare && pa == pb { // both marked: a hundredth of both; none: nothing to strip
				continue
			}
			out = append(out, [2]*node{unmarked(a, bare, radian), unmarked(b, bare, radian)})
		}
	}
	return out
}

// percentage tells whether a whole answer is a percentage.
func percentage(n *node) bool {
	for n.op == opMul && len(n.args) == 2 && n.args[0].isInt(-1) {
		n = n.args[1]
	}
	return n.op == opPercent
}

// unmarked replaces the marks of percent and degree. Within a circular
// function degrees are radians, whatever they are outside.
func unmarked(n *node, bare, radian bool) *node {
	if bare && percentage(n) {
		n = n.mapped(func(m *node) *node {
			if m.op == opPercent {
				return m.args[0]
			}
			return m
		})
	}
	inRadians := func(m *node) *node {
		if m.op == opDegree {
			return tree(opDiv, tree(opMul, m.args[0], symbol("pi")), number(180))
		}
		return m
	}
	n = n.mapped(func(m *node) *node {
		switch {
		case m.op == opPercent:
			return tree(opDiv, m.args[0], number(100))
		case m.op == opFn && slices.Contains([]string{"sin", "cos", "tan", "cot", "sec", "csc"}, m.name):
			return m.mapped(inRadians)
		}
		return m
	})
	if radian {
		return n.mapped(inRadians)
	}
	return n.mapped(func(m *node) *node {
		if m.op == opDegree {
			return m.args[0]
		}
		return m
	})
}

// logarithms compares for both bases that log without a base has, e and 10;
// they must agree.
func (c *comparison) logarithms(a, b *node) Verdict {
	plain := func(m *node) bool { return m.op == opFn && m.name == "log" }
	if !a.has(plain) && !b.has(plain) {
		return c.values(a, b)
	}
	to := func(n *node, name string) *node {
		return n.mapped(func(m *node) *node {
			if plain(m) {
				return fn(name, m.args...)
			}
			return m
		})
	}
	v := c.values(to(a, "ln"), to(b, "ln"))
	if w := c.values(to(a, "log10"), to(b, "log10")); w != v {
		c.why = "it depends on the base of the logarithm"
		return Unsure
	}
	return v
}

// values compares two expressions without marks.
func (c *comparison) values(a, b *node) Verdict {
	if a.canon() == b.canon() {
		return Equal
	}
	infinite := func(m *node) bool { return m.op == opSym && m.name == "infty" }
	if a.has(infinite) || b.has(infinite) {
		return c.infinities(a, b)
	}
	vars := slices.Compact(slices.Sorted(slices.Values(append(a.variables(), b.variables()...))))
	if len(vars) == 0 {
		return c.at(a, b, nil)
	}
	if len(vars) > 12 {
		c.why = "there are too many variables"
		return Unsure
	}
	return c.functions(a, b, vars)
}

// infinities compares where at least one side is infinite.
func (c *comparison) infinities(a, b *node) Verdict {
	sign := func(n *node) int {
		switch {
		case n.op == opSym && n.name == "infty":
			return 1
		case n.op == opMul && len(n.args) == 2 && n.args[0].isInt(-1) && n.args[1].op == opSym && n.args[1].name == "infty":
			return -1
		}
		return 0
	}
	sa, sb := sign(a), sign(b)
	constant := func(n *node) bool { return !n.hasOp(opSym) }
	switch {
	case sa != 0 && sb != 0 && sa != sb:
		return Different
	case sa != 0 && sa == sb:
		return Equal
	case sa != 0 && constant(b) || sb != 0 && constant(a):
		return Different
	}
	return Unsure
}

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
	var diff [2]*big.Float
	var scale *big.Float
	lost := -maxWork
	for i, prec := range []uint{coarse, fine} {
		n := numeric{at: point, prec: prec, complex: complex, work: &c.work, lost: &lost}
		va, errA := n.eval(a)
		vb, errB := n.eval(b)
		if errA != nil || errB != nil {
			if c.lastErr = errA; errA == nil || errors.Is(errB, errTooLarge) {
				c.lastErr = errB
			}
			if c.lastErr == nil {
				c.lastErr = errA
			}
			c.why = c.lastErr.Error()
			return Unsure, defined{errA == nil, errB == nil}
		}
		n.lost = nil // that a difference cancels is what is asked
		d := n.add(va, n.negated(vb))
		diff[i] = n.size(d)
		scale = n.size(va)
		if s := n.size(vb); s.Cmp(scale) > 0 {
			scale = s
		}
		if va.im == nil && vb.im == nil && c.tolerated(a, b, va.re, vb.re) {
			return Equal, defined{true, true}
		}
	}
	v := verdictOf(diff[0], diff[1], scale)
	if v == Different && exponent(diff[1]) < lost-fine/2 {
		// What is left of a sum that cancelled may be nothing but rounding, at
		// both precisions: cosh x + sinh x for large -x.
		c.why = "too much cancels"
		v = Unsure
	}
	return v, defined{true, true}
}

// verdictOf reads a difference at two precisions. It asks how the difference
// behaves and not how small it is, since nothing says how small a difference
// of two answers may be: e^{-1000} and e^{-2000} differ, and by less than any
// bound that sin(500 pi) and 0 would need.
func verdictOf(coarsely, finely, scale *big.Float) Verdict {
	switch {
	case finely.Sign() == 0 && coarsely.Sign() == 0:
		return Equal
	case coarsely.Sign() == 0: // below what the coarse one can see
		if below(finely, -(fine-128)+max(0, exponent(scale))) {
			return Equal
		}
		return Different
	}
	shrink := exponent(coarsely) - exponent(finely)
	if finely.Sign() == 0 || shrink > (fine-coarse)/2 {
		return Equal
	}
	if shrink >= -1 && shrink <= 1 {
		rest := float(fine).Sub(finely, coarsely)
		if below(rest, exponent(finely)-24) {
			return Different
		}
	}
	return Unsure
}

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

// Points of a comparison of functions, by kind.
const (
	positivePoints = 4
	signedPoints   = 5
	wholePoints    = 3
	widePoints     = 5
)

// functions compares two expressions in variables, at random points. Values
// depend on the names of the variables alone, so that a comparison is
// symmetric.
func (c *comparison) functions(a, b *node, vars []string) Verdict {
	if v := c.rationalFunctions(a, b, vars); v != Unsure {
		return v
	}
	confirmed, gaps, unclear := 0, 0, 0
	try := func(kind, i int) Verdict {
		v, on := c.atPoint(a, b, pointOf(vars, kind, i), false)
		switch {
		case v == Different:
			return Different
		case v == Equal:
			confirmed++
		case errors.Is(c.lastErr, errTooLarge) || kind == 3: // says nothing
		case on.a != on.b:
			gaps++
		case on.a && on.b:
			unclear++
		}
		return v
	}
	points := []int{positivePoints, signedPoints, wholePoints, widePoints}
	if a.has(ofWholeNumbers) || b.has(ofWholeNumbers) {
		points = []int{0, 0, 5 * wholePoints}
	}
	for kind, n := range points {
		for i := range n {
			if try(kind, i) == Different {
				c.why = "they differ at a point"
				return Different
			}
		}
	}
	if confirmed == 0 && points[0] > 0 { // never real: over the complex numbers then
		for i := range positivePoints {
			switch v, _ := c.atPoint(a, b, pointOf(vars, 0, i), true); v {
			case Different:
				return Different
			case Equal:
				confirmed++
			}
		}
	}
	switch {
	case c.work.left < 0:
		c.why = errTooLarge.Error()
		return Unsure
	case unclear > 0:
		return Unsure
	case gaps > 0:
		c.why = "they are not defined at the same points"
		return Unsure
	case confirmed >= min(positivePoints, wholePoints):
		return Equal
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
		h := fnv.New64a()
		h.Write([]byte(name))
		r := rand.New(rand.NewPCG(h.Sum64(), uint64(kind*1000+i)))
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
