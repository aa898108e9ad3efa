package jinja

import (
	"slices"
	"strconv"
)

// tuple reads an expression, or several with commas between them.
func (p *parser) tuple() (expr, error) { return p.several(p.expression) }

// tupleWithout is tuple without conditions at its top: the if of a loop is not
// part of what the loop goes over.
func (p *parser) tupleWithout() (expr, error) { return p.several(p.or) }

func (p *parser) several(one func() (expr, error)) (expr, error) {
	e, err := one()
	if err != nil || !p.is(tokOp, ",") {
		return e, err
	}
	t := &listExpr{items: []expr{e}, tuple: true}
	for p.op(",") {
		if k := p.peek(); k.kind == tokClose || k.kind == tokOp && (k.text == ")" || k.text == "=") {
			break
		}
		if e, err = one(); err != nil {
			return nil, err
		}
		t.items = append(t.items, e)
	}
	return t, nil
}

func (p *parser) expression() (expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	e, err := p.or()
	for err == nil && p.word("if") {
		c := &condExpr{then: e}
		if c.test, err = p.or(); err != nil {
			return nil, err
		}
		if p.word("else") {
			if c.els, err = p.expression(); err != nil {
				return nil, err
			}
		}
		e = c
	}
	return e, err
}

// left reads operands with left-associative operators between them.
func (p *parser) left(k tokenKind, ops []string, operand func() (expr, error)) (expr, error) {
	e, err := operand()
	for err == nil {
		t := p.peek()
		if t.kind != k || !slices.Contains(ops, t.text) {
			return e, nil
		}
		p.at++
		var right expr
		if right, err = operand(); err == nil {
			e = &binaryExpr{t.text, e, right}
		}
	}
	return nil, err
}

func (p *parser) or() (expr, error)  { return p.left(tokName, []string{"or"}, p.and) }
func (p *parser) and() (expr, error) { return p.left(tokName, []string{"and"}, p.not) }

func (p *parser) not() (expr, error) {
	if !p.word("not") {
		return p.compare()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	e, err := p.not()
	return &unaryExpr{"not", e}, err
}

func (p *parser) compare() (expr, error) {
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := &compareExpr{first: e}
	for {
		op := ""
		t := p.peek()
		switch {
		case t.kind == tokOp && slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, t.text):
			op = t.text
			p.at++
		case p.word("in"):
			op = "in"
		case t.kind == tokName && t.text == "not" && p.tokens[p.at+1].kind == tokName && p.tokens[p.at+1].text == "in":
			op = "not in"
			p.at += 2
		default:
			if len(c.ops) == 0 {
				return e, nil
			}
			return c, nil
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops, c.rest = append(c.ops, op), append(c.rest, right)
	}
}

func (p *parser) sum() (expr, error)    { return p.left(tokOp, []string{"+", "-"}, p.concat) }
func (p *parser) concat() (expr, error) { return p.left(tokOp, []string{"~"}, p.product) }
func (p *parser) product() (expr, error) {
	return p.left(tokOp, []string{"*", "/", "//", "%"}, p.power)
}
func (p *parser) power() (expr, error) {
	return p.left(tokOp, []string{"**"}, func() (expr, error) { return p.unary(true) })
}

func (p *parser) unary(filters bool) (expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var e expr
	var err error
	switch {
	case p.op("-"):
		e, err = p.unary(false)
		e = &unaryExpr{"-", e}
	case p.op("+"):
		e, err = p.unary(false)
		e = &unaryExpr{"+", e}
	default:
		e, err = p.primary()
	}
	if err == nil {
		e, err = p.postfix(e)
	}
	if err == nil && filters {
		e, err = p.filtered(e)
	}
	return e, err
}

func (p *parser) primary() (expr, error) {
	t := p.next()
	switch t.kind {
	case tokName:
		switch t.text {
		case "true", "True":
			return &constExpr{true}, nil
		case "false", "False":
			return &constExpr{false}, nil
		case "none", "None":
			return &constExpr{nil}, nil
		}
		p.names[t.text] = true
		return &nameExpr{t.text}, nil
	case tokString:
		s := t.text
		for p.peek().kind == tokString {
			s += p.next().text
		}
		return &constExpr{s}, nil
	case tokInt:
		i, err := strconv.ParseInt(t.text, 0, 64)
		if err != nil {
			if i, err = strconv.ParseInt(t.text, 10, 64); err != nil {
				return nil, p.fail("the number %s is too large", t.text)
			}
		}
		return &constExpr{i}, nil
	case tokFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.fail("the number %s is too large", t.text)
		}
		return &constExpr{f}, nil
	case tokOp:
		switch t.text {
		case "(":
			if p.op(")") {
				return &listExpr{tuple: true}, nil
			}
			e, err := p.tuple()
			if err != nil {
				return nil, err
			}
			return e, p.expect(tokOp, ")")
		case "[":
			l := &listExpr{}
			for !p.op("]") {
				e, err := p.expression()
				if err != nil {
					return nil, err
				}
				l.items = append(l.items, e)
				if !p.op(",") && !p.is(tokOp, "]") {
					return nil, p.fail("%q has no place in a list", p.peek().text)
				}
			}
			return l, nil
		case "{":
			return p.dict()
		}
	}
	p.at = max(p.at-1, 0)
	return nil, p.fail("an expression is missing before %q", t.text)
}

func (p *parser) dict() (expr, error) {
	d := &dictExpr{}
	for !p.op("}") {
		k, err := p.expression()
		if err == nil {
			err = p.expect(tokOp, ":")
		}
		if err != nil {
			return nil, err
		}
		v, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, k), append(d.values, v)
		if !p.op(",") && !p.is(tokOp, "}") {
			return nil, p.fail("%q has no place in a dict", p.peek().text)
		}
	}
	return d, nil
}

func (p *parser) postfix(e expr) (expr, error) {
	for {
		switch {
		case p.op("."):
			t := p.next()
			switch t.kind {
			case tokName:
				e = &attrExpr{e, t.text}
			case tokInt:
				i, err := strconv.ParseInt(t.text, 10, 64)
				if err != nil {
					return nil, p.fail("the number %s is too large", t.text)
				}
				e = &itemExpr{e, &constExpr{i}}
			default:
				return nil, p.fail("a name is missing after the dot")
			}
		case p.op("["):
			x, err := p.subscript(e)
			if err != nil {
				return nil, err
			}
			e = x
		case p.is(tokOp, "("):
			x, err := p.call(e)
			if err != nil {
				return nil, err
			}
			e = x
		default:
			return e, nil
		}
	}
}

func (p *parser) subscript(e expr) (expr, error) {
	var parts [3]expr
	k, colons := 0, 0
	for !p.op("]") {
		if p.op(":") {
			if k, colons = k+1, colons+1; k > 2 {
				return nil, p.fail("a slice has at most three parts")
			}
			continue
		}
		if parts[k] != nil {
			return nil, p.fail("%q has no place between brackets", p.peek().text)
		}
		x, err := p.tuple()
		if err != nil {
			return nil, err
		}
		parts[k] = x
	}
	if colons > 0 {
		return &sliceExpr{e, parts[0], parts[1], parts[2]}, nil
	}
	if parts[0] == nil {
		return nil, p.fail("nothing stands between the brackets")
	}
	return &itemExpr{e, parts[0]}, nil
}

// call reads the arguments that e is called with.
func (p *parser) call(e expr) (expr, error) {
	a, err := p.arguments()
	return &callExpr{e, a}, err
}

func (p *parser) arguments() (a arguments, err error) {
	if err = p.expect(tokOp, "("); err != nil {
		return a, err
	}
	for !p.op(")") {
		switch t := p.peek(); {
		case p.op("**"):
			a.stars, err = p.expression()
		case p.op("*"):
			a.star, err = p.expression()
		case t.kind == tokName && p.tokens[p.at+1].kind == tokOp && p.tokens[p.at+1].text == "=":
			p.at += 2
			var e expr
			e, err = p.expression()
			a.names, a.named = append(a.names, t.text), append(a.named, e)
		case len(a.names) > 0:
			return a, p.fail("an argument without a name stands after one with a name")
		default:
			var e expr
			e, err = p.expression()
			a.list = append(a.list, e)
		}
		if err != nil {
			return a, err
		}
		if !p.op(",") && !p.is(tokOp, ")") {
			return a, p.fail("%q has no place among arguments", p.peek().text)
		}
	}
	return a, nil
}

// filtered reads filters and tests after an expression.
func (p *parser) filtered(e expr) (expr, error) {
	for {
		switch {
		case p.op("|"):
			f, err := p.filter()
			if err != nil {
				return nil, err
			}
			e = &filterExpr{e, f}
		case p.word("is"):
			t, err := p.test(e)
			if err != nil {
				return nil, err
			}
			e = t
		case p.is(tokOp, "("):
			x, err := p.call(e)
			if err != nil {
				return nil, err
			}
			e = x
		default:
			return e, nil
		}
	}
}

func (p *parser) filterChain() ([]filter, error) {
	var list []filter
	for {
		f, err := p.filter()
		if err != nil {
			return nil, err
		}
		if list = append(list, f); !p.op("|") {
			return list, nil
		}
	}
}

func (p *parser) filter() (f filter, err error) {
	if f.name, err = p.name(); err != nil {
		return f, err
	}
	if _, ok := filters[f.name]; !ok {
		return f, p.fail("the filter %q is not supported", f.name)
	}
	if p.is(tokOp, "(") {
		f.args, err = p.arguments()
	}
	return f, err
}

func (p *parser) test(e expr) (expr, error) {
	t := &testExpr{of: e, not: p.word("not")}
	var err error
	if t.name, err = p.name(); err != nil {
		return nil, err
	}
	if _, ok := tests[t.name]; !ok {
		return nil, p.fail("the test %q is not supported", t.name)
	}
	k := p.peek()
	switch {
	case p.is(tokOp, "("):
		t.args, err = p.arguments()
	case k.kind == tokString || k.kind == tokInt || k.kind == tokFloat || k.kind == tokOp && (k.text == "[" || k.text == "{") ||
		k.kind == tokName && !slices.Contains([]string{"else", "or", "and", "is", "if", "in", "not", "recursive"}, k.text):
		var a expr
		if a, err = p.primary(); err == nil {
			if a, err = p.postfix(a); err == nil {
				t.args.list = []expr{a}
			}
		}
	}
	return t, err
}
