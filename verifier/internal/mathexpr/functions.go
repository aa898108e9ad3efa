package mathexpr

import "math/big"

// function evaluates a known function.
func (e numeric) function(name string, v []value) (value, error) {
	x := v[0]
	if len(v) > 1 {
		return e.several(name, v)
	}
	one := e.real(floatInt(1, e.prec))
	switch name {
	case "sqrt":
		return e.sqrt(x)
	case "cbrt":
		return e.rooted(nil, x, e.real(floatInt(3, e.prec)))
	case "exp":
		return e.exp(x)
	case "ln":
		return e.log(x)
	case "log10":
		return e.logTo(e.real(floatInt(10, e.prec)), x)
	case "abs":
		if x.im == nil {
			return e.real(float(e.prec).Abs(x.re)), nil
		}
		norm := float(e.prec).Mul(x.re, x.re)
		norm.Add(norm, float(e.prec).Mul(x.im, x.im))
		return e.real(norm.Sqrt(norm)), nil
	case "floor", "ceil", "sgn":
		return e.stepped(name, x)
	case "sin", "cos", "tan", "cot", "sec", "csc":
		return e.circular(name, x)
	case "sinh", "cosh", "tanh", "coth", "sech", "csch":
		return e.hyperbolic(name, x)
	case "asin", "acos", "atan":
		return e.arc(name, x)
	case "acot", "asec", "acsc":
		if name == "acot" && x.re.Sign() < 0 { // from -pi/2 to 0, or from pi/2 to pi: authors differ
			return value{}, errUndefined
		}
		y, err := e.quo(one, x)
		if err != nil {
			return value{}, err
		}
		return e.arc(map[string]string{"acot": "atan", "asec": "acos", "acsc": "asin"}[name], y)
	case "asinh", "acosh", "atanh":
		return e.area(name, x)
	}
	return value{}, errUnknown
}

// several evaluates functions of more than one argument.
func (e numeric) several(name string, v []value) (value, error) {
	switch name {
	case "logb":
		return e.logTo(v[0], v[1])
	case "max", "min":
		r := v[0]
		for _, w := range v[1:] {
			if w.im != nil || r.im != nil {
				return value{}, errUndefined
			}
			if (w.re.Cmp(r.re) > 0) == (name == "max") {
				r = w
			}
		}
		return r, nil
	}
	return value{}, errUnknown
}

// logTo is log x / log base, so that base 1 is undefined, and not an infinity.
func (e numeric) logTo(base, x value) (value, error) {
	a, err := e.log(x)
	if err != nil {
		return value{}, err
	}
	b, err := e.log(base)
	if err != nil {
		return value{}, err
	}
	return e.quo(a, b)
}

// stepped evaluates functions with steps, not where a step may be.
func (e numeric) stepped(name string, x value) (value, error) {
	if x.im != nil {
		return value{}, errUndefined
	}
	n, _ := x.re.Int(nil)
	near := float(e.prec).Add(x.re, float(e.prec).SetFloat64(0.5))
	m, _ := near.Int(nil)
	distance := float(e.prec).Sub(x.re, float(e.prec).SetInt(m))
	if below(distance, -int(e.prec)/2) && distance.Sign() != 0 || name == "sgn" && e.nought(x) {
		return value{}, errUndefined
	}
	if name == "sgn" {
		return e.real(floatInt(int64(x.re.Sign()), e.prec)), nil
	}
	whole := float(e.prec).SetInt(n).Cmp(x.re) == 0
	switch {
	case name == "floor" && x.re.Sign() < 0 && !whole:
		n.Sub(n, big.NewInt(1))
	case name == "ceil" && x.re.Sign() > 0 && !whole:
		n.Add(n, big.NewInt(1))
	}
	return e.real(float(e.prec).SetInt(n)), nil
}

// circular evaluates the six circular functions from sine and cosine. A pole is
// where the divisor is nought as far as can be seen: tan(pi/2) has no value.
func (e numeric) circular(name string, x value) (value, error) {
	if err := e.work.spend(2 * int(e.prec)); err != nil {
		return value{}, err
	}
	var s, c value
	if x.im == nil {
		sin, cos, ok := sinCosAt(x.re, e.prec)
		if !ok {
			return value{}, errTooLarge
		}
		s, c = e.real(sin), e.real(cos)
	} else { // sin z = -i sinh(iz), cos z = cosh(iz)
		iz := value{float(e.prec).Neg(x.im), float(e.prec).Set(x.re)}
		up, err := e.exp(iz)
		if err != nil {
			return value{}, err
		}
		down, err := e.exp(e.negated(iz))
		if err != nil {
			return value{}, err
		}
		half := e.real(float(e.prec).SetFloat64(0.5))
		c = e.mul(e.add(up, down), half)
		d := e.mul(e.add(up, e.negated(down)), half)
		s = value{d.im, float(e.prec).Neg(d.re)}
	}
	return e.ratio(name, []string{"sin", "cos", "tan", "cot", "sec", "csc"}, s, c)
}

// ratio makes six functions of two: s, c, s/c, c/s, 1/c, 1/s.
func (e numeric) ratio(name string, names []string, s, c value) (value, error) {
	one := e.real(floatInt(1, e.prec))
	switch name {
	case names[0]:
		return s, nil
	case names[1]:
		return c, nil
	case names[2]:
		return e.quo(s, c)
	case names[3]:
		return e.quo(c, s)
	case names[4]:
		return e.quo(one, c)
	}
	return e.quo(one, s)
}

// hyperbolic evaluates the six by e^x and e^-x. Sums that cancel, as of
// cosh x - sinh x for large x, are noted by plus.
func (e numeric) hyperbolic(name string, x value) (value, error) {
	up, err := e.exp(x)
	if err != nil {
		return value{}, err
	}
	down, err := e.exp(e.negated(x))
	if err != nil {
		return value{}, err
	}
	half := e.real(float(e.prec).SetFloat64(0.5))
	s, c := e.mul(e.add(up, e.negated(down)), half), e.mul(e.add(up, down), half)
	return e.ratio(name, []string{"sinh", "cosh", "tanh", "coth", "sech", "csch"}, s, c)
}

// arc evaluates inverse circular functions of real arguments.
func (e numeric) arc(name string, x value) (value, error) {
	if err := e.work.spend(2 * int(e.prec)); err != nil {
		return value{}, err
	}
	if x.im != nil {
		return value{}, errUnknown
	}
	if name == "atan" {
		return e.real(atanAt(x.re, e.prec)), nil
	}
	one := floatInt(1, e.prec)
	rest := float(e.prec).Mul(x.re, x.re)
	rest.Sub(one, rest)
	if rest.Sign() < 0 {
		return value{}, errNotReal
	}
	rest.Sqrt(rest)
	if name == "asin" {
		return e.real(e.argument(rest, x.re)), nil
	}
	return e.real(e.argument(x.re, rest)), nil
}

// area evaluates inverse hyperbolic functions of real arguments.
func (e numeric) area(name string, x value) (value, error) {
	if x.im != nil {
		return value{}, errUnknown
	}
	one := e.real(floatInt(1, e.prec))
	if name == "atanh" {
		q, err := e.quo(e.add(one, x), e.add(one, e.negated(x)))
		if err != nil {
			return value{}, err
		}
		l, err := e.log(q)
		return e.halved(l), err
	}
	under := e.add(e.mul(x, x), one)
	if name == "acosh" {
		under = e.add(e.mul(x, x), e.negated(one))
	}
	r, err := e.sqrt(under)
	if err != nil {
		return value{}, err
	}
	return e.log(e.add(x, r))
}

// halved is v/2; of no value, which an error came with, it is none.
func (e numeric) halved(v value) value {
	if v.re == nil {
		return v
	}
	return e.mul(v, e.real(float(e.prec).SetFloat64(0.5)))
}
