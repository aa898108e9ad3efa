package mathexpr

import (
	"fmt"
	"slices"
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
		case other.op == opSet && len(other.args) == 1 && other.args[0].op == opSet:
			c.why = "one is a set of sets"
			return Different
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
	if beside.op == opTuple && beside.name == "[]" { // a list of entries; (1,2] is an interval
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

// ordered compares part by part. One that differs decides, whatever others are
// unsure of.
func (c *comparison) ordered(a, b []*node) Verdict {
	if len(a) != len(b) {
		c.why = fmt.Sprintf("they have %d and %d parts", len(a), len(b))
		return Different
	}
	verdict := Equal
	for i := range a {
		switch v := c.element(a[i], b[i]); v {
		case Different:
			return Different
		case Unsure:
			verdict = Unsure
		}
	}
	return verdict
}

// element compares two elements. Among others {1} is not 1, which it is as an
// answer of its own.
func (c *comparison) element(a, b *node) Verdict {
	v := c.answers(a, b)
	alone := func(n *node) bool { return n.op == opSet && len(n.args) == 1 }
	if v == Equal && alone(a) != alone(b) {
		return Unsure
	}
	return v
}

// tuples compares tuples. Brackets of a pair say whether it is an interval, and
// which; of more than two they are a matter of taste, and nothing is claimed.
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
	names := namesOf(list.args)
	stripped := tree(opList, list.args...)
	if names != nil {
		stripped.args = withoutNames(list.args)
	}
	// Two in parentheses may be an interval, which 1, 2 is not. Names have to
	// be those of places: in x = 1, x = 2 they are not, and y = 2, x = 1 may be
	// meant in either order.
	point := len(tuple.args) > 2 && names == nil || tuple.name == "()" && inPlace(names) && list.name != "or"
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
		if v := c.byName(as, bs); v != Equal || len(as) == 1 || (a.name == "or") == (b.name == "or") {
			return v
		}
		c.why = "one says and, the other or"
		return Unsure
	}
	positional := false
	na, nb := withoutNames(as), withoutNames(bs)
	if na != nil && nb == nil {
		as, positional = na, several(namesOf(a.args))
	} else if nb != nil && na == nil {
		bs, positional = nb, several(namesOf(b.args))
	}
	if len(as) > maxItems || len(bs) > maxItems {
		return Unsure
	}
	verdicts := make([][]Verdict, len(as))
	for i, x := range as {
		verdicts[i] = make([]Verdict, len(bs))
		for j, y := range bs {
			verdicts[i][j] = c.element(x, y)
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
	case a.op == opList && b.op == opList && !paired(verdicts, len(bs)):
		c.why = "an answer is repeated"
		return Unsure
	case positional && !(a.op == opList && b.op == opList && inPlace(append(namesOf(a.args), namesOf(b.args)...)) && c.ordered(as, bs) == Equal):
		c.why = "one says which value is whose"
		return Unsure
	case a.name != b.name && (a.name == "or" || b.name == "or") && (a.name == "and" || b.name == "and" || several(append(namesOf(a.args), namesOf(b.args)...))):
		c.why = "one says and, the other or"
		return Unsure
	}
	return Equal
}

// paired tells whether each of a finds an equal of its own among n others.
func paired(verdicts [][]Verdict, n int) bool {
	taken := make([]bool, n)
	for _, row := range verdicts {
		found := false
		for j, v := range row {
			if v == Equal && !taken[j] {
				taken[j], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(verdicts) == n
}

// namesOf are the names of x = 1, y = 2, or nil where some have none.
func namesOf(items []*node) []string {
	if withoutNames(items) == nil {
		return nil
	}
	var names []*node
	for _, n := range items {
		names = append(names, n.args[0])
	}
	return texts(names)
}

// texts are the canonical texts of trees.
func texts(nodes []*node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.canon()
	}
	return out
}

// several tells whether names differ.
func several(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n != names[0] })
}

// inPlace tells whether names are in the order that tuples have them in: x, y,
// each once.
func inPlace(names []string) bool {
	return len(names) > 0 && slices.IsSorted(names) && len(slices.Compact(slices.Clone(names))) == len(names)
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
