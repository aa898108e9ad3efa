package jinja

import (
	"errors"
	"fmt"
	"slices"
)

type parser struct {
	tokens []token
	at     int
	depth  int
	loops  int             // that enclose the statement
	names  map[string]bool // that expressions read
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

func (p *parser) is(k tokenKind, text string) bool {
	t := p.peek()
	return t.kind == k && t.text == text
}

// accept takes a token if it is the given one.
func (p *parser) accept(k tokenKind, text string) bool {
	if p.is(k, text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) op(text string) bool   { return p.accept(tokOp, text) }
func (p *parser) word(text string) bool { return p.accept(tokName, text) }

func (p *parser) expect(k tokenKind, text string) error {
	if !p.accept(k, text) {
		return p.fail("%q is missing before %q", text, p.peek().text)
	}
	return nil
}

func (p *parser) fail(format string, a ...any) error {
	return &Error{p.peek().line, fmt.Errorf(format, a...)}
}

func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind != tokName {
		return "", p.fail("a name is missing before %q", t.text)
	}
	p.at++
	return t.text, nil
}

// deeper bounds how far the template nests.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail("it is nested too deeply")
	}
	return nil
}

// statements reads up to a tag that starts with one of the given words, whose
// opening it takes; without words, to the end.
func (p *parser) statements(until ...string) ([]node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var list []node
	for {
		t := p.next()
		switch {
		case t.kind == tokEnd && len(until) > 0:
			return nil, p.fail("%q is missing", until[len(until)-1])
		case t.kind == tokEnd:
			return list, nil
		case t.kind == tokText:
			list = append(list, &textNode{t.text})
		case t.text == "{{":
			e, err := p.tuple()
			if err == nil {
				err = p.expect(tokClose, "}}")
			}
			if err != nil {
				return nil, err
			}
			list = append(list, &outputNode{t.line, e})
		default:
			if w := p.peek(); w.kind == tokName && slices.Contains(until, w.text) {
				return list, nil
			}
			n, err := p.statement()
			if err != nil {
				return nil, err
			}
			list = append(list, n)
		}
	}
}

// block reads "%}", statements, and the end word, which it takes with its tag
// if it is the last of until. It returns the word.
func (p *parser) block(until ...string) ([]node, string, error) {
	if err := p.expect(tokClose, "%}"); err != nil {
		return nil, "", err
	}
	body, err := p.statements(until...)
	if err != nil {
		return nil, "", err
	}
	word := p.next().text
	if word == until[len(until)-1] {
		if word == "endmacro" || word == "endset" { // their name may be repeated
			if p.peek().kind == tokName {
				p.at++
			}
		}
		err = p.expect(tokClose, "%}")
	}
	return body, word, err
}

func (p *parser) statement() (node, error) {
	line := p.peek().line
	word, err := p.name()
	if err != nil {
		return nil, err
	}
	switch word {
	case "if":
		return p.ifStatement(line)
	case "for":
		return p.forStatement(line)
	case "set":
		return p.setStatement(line)
	case "macro":
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		m, err := p.macro(name, "endmacro")
		return &macroNode{line, m}, err
	case "call":
		caller := &macro{name: "caller"}
		if p.is(tokOp, "(") {
			if err := p.params(caller); err != nil {
				return nil, err
			}
		}
		e, err := p.unary(false)
		if err != nil {
			return nil, err
		}
		call, ok := e.(*callExpr)
		if !ok {
			return nil, p.fail("call needs a call of a macro")
		}
		caller.body, _, err = p.inside("endcall")
		return &callNode{line, caller, call}, err
	case "filter":
		filters, err := p.filterChain()
		if err != nil {
			return nil, err
		}
		body, _, err := p.block("endfilter")
		return &filterNode{line, filters, body}, err
	case "generation": // marks what a model wrote; it is rendered as it is
		body, _, err := p.block("endgeneration")
		return &scopeNode{body: body, line: line}, err
	case "with":
		n := &scopeNode{line: line}
		for p.peek().kind == tokName {
			name, _ := p.name()
			if err := p.expect(tokOp, "="); err != nil {
				return nil, err
			}
			e, err := p.expression()
			if err != nil {
				return nil, err
			}
			n.names, n.values = append(n.names, name), append(n.values, e)
			p.op(",")
		}
		n.body, _, err = p.block("endwith")
		return n, err
	case "break", "continue":
		if p.loops == 0 {
			return nil, p.fail("%s outside a loop", word)
		}
		jump := map[string]error{"break": errBreak, "continue": errContinue}[word]
		return &jumpNode{jump}, p.expect(tokClose, "%}")
	case "include", "import", "from", "extends":
		return nil, &Error{line, fmt.Errorf("%s reads another file, which no chat template may", word)}
	}
	return nil, &Error{line, fmt.Errorf("the statement %q is not supported", word)}
}

// inside is block outside of any loop.
func (p *parser) inside(until ...string) ([]node, string, error) {
	loops := p.loops
	p.loops = 0
	defer func() { p.loops = loops }()
	return p.block(until...)
}

func (p *parser) ifStatement(line int) (node, error) {
	test, err := p.tuple()
	if err != nil {
		return nil, err
	}
	n := &ifNode{line: line, test: test}
	var word string
	if n.then, word, err = p.block("elif", "else", "endif"); err != nil {
		return nil, err
	}
	switch word {
	case "elif":
		if err := p.deeper(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		inner, err := p.ifStatement(p.peek().line)
		n.els = []node{inner}
		return n, err
	case "else":
		n.els, _, err = p.block("endif")
	}
	return n, err
}

func (p *parser) forStatement(line int) (node, error) {
	n := &forNode{line: line}
	brackets := p.op("(")
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		n.targets = append(n.targets, name)
		if !p.op(",") || p.is(tokName, "in") || p.is(tokOp, ")") {
			break
		}
	}
	if brackets {
		if err := p.expect(tokOp, ")"); err != nil {
			return nil, err
		}
	}
	if err := p.expect(tokName, "in"); err != nil {
		return nil, err
	}
	var err error
	if n.in, err = p.tupleWithout(); err != nil {
		return nil, err
	}
	if p.word("if") {
		if n.test, err = p.expression(); err != nil {
			return nil, err
		}
	}
	n.recursive = p.word("recursive")
	p.loops++
	body, word, err := p.block("else", "endfor")
	p.loops--
	if err != nil {
		return nil, err
	}
	if n.body = body; word == "else" {
		n.els, _, err = p.block("endfor")
	}
	return n, err
}

func (p *parser) setStatement(line int) (node, error) {
	n := &setNode{line: line}
	for {
		var t target
		var err error
		if t.name, err = p.name(); err != nil {
			return nil, err
		}
		if p.op(".") {
			if t.attr, err = p.name(); err != nil {
				return nil, err
			}
		}
		n.targets = append(n.targets, t)
		if !p.op(",") {
			break
		}
	}
	var err error
	if p.op("=") {
		if n.value, err = p.tuple(); err != nil {
			return nil, err
		}
		return n, p.expect(tokClose, "%}")
	}
	if len(n.targets) > 1 {
		return nil, p.fail("a block of text has one name, not %d", len(n.targets))
	}
	if p.op("|") {
		if n.filters, err = p.filterChain(); err != nil {
			return nil, err
		}
	}
	n.body, _, err = p.inside("endset")
	return n, err
}

func (p *parser) macro(name, end string) (*macro, error) {
	m := &macro{name: name}
	if err := p.params(m); err != nil {
		return nil, err
	}
	var err error
	m.body, _, err = p.inside(end)
	return m, err
}

func (p *parser) params(m *macro) error {
	if err := p.expect(tokOp, "("); err != nil {
		return err
	}
	for !p.op(")") {
		name, err := p.name()
		if err != nil {
			return err
		}
		m.params = append(m.params, name)
		if p.op("=") {
			e, err := p.expression()
			if err != nil {
				return err
			}
			m.defaults = append(m.defaults, e)
		} else if len(m.defaults) > 0 {
			return p.fail("the parameter %q has no default, but one before it has", name)
		}
		if !p.op(",") && !p.is(tokOp, ")") {
			return p.fail("%q has no place among parameters", p.peek().text)
		}
	}
	return nil
}

var errBreak, errContinue = errors.New("break outside a loop"), errors.New("continue outside a loop")
