package main

// kernel is one function of package tensor, described over vectors of 16 lanes.
type kernel struct {
	name, doc string
	params    []param
	body      func(e *emitter)
}

var kernels = []kernel{
	{"add", "dst += src", params("dst,src *float32; n int"), func(e *emitter) {
		e.vectors(2)
		e.args("dst", "DI", "src", "SI", "n", "CX")
		e.length()
		e.loop(func() {
			e.load("DI", 0)
			e.load("SI", 1)
			e.op("VADDPS", vec(1), vec(0), vec(0))
			e.store(0, "DI")
		})
	}},
	{"scale", "x *= s", params("x *float32; n int; s float32"), func(e *emitter) {
		e.vectors(1)
		e.args("x", "DI", "n", "CX")
		s := e.constant(e.param("s"))
		e.length()
		e.loop(func() {
			e.load("DI", 0)
			e.op("VMULPS", s, vec(0), vec(0))
			e.store(0, "DI")
		})
	}},
	{"axpy", "dst += a·x", params("dst,x *float32; n int; a float32"), func(e *emitter) {
		e.vectors(2)
		e.args("dst", "DI", "x", "SI", "n", "CX")
		a := e.constant(e.param("a"))
		e.length()
		e.loop(func() {
			e.load("DI", 0)
			e.load("SI", 1)
			e.op("VFMADD231PS", a, vec(1), vec(0))
			e.store(0, "DI")
		})
	}},
	{"dot", "Σ a·b", params("a,b *float32; n int; ret float32"), func(e *emitter) {
		e.vectors(3)
		e.args("a", "DI", "b", "SI", "n", "CX")
		e.length()
		e.zero(0)
		e.loop(func() {
			e.load("DI", 1)
			e.load("SI", 2)
			e.op("VFMADD231PS", vec(1), vec(2), vec(0))
		})
		e.fold("VADDPS", 0, 1)
		e.ins("VMOVSS %s, %s", e.scalar(vec(0)), e.param("ret"))
	}},
	{"sumSquares", "Σ x², in float64", params("x *float32; n int; ret float64"), sumSquares},
	{"exp", "dst = exp(src)", params("dst,src *float32; n int"), func(e *emitter) {
		e.vectors(3)
		e.args("dst", "DI", "src", "SI", "n", "CX")
		e.length()
		e.useTable()
		e.loop(func() {
			e.load("SI", 0)
			e.exp(2, 0, 1)
			e.store(2, "DI")
		})
	}},
	{"max", "the largest element; NaN may be passed over", params("x *float32; n int; ret float32"), func(e *emitter) {
		e.vectors(2)
		e.args("x", "SI", "n", "CX")
		e.length()
		e.op("VBROADCASTSS", e.cell(negativeInfinity), vec(0))
		e.loop(func() {
			e.load("SI", 1)
			e.maximum(1, 0)
		})
		e.fold("VMAXPS", 0, 1)
		e.ins("VMOVSS %s, %s", e.scalar(vec(0)), e.param("ret"))
	}},
	{"sumExp", "Σ exp(x - shift)", params("x *float32; n int; shift float32; ret float32"), func(e *emitter) {
		e.vectors(4)
		e.args("x", "SI", "n", "CX")
		shift := e.constant(e.param("shift"))
		e.length()
		e.useTable()
		e.zero(3)
		e.loop(func() {
			e.load("SI", 0)
			e.op("VSUBPS", shift, vec(0), vec(0))
			e.exp(2, 0, 1)
			e.keepExisting(2)
			e.op("VADDPS", vec(2), vec(3), vec(3))
		})
		e.fold("VADDPS", 3, 0)
		e.ins("VMOVSS %s, %s", e.scalar(vec(3)), e.param("ret"))
	}},
	{"expScale", "dst = s·exp(src - shift)", params("dst,src *float32; n int; shift,s float32"), func(e *emitter) {
		e.vectors(3)
		e.args("dst", "DI", "src", "SI", "n", "CX")
		shift, s := e.constant(e.param("shift")), e.constant(e.param("s"))
		e.length()
		e.useTable()
		e.loop(func() {
			e.load("SI", 0)
			e.op("VSUBPS", shift, vec(0), vec(0))
			e.exp(2, 0, 1)
			e.op("VMULPS", s, vec(2), vec(2))
			e.store(2, "DI")
		})
	}},
	{"swiGLU", "y = gate / (1 + exp(-gate)) · up", params("y,gate,up *float32; n int"), func(e *emitter) {
		e.vectors(4)
		e.args("y", "DI", "gate", "SI", "up", "R8", "n", "CX")
		e.length()
		e.useTable()
		e.loop(func() {
			e.load("SI", 0)
			e.op("VXORPS", sign, vec(0), vec(1))
			e.exp(3, 1, 2)
			e.op("VADDPS", one, vec(3), vec(3))
			e.op("VDIVPS", vec(3), vec(0), vec(0))
			e.load("R8", 1)
			e.op("VMULPS", vec(1), vec(0), vec(0))
			e.store(0, "DI")
		})
	}},
	{"swiGLUBackward", "s = 1 / (1 + exp(-gate)); dup = dy·gate·s; dgate = dy·up·s·(1 + gate·(1-s))",
		params("dgate,dup,dy,gate,up *float32; n int"), swiGLUBackward},
	{"adamW", "m, v and w, in that order; see AdamW", params("w,grad,m,v *float32; n int; c adamWConsts"), adamW},
	{"rmsNorm", "inv = 1 / sqrt(mean(x²) + eps); y = x·inv·gain",
		params("y,x,gain,inv *float32; rows,cols,yStride,xStride int; eps float32"), rmsNorm},
	{"rmsNormBackward", "see RMSNormBackward; rows in order",
		params("dx,dgain,dy,x,gain,inv *float32; rows,cols,dxStride,dyStride,xStride int"), rmsNormBackward},
}

// exp sets p to exp(x), clobbering x and t. The argument is n·log 2 + r with n
// a whole number and |r| at most log(2)/2; exp(r) is a polynomial of degree 7.
//
// Clamping keeps n in range: the limits are past overflow and past the
// smallest denormal. MIN and MAX return their second source (Go writes it
// first) if either is NaN, so x goes there: otherwise NaN would be hidden.
func (e *emitter) exp(p, x, t vec) {
	e.op("VMOVAPS", high, t)
	e.op("VMINPS", x, t, x)
	e.op("VMOVAPS", low, t)
	e.op("VMAXPS", x, t, x)

	// Adding 1.5·2^23 rounds to a whole number, left in the low bits of t.
	e.op("VMOVAPS", log2e, t)
	e.op("VFMADD213PS", magic, x, t)
	e.op("VSUBPS", magic, t, p)
	e.op("VFNMADD231PS", ln2hi, p, x)
	e.op("VFNMADD231PS", ln2lo, p, x)

	e.op("VMOVAPS", c7, p)
	for _, c := range []entry{c6, c5, c4, c3, c2, one, one} {
		e.op("VFMADD213PS", c, x, p)
	}
	if e.wide {
		e.op("VSUBPS", magic, t, t)
		e.op("VSCALEFPS", t, p, p)
		return
	}
	// 2^n in two factors, either of them a normal number. Only the second
	// product can round, so the result is that of VSCALEFPS, denormals too.
	e.op("VPSUBD", magic, t, t)
	e.op("VPSRAD", "$1", t, x)
	e.op("VPSUBD", x, t, t)
	for _, n := range []vec{x, t} {
		e.op("VPSLLD", "$23", n, n)
		e.op("VPADDD", one, n, n)
		e.op("VMULPS", n, p, p)
	}
}

func swiGLUBackward(e *emitter) {
	const g, u, d, x, p, t, o vec = 0, 1, 2, 3, 4, 5, 6
	e.vectors(7)
	e.args("dgate", "DI", "dup", "SI", "dy", "R8", "gate", "R9", "up", "R10", "n", "CX")
	e.length()
	e.useTable()
	e.loop(func() {
		e.load("R9", g)
		e.op("VXORPS", sign, g, x)
		e.exp(p, x, t)
		e.op("VMOVAPS", one, o)
		e.op("VADDPS", o, p, p)
		e.op("VDIVPS", p, o, x) // s
		e.load("R8", d)
		e.load("R10", u)
		e.op("VMULPS", x, g, p)
		e.op("VMULPS", p, d, p)
		e.store(p, "SI")
		e.op("VSUBPS", x, o, t)
		e.op("VFMADD213PS", o, g, t) // 1 + g·(1-s)
		e.op("VMULPS", x, t, t)
		e.op("VMULPS", u, d, d)
		e.op("VMULPS", t, d, d)
		e.store(d, "DI")
	})
}

func adamW(e *emitter) {
	const a, m, v vec = 0, 1, 2
	e.vectors(3)
	e.args("w", "DI", "grad", "SI", "m", "R8", "v", "R9", "n", "CX")
	scale := e.constant(e.param("c_scale"))
	beta1, rest1 := e.constant(e.param("c_beta1")), e.constant(e.param("c_rest1"))
	beta2, rest2 := e.constant(e.param("c_beta2")), e.constant(e.param("c_rest2"))
	eps, step := e.constant(e.param("c_eps")), e.constant(e.param("c_step"))
	keep := e.constant(e.param("c_keep"))
	e.length()
	e.loop(func() {
		e.load("SI", a)
		e.op("VMULPS", scale, a, a)
		e.load("R8", m)
		e.op("VMULPS", beta1, m, m)
		e.op("VFMADD231PS", rest1, a, m)
		e.store(m, "R8")
		e.load("R9", v)
		e.op("VMULPS", beta2, v, v)
		e.op("VMULPS", a, a, a)
		e.op("VFMADD231PS", rest2, a, v)
		e.store(v, "R9")
		e.op("VSQRTPS", v, v)
		e.op("VADDPS", eps, v, v)
		e.op("VMULPS", step, m, m)
		e.op("VDIVPS", v, m, m)
		e.load("DI", a)
		e.op("VFMSUB213PS", m, keep, a) // keep·w - m
		e.store(a, "DI")
	})
}

// sumSquares keeps 16 lanes of float64: x is widened before it is squared, so
// no product rounds.
func sumSquares(e *emitter) {
	e.vectors(6)
	e.args("x", "SI", "n", "CX")
	e.length()
	if e.wide { // Z2: lanes 0-7, Z3: lanes 8-15
		e.zero(2)
		e.zero(3)
		e.loop(func() {
			e.load("SI", 0)
			e.ins("VEXTRACTF64X4 $1, Z0, Y1")
			e.ins("VCVTPS2PD Y0, Z0")
			e.ins("VCVTPS2PD Y1, Z1")
			e.ins("VFMADD231PD Z0, Z0, Z2")
			e.ins("VFMADD231PD Z1, Z1, Z3")
		})
		e.ins("VADDPD Z3, Z2, Z2")
		e.ins("VEXTRACTF64X4 $1, Z2, Y3")
		e.ins("VADDPD Y3, Y2, Y2")
	} else { // Y4 to Y7: lanes 0-3, 4-7, 8-11, 12-15
		e.zero(2)
		e.zero(3)
		e.loop(func() {
			e.load("SI", 0)
			for h := range 2 {
				e.ins("VEXTRACTF128 $1, Y%d, X%d", h, 2+h)
				e.ins("VCVTPS2PD X%[1]d, Y%[1]d", h)
				e.ins("VCVTPS2PD X%[1]d, Y%[1]d", 2+h)
				e.ins("VFMADD231PD Y%[1]d, Y%[1]d, Y%[2]d", h, 4+2*h)
				e.ins("VFMADD231PD Y%[1]d, Y%[1]d, Y%[2]d", 2+h, 5+2*h)
			}
		})
		e.ins("VADDPD Y6, Y4, Y4")
		e.ins("VADDPD Y7, Y5, Y5")
		e.ins("VADDPD Y5, Y4, Y2")
	}
	e.ins("VEXTRACTF128 $1, Y2, X3")
	e.ins("VADDPD X3, X2, X2")
	e.ins("VPERMILPD $1, X2, X3")
	e.ins("VADDSD X3, X2, X2")
	e.ins("VMOVSD X2, %s", e.param("ret"))
}

func rmsNorm(e *emitter) {
	e.vectors(3)
	e.args("y", "DI", "x", "SI", "gain", "R8", "inv", "R9", "rows", "R10", "cols", "CX", "yStride", "R11", "xStride", "R12")
	width, unit := e.reserve(), e.reserve()
	eps := e.constant(e.param("eps"))
	e.ins("VCVTSI2SSQ CX, %[1]s, %[1]s", e.scalar(width))
	e.ins("VMOVSS %s, %s", e.cell(one), e.scalar(unit))
	e.length()
	e.rows("R10", func() {
		e.zero(0)
		e.loop(func() {
			e.load("SI", 1)
			e.op("VFMADD231PS", vec(1), vec(1), vec(0))
		})
		e.fold("VADDPS", 0, 1)
		sum := e.scalar(vec(0))
		e.ins("VDIVSS %s, %s, %s", e.scalar(width), sum, sum)
		e.ins("VADDSS %s, %s, %s", e.scalar(eps), sum, sum)
		e.ins("VSQRTSS %s, %s, %s", sum, sum, sum)
		e.ins("VDIVSS %s, %s, %s", sum, e.scalar(unit), sum)
		e.ins("VMOVSS %s, (R9)", sum)
		e.op("VBROADCASTSS", sum, vec(2))
		e.loop(func() {
			e.load("SI", 0)
			e.load("R8", 1)
			e.op("VMULPS", vec(2), vec(0), vec(0))
			e.op("VMULPS", vec(1), vec(0), vec(0))
			e.store(0, "DI")
		})
	}, func() {
		e.ins("LEAQ (DI)(R11*4), DI")
		e.ins("LEAQ (SI)(R12*4), SI")
		e.ins("ADDQ $4, R9")
	})
}

// rmsNormBackward makes two passes over a row: the dot product of dy·gain with
// x, then both gradients.
func rmsNormBackward(e *emitter) {
	const acc, x, d, a, r, c vec = 0, 1, 2, 3, 4, 5
	e.vectors(6)
	e.args("dx", "DI", "dgain", "SI", "dy", "R8", "x", "R9", "gain", "R10", "inv", "R11", "rows", "R12", "cols", "CX")
	width := e.reserve()
	e.ins("VCVTSI2SSQ CX, %[1]s, %[1]s", e.scalar(width))
	e.length()
	e.rows("R12", func() {
		e.zero(acc)
		e.loop(func() {
			e.load("R8", d)
			e.load("R10", a)
			e.load("R9", x)
			e.op("VMULPS", a, d, d)
			e.op("VFMADD231PS", x, d, acc)
		})
		e.fold("VADDPS", acc, x)
		// c = inv³ · dot / cols
		sum, inv := e.scalar(acc), e.scalar(x)
		e.ins("VMOVSS (R11), %s", inv)
		for range 3 {
			e.ins("VMULSS %s, %s, %s", inv, sum, sum)
		}
		e.ins("VDIVSS %s, %s, %s", e.scalar(width), sum, sum)
		e.op("VBROADCASTSS", inv, r)
		e.op("VBROADCASTSS", sum, c)
		e.loop(func() {
			e.load("R9", x)
			e.load("R8", d)
			e.load("SI", a)
			e.op("VMULPS", r, x, acc)
			e.op("VFMADD231PS", d, acc, a)
			e.store(a, "SI")
			e.load("R10", a)
			e.op("VMULPS", a, d, d)
			e.load("DI", a)
			e.op("VMULPS", r, d, d)
			e.op("VFNMADD231PS", c, x, d)
			e.op("VADDPS", d, a, a)
			e.store(a, "DI")
		})
	}, func() {
		for _, step := range [][2]string{{"dxStride", "DI"}, {"dyStride", "R8"}, {"xStride", "R9"}} {
			e.ins("MOVQ %s, AX", e.param(step[0]))
			e.ins("LEAQ (%[1]s)(AX*4), %[1]s", step[1])
		}
		e.ins("ADDQ $4, R11")
	})
}
