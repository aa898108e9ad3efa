package mathexpr

import (
	"errors"
	"math/big"
)

// power is args[0] ^ args[1]. A rational exponent of odd denominator takes the
// real root of a negative base, as schools and the suites do.
func (e numeric) power(n *node) (value, error) {
	b, err := e.eval(n.args[0])
	if err != nil {
		return value{}, err
	}
	if x, err := (exact{e.at, e.work}).eval(n.args[1]); err == nil {
		if x.IsInt() {
			return e.whole(b, x.Num())
		}
		if b.im == nil && b.re.Sign() < 0 && x.Denom().Bit(0) == 1 && !n.args[1].hasOp(opSym) {
			r, err := e.positive(float(e.prec).Neg(b.re), e.rat(x))
			if err == nil && x.Num().Bit(0) == 1 {
				r.re.Neg(r.re)
			}
			return r, err
		}
	} else if !errors.Is(err, errIrrational) {
		return value{}, err
	}
	x, err := e.eval(n.args[1])
	if err != nil {
		return value{}, err
	}
	if e.nought(b) {
		if x.im == nil && x.re.Sign() > 0 {
			return e.real(floatInt(0, e.prec)), nil
		}
		return value{}, errUndefined
	}
	if b.im == nil && x.im == nil && b.re.Sign() > 0 {
		return e.positive(b.re, x.re)
	}
	l, err := e.log(b)
	if err != nil {
		return value{}, err
	}
	return e.exp(e.mul(l, x))
}

// positive is b^x for b > 0. The logarithm is taken to more bits, since a
// large exponent multiplies its error.
func (e numeric) positive(b, x *big.Float) (value, error) {
	if err := e.work.spend(2 * int(e.prec)); err != nil {
		return value{}, err
	}
	wide := e.prec + 64
	if r, ok := expAt(float(wide).Mul(lnAt(b, wide), x), wide); ok {
		return e.real(r.SetPrec(e.prec)), nil
	}
	return value{}, errTooLarge
}

// whole is b^k by squaring.
func (e numeric) whole(b value, k *big.Int) (value, error) {
	if k.BitLen() > 40 {
		return value{}, errTooLarge
	}
	if k.Sign() == 0 {
		if e.nought(b) {
			return value{}, errUndefined
		}
		return e.real(floatInt(1, e.prec)), nil
	}
	r := e.real(floatInt(1, e.prec))
	m := new(big.Int).Abs(k)
	for i := m.BitLen() - 1; i >= 0; i-- {
		if err := e.work.spend(8); err != nil {
			return value{}, err
		}
		r = e.mul(r, r)
		if m.Bit(i) == 1 {
			r = e.mul(r, b)
		}
		if vast(r.re) || r.im != nil && vast(r.im) {
			return value{}, errTooLarge
		}
	}
	if k.Sign() < 0 {
		return e.quo(e.real(floatInt(1, e.prec)), r)
	}
	return r, nil
}

// sqrt is the principal root; over the reals that of a negative number is none.
func (e numeric) sqrt(v value) (value, error) {
	if v.im == nil {
		if v.re.Sign() >= 0 {
			return e.real(float(e.prec).Sqrt(v.re)), nil
		}
		if !e.complex {
			return value{}, errNotReal
		}
		return value{floatInt(0, e.prec), float(e.prec).Sqrt(float(e.prec).Neg(v.re))}, nil
	}
	l, err := e.log(v)
	if err != nil {
		return value{}, err
	}
	return e.exp(e.mul(l, e.real(float(e.prec).SetFloat64(0.5))))
}

// rooted is the k-th root: the real one where there is one.
func (e numeric) rooted(n *node, b, k value) (value, error) {
	if k.im != nil || e.nought(k) {
		return value{}, errUndefined
	}
	inverse := float(e.prec).Quo(floatInt(1, e.prec), k.re)
	if e.nought(b) {
		return e.real(floatInt(0, e.prec)), nil
	}
	if b.im == nil && b.re.Sign() > 0 {
		return e.positive(b.re, inverse)
	}
	if i, acc := k.re.Int64(); acc == big.Exact && i%2 != 0 && b.im == nil {
		r, err := e.positive(float(e.prec).Neg(b.re), inverse)
		if err == nil {
			r.re.Neg(r.re)
		}
		return r, err
	}
	l, err := e.log(b)
	if err != nil {
		return value{}, err
	}
	return e.exp(e.mul(l, e.real(inverse)))
}
