package main

import "math"

// exp(x) is 2^n · exp(r), n = round(x / log 2), r = x - n·log 2. The whole part
// is rounded by adding 1.5·2^23; log 2 is subtracted in two parts, the first of
// few enough bits that its product with n is exact; exp(r) = 1 + r + r²·q(r), q
// of degree 5 with the minimax coefficients of Cephes' expf (Moshier, 1989).

// The constants of the exponential in registers, in the order of expTable.
const (
	high reg = 16 + iota
	low
	log2e
	magic
	ln2hi
	ln2lo
	c7
	c6
	c5
	c4
	c3
	c2
	unit
	afterTable
)

var (
	coefficients = []float64{math.Log2E, 1.5 * (1 << 23), 0.693359375, -2.12194440e-4,
		1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1}
	// exp(89) overflows, exp(-104) is under half the smallest denormal.
	expTable = append([]float64{89, -104}, coefficients...)
	// Weights of attention below e^-64 of the largest become zero. Adding magic
	// leaves the bits of 2^n lowest.
	softmaxTable = append([]float64{math.Inf(-1), -64}, coefficients...)
)

func init() { softmaxTable[magic-high] += 127 }

// writeTable writes constants for useTable.
func (a *assembler) writeTable(name string, values []float64) {
	a.raw("\n")
	for i, v := range values {
		a.raw("DATA ·%s+%d(SB)/4, $%#08x // %.10g\n", name, 4*i, math.Float32bits(float32(v)), v)
	}
	a.raw("GLOBL ·%s(SB), RODATA|NOPTR, $%d\n", name, 4*len(values))
}

// useTable fills the registers from high on.
func (a *assembler) useTable(name string) {
	a.ins("MOVD $·%s(SB), R20", name)
	for v := high; v < afterTable; v++ {
		a.ins("VLD1R.P 4(R20), [%s]", v.lanes())
	}
}

// vec is a few registers that go through the same operations side by side.
type vec []reg

func registers(first reg, n int) vec {
	v := make(vec, n)
	for i := range v {
		v[i] = first + reg(i)
	}
	return v
}

// each applies f to the parts of a vec, across an instruction to those of three.
func (v vec) each(f func(i int)) {
	for i := range v {
		f(i)
	}
}

func across(op func(d, n, m reg), d, n, m vec) { d.each(func(i int) { op(d[i], n[i], m[i]) }) }

// with applies an instruction whose second source is one register for all.
func with(op func(d, n, m reg), d, n vec, m reg) { d.each(func(i int) { op(d[i], n[i], m) }) }

func (a *assembler) movAll(d vec, n reg) { d.each(func(i int) { a.mov(d[i], n) }) }

// exp sets p to exp(x), clobbering x, t and q. Clamping keeps n in range; NaN
// passes through it.
func (a *assembler) exp(p, x, t, q vec) {
	with(a.fmin, x, x, high)
	with(a.fmax, x, x, low)
	a.movAll(t, magic)
	with(a.fmla, t, x, log2e)
	with(a.fsub, p, t, magic)
	with(a.fmls, x, p, ln2hi)
	with(a.fmls, x, p, ln2lo)
	with(a.sub, t, t, magic) // n
	a.polynomial(p, x, q, c6, c5, c4, c3, c2, unit, unit)
	// 2^n in two factors, either of them a normal number: only the second
	// product can round.
	x.each(func(i int) { a.sshr(x[i], t[i], 1) })
	across(a.sub, t, t, x)
	for _, n := range []vec{x, t} {
		n.each(func(i int) { a.shl(n[i], n[i], 23) })
		with(a.add, n, n, unit)
		across(a.fmul, p, p, n)
	}
}

// polynomial sets p to that of x with c7 first, by Horner's rule; q is
// clobbered. Adding needs the constant in the destination, so p and q take turns.
func (a *assembler) polynomial(p, x, q vec, constants ...reg) {
	from, to := q, p
	if len(constants)%2 == 0 {
		from, to = p, q
	}
	for i, c := range constants {
		a.movAll(to, c)
		if i == 0 {
			with(a.fmla, to, x, c7)
		} else {
			across(a.fmla, to, x, from)
		}
		from, to = to, from
	}
}
