package mathexpr

import (
	"errors"
	"fmt"
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
}

func (p *parser) fail(format string, args ...any) *node {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	return number(0)
}

func (p *parser) peek() token { return p.ahead(0) }

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

// separator reads what stands between two answers: a comma, "and", "or".
func (p *parser) separator() string {
	sep := ""
	for {
		t := p.peek()
		switch {
		case t.is(tOp, ",", ";"):
			if sep == "" {
				sep = ","
			}
		case t.is(tWord, "and", "And") || t.is(tCmd, "land", "wedge"):
			sep = "and"
		case t.is(tWord, "or", "Or") || t.is(tCmd, "lor", "vee"):
			sep = "or"
		case sep != "" && t.is(tCmd, "quad", "qquad"):
		default:
			return sep
		}
		p.next()
	}
}

// answer reads one answer or several.
func (p *parser) answer() *node { return combine(p, p.items()) }

type sequence struct {
	items []*node
	seps  map[string]bool
}

func (p *parser) items() sequence {
	defer p.enter()()
	q := sequence{seps: map[string]bool{}}
	for {
		q.items = append(q.items, p.item())
		sep := p.separator()
		if sep == "" || p.err != nil {
			return q
		}
		if t := p.peek(); t.kind == tEnd || t.is(tOp, ")", "]", "}") {
			return q
		}
		q.seps[sep] = true
		if len(q.items) > maxItems {
			p.fail("it lists more than %d answers", maxItems)
		}
	}
}

// combine makes a list of answers, or of conditions their conjunction or
// disjunction.
func combine(p *parser, q sequence) *node {
	if len(q.items) == 1 {
		return q.items[0]
	}
	conditions := 0
	for _, n := range q.items {
		if n.op == opAnd || n.op == opIn || n.op == opOr || n.op == opRel && n.name != "=" {
			conditions++
		}
	}
	switch {
	case conditions == len(q.items) && !q.seps["or"]:
		return tree(opAnd, q.items...)
	case conditions == len(q.items) && len(q.seps) == 1:
		return tree(opOr, q.items...)
	case conditions > 0:
		return p.fail("conditions and values are mixed")
	}
	// In n = 1, 2, 3 the name belongs to all.
	if first := q.items[0]; first.op == opRel && len(first.args) == 2 && nameLike(first.args[0]) {
		plain := true
		for _, n := range q.items[1:] {
			plain = plain && n.op != opRel
		}
		if plain {
			q.items[0] = first.args[1]
		}
	}
	return tree(opList, q.items...)
}

// relations by the token that writes them.
var relations = map[string]string{
	"=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "lt": "<", "gt": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=",
	"geq": ">=", "geqslant": ">=", "ne": "!=", "neq": "!=", "in": "in", "approx": "approx", "approxeq": "approx", "simeq": "approx", "doteq": "approx",
}

func (p *parser) relation() string {
	t := p.peek()
	if r := relations[t.text]; r != "" && (t.kind == tOp || t.kind == tCmd) {
		p.next()
		return r
	}
	if t.is(tOp, "~") {
		return ""
	}
	return ""
}

// item reads one answer: an expression, or a chain of relations.
func (p *parser) item() *node {
	defer p.enter()()
	terms := []*node{p.measured()}
	var rels []string
	for {
		r := p.relation()
		if r == "" {
			break
		}
		rels = append(rels, r)
		terms = append(terms, p.measured())
	}
	for k, r := range rels { // what follows an approximation adds nothing
		if r != "approx" {
			continue
		}
		if k == 0 && nameLike(terms[0]) {
			rels[0] = "="
			continue
		}
		rels, terms = rels[:k], terms[:k+1]
		break
	}
	equal, in := 0, 0
	for _, r := range rels {
		if r == "=" {
			equal++
		} else if r == "in" {
			in++
		}
	}
	switch {
	case len(rels) == 0:
		return terms[0]
	case in == 1 && len(rels) == 1:
		return tree(opIn, terms...)
	case in > 0:
		return p.fail("a membership stands in a chain")
	case equal == len(rels) && len(rels) > 1 && (nameLike(terms[0]) || len(tree(opList, terms...).variables()) == 0):
		return &node{op: opRel, name: "=", args: []*node{terms[0], terms[len(terms)-1]}}
	case equal == len(rels):
		return &node{op: opRel, name: "=", args: terms}
	}
	all := tree(opAnd)
	for k, r := range rels {
		all.args = append(all.args, &node{op: opRel, name: r, args: terms[k : k+2]})
	}
	if len(all.args) == 1 {
		return all.args[0]
	}
	return all
}

// nameLike tells whether a tree is what an answer is called, as in x = 5,
// f(x) = 5, AB = 5 or (x, y) = (1, 2), rather than a side of an equation.
func nameLike(n *node) bool {
	switch n.op {
	case opSym:
		return !constantNames[n.name] || n.name == "e"
	case opApp:
		return true
	case opTuple, opSet:
		for _, a := range n.args {
			if a.op != opSym {
				return false
			}
		}
		return true
	case opFn:
		return n.name == "abs" && len(n.args) == 1 && nameLike(n.args[0]) && n.args[0].op == opMul // |AB|
	case opMul:
		if len(n.args) == 2 && n.args[0].op == opSym && n.args[1].op == opSym && n.args[1].paren { // A(x)
			return true
		}
		for _, a := range n.flat() { // a segment: AB
			if a.op != opSym || len(a.name) != 1 || a.name[0] < 'A' || a.name[0] > 'Z' {
				return false
			}
		}
		return true
	}
	return false
}

// measured reads an expression with its unit. A unit that stands first is a
// currency.
func (p *parser) measured() *node {
	unit := ""
	minus := false
	if p.peek().is(tOp, "-") && p.ahead(1).is(tWord, "dollar", "euro", "pound", "yen") {
		p.next()
		minus = true
	}
	if t := p.peek(); t.is(tWord, "dollar", "euro", "pound", "yen") {
		unit = p.next().text
	}
	n := p.set()
	if minus {
		n = neg(n)
	}
	if after := p.unit(); after != "" {
		unit = after
	}
	if unit != "" && p.err == nil {
		return &node{op: opUnit, name: unit, args: []*node{n}}
	}
	return n
}

// unit reads words after an expression, such as square feet, cm^2 or km/h.
func (p *parser) unit() string {
	var words []string
	for {
		t := p.peek()
		low := strings.ToLower(t.text)
		switch {
		case t.is(tWord, "in") && p.ahead(1).kind == tEnd && len(words) == 0:
			p.next()
			return "inch"
		case t.kind == tWord && (connectives[low] || t.text == "..."):
			return strings.Join(words, " ")
		case t.kind == tWord || t.is(tFn, "min") && p.ahead(1).kind == tEnd || t.is(tFn, "sec") && p.ahead(1).kind == tEnd:
			p.next()
			words = append(words, low)
		case len(words) > 0 && t.kind == tSym && len(words) < 6 && words[len(words)-1] == "/": // km/h
			p.next()
			words = append(words, low)
		case len(words) > 0 && t.is(tOp, "/"):
			p.next()
			words = append(words, "/")
		case len(words) > 0 && t.is(tOp, "^"):
			p.next()
			braced := p.accept(tOp, "{")
			if e := p.next(); !e.is(tNum, "2", "3") {
				p.fail("a unit has the power %q", e.text)
			} else {
				words = append(words, "^"+e.text)
			}
			if braced {
				p.expect("}")
			}
		case len(words) > 0 && t.is(tOp, "."):
			p.next()
		default:
			return strings.Join(words, " ")
		}
		if len(words) > 12 {
			p.fail("too many words follow")
		}
	}
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
			n = tree(opMul, n, f)
		case t.is(tOp, "/") || t.is(tCmd, "div"):
			p.next()
			d := p.signed()
			bare = p.last == tNum && d.op == opNum
			if p.factorNext(bare) && !(n.op == opNum && d.op == opNum) {
				p.loose = true
				for p.tight && p.factorNext(bare) {
					f := p.power()
					bare = p.last == tNum && f.op == opNum
					d = tree(opMul, d, f)
				}
			}
			n = tree(opDiv, n, d)
		case p.factorNext(bare):
			f := p.power()
			bare = p.last == tNum && f.op == opNum
			n = tree(opMul, n, f)
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

// signed reads a factor with signs before it.
func (p *parser) signed() *node {
	defer p.enter()()
	switch {
	case p.accept(tOp, "-"):
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
		case t.is(tOp, "%") || t.is(tWord, "percent", "pct", "percentage"):
			p.next()
			n = tree(opPercent, n)
		case t.is(tWord, "degree", "degrees", "deg") || t.is(tCmd, "degree", "degrees"):
			p.next()
			n = tree(opDegree, n)
		case t.kind == tWord && magnitudes[t.text] != 0:
			p.next()
			n = tree(opMul, n, number(magnitudes[t.text]))
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
