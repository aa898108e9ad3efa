package mathexpr

import (
	"math/big"
	"slices"
)

// endpoint is an end of an interval: a constant, or infinite.
type endpoint struct {
	at       *node
	val      *big.Float
	infinite int // -1 or 1
	open     bool
}

// interval is a set of reals between two ends.
type interval struct{ lo, hi endpoint }

// end makes an endpoint of a constant expression.
func (c *comparison) end(n *node, open bool) (endpoint, bool) {
	_, n = n.unit()
	if n.op == opSym && n.name == "infty" {
		return endpoint{infinite: 1, open: true}, true
	}
	if n.op == opMul && len(n.args) == 2 && n.args[0].isInt(-1) && n.args[1].op == opSym && n.args[1].name == "infty" {
		return endpoint{infinite: -1, open: true}, true
	}
	n = unmarked(n, true, false)
	if len(n.variables()) > 0 {
		return endpoint{}, false
	}
	v, err := numeric{prec: coarse, work: &c.work}.eval(n)
	if err != nil || v.im != nil {
		return endpoint{}, false
	}
	return endpoint{at: n, val: v.re, open: open}, true
}

// order is -1, 0 or 1 as end a is below, at or above end b; false where that
// is not sure.
func (c *comparison) order(a, b endpoint) (int, bool) {
	if a.infinite != 0 || b.infinite != 0 {
		switch d := a.infinite - b.infinite; {
		case d < 0:
			return -1, true
		case d > 0:
			return 1, true
		}
		return 0, true
	}
	switch c.values(a.at, b.at) {
	case Equal:
		return 0, true
	case Different:
		return a.val.Cmp(b.val), true
	}
	return 0, false
}

var everything = []interval{{endpoint{infinite: -1, open: true}, endpoint{infinite: 1, open: true}}}

// realSet is the set of reals that a tree stands for, as disjoint intervals in
// ascending order; false where it is none, or not sure to be.
func (c *comparison) realSet(n *node) ([]interval, bool) {
	switch n.op {
	case opSym:
		if n.name == `\R` {
			return everything, true
		}
	case opIn:
		if n.args[0].op == opSym {
			return c.realSet(n.args[1])
		}
	case opBuilder:
		if n.args[0].op == opSym || n.args[0].op == opIn {
			return c.realSet(n.args[1])
		}
	case opTuple:
		if len(n.args) != 2 {
			return nil, false
		}
		lo, ok := c.end(n.args[0], n.name[0] == '(')
		hi, ok2 := c.end(n.args[1], n.name[1] == ')')
		if !ok || !ok2 || lo.infinite > 0 || hi.infinite < 0 {
			return nil, false
		}
		if d, ok := c.order(lo, hi); !ok || d > 0 || d == 0 && n.name != "[]" { // a pair, and no interval: not the empty set
			return nil, false
		}
		return c.normal([]interval{{lo, hi}})
	case opSet, opList:
		var out []interval
		for _, a := range n.args {
			e, ok := c.end(a, false)
			if !ok || e.infinite != 0 {
				return nil, false
			}
			out = append(out, interval{e, e})
		}
		return c.normal(out)
	case opUnion, opOr:
		var out []interval
		for _, a := range n.args {
			s, ok := c.realSet(a)
			if !ok {
				return nil, false
			}
			out = append(out, s...)
		}
		return c.normal(out)
	case opInter, opAnd:
		out, ok := c.realSet(n.args[0])
		for _, a := range n.args[1:] {
			s, ok2 := c.realSet(a)
			if !ok || !ok2 {
				return nil, false
			}
			if n.name == "minus" {
				s = complement(s)
			}
			out, ok = c.intersect(out, s)
		}
		return out, ok
	case opRel:
		return c.solved(n)
	}
	return nil, false
}

// variable is the one variable of a condition, "" for none or several.
func variable(n *node) string {
	if v := n.variables(); len(v) == 1 {
		return v[0]
	}
	return ""
}

// solved is the solution of a linear relation in one variable.
func (c *comparison) solved(n *node) ([]interval, bool) {
	name := variable(n)
	if name == "" || len(n.args) != 2 {
		return nil, false
	}
	for i, side := range n.args { // x < infinity
		if e, ok := c.end(side, true); ok && e.infinite != 0 {
			less := n.name == "<" || n.name == "<="
			return everything, n.args[1-i].op == opSym && (less || n.name == ">" || n.name == ">=") && (e.infinite > 0) == (less == (i == 1))
		}
	}
	root, slope, ok := c.linear(sub(n.args[0], n.args[1]), name)
	if !ok {
		return nil, false
	}
	at, ok := c.end(root, n.name == "<" || n.name == ">" || n.name == "!=")
	if !ok {
		return nil, false
	}
	below, above := interval{everything[0].lo, at}, interval{at, everything[0].hi}
	rel := n.name
	if slope < 0 {
		rel = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[rel]
		if rel == "" {
			rel = n.name
		}
	}
	switch rel {
	case "<", "<=":
		return []interval{below}, true
	case ">", ">=":
		return []interval{above}, true
	case "!=":
		return []interval{below, above}, true
	case "=":
		return []interval{{at, at}}, true
	}
	return nil, false
}

// linear solves f = 0 where f is linear in a variable: its root, and the sign
// of the slope (0 where that has variables).
func (c *comparison) linear(f *node, name string) (root *node, slope int, ok bool) {
	f = unmarked(f, false, false)
	at := func(v int64) *node { return f.with(name, number(v)) }
	b := at(0)
	a := sub(at(1), b)
	for _, v := range []int64{2, 5} {
		if c.values(at(v), tree(opAdd, tree(opMul, number(v), a), b)) != Equal {
			return nil, 0, false
		}
	}
	third := f.with(name, &node{op: opNum, num: big.NewRat(-7, 3)})
	if c.values(third, tree(opAdd, tree(opMul, &node{op: opNum, num: big.NewRat(-7, 3)}, a), b)) != Equal || c.values(a, number(0)) != Different {
		return nil, 0, false
	}
	if len(a.variables()) == 0 {
		v, err := numeric{prec: coarse, work: &c.work}.eval(a)
		if err != nil || v.im != nil {
			return nil, 0, false
		}
		slope = v.re.Sign()
	}
	return tree(opDiv, neg(b), a), slope, true
}

// normal sorts intervals and joins those that touch.
func (c *comparison) normal(in []interval) ([]interval, bool) {
	sure := true
	in = slices.DeleteFunc(slices.Clone(in), func(i interval) bool {
		d, ok := c.order(i.lo, i.hi)
		sure = sure && ok
		return d > 0 || d == 0 && (i.lo.open || i.hi.open)
	})
	slices.SortFunc(in, func(i, j interval) int {
		d, ok := c.order(i.lo, j.lo)
		sure = sure && ok
		if d == 0 && i.lo.open != j.lo.open {
			if i.lo.open {
				return 1
			}
			return -1
		}
		return d
	})
	var out []interval
	for _, i := range in {
		if len(out) > 0 {
			last := &out[len(out)-1]
			d, ok := c.order(i.lo, last.hi)
			sure = sure && ok
			if d < 0 || d == 0 && !(i.lo.open && last.hi.open) {
				d, ok = c.order(i.hi, last.hi)
				sure = sure && ok
				if d > 0 {
					last.hi = i.hi
				} else if d == 0 {
					last.hi.open = last.hi.open && i.hi.open
				}
				continue
			}
		}
		out = append(out, i)
	}
	return out, sure
}

// intersect is what two normal sets share. At a shared end the open one wins.
func (c *comparison) intersect(a, b []interval) ([]interval, bool) {
	sure := true
	pick := func(x, y endpoint, later int) endpoint {
		d, ok := c.order(x, y)
		sure = sure && ok
		switch {
		case d == 0:
			x.open = x.open || y.open
			return x
		case d == later:
			return x
		}
		return y
	}
	var out []interval
	for _, i := range a {
		for _, j := range b {
			out = append(out, interval{pick(i.lo, j.lo, 1), pick(i.hi, j.hi, -1)})
		}
	}
	out, ok := c.normal(out)
	return out, ok && sure
}

// complement is the set of reals that are not in a normal set.
func complement(s []interval) []interval {
	var out []interval
	lo := everything[0].lo
	for _, i := range s {
		hi := i.lo
		if hi.infinite == 0 {
			hi.open = !hi.open
			out = append(out, interval{lo, hi})
		}
		lo = i.hi
		lo.open = !lo.open
	}
	if lo.infinite <= 0 && (len(s) == 0 || s[len(s)-1].hi.infinite == 0) {
		out = append(out, interval{lo, everything[0].hi})
	}
	return out
}

// sameSets compares two normal sets.
func (c *comparison) sameSets(a, b []interval) Verdict {
	if len(a) != len(b) {
		return Different
	}
	for i := range a {
		for _, ends := range [][2]endpoint{{a[i].lo, b[i].lo}, {a[i].hi, b[i].hi}} {
			d, ok := c.order(ends[0], ends[1])
			switch {
			case !ok:
				return Unsure
			case d != 0 || ends[0].open != ends[1].open:
				return Different
			}
		}
	}
	return Equal
}
