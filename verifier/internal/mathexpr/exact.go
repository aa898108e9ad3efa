package mathexpr

import (
	"errors"
	"math/big"
)

// What stops an evaluation.
var (
	errIrrational = errors.New("it is not known to be rational")
	errUndefined  = errors.New("it is not defined")
	errTooLarge   = errors.New("it is too large")
	errUnknown    = errors.New("it cannot be evaluated")
)

// budget bounds the work of a comparison.
type budget struct{ left int }

// spend takes from the budget, and fails once nothing is left. Every loop over
// what a text says, and every operation on numbers that can grow, calls it.
func (b *budget) spend(n int) error {
	if b.left -= n; b.left < 0 {
		return errTooLarge
	}
	return nil
}

// exact evaluates over the rationals.
type exact struct {
	at   map[string]*big.Rat // values of variables
	work *budget
}

func size(r *big.Rat) int { return r.Num().BitLen() + r.Denom().BitLen() }

// cost is what an operation on r takes: a rational is reduced after each, in
// time that grows with the square of its size.
func cost(r *big.Rat) int { return costOf(size(r)) }

// costOf is the cost of so many bits: linear for few, and nearly quadratic for
// many, as division is.
func costOf(bits int) int {
	words := 1 + bits/64
	return words * (1 + words/8)
}

// eval is the value of a tree. errIrrational leaves it to other ways; the other
// errors are of the tree and not of the method.
func (e exact) eval(n *node) (*big.Rat, error) {
	r, err := e.op(n)
	if err != nil {
		return nil, err
	}
	if size(r) > maxBits {
		return nil, errTooLarge
	}
	return r, e.work.spend(cost(r))
}

// all evaluates arguments, and stops at the first that fails.
func (e exact) all(args []*node) ([]*big.Rat, error) {
	out := make([]*big.Rat, len(args))
	for i, a := range args {
		var err error
		if out[i], err = e.eval(a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e exact) op(n *node) (*big.Rat, error) {
	switch n.op {
	case opNum, opBase:
		return n.num, nil
	case opSym:
		if v := e.at[n.name]; v != nil {
			return v, nil
		}
		return nil, errIrrational
	case opSum, opProd:
		return e.series(n)
	}
	v, err := e.all(n.args)
	if err != nil {
		return nil, err
	}
	switch n.op {
	case opAdd, opMul:
		r := new(big.Rat).Set(v[0])
		for _, w := range v[1:] {
			if n.op == opAdd {
				r.Add(r, w)
			} else {
				r.Mul(r, w)
			}
			if err := e.work.spend(cost(r)); err != nil || size(r) > maxBits {
				return nil, errTooLarge
			}
		}
		return r, nil
	case opDiv:
		if v[1].Sign() == 0 {
			return nil, errUndefined
		}
		return new(big.Rat).Quo(v[0], v[1]), nil
	case opPow:
		return e.pow(v[0], v[1])
	case opRoot:
		if v[1].Sign() <= 0 || !v[1].IsInt() {
			return nil, errIrrational
		}
		return e.root(v[0], v[1].Num())
	case opFact:
		return e.factorial(v[0])
	case opBinom:
		if !v[0].IsInt() || !v[1].IsInt() || v[0].Sign() < 0 || v[1].Sign() < 0 {
			return nil, errUndefined
		}
		if !v[0].Num().IsInt64() || v[0].Num().Int64() > maxFactorial {
			return nil, errTooLarge
		}
		if v[0].Cmp(v[1]) < 0 {
			return new(big.Rat), nil
		}
		if err := e.work.spend(int(v[0].Num().Int64())); err != nil {
			return nil, err
		}
		return new(big.Rat).SetInt(new(big.Int).Binomial(v[0].Num().Int64(), v[1].Num().Int64())), nil
	case opFn:
		return e.function(n.name, v)
	}
	return nil, errIrrational
}

// pow is b^x, exact where x is whole, or where a root is rational.
func (e exact) pow(b, x *big.Rat) (*big.Rat, error) {
	if !x.IsInt() {
		if b.Sign() < 0 {
			return nil, errIrrational
		}
		if !x.Denom().IsInt64() || x.Denom().Int64() > 64 {
			return nil, errIrrational
		}
		r, err := e.root(b, x.Denom())
		if err != nil {
			return nil, err
		}
		return e.pow(r, new(big.Rat).SetInt(x.Num()))
	}
	one := big.NewRat(1, 1)
	switch {
	case x.Sign() == 0:
		if b.Sign() == 0 {
			return nil, errUndefined
		}
		return one, nil
	case b.Sign() == 0 && x.Sign() < 0:
		return nil, errUndefined
	case b.Sign() == 0 || b.Cmp(one) == 0:
		return b, nil
	}
	if !x.Num().IsInt64() {
		return nil, errTooLarge
	}
	k := new(big.Int).Abs(x.Num())
	if k.BitLen() > 24 || int(k.Int64())*size(b) > 2*maxBits {
		return nil, errTooLarge
	}
	if err := e.work.spend(costOf(int(k.Int64()) * size(b))); err != nil {
		return nil, err
	}
	num, den := new(big.Int).Exp(b.Num(), k, nil), new(big.Int).Exp(b.Denom(), k, nil)
	if x.Sign() < 0 {
		num, den = den, num
	}
	return new(big.Rat).SetFrac(num, den), nil
}

// root is the real k-th root, where it is rational.
func (e exact) root(b *big.Rat, k *big.Int) (*big.Rat, error) {
	if !k.IsInt64() || k.Int64() > 64 {
		return nil, errIrrational
	}
	if err := e.work.spend(8 * cost(b)); err != nil {
		return nil, err
	}
	num, ok := wholeRoot(b.Num(), k.Int64())
	den, ok2 := wholeRoot(b.Denom(), k.Int64())
	if !ok || !ok2 {
		return nil, errIrrational
	}
	return new(big.Rat).SetFrac(num, den), nil
}

// wholeRoot is the k-th root of x, where it is whole.
func wholeRoot(x *big.Int, k int64) (*big.Int, bool) {
	if x.Sign() < 0 {
		if k%2 == 0 {
			return nil, false
		}
		r, ok := wholeRoot(new(big.Int).Neg(x), k)
		if !ok {
			return nil, false
		}
		return r.Neg(r), true
	}
	if x.Sign() == 0 || k == 1 {
		return x, true
	}
	if x.BitLen() > 4096 {
		return nil, false
	}
	// Newton's iteration from above falls to the root.
	r := new(big.Int).Lsh(big.NewInt(1), uint(x.BitLen()/int(k)+1))
	for {
		// s = ((k-1) r + x / r^(k-1)) / k
		s := new(big.Int).Exp(r, big.NewInt(k-1), nil)
		s.Quo(x, s)
		s.Add(s, new(big.Int).Mul(r, big.NewInt(k-1)))
		s.Quo(s, big.NewInt(k))
		if s.Cmp(r) >= 0 {
			break
		}
		r = s
	}
	return r, new(big.Int).Exp(r, big.NewInt(k), nil).Cmp(x) == 0
}

// factorial is of whole numbers alone. The gamma function is no reading of n!.
func (e exact) factorial(v *big.Rat) (*big.Rat, error) {
	if !v.IsInt() || v.Sign() < 0 {
		return nil, errUndefined
	}
	if !v.Num().IsInt64() || v.Num().Int64() > maxFactorial {
		return nil, errTooLarge
	}
	k := v.Num().Int64()
	if err := e.work.spend(int(k) * 4); err != nil {
		return nil, err
	}
	return new(big.Rat).SetInt(new(big.Int).MulRange(1, k)), nil
}

// function evaluates functions that keep rationals rational. The circular ones
// and logarithms are left out: where they are rational, the reals tell.
func (e exact) function(name string, v []*big.Rat) (*big.Rat, error) {
	x := v[0]
	switch name {
	case "sqrt":
		if x.Sign() < 0 {
			return nil, errIrrational
		}
		return e.root(x, big.NewInt(2))
	case "cbrt":
		return e.root(x, big.NewInt(3))
	case "abs":
		return new(big.Rat).Abs(x), nil
	case "sgn":
		return big.NewRat(int64(x.Sign()), 1), nil
	case "floor", "ceil":
		q := new(big.Int).Div(x.Num(), x.Denom()) // towards minus infinity, since Denom > 0
		if name == "ceil" && !x.IsInt() {
			q.Add(q, big.NewInt(1))
		}
		return new(big.Rat).SetInt(q), nil
	case "max", "min":
		r := x
		for _, w := range v[1:] {
			if (w.Cmp(r) > 0) == (name == "max") {
				r = w
			}
		}
		return r, nil
	case "gcd", "lcm":
		r := new(big.Int).Set(x.Num())
		for _, w := range v {
			if !w.IsInt() || w.Sign() <= 0 {
				return nil, errUndefined
			}
			g := new(big.Int).GCD(nil, nil, r, w.Num())
			if name == "lcm" {
				g.Quo(new(big.Int).Mul(r, w.Num()), g)
			}
			r = g
		}
		return new(big.Rat).SetInt(r), nil
	}
	return nil, errIrrational
}

// series adds or multiplies over whole numbers.
func (e exact) series(n *node) (*big.Rat, error) {
	from, to, err := e.bounds(n)
	if err != nil {
		return nil, err
	}
	inner := exact{at: map[string]*big.Rat{}, work: e.work}
	for k, v := range e.at {
		inner.at[k] = v
	}
	r := big.NewRat(0, 1)
	if n.op == opProd {
		r.SetInt64(1)
	}
	for k := from; k <= to; k++ {
		inner.at[n.name] = big.NewRat(k, 1)
		v, err := inner.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		if n.op == opSum {
			r = new(big.Rat).Add(r, v)
		} else {
			r = new(big.Rat).Mul(r, v)
		}
		if err := e.work.spend(cost(r)); err != nil || size(r) > maxBits {
			return nil, errTooLarge
		}
	}
	return r, nil
}

// bounds are the first and the last index of a sum or product.
func (e exact) bounds(n *node) (from, to int64, err error) {
	v, err := e.all(n.args[1:])
	if err != nil {
		return 0, 0, errUnknown
	}
	if !v[0].IsInt() || !v[1].IsInt() || !v[0].Num().IsInt64() || !v[1].Num().IsInt64() {
		return 0, 0, errUndefined
	}
	from, to = v[0].Num().Int64(), v[1].Num().Int64()
	if to < from-1 {
		return 0, 0, errUndefined
	}
	if to-from > 5000 || from < -1e6 || to > 1e6 {
		return 0, 0, errTooLarge
	}
	return from, to, nil
}
