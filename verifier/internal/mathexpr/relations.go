package mathexpr

import (
	"math/big"
	"slices"
)

// equations compares two equations: as zeros of their differences. They are
// the same if these are proportional, with or without their denominators, and
// different if a solution of one is found that does not solve the other. What
// is between, such as x = 2 and (x-2)^2 = 0, is unsure.
func (c *comparison) equations(a, b *node) Verdict {
	if len(a.args) != 2 || len(b.args) != 2 {
		if len(a.args) == len(b.args) {
			if c.ordered(a.args, b.args) == Equal {
				return Equal
			}
		}
		return Unsure
	}
	for _, n := range []*node{a, b} {
		if slices.ContainsFunc(n.args, func(m *node) bool { return structured(m) }) {
			return c.sides(a, b)
		}
	}
	if len(a.variables()) == 0 && len(b.variables()) == 0 {
		return c.closed(a, b)
	}
	fa, fb := unmarked(sub(a.args[0], a.args[1]), false, false), unmarked(sub(b.args[0], b.args[1]), false, false)
	if v := c.proportional(fa, fb, false); v == Equal {
		return Equal
	}
	// Cleared of denominators, they may be proportional.
	na, nb := numerator(fa), numerator(fb)
	if v := c.proportional(na, nb, false); v == Equal {
		return Equal
	}
	if v := c.sides(a, b); v == Equal {
		return Equal
	}
	if na, nb := nameOf(a), nameOf(b); na != nil && nb != nil && na.canon() != nb.canon() {
		switch v := c.answers(valueOf(a), valueOf(b)); {
		case v == Equal && (na.op == opSym) != (nb.op == opSym): // f(x) = 2x, and y = 2x
			return Equal
		case v != Different:
			c.why = "they give different names to what they equate"
			return Unsure
		}
		return Different
	}
	if c.witness(fa, fb) || c.witness(fb, fa) {
		c.why = "a solution of one does not solve the other"
		return Different
	}
	c.why = "the equations are not known to be the same"
	return Unsure
}

// structured tells whether a side of an equation is no plain expression.
func structured(n *node) bool {
	return n.op == opTuple || n.op == opSet || n.op == opList || n.op == opMatrix || n.op == opUnion || n.op == opUnit
}

// sides compares two equations side by side, in either order.
func (c *comparison) sides(a, b *node) Verdict {
	for _, swap := range []bool{false, true} {
		l, r := b.args[0], b.args[1]
		if swap {
			l, r = r, l
		}
		if a.args[0].canon() == l.canon() {
			return c.answers(a.args[1], r)
		}
	}
	return Unsure
}

// nameOf is the name that an equation gives to a value, nil for none.
func nameOf(n *node) *node {
	for i, s := range n.args {
		if nameLike(s) && !slices.ContainsFunc(s.variables(), func(v string) bool {
			return s.op == opSym && slices.Contains(n.args[1-i].variables(), v)
		}) {
			return s
		}
	}
	return nil
}

// valueOf is what an equation gives its name.
func valueOf(n *node) *node {
	if nameOf(n) == n.args[0] {
		return n.args[1]
	}
	return n.args[0]
}

// proportional tells whether fa = k fb for a constant k, not nought; for
// inequalities k is positive. Different says that it is not so.
func (c *comparison) proportional(fa, fb *node, positive bool) Verdict {
	vars := slices.Compact(slices.Sorted(slices.Values(append(fa.variables(), fb.variables()...))))
	if len(vars) == 0 || len(vars) > 12 {
		return Unsure
	}
	// With k = fa(p)/fb(p) at one point p, fa(q) fb(p) = fa(p) fb(q) everywhere.
	var pa, pb *node
	for i := range signedPoints {
		p := pointOf(vars, 1, 100+i)
		pa, pb = atPoint(fa, p), atPoint(fb, p)
		if c.at(pa, number(0), nil) == Different && c.at(pb, number(0), nil) == Different {
			break
		}
		pa = nil
	}
	if pa == nil {
		return Unsure
	}
	if positive {
		e := numeric{prec: coarse, work: &c.work}
		va, errA := e.eval(pa)
		vb, errB := e.eval(pb)
		if errA != nil || errB != nil || va.im != nil || vb.im != nil {
			return Unsure
		}
		if va.re.Sign() != vb.re.Sign() {
			return Different
		}
	}
	return c.functions(tree(opMul, fa, pb), tree(opMul, fb, pa), vars)
}

// atPoint puts values for variables.
func atPoint(n *node, p map[string]*big.Rat) *node {
	for name, v := range p {
		n = n.with(name, &node{op: opNum, num: v})
	}
	return n
}

// numerator is an expression cleared of the denominators that it shows. It may
// have more factors than it needs, so that it proves equality alone.
func numerator(n *node) *node {
	return overDenominator(n).num
}

// fractional is an expression as a quotient; size counts the nodes of both,
// which a nested fraction can make many of.
type fractional struct {
	num, den *node
	size     int
}

// overDenominator brings an expression over one denominator. It gives up, and not
// wrongly but as it is, what would grow beyond its limit.
func overDenominator(n *node) fractional {
	const limit = 3000
	whole := fractional{n, number(1), 1}
	if n.op != opAdd && n.op != opMul && n.op != opDiv {
		return whole
	}
	f := overDenominator(n.args[0])
	for _, a := range n.args[1:] {
		g := overDenominator(a)
		if f.size = 2*f.size + 2*g.size + 4; f.size > limit {
			return whole
		}
		switch {
		case n.op == opMul:
			f.num, f.den = tree(opMul, f.num, g.num), tree(opMul, f.den, g.den)
		case n.op == opDiv && len(a.variables()) == 0: // constants do not matter
			return whole
		case n.op == opDiv:
			f.num, f.den = tree(opMul, f.num, g.den), tree(opMul, f.den, g.num)
		case f.den.canon() == g.den.canon():
			f.num = tree(opAdd, f.num, g.num)
		default:
			f.num, f.den = tree(opAdd, tree(opMul, f.num, g.den), tree(opMul, g.num, f.den)), tree(opMul, f.den, g.den)
		}
	}
	return f
}

// witness looks for a point where fa is nought and fb is not, by solving for a
// variable in which fa is linear.
func (c *comparison) witness(fa, fb *node) bool {
	vars := slices.Compact(slices.Sorted(slices.Values(append(fa.variables(), fb.variables()...))))
	for _, name := range fa.variables() {
		root, _, ok := c.linear(fa, name)
		if !ok {
			continue
		}
		at := fb.with(name, root)
		for i := range positivePoints {
			p := pointOf(vars, i%2, 200+i)
			delete(p, name)
			if c.at(atPoint(at, p), number(0), nil) == Different && c.at(atPoint(fa.with(name, root), p), number(0), nil) == Equal {
				return true
			}
		}
	}
	return c.crossing(fa, fb, vars)
}

// crossing looks for such a point where fa changes its sign, by bisection to
// far more bits than by which fb then has to differ from nought.
func (c *comparison) crossing(fa, fb *node, vars []string) bool {
	const span, steps, bits = 12, 24, 220
	for k, name := range fa.variables() {
		p := pointOf(vars, 1, 400+k)
		at := func(f *node, x *big.Rat) (*big.Float, bool) {
			p[name] = x
			v, err := numeric{at: p, prec: coarse, work: &c.work}.eval(f)
			return v.re, err == nil && v.im == nil
		}
		var last *big.Rat
		var was int
		for i := range steps + 1 {
			x := big.NewRat(int64(i*2*span-steps*span)*1001, int64(steps)*1000+1)
			v, ok := at(fa, x)
			if !ok {
				last = nil
				continue
			}
			if last != nil && was*v.Sign() < 0 {
				lo, hi := last, x
				for range bits {
					mid := new(big.Rat).Add(lo, hi)
					mid.Quo(mid, big.NewRat(2, 1))
					v, ok := at(fa, mid)
					if !ok {
						break
					}
					if v.Sign() == was {
						lo = mid
					} else {
						hi = mid
					}
				}
				va, okA := at(fa, lo)
				vb, okB := at(fb, lo)
				if okA && okB && below(va, -bits/2) && !below(vb, -bits/8) {
					return true
				}
			}
			last, was = x, v.Sign()
		}
	}
	return false
}

// roots compares an equation in one variable with a list of values: it is
// proportional to the product of what they are roots of.
func (c *comparison) roots(eq, list *node) Verdict {
	values := withoutNames(list.args)
	if values == nil {
		values = list.args
	}
	name := variable(eq)
	if name == "" || len(eq.args) != 2 || len(tree(opList, values...).variables()) > 0 || slices.ContainsFunc(values, structured) {
		return Unsure
	}
	product := number(1)
	for _, v := range values {
		product = tree(opMul, product, sub(symbol(name), v))
	}
	if c.proportional(sub(eq.args[0], eq.args[1]), product, false) == Equal {
		return Equal
	}
	for _, v := range values { // one that is no root refutes it
		if c.at(sub(eq.args[0], eq.args[1]).with(name, v), number(0), nil) == Different {
			return Different
		}
	}
	return Unsure
}

// regions compares where at least one side is a condition or a set of reals.
func (c *comparison) regions(a, b *node) Verdict {
	sa, okA := c.realSet(a)
	sb, okB := c.realSet(b)
	// x > 0 and y > 0 is no set of numbers, whatever each of them is.
	okA, okB = okA && len(a.variables()) < 2, okB && len(b.variables()) < 2
	if okA && okB {
		va, vb := variable(a), variable(b)
		if va != "" && vb != "" && va != vb {
			if c.sameSets(sa, sb) == Different {
				return Different
			}
			c.why = "they speak of different variables"
			return Unsure
		}
		return c.sameSets(sa, sb)
	}
	if a.op == opRel && b.op == opRel {
		return c.inequalities(a, b)
	}
	if (a.op == opAnd || a.op == opOr) && a.op == b.op && len(a.args) == len(b.args) {
		if c.unordered(a, b) == Equal {
			return Equal
		}
	}
	if a.op == opIn && b.op != opIn && !isCondition(b) {
		return c.answers(a.args[1], b)
	}
	if b.op == opIn && a.op != opIn && !isCondition(a) {
		return c.answers(b.args[1], a)
	}
	value := func(n *node) bool {
		return !isCondition(n) && !isRegion(n) && n.op != opTuple && n.op != opSet && n.op != opList && n.op != opRel && len(n.variables()) == 0
	}
	if value(a) && okB || value(b) && okA {
		one, set := a, sb
		if value(b) {
			one, set = b, sa
		}
		if e, ok := c.end(one, false); ok {
			return c.sameSets([]interval{{e, e}}, set)
		}
	}
	c.why = "the sets are not known to be the same"
	return Unsure
}

// inequalities compares two relations by what lies on one side.
func (c *comparison) inequalities(a, b *node) Verdict {
	if len(a.args) != 2 || len(b.args) != 2 || slices.ContainsFunc(append(slices.Clone(a.args), b.args...), structured) {
		return Unsure
	}
	if (a.name == "=") != (b.name == "=") {
		c.why = "one is an equation and the other is none"
		return Different
	}
	if (a.name == "!=") != (b.name == "!=") {
		return Unsure
	}
	greater := func(n *node) *node { // n as f > 0
		l, r := n.args[0], n.args[1]
		if n.name == "<" || n.name == "<=" {
			l, r = r, l
		}
		return unmarked(sub(l, r), false, false)
	}
	strict := func(n *node) bool { return n.name == "<" || n.name == ">" }
	fa, fb := greater(a), greater(b)
	if c.proportional(fa, fb, a.name != "!=") == Equal {
		if a.name == "!=" || strict(a) == strict(b) {
			return Equal
		}
		c.why = "one is strict and the other is not"
		return Different
	}
	vars := slices.Compact(slices.Sorted(slices.Values(append(fa.variables(), fb.variables()...))))
	if a.name == "!=" || len(vars) > 12 {
		return Unsure
	}
	for i := range 4 * signedPoints { // a point that only one of them lets in
		p := pointOf(vars, i%3, 300+i)
		e := numeric{at: p, prec: coarse, work: &c.work}
		va, errA := e.eval(fa)
		vb, errB := e.eval(fb)
		if errA != nil || errB != nil || va.im != nil || vb.im != nil || e.nought(va) || e.nought(vb) {
			continue
		}
		if va.re.Sign() != vb.re.Sign() {
			c.why = "a point satisfies one of them alone"
			return Different
		}
	}
	return Unsure
}
