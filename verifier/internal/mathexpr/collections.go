package mathexpr

import (
	"fmt"
)

// collections compares lists, sets and tuples. A list without brackets has no
// order unless the options say so, a tuple has one, and brackets are part of a
// pair, since it may be an interval.
func (c *comparison) collections(a, b *node) Verdict {
	// A column vector is a tuple.
	a, b = asTuple(a, b), asTuple(b, a)
	many := func(n *node) bool { return n.op == opList || n.op == opSet || n.op == opTuple }
	if !many(a) || !many(b) {
		one, other := a, b
		if many(a) {
			one, other = b, a
		}
		switch {
		case other.op != opTuple && len(other.args) == 1:
			return c.answers(one, other.args[0])
		case other.op == opSet && len(other.args) == 0:
			return Different
		case one.op == opRel:
			if one.name == "=" {
				return c.roots(one, other)
			}
			return Unsure
		}
		c.why = "one is a single value"
		return Different
	}
	if a.op == opTuple && b.op == opTuple {
		return c.tuples(a, b)
	}
	if a.op == opTuple || b.op == opTuple {
		return c.listAndTuple(a, b)
	}
	if a.op == opSet || b.op == opSet || !c.Ordered {
		return c.unordered(a, b)
	}
	return c.ordered(a.args, b.args)
}

// asTuple is a column, beside a tuple or list, as a tuple.
func asTuple(n, beside *node) *node {
	if n.op != opMatrix || beside.op == opMatrix {
		return n
	}
	t := &node{op: opTuple, name: "()"}
	if beside.op == opTuple {
		t.name = beside.name
	}
	for _, row := range n.args {
		if len(row.args) != 1 {
			return n
		}
		t.args = append(t.args, row.args[0])
	}
	return t
}

func (c *comparison) ordered(a, b []*node) Verdict {
	if len(a) != len(b) {
		c.why = fmt.Sprintf("they have %d and %d parts", len(a), len(b))
		return Different
	}
	verdict := Equal
	for i := range a {
		switch v := c.answers(a[i], b[i]); v {
		case Different:
			return Different
		case Unsure:
			verdict = Unsure
		}
	}
	return verdict
}

func (c *comparison) tuples(a, b *node) Verdict {
	v := c.ordered(a.args, b.args)
	if v != Equal || a.name == b.name {
		return v
	}
	if len(a.args) == 2 {
		c.why = "their brackets differ"
		return Different
	}
	return Unsure
}

// listAndTuple compares a list or set with a tuple: in order, a list may be
// meant as one.
func (c *comparison) listAndTuple(a, b *node) Verdict {
	list := a
	if a.op == opTuple {
		list = b
	}
	tuple := b
	if a.op == opTuple {
		tuple = a
	}
	if list.op == opSet && tuple.name != "()" {
		sa, ok := c.realSet(a)
		sb, ok2 := c.realSet(b)
		if ok && ok2 {
			return c.sameSets(sa, sb)
		}
	}
	stripped := tree(opList)
	named := 0
	for _, n := range list.args {
		if n.op == opRel && n.name == "=" && len(n.args) == 2 && nameLike(n.args[0]) {
			n = n.args[1]
			named++
		}
		stripped.args = append(stripped.args, n)
	}
	// Two in parentheses may be an interval, which 1, 2 is not.
	point := len(tuple.args) > 2 || tuple.name == "()" && named == len(list.args)
	if list.op == opList && point && c.ordered(stripped.args, tuple.args) == Equal {
		return Equal
	}
	if c.unordered(stripped, tuple) == Different {
		return Different
	}
	c.why = "one has an order and the other has none"
	return Unsure
}

// unordered compares as sets of answers, each with its partner.
func (c *comparison) unordered(a, b *node) Verdict {
	as, bs := a.args, b.args
	if sameNames(as, bs) {
		return c.byName(as, bs)
	}
	if na, nb := withoutNames(as), withoutNames(bs); na != nil && nb == nil {
		as = na
	} else if nb != nil && na == nil {
		bs = nb
	}
	if len(as) > maxItems || len(bs) > maxItems {
		return Unsure
	}
	verdicts := make([][]Verdict, len(as))
	for i, x := range as {
		verdicts[i] = make([]Verdict, len(bs))
		for j, y := range bs {
			verdicts[i][j] = c.answers(x, y)
		}
	}
	// Each needs an equal on the other side; how often it is said counts in a
	// list alone.
	lonely := func(n, m int, at func(i, j int) Verdict) Verdict {
		worst := Equal
		for i := range n {
			best := Different
			for j := range m {
				if v := at(i, j); v == Equal || v == Unsure && best == Different {
					best = v
				}
			}
			switch {
			case best == Different:
				return Different
			case best == Unsure:
				worst = Unsure
			}
		}
		return worst
	}
	forth := lonely(len(as), len(bs), func(i, j int) Verdict { return verdicts[i][j] })
	back := lonely(len(bs), len(as), func(i, j int) Verdict { return verdicts[j][i] })
	switch {
	case forth == Different || back == Different:
		c.why = "an answer of one is missing in the other"
		return Different
	case forth == Unsure || back == Unsure:
		return Unsure
	case len(as) != len(bs) && (a.op == opList && b.op == opList):
		c.why = "an answer is repeated"
		return Unsure
	}
	return Equal
}

// sameNames tells whether two lists give values to the same names, each once.
func sameNames(as, bs []*node) bool {
	if withoutNames(as) == nil || withoutNames(bs) == nil || len(as) != len(bs) {
		return false
	}
	left := map[string]bool{}
	for _, n := range as {
		left[n.args[0].canon()] = true
	}
	if len(left) != len(as) {
		return false
	}
	for _, n := range bs {
		delete(left, n.args[0].canon())
	}
	return len(left) == 0
}

// byName compares the values of each name.
func (c *comparison) byName(as, bs []*node) Verdict {
	verdict := Equal
	for _, x := range as {
		for _, y := range bs {
			if x.args[0].canon() != y.args[0].canon() {
				continue
			}
			switch v := c.answers(x.args[1], y.args[1]); v {
			case Different:
				return Different
			case Unsure:
				verdict = Unsure
			}
		}
	}
	return verdict
}

// withoutNames are the values of x = 1, x = 2, or nil where some have no name.
func withoutNames(items []*node) []*node {
	var out []*node
	for _, n := range items {
		if n.op != opRel || n.name != "=" || len(n.args) != 2 || !nameLike(n.args[0]) {
			return nil
		}
		out = append(out, n.args[1])
	}
	return out
}

// ratios compares 1:2 with 2:4, or with 1/2. What looks like a time of day is
// none of these.
func (c *comparison) ratios(a, b *node) Verdict {
	if a.op == opRatio && len(a.args) == 2 && b.op != opRatio {
		return c.answers(tree(opDiv, a.args...), b)
	}
	if b.op == opRatio && len(b.args) == 2 && a.op != opRatio {
		return c.ratios(b, a)
	}
	if a.op != opRatio || b.op != opRatio || len(a.args) != len(b.args) {
		return Unsure
	}
	if c.ordered(a.args, b.args) == Equal {
		return Equal
	}
	for i := range a.args[1:] {
		if v := c.values(tree(opMul, a.args[0], b.args[i+1]), tree(opMul, b.args[0], a.args[i+1])); v != Equal {
			return v
		}
	}
	return Equal
}

// bases compares numerals in bases: the base is part of what was asked.
func (c *comparison) bases(a, b *node) Verdict {
	if a.op == opBase && b.op == opBase && a.args[0].canon() == b.args[0].canon() {
		if a.num.Cmp(b.num) == 0 {
			return Equal
		}
		return Different
	}
	if c.values(a, b) == Different {
		numeral, other := a, b
		if a.op != opBase {
			numeral, other = b, a
		}
		if other.op == opNum && other.num.IsInt() && other.num.Num().String() == numeral.name {
			c.why = "one leaves out its base"
			return Unsure
		}
		return Different
	}
	c.why = "their bases differ"
	return Unsure
}
