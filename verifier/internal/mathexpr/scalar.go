package mathexpr

import "slices"

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
	v := c.marked(a, b)
	if v == Equal && (ua == "") != (ub == "") && drops(ua+ub) {
		c.why = "what one is measured in changes what it is"
		return Unsure
	}
	if v == Equal && (a.has(inverted) && len(a.variables()) > 1 || b.has(inverted) && len(b.variables()) > 1) {
		c.why = "its letters may be matrices"
		return Unsure
	}
	return v
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
