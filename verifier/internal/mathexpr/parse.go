package mathexpr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// reading is a choice among the meanings that one notation has.
type reading struct {
	commas bool // 1,234 is one number, not two
	tight  bool // a/bc is a/(bc), and sin x/2 is sin(x/2)
}

// parsed is an answer as a tree, and whether another reading would differ.
type parsed struct {
	tree    *node
	grouped bool // commas were read as part of numbers
	loose   bool // a/bc was read
}

// parse reads a clean text. An error means that it is prose, or that it is not
// clear what it means.
func parse(s string, r reading) (parsed, error) {
	toks, grouped := scan(s, r.commas)
	if len(toks) == 0 {
		return parsed{}, errors.New("nothing to read")
	}
	p := parser{toks: toks, tight: r.tight, tex: isTex(toks)}
	p.related = slices.ContainsFunc(toks, func(t token) bool { return relations[t.text] != "" && (t.kind == tOp || t.kind == tCmd) })
	n := p.answer()
	if p.err == nil && p.peek().kind != tEnd {
		p.fail("%q is left over", p.peek().text)
	}
	if p.err != nil {
		return parsed{}, p.err
	}
	return parsed{tree: n, grouped: grouped, loose: p.loose}, nil
}

// parser is a recursive descent over tokens. The first error ends the tokens,
// so that every loop ends with it.
type parser struct {
	toks   []token
	i      int
	depth  int
	bars   int // absolute values that are open
	last   kind
	single bool // a fraction does not belong to the number before it
	tex    bool // the text is LaTeX
	tight  bool
	loose  bool
	err    error

	related bool // it is an equation or an inequality
}

// fail keeps the first error, and gives a number so that callers need not ask.
// Nothing is made of it: parse looks at the error.
func (p *parser) fail(format string, args ...any) *node {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	return number(0)
}

func (p *parser) peek() token { return p.ahead(0) }

// ahead is the token k behind the next one; after an error and at the end it is
// the zero token, which ends every loop.
func (p *parser) ahead(k int) token {
	if p.err != nil || p.i+k >= len(p.toks) {
		return token{}
	}
	return p.toks[p.i+k]
}

func (p *parser) next() token {
	t := p.peek()
	if t.kind != tEnd {
		p.i++
		p.last = t.kind
	}
	return t
}

// is tells whether a token is of a kind, and one of texts where some are given.
func (t token) is(k kind, texts ...string) bool {
	if t.kind != k {
		return false
	}
	for _, s := range texts {
		if t.text == s {
			return true
		}
	}
	return len(texts) == 0
}

func (p *parser) accept(k kind, texts ...string) bool {
	if p.peek().is(k, texts...) {
		p.next()
		return true
	}
	return false
}

// expect takes a sign that must follow.
func (p *parser) expect(text string) {
	if !p.accept(tOp, text) && p.err == nil {
		p.fail("%q is missing before %q", text, p.peek().text)
	}
}

// enter guards the stack: every rule that can contain itself calls it.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail("it is nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }
}

// set reads unions, intersections and differences of sets; a ratio, too.
func (p *parser) set() *node {
	defer p.enter()()
	n := p.sum()
	for p.err == nil {
		t := p.peek()
		switch {
		case t.is(tCmd, "cup") || t.is(tWord, "union") || t.is(tSym, "U") && isSet(n) && p.ahead(1).is(tOp, "(", "[", "{"):
			p.next()
			n = tree(opUnion, n, p.sum())
		case t.is(tCmd, "cap"):
			p.next()
			n = tree(opInter, n, p.sum())
		case t.is(tCmd, "setminus", "backslash"):
			p.next()
			n = &node{op: opInter, name: "minus", args: []*node{n, p.sum()}}
		case t.is(tOp, ":") || t.is(tCmd, "colon"):
			p.next()
			m := p.sum()
			if n.op == opRatio && !n.paren {
				n = tree(opRatio, append(append([]*node{}, n.args...), m)...)
			} else {
				n = tree(opRatio, n, m)
			}
		default:
			return n
		}
	}
	return n
}

// isSet tells whether a U after n may be a union sign.
func isSet(n *node) bool {
	return n.op == opTuple || n.op == opSet || n.op == opUnion || n.op == opInter || n.op == opSym && n.name == `\R`
}

// sum reads terms with signs between them.
func (p *parser) sum() *node {
	defer p.enter()()
	var n *node
	switch {
	case p.peek().is(tCmd, "pm", "mp"):
		n = number(0)
	default:
		n = p.term()
	}
	for p.err == nil {
		switch t := p.peek(); {
		case t.is(tOp, "+"):
			p.next()
			n = tree(opAdd, n, p.term())
		case t.is(tOp, string(dash)):
			return p.fail("a dash is a minus or a span")
		case t.is(tOp, "-"):
			p.next()
			n = sub(n, p.term())
		case t.is(tCmd, "pm", "mp"):
			p.next()
			n = &node{op: opPM, name: t.text, args: []*node{n, p.term()}}
		default:
			return n
		}
	}
	return n
}

// term reads factors with or without signs between them, from left to right.
func (p *parser) term() *node {
	defer p.enter()()
	n := p.signed()
	bare := p.last == tNum && n.op == opNum
	for p.err == nil {
		t := p.peek()
		switch {
		case t.is(tOp, "*") || t.is(tCmd, "cdot", "times", "ast", "bullet"):
			p.next()
			f := p.signed()
			bare = p.last == tNum && f.op == opNum
			n = p.times(n, f)
		case t.is(tOp, "/") || t.is(tCmd, "div"):
			p.next()
			d := p.signed()
			bare = p.last == tNum && d.op == opNum
			if p.factorNext(bare) && !(n.op == opNum && d.op == opNum && p.related && !p.constantNext()) {
				p.loose = true
				for p.tight && p.factorNext(bare) {
					f := p.power()
					bare = p.last == tNum && f.op == opNum
					d = p.times(d, f)
				}
			}
			n = tree(opDiv, n, d)
		case p.factorNext(bare):
			f := p.power()
			bare = p.last == tNum && f.op == opNum
			n = p.times(n, f)
		default:
			return n
		}
	}
	return n
}

// factorNext tells whether what follows is a factor without a sign before it.
// A number after a number is none: 2 3 is not 6.
func (p *parser) factorNext(afterNumber bool) bool {
	t := p.peek()
	switch t.kind {
	case tNum:
		if afterNumber {
			p.fail("the number %s follows a number", t.text)
		}
		return !afterNumber
	case tSym:
		return !(t.text == "U" && p.ahead(1).is(tOp, "(", "[", "{"))
	case tFn:
		return !(t.is(tFn, "min", "sec") && p.ahead(1).kind == tEnd)
	case tOp:
		return t.text == "(" || t.text == "[" || t.text == "{" || t.text == "|" && p.bars == 0
	case tCmd:
		switch t.text {
		case "frac", "dfrac", "tfrac", "cfrac", "sqrt", "binom", "dbinom", "tbinom", "lfloor", "lceil", "lvert", "sum", "prod", "begin", "overline", "bar", "vec",
			"hat", "infty":
			return true
		}
	}
	return false
}

// constantNext tells whether the factor that follows is a constant. 1/2 before
// a variable of an equation is its coefficient, as suites have it, whereas
// 1/2\pi is written for both.
func (p *parser) constantNext() bool {
	t := p.peek()
	if t.is(tOp, "(", "[", "{") {
		t = p.ahead(1)
		return t.kind == tNum && !p.ahead(2).is(tSym)
	}
	return t.kind != tSym || constantNames[t.text]
}

// signed reads a factor with signs before it.
func (p *parser) signed() *node {
	defer p.enter()()
	switch {
	case p.accept(tOp, "-", string(dash)):
		return neg(p.signed())
	case p.accept(tOp, "+"):
		return p.signed()
	}
	return p.power()
}

// power reads a factor with all that stands behind it: powers, factorials,
// percent, degrees, millions.
func (p *parser) power() *node {
	defer p.enter()()
	n := p.primary()
	for p.err == nil {
		t := p.peek()
		switch {
		case t.is(tOp, "^"):
			p.next()
			if n = p.raised(n); p.err != nil {
				return n
			}
		case t.is(tOp, "!"):
			p.next()
			if p.peek().is(tOp, "!") && !p.peek().space {
				return p.fail("a double factorial")
			}
			n = tree(opFact, n)
		case t.is(tOp, "%") || t.is(tWord, "percent", "pct") || t.is(tWord, "percentage") && !p.ahead(1).is(tWord, "point", "points"):
			p.next()
			n = tree(opPercent, n)
		case t.is(tWord, "degree", "degrees", "deg") || t.is(tCmd, "degree", "degrees"):
			p.next()
			n = tree(opDegree, n)
		case t.kind == tWord && magnitudes[singular(strings.ToLower(t.text))] != 0:
			p.next()
			n = tree(opMul, n, number(magnitudes[singular(strings.ToLower(t.text))]))
		default:
			return n
		}
	}
	return n
}

// raised is n with the exponent that follows.
func (p *parser) raised(n *node) *node {
	if p.accept(tCmd, "circ") {
		return tree(opDegree, n)
	}
	if p.peek().is(tOp, "{") {
		p.next()
		if p.accept(tCmd, "circ") {
			p.expect("}")
			return tree(opDegree, n)
		}
		if t := p.peek(); t.is(tWord, "th", "st", "nd", "rd") { // 5^{th}
			p.next()
			p.expect("}")
			return n
		}
		e := p.sum()
		p.expect("}")
		return tree(opPow, n, e)
	}
	return tree(opPow, n, p.exponent())
}

// exponent reads what is raised to without braces: a sign, one factor, and
// its own exponent.
func (p *parser) exponent() *node {
	defer p.enter()()
	if p.accept(tOp, "-") {
		return neg(p.exponent())
	}
	p.accept(tOp, "+")
	e := p.one()
	if p.accept(tOp, "^") {
		e = p.raised(e)
	}
	return e
}
