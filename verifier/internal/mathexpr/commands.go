package mathexpr

import (
	"slices"
	"strings"
)

// braces reads \{ ... \}, a set.
func (p *parser) braces() *node {
	bars := p.bars
	p.bars = 1 // a bar separates here
	defer func() { p.bars = bars }()
	if p.accept(tCmd, "}") {
		return tree(opSet)
	}
	q := p.items()
	if p.accept(tCmd, "mid") || p.accept(tOp, "|") || p.accept(tCmd, "vert") {
		c := p.answer()
		if !p.accept(tCmd, "}") {
			p.fail("a set does not close")
		}
		return tree(opBuilder, combine(p, q), c)
	}
	if !p.accept(tCmd, "}") {
		return p.fail("a set does not close")
	}
	if len(q.items) == 1 {
		if b := suchThat(q.items[0]); b != nil {
			return b
		}
	}
	return tree(opSet, q.items...)
}

// suchThat reads x : x > 2, where the colon looked like that of a ratio.
func suchThat(n *node) *node {
	first := n
	if n.op == opAnd {
		first = n.args[0]
	}
	if first.op != opRel || first.args[0].op != opRatio || len(first.args[0].args) != 2 || first.args[0].args[0].op != opSym {
		return nil
	}
	of := first.args[0].args[0]
	c := *first
	c.args = append([]*node{first.args[0].args[1]}, first.args[1:]...)
	if n.op == opAnd {
		return tree(opBuilder, of, tree(opAnd, append([]*node{&c}, n.args[1:]...)...))
	}
	return tree(opBuilder, of, &c)
}

// command reads what a LaTeX command stands for.
func (p *parser) command(t token) *node {
	switch t.text {
	case "frac", "dfrac", "tfrac", "cfrac":
		return p.fraction()
	case "sqrt":
		return p.root()
	case "binom", "dbinom", "tbinom":
		a := p.argument()
		return tree(opBinom, a, p.argument())
	case "infty":
		return symbol("infty")
	case "emptyset", "varnothing":
		return tree(opSet)
	case "R":
		return symbol(`\R`)
	case "mathbb":
		braced := p.accept(tOp, "{")
		n := symbol(`\` + p.next().text)
		if braced {
			p.expect("}")
		}
		return n
	case "{":
		return p.braces()
	case "lfloor", "lceil", "lvert", "langle":
		closing := map[string]string{"lfloor": "rfloor", "lceil": "rceil", "lvert": "rvert", "langle": "rangle"}[t.text]
		q := p.items()
		if !p.accept(tCmd, closing) {
			return p.fail(`\%s does not close`, t.text)
		}
		if t.text == "langle" {
			return &node{op: opTuple, name: "()", args: q.items}
		}
		return fn(map[string]string{"lfloor": "floor", "lceil": "ceil", "lvert": "abs"}[t.text], q.items...)
	case "sum", "prod":
		return p.series(t.text)
	case "begin":
		return p.environment()
	case "angle", "triangle", "overline", "bar", "vec", "hat", "widehat", "overrightarrow":
		return p.called(t.text)
	}
	return p.fail(`\%s is not known`, t.text)
}

// called reads a name made of letters, such as \angle ABC.
func (p *parser) called(what string) *node {
	var b strings.Builder
	b.WriteString(what + " ")
	braced := p.accept(tOp, "{")
	for p.peek().kind == tSym && (braced || what == "angle" || what == "triangle" || b.Len() == len(what)+1) {
		b.WriteString(p.next().text)
	}
	if b.Len() == len(what)+1 {
		return p.fail(`\%s names nothing`, what)
	}
	if braced {
		p.expect("}")
	}
	if letters := b.String()[len(what)+1:]; what == "overline" && len(letters) > 1 && strings.ToUpper(letters) == letters { // a segment, CD or DC
		product := tree(opMul)
		for _, r := range letters {
			product.args = append(product.args, symbol(string(r)))
		}
		return product
	}
	n := symbol(b.String() + p.subscript())
	n.vector = what == "vec" || what == "overrightarrow" || what == "hat" || what == "widehat"
	return n
}

// vectorial tells whether a factor is a vector, as far as its letters say so.
func vectorial(n *node) bool {
	switch n.op {
	case opAdd, opMul, opDiv:
		return slices.ContainsFunc(n.args, vectorial)
	}
	return n.vector
}

// times is the product of two factors. That of two vectors is one of several,
// which do not commute or are no vector, so that it is not read.
func (p *parser) times(a, b *node) *node {
	if vectorial(a) && vectorial(b) {
		return p.fail("a product of vectors")
	}
	return tree(opMul, a, b)
}

// series reads \sum_{k=a}^{b} and \prod.
func (p *parser) series(what string) *node {
	var index string
	var from, to *node
	for p.err == nil && (to == nil || from == nil) {
		switch {
		case p.accept(tOp, "_"):
			p.expect("{")
			v := p.next()
			if v.kind != tSym {
				return p.fail(`\%s has no index`, what)
			}
			index = v.text
			p.expect("=")
			from = p.sum()
			p.expect("}")
		case p.accept(tOp, "^"):
			if p.accept(tOp, "{") {
				to = p.sum()
				p.expect("}")
			} else {
				to = p.argument()
			}
		default:
			return p.fail(`\%s has no bounds`, what)
		}
	}
	o := opSum
	if what == "prod" {
		o = opProd
	}
	return &node{op: o, name: index, args: []*node{p.term(), from, to}}
}

// environment reads a matrix, or a system of equations.
func (p *parser) environment() *node {
	name := p.braced()
	switch name {
	case "pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix":
	case "array":
		p.braced()
	case "cases":
	default:
		return p.fail("the environment %s is not known", name)
	}
	var rows []*node
	row := tree(opRow)
	for p.err == nil {
		if p.peek().is(tCmd, "end") {
			break
		}
		if p.accept(tCmd, `\`) {
			if len(row.args) > 0 {
				rows = append(rows, row)
			}
			row = tree(opRow)
			continue
		}
		if len(row.args) > 0 {
			p.expect("&")
		}
		row.args = append(row.args, p.item())
		if name == "cases" {
			p.accept(tOp, ",")
		}
		if len(row.args)*(len(rows)+1) > 400 {
			return p.fail("a matrix has more than 400 entries")
		}
	}
	if len(row.args) > 0 {
		rows = append(rows, row)
	}
	p.next()
	if end := p.braced(); p.err == nil && end != name || len(rows) == 0 {
		return p.fail("%s does not end", name)
	}
	if name == "cases" {
		system := tree(opList)
		for _, r := range rows {
			if len(r.args) != 1 || r.args[0].op != opRel {
				return p.fail("cases that are no equations")
			}
			system.args = append(system.args, r.args[0])
		}
		return system
	}
	for _, r := range rows {
		if len(r.args) != len(rows[0].args) {
			return p.fail("rows of a matrix differ in length")
		}
	}
	return tree(opMatrix, rows...)
}

// braced reads a name in braces.
func (p *parser) braced() string {
	p.expect("{")
	var b strings.Builder
	for p.err == nil && !p.peek().is(tOp, "}") && p.peek().kind != tEnd {
		b.WriteString(p.next().text)
	}
	p.expect("}")
	return b.String()
}
