package mathexpr

import "slices"

// maxSigns bounds the plus-minus signs that are taken apart one by one.
const maxSigns = 4

// plusMinus counts the plus-minus signs of a tree, and tells whether one is
// upside down.
func plusMinus(n *node) (count int, mixed bool) {
	n.has(func(m *node) bool {
		if m.op == opPM {
			count++
			mixed = mixed || m.name == "mp"
		}
		return false
	})
	return count, mixed
}

// ambiguous tells whether the plus-minus signs of an answer may go together or
// not: \pm\sqrt2 \pm\sqrt3 are two numbers or four. A minus-plus says that they
// do go together.
func ambiguous(n *node) bool {
	if n.op == opList || n.op == opSet {
		return slices.ContainsFunc(n.args, ambiguous)
	}
	count, mixed := plusMinus(n)
	return count > 1 && !mixed && !isCondition(n)
}

// expanded turns plus-minus into a list of both; several of one answer go
// together, or each goes by itself.
func expanded(n *node, together bool) *node {
	if n.op == opList || n.op == opSet {
		m := &node{op: n.op, name: n.name}
		for _, a := range n.args {
			if e := expanded(a, together); e != a && e.op == opList {
				m.args = append(m.args, e.args...)
			} else {
				m.args = append(m.args, e)
			}
		}
		return m
	}
	count, _ := plusMinus(n)
	if count == 0 || isCondition(n) || !together && count > maxSigns {
		return n
	}
	ways := 2
	if !together {
		ways = 1 << count
	}
	list := tree(opList)
	for way := range ways {
		k := 0
		list.args = append(list.args, n.mapped(func(m *node) *node {
			if m.op != opPM {
				return m
			}
			bit := way
			if !together {
				bit = way >> k
			}
			k++
			if (bit&1 == 0) == (m.name == "pm") {
				return tree(opAdd, m.args...)
			}
			return sub(m.args[0], m.args[1])
		}))
	}
	return list
}
