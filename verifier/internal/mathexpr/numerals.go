package mathexpr

import (
	"math/big"
	"strings"
)

// numeral is a number as it was written. That it was a decimal is kept, since a
// tolerance is for those alone.
func numeral(t token) *node {
	n := &node{op: opNum, num: t.val}
	if strings.Contains(t.text, ".") {
		n.name = "decimal"
	}
	return n
}

// number reads a numeral, a mixed number such as 1 1/2, or a numeral with its
// base as a subscript.
func (p *parser) number(t token) *node {
	n := numeral(t)
	if p.peek().is(tOp, "_") {
		return p.based(t)
	}
	if !t.val.IsInt() || strings.Contains(t.text, ".") {
		return n
	}
	// 1\frac12: a whole number right before a fraction of whole numbers.
	if !p.single && p.peek().is(tCmd, "frac", "dfrac", "tfrac", "cfrac") {
		at, toks := p.i, p.toks
		p.next()
		f := p.fraction()
		if p.err != nil || f.args[0].op != opNum || f.args[1].op != opNum {
			if p.err == nil {
				p.i, p.toks, p.last = at, toks, tNum
			}
			return n
		}
		return p.mixed(n, f.args[0], f.args[1])
	}
	// 1 1/2
	if p.single {
		return n
	}
	if a, slash, b := p.peek(), p.ahead(1), p.ahead(2); a.kind == tNum && a.space && slash.is(tOp, "/") && b.kind == tNum && !slash.space && !b.space {
		p.next()
		p.next()
		p.next()
		return p.mixed(n, numeral(a), numeral(b))
	}
	return n
}

// mixed is whole + a/b, where that is a mixed number at all.
func (p *parser) mixed(whole, a, b *node) *node {
	if !a.num.IsInt() || !b.num.IsInt() || a.num.Cmp(b.num) >= 0 || b.num.Sign() == 0 {
		return p.fail("%s %s/%s is no mixed number", whole.num.RatString(), a.num.RatString(), b.num.RatString())
	}
	v := new(big.Rat).Quo(a.num, b.num)
	return &node{op: opNum, num: v.Add(v, whole.num)}
}

// based reads the subscript of a numeral.
func (p *parser) based(t token) *node {
	p.next()
	var base *node
	if p.accept(tOp, "{") {
		if w := p.peek(); w.kind == tWord && spelt[strings.ToLower(w.text)] > 1 {
			p.next()
			base = number(spelt[strings.ToLower(w.text)])
		} else {
			base = p.sum()
		}
		p.expect("}")
	} else {
		base = p.one()
	}
	if p.err != nil {
		return number(0)
	}
	if base.op != opNum || !base.num.IsInt() || strings.Contains(t.text, ".") || !base.num.Num().IsInt64() {
		return p.fail("the base of %s is no whole number", t.text)
	}
	b := base.num.Num().Int64()
	if b < 2 || b > 36 {
		return p.fail("the base of %s is %d", t.text, b)
	}
	v, ok := new(big.Int).SetString(t.text, int(b))
	if !ok {
		return p.fail("%s has a digit that base %d has not", t.text, b)
	}
	if b == 10 {
		return numeral(t)
	}
	return &node{op: opBase, name: strings.TrimLeft(t.text, "0"), num: new(big.Rat).SetInt(v), args: []*node{base}}
}

// digit takes the first digit off a number, as LaTeX takes one token.
func (p *parser) digit() (*node, bool) {
	t := p.peek()
	if t.kind != tNum || strings.Contains(t.text, ".") || len(t.text) < 2 {
		return nil, false
	}
	rest := t
	rest.text = t.text[1:]
	v, _ := new(big.Int).SetString(rest.text, 10)
	rest.val = new(big.Rat).SetInt(v)
	rest.space = false
	p.toks = append([]token{}, p.toks...)
	p.toks[p.i] = rest
	p.last = tNum
	return number(int64(t.text[0] - '0')), true
}
