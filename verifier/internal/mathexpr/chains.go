package mathexpr

// This file reads equations that name a value or state a fact, rather than ask
// for what solves them.

// settled collapses chains such as x = 5 + 6 = 11 to what they name and what
// they come to, where all between is the same; x = 3 = 4 stays as it is.
func (c *comparison) settled(n *node) *node {
	return n.mapped(func(m *node) *node {
		if m.op != opRel || m.name != "=" || len(m.args) < 3 {
			return m
		}
		from := 1
		if !nameLike(m.args[0]) {
			from = 0
			if len(tree(opList, m.args...).variables()) > 0 {
				return m
			}
		}
		for i := from; i+1 < len(m.args); i++ {
			if c.answers(m.args[i], m.args[i+1]) != Equal {
				return m
			}
		}
		return &node{op: opRel, name: "=", args: []*node{m.args[0], m.args[len(m.args)-1]}}
	})
}

// closed compares equations without variables, such as 2 + 3 = 5 and f(2) = 5:
// what the latter give a value to has to be the same, and the former true.
func (c *comparison) closed(a, b *node) Verdict {
	unknown := func(n *node) bool { return n.hasOp(opApp) }
	if unknown(a) || unknown(b) {
		if v := c.sides(a, b); v != Unsure {
			return v
		}
		c.why = "they give values to different things"
		return Unsure
	}
	if c.answers(a.args[0], a.args[1]) != Equal || c.answers(b.args[0], b.args[1]) != Equal {
		c.why = "an equation is not true"
		return Unsure
	}
	return c.answers(a.args[1], b.args[1])
}

// quotientOfNames tells whether a tree is a quotient of two letters, of which
// m/n = 1/3 says the value.
func quotientOfNames(n *node) bool {
	letter := func(m *node) bool { return m.op == opSym && !constantNames[m.name] }
	return n.op == opDiv && letter(n.args[0]) && letter(n.args[1]) && n.args[0].name != n.args[1].name
}
