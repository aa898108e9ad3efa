package mathexpr

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"math/bits"
	"math/rand/v2"
)

// primes are the fields of the modular evaluation, one a point: below 2^61, so
// that sums do not overflow. One field is not enough, whatever its size: in
// that of 2^61 - 1, 2^61 x is x, and a coefficient that a prime divides is
// gone. (p-1)/2 is prime for the last three, so that no small exponent is a
// multiple of the order of many elements.
var primes = [4]uint64{1<<61 - 1, 1<<61 - 2373, 1<<61 - 3153, 1<<61 - 7245}

// maxDegree bounds the degree of what is compared over a field: x^(p-1) is 1
// there, and the chance of agreement is degree/p.
const maxDegree = 1 << 32

// modular evaluates rational functions with rational coefficients over the
// field of a prime, where numbers cannot grow. Two that differ at a point of
// it are different; two that agree at random points are the same but for a
// chance of degree/2^61 a point (Schwartz, 1980).
type modular struct {
	p    uint64
	at   map[string]uint64
	work *budget
}

// mul is a b mod p, by way of all 128 bits of the product.
func (e modular) mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, r := bits.Div64(hi, lo, e.p) // hi < p, since a and b are
	return r
}

func (e modular) add(a, b uint64) uint64 {
	if s := a + b; s >= e.p {
		return s - e.p
	} else {
		return s
	}
}

// pow is b^k mod p for k >= 0, by squaring.
func (e modular) pow(b uint64, k *big.Int) uint64 {
	r := uint64(1)
	for i := k.BitLen() - 1; i >= 0; i-- {
		r = e.mul(r, r)
		if k.Bit(i) == 1 {
			r = e.mul(r, b)
		}
	}
	return r
}

// inverse is 1/a, by Fermat's little theorem.
func (e modular) inverse(a uint64) uint64 { return e.pow(a, new(big.Int).SetUint64(e.p-2)) }

// rat is a rational number in the field; one whose denominator p divides is none.
func (e modular) rat(r *big.Rat) (uint64, error) {
	p := new(big.Int).SetUint64(e.p)
	den := new(big.Int).Mod(r.Denom(), p).Uint64()
	if den == 0 {
		return 0, errUndefined
	}
	return e.mul(new(big.Int).Mod(r.Num(), p).Uint64(), e.inverse(den)), nil
}

// degreeOf bounds the degree of numerator and denominator of a rational
// function, up to maxDegree. Powers are read as far as they are whole numbers.
func (e modular) degreeOf(n *node) (float64, error) {
	switch n.op {
	case opNum, opBase:
		return 0, nil
	case opSym:
		return 1, nil
	case opAdd, opMul, opDiv, opPow:
	default:
		return 0, errIrrational
	}
	if n.op == opPow {
		x, err := exact{work: e.work}.eval(n.args[1])
		if err != nil || !x.IsInt() || x.Num().BitLen() > 60 {
			return 0, errIrrational
		}
		d, err := e.degreeOf(n.args[0])
		k, _ := new(big.Float).SetInt(x.Num()).Abs(new(big.Float).SetInt(x.Num())).Float64()
		return d * k, err
	}
	sum := 0.0 // of sums too, since their denominators multiply
	for _, a := range n.args {
		d, err := e.degreeOf(a)
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// eval is the value at the point, or errIrrational for what is no rational
// function with rational coefficients: an i, a root, a variable as exponent.
func (e modular) eval(n *node) (uint64, error) {
	if err := e.work.spend(4); err != nil {
		return 0, err
	}
	switch n.op {
	case opNum, opBase:
		return e.rat(n.num)
	case opSym:
		if v, ok := e.at[n.name]; ok {
			return v, nil
		}
		return 0, errIrrational
	case opAdd, opMul, opDiv:
	case opPow:
		x, err := exact{work: e.work}.eval(n.args[1])
		if err != nil || !x.IsInt() || x.Num().BitLen() > 60 {
			return 0, errIrrational
		}
		b, err := e.eval(n.args[0])
		if err != nil {
			return 0, err
		}
		if b == 0 && x.Sign() <= 0 {
			return 0, errUndefined
		}
		if x.Sign() < 0 {
			b = e.inverse(b)
		}
		return e.pow(b, new(big.Int).Abs(x.Num())), nil
	default:
		return 0, errIrrational
	}
	r, err := e.eval(n.args[0])
	if err != nil {
		return 0, err
	}
	for _, a := range n.args[1:] {
		v, err := e.eval(a)
		if err != nil {
			return 0, err
		}
		switch n.op {
		case opAdd:
			r = e.add(r, v)
		case opMul:
			r = e.mul(r, v)
		default:
			if v == 0 {
				return 0, errUndefined
			}
			r = e.mul(r, e.inverse(v))
		}
	}
	return r, nil
}

// rationalFunctions compares two rational functions; Unsure where one is none,
// or where the fields cannot tell.
func (c *comparison) rationalFunctions(a, b *node, vars []string) Verdict {
	for _, n := range []*node{a, b} {
		d, err := modular{work: &c.work}.degreeOf(n)
		if err != nil || d > maxDegree {
			return Unsure
		}
	}
	agreed := map[uint64]bool{} // by field: a point in each is asked for
	for i := range 3 * len(primes) {
		e := modular{p: primes[i%len(primes)], at: map[string]uint64{}, work: &c.work}
		if agreed[e.p] {
			continue
		}
		for _, name := range vars {
			e.at[name] = points(name, 9000+i).Uint64()%(e.p-1) + 1
		}
		va, errA := e.eval(a)
		vb, errB := e.eval(b)
		switch {
		case errA == errUndefined || errB == errUndefined:
			continue
		case errA != nil || errB != nil:
			return Unsure
		case va != vb:
			return Different
		}
		if agreed[e.p] = true; len(agreed) == len(primes) {
			return c.refuted(a, b, vars)
		}
	}
	return Unsure
}

// refuted is Equal unless the rationals or the reals tell at a point what the
// fields could not: a coefficient that all their primes divide.
func (c *comparison) refuted(a, b *node, vars []string) Verdict {
	if v, _ := c.atPoint(a, b, pointOf(vars, 1, 500), false); v == Different {
		return Different
	}
	return Equal
}

// points are the random numbers of a variable at a point. They depend on its
// name alone, so that a comparison is symmetric, and the hash has to mix: with
// one that is linear in the letters, x+Y and X+y agree everywhere.
func points(name string, at int) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%d %s", at, name))))
}
