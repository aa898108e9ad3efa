package mathexpr

import (
	"math"
	"math/big"
	"sync"
)

// guard bits make up for the rounding of the series below.
const guard = 64

func float(prec uint) *big.Float { return new(big.Float).SetPrec(prec) }

// floatInt is n, exact where n has no more than prec bits.
func floatInt(n int64, prec uint) *big.Float { return float(prec).SetInt64(n) }

// below tells whether |x| < 2^e; nought is below everything.
func below(x *big.Float, e int) bool { return x.Sign() == 0 || x.MantExp(nil) <= e }

// constants are pi, e and ln 2, by precision. Few precisions are ever asked for.
var constants struct {
	sync.Mutex
	pi, e, ln2 map[uint]*big.Float
}

// constant computes a constant once for a precision. The lock is held meanwhile:
// what computes one must not ask for another of the table.
func constant(table *map[uint]*big.Float, prec uint, compute func(uint) *big.Float) *big.Float {
	constants.Lock()
	defer constants.Unlock()
	if c, ok := (*table)[prec]; ok {
		return c
	}
	c := compute(prec)
	if *table == nil {
		*table = map[uint]*big.Float{}
	}
	if len(*table) < 64 {
		(*table)[prec] = c
	}
	return c
}

// piAt is pi, by Machin's formula.
func piAt(prec uint) *big.Float {
	return constant(&constants.pi, prec, func(prec uint) *big.Float {
		p := prec + guard
		a := atanInverse(5, p)
		a.Mul(a, floatInt(16, p))
		b := atanInverse(239, p)
		b.Mul(b, floatInt(4, p))
		return float(prec).Sub(a, b)
	})
}

// atanInverse is atan(1/n).
func atanInverse(n int64, prec uint) *big.Float {
	power := float(prec).Quo(floatInt(1, prec), floatInt(n, prec))
	square := float(prec).Mul(power, power)
	sum := float(prec).Set(power)
	for k := int64(1); !below(power, -int(prec)); k++ {
		power.Mul(power, square)
		term := float(prec).Quo(power, floatInt(2*k+1, prec))
		if k%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum
}

// eAt is e, by its series.
func eAt(prec uint) *big.Float {
	return constant(&constants.e, prec, func(prec uint) *big.Float {
		p := prec + guard
		sum, term := floatInt(1, p), floatInt(1, p)
		for i := int64(1); !below(term, -int(p)); i++ {
			term.Quo(term, floatInt(i, p))
			sum.Add(sum, term)
		}
		return float(prec).Set(sum)
	})
}

// ln2At is ln 2 = 2 atanh(1/3).
func ln2At(prec uint) *big.Float {
	return constant(&constants.ln2, prec, func(prec uint) *big.Float {
		p := prec + guard
		third := float(p).Quo(floatInt(1, p), floatInt(3, p))
		return float(prec).Set(twiceAtanh(third, p))
	})
}

// twiceAtanh is 2 atanh(z) for small z.
func twiceAtanh(z *big.Float, prec uint) *big.Float {
	power := float(prec).Mul(z, floatInt(2, prec))
	square := float(prec).Mul(z, z)
	sum := float(prec).Set(power)
	for k := int64(1); !below(power, -int(prec)-8+exponent(sum)); k++ {
		power.Mul(power, square)
		sum.Add(sum, float(prec).Quo(power, floatInt(2*k+1, prec)))
	}
	return sum
}

// exponent is e in x = m 2^e with 1/2 <= |m| < 1; 0 for nought, which has none.
func exponent(x *big.Float) int {
	if x.Sign() == 0 {
		return 0
	}
	return x.MantExp(nil)
}

// expAt is e^x; false where the result is out of range.
func expAt(x *big.Float, prec uint) (*big.Float, bool) {
	if x.Sign() == 0 {
		return floatInt(1, prec), true
	}
	if !below(x, 17) {
		return nil, false
	}
	p := prec + guard + 17
	k := float(p).Quo(x, ln2At(p))
	n, _ := float(p).Add(k, float(p).SetFloat64(math.Copysign(0.5, float64(k.Sign())))).Int64()
	r := float(p).Sub(x, float(p).Mul(floatInt(n, p), ln2At(p)))
	const halvings = 12
	r.SetMantExp(r, -halvings)
	sum, term := floatInt(1, p), floatInt(1, p)
	for i := int64(1); !below(term, -int(p)); i++ {
		term.Mul(term, r)
		term.Quo(term, floatInt(i, p))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return float(prec).SetMantExp(sum, int(n)), true
}

// lnAt is ln x for x > 0.
func lnAt(x *big.Float, prec uint) *big.Float {
	const roots = 8
	p := prec + guard + 2*roots
	m := float(p)
	e := x.MantExp(m)
	m.SetPrec(p)
	for range roots { // bring it near 1, where the series is fast
		m.Sqrt(m)
	}
	one := floatInt(1, p)
	z := float(p).Quo(float(p).Sub(m, one), float(p).Add(m, one))
	sum := floatInt(0, p)
	if z.Sign() != 0 {
		sum = twiceAtanh(z, p)
		sum.SetMantExp(sum, roots)
	}
	return float(prec).Add(sum, float(p).Mul(floatInt(int64(e), p), ln2At(p)))
}

// sinCosAt are sin x and cos x; false where x is too large to be reduced.
func sinCosAt(x *big.Float, prec uint) (sin, cos *big.Float, ok bool) {
	if !below(x, 64) {
		return nil, nil, false
	}
	p := prec + guard + 64
	half := float(p).SetMantExp(piAt(p), -1)
	q := float(p).Quo(x, half)
	q.Add(q, float(p).SetFloat64(math.Copysign(0.5, float64(q.Sign()))))
	n, _ := q.Int(nil)
	r := float(p).Sub(x, float(p).Mul(float(p).SetInt(n), half))
	square := float(p).Mul(r, r)
	square.Neg(square)
	series := func(first *big.Float, k int64) *big.Float {
		sum, term := float(p).Set(first), float(p).Set(first)
		for ; !below(term, -int(p)-8); k += 2 {
			term.Mul(term, square)
			term.Quo(term, floatInt(k*(k+1), p))
			sum.Add(sum, term)
		}
		return sum.SetPrec(prec)
	}
	s, c := series(r, 2), series(floatInt(1, p), 1)
	switch new(big.Int).And(n, big.NewInt(3)).Int64() { // two's complement: negative n too
	case 1:
		s, c = c, s.Neg(s)
	case 2:
		s, c = s.Neg(s), c.Neg(c)
	case 3:
		s, c = c.Neg(c), s
	}
	return s, c, true
}

// atanAt is atan x.
func atanAt(x *big.Float, prec uint) *big.Float {
	if x.Sign() == 0 {
		return floatInt(0, prec)
	}
	const halvings = 6
	p := prec + guard
	one := floatInt(1, p)
	z := float(p).Abs(x)
	inverted := z.Cmp(one) > 0
	if inverted {
		z.Quo(one, z)
	}
	for range halvings { // atan z = 2 atan(z / (1 + sqrt(1 + z^2)))
		d := float(p).Mul(z, z)
		d.Add(d, one).Sqrt(d).Add(d, one)
		z.Quo(z, d)
	}
	square := float(p).Mul(z, z)
	square.Neg(square)
	sum, power := float(p).Set(z), float(p).Set(z)
	for k := int64(1); !below(power, -int(p)+exponent(sum)); k++ {
		power.Mul(power, square)
		sum.Add(sum, float(p).Quo(power, floatInt(2*k+1, p)))
	}
	sum.SetMantExp(sum, halvings)
	if inverted {
		sum.Sub(float(p).SetMantExp(piAt(p), -1), sum)
	}
	if x.Sign() < 0 {
		sum.Neg(sum)
	}
	return sum.SetPrec(prec)
}
