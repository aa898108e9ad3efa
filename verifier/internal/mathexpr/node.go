package mathexpr

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// op says what a node of the tree is.
type op uint8

const (
	opNum     op = iota // num; name is "decimal" where it was written with a point
	opSym               // a variable or a constant, by name
	opAdd               // sum of args
	opMul               // product of args
	opDiv               // args[0] / args[1]
	opPow               // args[0] ^ args[1]
	opRoot              // the args[1]-th root of args[0]
	opFn                // a known function by name, of args
	opApp               // an unknown function by name, of args
	opFact              // args[0]!
	opBinom             // args[0] choose args[1]
	opPercent           // args[0] %
	opDegree            // args[0] in degrees
	opPM                // args[0] plus or minus args[1]; name is pm, or mp for the other sign first
	opSum               // over name = args[1] .. args[2] of args[0]
	opProd              // the product likewise
	opBase              // num, written in base args[0] with the digits of name
	opMatrix            // of rows
	opRow               // of entries

	opUnit    // args[0] of the unit name
	opList    // a, b and c
	opSet     // {a, b, c}
	opTuple   // (a, b] and the like; name holds the two brackets
	opUnion   // of sets
	opInter   // of sets
	opRatio   // a : b : c
	opRel     // args[0] name args[1]; of more args for a chain of equalities
	opAnd     // of relations
	opOr      // of relations
	opIn      // args[0] is an element of args[1]
	opBuilder // the set of args[0] for which args[1]
)

// node is a part of an answer. Trees are never changed once they are built, so
// that parts may be shared.
type node struct {
	op    op
	name  string
	num   *big.Rat
	args  []*node
	paren bool // was written in parentheses of its own

	vector bool // a letter that is bold or has an arrow
}

// These make nodes; what they are given is shared, not copied.
func number(n int64) *node             { return &node{op: opNum, num: big.NewRat(n, 1)} }
func symbol(name string) *node         { return &node{op: opSym, name: name} }
func tree(o op, args ...*node) *node   { return &node{op: o, args: args} }
func fn(name string, a ...*node) *node { return &node{op: opFn, name: name, args: a} }
func neg(n *node) *node                { return tree(opMul, number(-1), n) }
func sub(a, b *node) *node             { return tree(opAdd, a, neg(b)) }

// isInt tells whether n is the number v, as it is written and not as it comes out.
func (n *node) isInt(v int64) bool {
	return n.op == opNum && n.num.IsInt() && n.num.Num().IsInt64() && n.num.Num().Int64() == v
}

// unit is what a node is measured in, and the node without it.
func (n *node) unit() (string, *node) {
	if n.op == opUnit {
		return n.name, n.args[0]
	}
	return "", n
}

// has tells whether a node, or one below it, satisfies is.
func (n *node) has(is func(*node) bool) bool {
	return is(n) || slices.ContainsFunc(n.args, func(a *node) bool { return a.has(is) })
}

func (n *node) hasOp(o op) bool { return n.has(func(m *node) bool { return m.op == o }) }

// mapped is the tree with every node, from the leaves up, replaced by what f
// makes of it.
func (n *node) mapped(f func(*node) *node) *node {
	if len(n.args) > 0 {
		c := *n
		c.args = make([]*node, len(n.args))
		for i, a := range n.args {
			c.args[i] = a.mapped(f)
		}
		n = &c
	}
	return f(n)
}

// with is the tree with a variable replaced.
func (n *node) with(name string, by *node) *node {
	return n.mapped(func(m *node) *node {
		if m.op == opSym && m.name == name {
			return by
		}
		return m
	})
}

// names of constants, which are no variables.
var constantNames = map[string]bool{"pi": true, "e": true, "i": true, "infty": true}

// variables are the free variables of a tree, sorted.
func (n *node) variables() []string {
	seen := map[string]bool{}
	var walk func(m *node, bound string)
	walk = func(m *node, bound string) {
		switch {
		case m.op == opSym && !constantNames[m.name] && m.name != bound && m.name[0] != '\\':
			seen[m.name] = true
		case m.op == opSum || m.op == opProd:
			walk(m.args[0], m.name)
			walk(m.args[1], bound)
			walk(m.args[2], bound)
			return
		}
		for _, a := range m.args {
			walk(a, bound)
		}
	}
	walk(n, "")
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// canon is a text that equal trees share: sums, products and sets are sorted,
// nested sums and products are flat. It proves equality, never difference.
func (n *node) canon() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

// write appends the canonical text. Order is given up where the operation gives
// it up, and nowhere else: it is what makes two answers equal without a look at
// their values.
func (n *node) write(b *strings.Builder) {
	switch n.op {
	case opNum:
		b.WriteString(n.num.RatString())
		return
	case opSym:
		b.WriteString(n.name)
		return
	}
	parts := make([]string, 0, len(n.args))
	for _, a := range n.flat() {
		parts = append(parts, a.canon())
	}
	switch n.op {
	case opMul:
		if !slices.ContainsFunc(n.flat(), func(a *node) bool { return a.has(ordered) }) {
			slices.Sort(parts)
		}
	case opInter:
		if n.name != "minus" {
			slices.Sort(parts)
		}
	case opAdd, opSet, opUnion, opAnd, opOr:
		slices.Sort(parts)
	}
	b.WriteByte('(')
	b.WriteString(strconv.Itoa(int(n.op)))
	b.WriteByte(':')
	b.WriteString(n.name)
	if n.num != nil {
		b.WriteString(n.num.RatString())
	}
	for _, p := range parts {
		b.WriteByte(' ')
		b.WriteString(p)
	}
	b.WriteByte(')')
}

// ordered tells whether the order of a product of n counts: of matrices, of
// permutations such as (1,2)(2,3), and of sets, whose product is of pairs.
func ordered(n *node) bool {
	switch n.op {
	case opMatrix, opTuple, opSet, opList, opUnion, opInter:
		return true
	}
	return n.op == opSym && n.name[0] == '\\' || inverted(n)
}

// inverted tells whether a tree is the inverse of capital letters, which may
// be matrices: A^{-1}B is not BA^{-1} then.
func inverted(n *node) bool {
	if n.op != opPow {
		return false
	}
	if x := n.args[1]; !x.isInt(-1) && !(x.op == opMul && len(x.args) == 2 && x.args[0].isInt(-1) && x.args[1].isInt(1)) {
		return false
	}
	letters := n.args[0].variables()
	return len(letters) > 0 && !slices.ContainsFunc(letters, func(l string) bool { return len(l) != 1 || l[0] < 'A' || l[0] > 'Z' })
}

// flat are the args, those of nested sums in a sum and of nested products in a
// product included.
func (n *node) flat() []*node {
	if n.op != opAdd && n.op != opMul {
		return n.args
	}
	var out []*node
	for _, a := range n.args {
		if a.op == n.op {
			out = append(out, a.flat()...)
		} else {
			out = append(out, a)
		}
	}
	return out
}
