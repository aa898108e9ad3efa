package mathexpr

import (
	"strings"
)

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
	open  bool // a separator stands at the end
}

// items reads answers with what separates them. A separator may end them: 1, 2,
// is the list of two that a model left open.
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
			q.open = true
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
	list := tree(opList, q.items...)
	switch {
	case q.seps["and"] && !q.seps["or"]:
		list.name = "and"
	case q.seps["or"] && !q.seps["and"]:
		list.name = "or"
	}
	return list
}

// relations by the token that writes them.
var relations = map[string]string{
	"=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "lt": "<", "gt": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=",
	"geq": ">=", "geqslant": ">=", "ne": "!=", "neq": "!=", "in": "in", "approx": "approx", "approxeq": "approx", "simeq": "approx", "doteq": "approx",
}

// relation takes the sign of a relation, or gives "".
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
