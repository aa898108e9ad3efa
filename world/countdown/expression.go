package countdown

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
)

// evaluate computes an expression of whole numbers, + - * /, parentheses and
// leading minus signs, in exact fractions, and lists the numbers it uses.
func evaluate(s string) (value *big.Rat, used []int64, err error) {
	if len(s) > 1000 { // bounds recursion and the size of the numbers
		return nil, nil, errors.New("the expression is longer than 1000 characters")
	}
	p := &parser{text: s}
	value, err = p.sum()
	if err == nil && p.peek() != 0 {
		err = fmt.Errorf("character %d: unexpected %q", p.at+1, p.text[p.at])
	}
	return value, p.used, err
}

// parser is a recursive descent over bytes; sum, product and factor each leave
// it behind what they read.
type parser struct {
	text string
	at   int
	used []int64
}

// peek is the next byte that is not a space, 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) sum() (*big.Rat, error) { return p.chain('+', '-', p.product) }

func (p *parser) product() (*big.Rat, error) { return p.chain('*', '/', p.factor) }

func (p *parser) chain(op1, op2 byte, operand func() (*big.Rat, error)) (*big.Rat, error) {
	v, err := operand()
	for err == nil {
		op := p.peek()
		if op != op1 && op != op2 {
			return v, nil
		}
		p.at++
		var w *big.Rat
		if w, err = operand(); err == nil {
			v, err = apply(op, v, w)
		}
	}
	return nil, err
}

func (p *parser) factor() (*big.Rat, error) {
	switch c := p.peek(); {
	case c == '-':
		p.at++
		v, err := p.factor()
		if err != nil {
			return nil, err
		}
		return v.Neg(v), nil
	case c == '(':
		p.at++
		v, err := p.sum()
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, fmt.Errorf("character %d: a parenthesis is not closed", p.at+1)
		}
		p.at++
		return v, nil
	case c >= '0' && c <= '9':
		start := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		n, err := strconv.ParseInt(p.text[start:p.at], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("character %d: the number is too large", start+1)
		}
		p.used = append(p.used, n)
		return new(big.Rat).SetInt64(n), nil
	case c == 0:
		return nil, errors.New("the expression ends too early")
	default:
		return nil, fmt.Errorf("character %d: unexpected %q", p.at+1, c)
	}
}
