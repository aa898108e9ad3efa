package mathexpr

import (
	"errors"
	"hash/fnv"
	"math/big"
)

// errNotReal stops an evaluation over the reals that leaves them.
var errNotReal = errors.New("it is not real")

// value is a complex number; im is nil where it is real, so that real
// arithmetic stays real.
type value struct{ re, im *big.Float }

// numeric evaluates to prec bits, over the reals, or over the complex numbers
// on principal branches. Over the reals a point at which something is not real
// is outside the domain, as a reader of an answer in x takes it; over the
// complex numbers sqrt(1/x) and 1/sqrt(x) would differ for negative x.
type numeric struct {
	at      map[string]*big.Rat
	prec    uint
	complex bool
	work    *budget
	lost    *int   // raised to the exponent of what cancels in a sum by more than half of its bits
	trace   *[]int // the exponents of all parts, in order
}

func (e numeric) real(x *big.Float) value { return value{re: x} }

// imag is the imaginary part, nought where there is none.
func (e numeric) imag(v value) *big.Float {
	if v.im == nil {
		return floatInt(0, e.prec)
	}
	return v.im
}

func (e numeric) rat(r *big.Rat) *big.Float { return float(e.prec).SetRat(r) }

// eval is the value of a tree to prec bits. It pays before it computes, refuses
// what is vast, and keeps the sizes of what it meets for spreadOf.
func (e numeric) eval(n *node) (value, error) {
	if err := e.work.spend(4 + int(e.prec)/64); err != nil {
		return value{}, err
	}
	v, err := e.op(n)
	if err == nil && (vast(v.re) || v.im != nil && vast(v.im)) {
		return v, errTooLarge
	}
	if err == nil && e.trace != nil {
		for _, x := range []*big.Float{v.re, v.im} {
			if x != nil && x.Sign() != 0 {
				*e.trace = append(*e.trace, exponent(x))
			}
		}
		if n.op == opNum { // 1.000...01 is near 1
			*e.trace = append(*e.trace, n.num.Num().BitLen(), n.num.Denom().BitLen())
		}
	}
	return v, err
}

// vast tells whether a number is too large or too small to reckon with:
// big.Float aligns what it adds, so that an exponent is a length of memory.
func vast(x *big.Float) bool {
	const limit = 1 << 17
	e := exponent(x)
	return x.IsInf() || e > limit || e < -limit
}

// op evaluates one node. What reads its arguments in another way than by value,
// such as an exponent that must be exact, comes first.
func (e numeric) op(n *node) (value, error) {
	switch n.op {
	case opNum, opBase:
		return e.real(e.rat(n.num)), nil
	case opSym:
		switch {
		case e.at[n.name] != nil:
			return e.real(e.rat(e.at[n.name])), nil
		case n.name == "pi":
			return e.real(piAt(e.prec)), nil
		case n.name == "e":
			return e.real(eAt(e.prec)), nil
		case n.name == "i" && e.complex:
			return value{floatInt(0, e.prec), floatInt(1, e.prec)}, nil
		case n.name == "i":
			return value{}, errNotReal
		}
		return value{}, errUnknown
	case opSum, opProd:
		return e.series(n)
	case opPow:
		return e.power(n)
	case opFact, opBinom: // of whole numbers only, which are exact
		r, err := exact{e.at, e.work}.eval(n)
		if errors.Is(err, errIrrational) {
			err = errUndefined
		}
		if err != nil {
			return value{}, err
		}
		return e.real(e.rat(r)), nil
	}
	v := make([]value, len(n.args))
	for i, a := range n.args {
		var err error
		if v[i], err = e.eval(a); err != nil {
			return value{}, err
		}
	}
	switch n.op {
	case opAdd:
		sum := v[0]
		for _, w := range v[1:] {
			sum = e.add(sum, w)
		}
		return sum, nil
	case opMul:
		product := v[0]
		for _, w := range v[1:] {
			product = e.mul(product, w)
		}
		return product, nil
	case opDiv:
		return e.quo(v[0], v[1])
	case opRoot:
		return e.rooted(n, v[0], v[1])
	case opFn:
		return e.function(n.name, v)
	case opApp:
		return e.applied(n.name, v), nil
	}
	return value{}, errUnknown
}

func (e numeric) add(a, b value) value {
	s := value{re: e.plus(a.re, b.re)}
	if a.im != nil || b.im != nil {
		s.im = e.plus(e.imag(a), e.imag(b))
	}
	return s
}

// plus adds, and notes where more than half of the bits cancel: what is left may
// be rounding, and a difference of that size refutes nothing.
func (e numeric) plus(x, y *big.Float) *big.Float {
	s := float(e.prec).Add(x, y)
	if e.lost != nil && x.Sign() != 0 && y.Sign() != 0 && (s.Sign() == 0 || exponent(s) < exponent(x)-int(e.prec)/2) {
		*e.lost = max(*e.lost, exponent(x))
	}
	return s
}

func (e numeric) negated(a value) value {
	m := value{re: float(e.prec).Neg(a.re)}
	if a.im != nil {
		m.im = float(e.prec).Neg(a.im)
	}
	return m
}

// mul is a b. Products of reals stay real, so that no imaginary rounding arises.
func (e numeric) mul(a, b value) value {
	if a.im == nil && b.im == nil {
		return value{re: float(e.prec).Mul(a.re, b.re)}
	}
	ai, bi := e.imag(a), e.imag(b)
	p := func(x, y *big.Float) *big.Float { return float(e.prec).Mul(x, y) }
	re, im := p(a.re, b.re), p(a.re, bi)
	return value{re.Sub(re, p(ai, bi)), im.Add(im, p(ai, b.re))}
}

// quo is a/b. A divisor that is nought as far as can be seen has no quotient,
// rather than a large one that is made of rounding.
func (e numeric) quo(a, b value) (value, error) {
	if e.nought(b) {
		return value{}, errUndefined
	}
	if b.im == nil {
		q := value{re: float(e.prec).Quo(a.re, b.re)}
		if a.im != nil {
			q.im = float(e.prec).Quo(a.im, b.re)
		}
		return q, nil
	}
	norm := float(e.prec).Mul(b.re, b.re)
	norm.Add(norm, float(e.prec).Mul(b.im, b.im))
	q := e.mul(a, value{b.re, float(e.prec).Neg(b.im)})
	return value{q.re.Quo(q.re, norm), q.im.Quo(q.im, norm)}, nil
}

// nought tells whether a value is zero as far as can be seen: what is left of
// a cancellation is no divisor, nor the argument of a logarithm.
func (e numeric) nought(v value) bool {
	limit := -int(e.prec) * 3 / 4
	return v.re.Sign() == 0 && (v.im == nil || v.im.Sign() == 0) || below(v.re, limit) && (v.im == nil || below(v.im, limit))
}

// exp is e^v, of a complex number by its modulus and argument.
func (e numeric) exp(v value) (value, error) {
	if err := e.work.spend(int(e.prec)); err != nil {
		return value{}, err
	}
	x, ok := expAt(v.re, e.prec)
	if !ok {
		return value{}, errTooLarge
	}
	if e.trace != nil { // tanh 1000 is 1 but for e^-2000
		*e.trace = append(*e.trace, exponent(x))
	}
	if v.im == nil {
		return e.real(x), nil
	}
	s, c, ok := sinCosAt(v.im, e.prec)
	if !ok {
		return value{}, errTooLarge
	}
	return value{c.Mul(c, x), s.Mul(s, x)}, nil
}

// log is the principal logarithm.
func (e numeric) log(v value) (value, error) {
	if err := e.work.spend(int(e.prec)); err != nil {
		return value{}, err
	}
	if e.nought(v) {
		return value{}, errUndefined
	}
	if v.im == nil && v.re.Sign() > 0 {
		return e.real(lnAt(v.re, e.prec)), nil
	}
	if !e.complex {
		return value{}, errNotReal
	}
	im := e.imag(v)
	norm := float(e.prec).Mul(v.re, v.re)
	norm.Add(norm, float(e.prec).Mul(im, im))
	half := lnAt(norm, e.prec)
	return value{half.SetMantExp(half, -1), e.argument(v.re, im)}, nil
}

// argument is atan2(im, re).
func (e numeric) argument(re, im *big.Float) *big.Float {
	pi := piAt(e.prec)
	switch {
	case re.Sign() == 0 || float(e.prec).Abs(im).Cmp(float(e.prec).Abs(re)) > 0:
		a := atanAt(float(e.prec).Quo(re, im), e.prec)
		half := float(e.prec).SetMantExp(pi, -1)
		if im.Sign() < 0 {
			half.Neg(half)
		}
		return half.Sub(half, a)
	case re.Sign() > 0:
		return atanAt(float(e.prec).Quo(im, re), e.prec)
	}
	a := atanAt(float(e.prec).Quo(im, re), e.prec)
	if im.Sign() < 0 {
		return a.Sub(a, pi)
	}
	return a.Add(a, pi)
}

// applied is the value of an unknown function: any, but the same wherever its
// arguments are, to 100 bits, the same.
func (e numeric) applied(name string, v []value) value {
	h := fnv.New64a()
	h.Write([]byte(name))
	for _, a := range v {
		for _, x := range []*big.Float{a.re, e.imag(a)} {
			h.Write([]byte(float(100).Add(float(100).Set(x), floatInt(0, 100)).Text('p', 0)))
			h.Write([]byte{0})
		}
	}
	return e.real(e.rat(big.NewRat(int64(h.Sum64()>>20|1), 1<<44)))
}

// series adds or multiplies over whole numbers; an infinite one is not evaluated,
// since no partial sum tells what it comes to.
func (e numeric) series(n *node) (value, error) {
	from, to, err := exact{e.at, e.work}.bounds(n)
	if err != nil {
		return value{}, err
	}
	inner := e
	inner.at = map[string]*big.Rat{}
	for k, v := range e.at {
		inner.at[k] = v
	}
	start := int64(0)
	if n.op == opProd {
		start = 1
	}
	r := e.real(floatInt(start, e.prec))
	for k := from; k <= to; k++ {
		inner.at[n.name] = big.NewRat(k, 1)
		v, err := inner.eval(n.args[0])
		if err != nil {
			return value{}, err
		}
		if n.op == opSum {
			r = e.add(r, v)
		} else {
			r = e.mul(r, v)
		}
	}
	return r, nil
}
