package mathexpr

import "strings"

// primary reads the smallest parts of an expression.
func (p *parser) primary() *node {
	defer p.enter()()
	t := p.next()
	switch t.kind {
	case tNum:
		return p.number(t)
	case tSym:
		return p.symbol(t)
	case tFn:
		return p.function(t)
	case tWord:
		if v, ok := spelt[strings.ToLower(t.text)]; ok {
			return number(v)
		}
	case tOp:
		switch t.text {
		case "(", "[":
			return p.bracket(t.text)
		case "{":
			return p.group()
		case "|":
			p.bars++
			n := p.sum()
			p.bars--
			p.expect("|")
			return fn("abs", n)
		}
	case tCmd:
		return p.command(t)
	}
	if t.kind == tEnd {
		return p.fail("it ends too early")
	}
	return p.fail("%q stands where a value should", t.text)
}

// one reads a factor that no fraction can follow as part of a mixed number.
func (p *parser) one() *node {
	p.single = true
	n := p.primary()
	p.single = false
	return n
}

// argument reads what a command is given: a group or one token.
func (p *parser) argument() *node {
	if p.accept(tOp, "{") {
		n := p.sum()
		p.expect("}")
		return n
	}
	if d, ok := p.digit(); ok {
		return d
	}
	if t := p.peek(); t.kind == tSym { // \frac xy has two arguments
		p.next()
		return symbol(t.text)
	}
	p.accept(tOp, "+")
	return p.primary()
}

// fraction reads the two arguments of \frac, of which each may be one digit.
func (p *parser) fraction() *node {
	a := p.argument()
	b := p.argument()
	return tree(opDiv, a, b)
}

// subscript reads a subscript as text, "" for none.
func (p *parser) subscript() string {
	if !p.accept(tOp, "_") {
		return ""
	}
	if !p.accept(tOp, "{") {
		return "_" + p.next().text
	}
	var b strings.Builder
	b.WriteByte('_')
	for depth := 1; p.err == nil; {
		t := p.next()
		switch {
		case t.kind == tEnd:
			p.fail("a subscript does not end")
		case t.is(tOp, "{"):
			depth++
		case t.is(tOp, "}"):
			depth--
		}
		if depth == 0 {
			break
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// unknown are letters that, before parentheses, are functions.
const unknown = "fgFGPQ"

// symbol reads a variable, or an unknown function applied to something.
func (p *parser) symbol(t token) *node {
	name := t.text
	if t.bold {
		if constantNames[name] { // the unit vector, not the root of -1
			name = "bold " + name
		}
		return &node{op: opSym, name: name + p.subscript(), vector: true}
	}
	if t := p.peek(); t.kind == tNum && !t.space && len(name) == 1 && !strings.Contains(t.text, ".") && !p.tex && !p.ahead(1).is(tSym) {
		p.next() // x1 in plain text is a name of its own
		return symbol(name + t.text)
	}
	if len(name) == 1 && strings.Contains("fghFGH", name) && p.inverse() {
		name += "^{-1}"
		p.expect("(")
		q := p.items()
		p.expect(")")
		return &node{op: opApp, name: name, args: q.items}
	}
	name += p.subscript()
	for p.peek().is(tOp, "'") {
		p.next()
		name += "'"
	}
	if p.peek().is(tOp, "(") && !p.peek().space && p.ahead(1).kind == tNum && p.ahead(2).is(tOp, ")") && len(name) == 1 && !constantNames[name] && !strings.Contains(unknown, name) {
		return p.fail("%s(%s) is a product or a value", name, p.ahead(1).text)
	}
	if name == "C" && p.peek().is(tOp, "(") || len(t.text) != 1 || !strings.Contains(unknown, t.text) || !p.peek().is(tOp, "(") || p.peek().space {
		return symbol(name)
	}
	p.next()
	q := p.items()
	p.expect(")")
	return &node{op: opApp, name: name, args: q.items}
}

// inverse reads the ^{-1} of an inverse function, before its argument.
func (p *parser) inverse() bool {
	for k, want := range []string{"^", "{", "-", "1", "}", "("} {
		if p.ahead(k).text != want {
			return false
		}
	}
	p.i += 5
	return true
}

// isTex tells whether a text is LaTeX: there x2 is a product, if anything.
func isTex(toks []token) bool {
	for _, t := range toks {
		if t.kind == tCmd || t.kind == tFn && t.tex {
			return true
		}
	}
	return false
}

// function reads a known function and what it is applied to.
func (p *parser) function(t token) *node {
	var base, power *node
	switch t.text {
	case "log":
		if p.accept(tOp, "_") {
			if next := p.peek(); t.tex && next.kind == tNum && next.text != "10" && !p.ahead(1).space {
				if d, ok := p.digit(); ok {
					base = d
					break
				}
			}
			if p.accept(tOp, "{") {
				base = p.sum()
				p.expect("}")
			} else {
				base = p.one()
			}
		}
	case "sqrt":
		return p.root()
	}
	inverse := false
	if p.peek().is(tOp, "^") { // sin^2 x, and sin^{-1} x
		p.next()
		if p.accept(tOp, "{") {
			power = p.sum()
			p.expect("}")
		} else {
			power = p.exponent()
		}
		if power.op == opMul && len(power.args) == 2 && power.args[0].isInt(-1) && power.args[1].isInt(1) {
			if inverses[t.text] == "" {
				return p.fail("%s^{-1} is unclear", t.text)
			}
			t.text, inverse = inverses[t.text], true
		}
	}
	var args []*node
	if p.peek().is(tOp, "(") || p.peek().is(tOp, "[") || p.peek().is(tOp, "{") {
		closing := map[string]string{"(": ")", "[": "]", "{": "}"}[p.next().text]
		args = p.items().items
		p.expect(closing)
	} else {
		args = []*node{p.operand()}
	}
	n := fn(t.text, args...)
	if base != nil {
		if len(args) != 1 {
			return p.fail("a logarithm of several")
		}
		n = fn("logb", base, args[0])
	}
	if power != nil && !inverse {
		n = tree(opPow, n, power)
	}
	return n
}

// operand reads what a function without parentheses is applied to: factors up
// to a sign or another function, as in sin 2x cos y.
func (p *parser) operand() *node {
	defer p.enter()()
	minus := p.accept(tOp, "-")
	n := p.power()
	bare := p.last == tNum && n.op == opNum
	for p.err == nil && (p.peek().kind != tFn || p.peek().text == "sqrt") && p.factorNext(bare) {
		f := p.power()
		bare = p.last == tNum && f.op == opNum
		n = tree(opMul, n, f)
	}
	if p.peek().is(tOp, "/") && p.ahead(1).kind != tFn {
		p.loose = true
		if p.tight {
			p.next()
			n = tree(opDiv, n, p.signed())
		}
	}
	if minus {
		n = neg(n)
	}
	return n
}

// root reads what follows \sqrt or sqrt.
func (p *parser) root() *node {
	var degree *node
	if p.peek().is(tOp, "[") {
		p.next()
		degree = p.sum()
		p.expect("]")
	}
	var of *node
	if p.peek().is(tOp, "(") {
		p.next()
		of = p.sum()
		p.expect(")")
	} else {
		if t := p.peek(); t.kind == tNum && len(t.text) > 1 && !strings.Contains(t.text, ".") && p.tex { // \sqrt 23 sets a root of 2, and is written for that of 23
			return p.fail("a root of %s or of its first digit", t.text)
		}
		of = p.argument()
	}
	if degree != nil {
		return tree(opRoot, of, degree)
	}
	return fn("sqrt", of)
}

// bracket reads what stands in ( or [: an expression, an interval or a tuple.
func (p *parser) bracket(open string) *node {
	bars, single := p.bars, p.single
	p.bars, p.single = 0, false
	q := p.items()
	p.bars, p.single = bars, single
	if q.open && len(q.items) == 1 {
		return p.fail("%q ends with a comma", open)
	}
	end := p.next()
	if !end.is(tOp, ")", "]") {
		return p.fail("%q does not close", open)
	}
	if len(q.items) == 1 {
		if (open == "(") != (end.text == ")") {
			return p.fail("brackets differ around one value")
		}
		n := *q.items[0]
		n.paren = true
		return &n
	}
	if len(q.seps) != 1 || !q.seps[","] {
		if open == "(" && end.text == ")" {
			return combine(p, q)
		}
		return p.fail("words stand in a tuple")
	}
	return &node{op: opTuple, name: open + end.text, args: q.items}
}

// group reads braces: of LaTeX, or of a set without backslashes.
func (p *parser) group() *node {
	q := p.items()
	if p.accept(tCmd, "choose") {
		b := p.sum()
		p.expect("}")
		return tree(opBinom, combine(p, q), b)
	}
	p.expect("}")
	if len(q.items) == 1 {
		n := *q.items[0]
		n.paren = true
		return &n
	}
	return tree(opSet, q.items...)
}
