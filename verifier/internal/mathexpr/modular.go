package mathexpr

import (
	"hash/fnv"
	"math/big"
	"math/bits"
)

// prime is the field of the modular evaluation: 2^61 - 1.
const prime = 1<<61 - 1

// modular evaluates rational functions with rational coefficients over the
// field of a prime, where numbers cannot grow. Two that differ at a point of
// it are different; two that agree at random points are the same but for a
// chance of degree/2^61 a point (Schwartz, 1980).
type modular struct {
	at   map[string]uint64
	work *budget
}

func mulMod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, r := bits.Div64(hi, lo, prime) // hi < prime, since a and b are
	return r
}

func addMod(a, b uint64) uint64 {
	if s := a + b; s >= prime {
		return s - prime
	} else {
		return s
	}
}

func powMod(b uint64, k *big.Int) uint64 {
	r := uint64(1)
	for i := k.BitLen() - 1; i >= 0; i-- {
		r = mulMod(r, r)
		if k.Bit(i) == 1 {
			r = mulMod(r, b)
		}
	}
	return r
}

func inverseMod(a uint64) uint64 { return powMod(a, big.NewInt(prime-2)) }

func ratMod(r *big.Rat) (uint64, error) {
	p := big.NewInt(prime)
	den := new(big.Int).Mod(r.Denom(), p).Uint64()
	if den == 0 {
		return 0, errUndefined
	}
	return mulMod(new(big.Int).Mod(r.Num(), p).Uint64(), inverseMod(den)), nil
}

func (e modular) eval(n *node) (uint64, error) {
	if err := e.work.spend(4); err != nil {
		return 0, err
	}
	switch n.op {
	case opNum, opBase:
		return ratMod(n.num)
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
			b = inverseMod(b)
		}
		return powMod(b, new(big.Int).Abs(x.Num())), nil
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
			r = addMod(r, v)
		case opMul:
			r = mulMod(r, v)
		default:
			if v == 0 {
				return 0, errUndefined
			}
			r = mulMod(r, inverseMod(v))
		}
	}
	return r, nil
}

// rationalFunctions compares two rational functions; Unsure where one is none.
func (c *comparison) rationalFunctions(a, b *node, vars []string) Verdict {
	const enough = 4
	agreed := 0
	for i := range 3 * enough {
		e := modular{at: map[string]uint64{}, work: &c.work}
		for _, name := range vars {
			h := fnv.New64a()
			h.Write([]byte(name))
			h.Write([]byte{byte(i)})
			e.at[name] = h.Sum64()%(prime-1) + 1
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
		if agreed++; agreed == enough {
			return Equal
		}
	}
	return Unsure
}
