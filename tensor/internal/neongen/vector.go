package main

// vectors writes the elementwise and reducing kernels, for n elements, a multiple
// of 16 and not zero. Those that reduce go on from the 16 lanes at lanes, and
// leave them there.
func vectors(a *assembler) {
	a.writeTable("expTable", expTable)

	a.begin("addNEON(dst, src *float32, n int)", "dst += src", 24)
	a.args("dst", "R1", "src", "R2", "n", "R3")
	a.loop("R3", 16, func() {
		a.load(0, 4, "R1")
		a.ins("VLD1.P 64(R2), %s", list(4, 4))
		across(a.fadd, registers(0, 4), registers(0, 4), registers(4, 4))
		a.ins("VST1.P %s, 64(R1)", list(0, 4))
	})

	a.begin("scaleNEON(x *float32, n int, s float32)", "x *= s", 20)
	a.args("x", "R1", "n", "R3")
	a.constant(30, "s", 16)
	a.loop("R3", 16, func() {
		a.load(0, 4, "R1")
		with(a.fmul, registers(0, 4), registers(0, 4), 30)
		a.ins("VST1.P %s, 64(R1)", list(0, 4))
	})

	a.begin("axpyNEON(dst, x *float32, n int, a float32)", "dst += a·x", 28)
	a.args("dst", "R1", "x", "R2", "n", "R3")
	a.constant(30, "a", 24)
	a.loop("R3", 16, func() {
		a.load(0, 4, "R1")
		a.ins("VLD1.P 64(R2), %s", list(4, 4))
		with(a.fmla, registers(0, 4), registers(4, 4), 30)
		a.ins("VST1.P %s, 64(R1)", list(0, 4))
	})

	a.begin("dotNEON(lanes, a, b *float32, n int)", "lanes += a·b", 32)
	a.args("lanes", "R1", "a", "R2", "b", "R4", "n", "R3")
	a.load(0, 4, "R1")
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(4, 4))
		a.ins("VLD1.P 64(R4), %s", list(8, 4))
		across(a.fmla, registers(0, 4), registers(4, 4), registers(8, 4))
	}, func() { a.store(0, 4, "R1") })

	squares(a)

	a.begin("maxNEON(lanes, x *float32, n int)", "lanes = max(lanes, x)", 24)
	a.args("lanes", "R1", "x", "R2", "n", "R3")
	a.load(0, 4, "R1")
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(4, 4))
		across(a.fmax, registers(0, 4), registers(0, 4), registers(4, 4))
	}, func() { a.store(0, 4, "R1") })

	exponentials(a)
	swiGLU(a)
	adamW(a)
	norms(a)
}

// loop runs body until the count, less step each time, is zero, then the ends.
// It closes the kernel.
func (a *assembler) loop(count string, step int, body func(), ends ...func()) {
	a.ins("PCALIGN $16")
	a.label("loop")
	body()
	a.ins("SUBS $%d, %s", step, count)
	a.ins("BNE loop")
	for _, end := range ends {
		end()
	}
	a.ins("RET")
}

// squares widens x before it is squared, so that no product rounds.
func squares(a *assembler) {
	a.begin("squaresNEON(lanes *float64, x *float32, n int)", "lanes += x², 16 of float64", 24)
	a.args("lanes", "R1", "x", "R2", "n", "R3")
	eachQuarter := func(f func(first int)) {
		a.ins("MOVD R1, R4")
		f(0)
		f(4)
	}
	eachQuarter(func(v int) {
		a.ins("VLD1.P 64(R4), [V%d.D2, V%d.D2, V%d.D2, V%d.D2]", v, v+1, v+2, v+3)
	})
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(8, 4))
		for i := range 4 {
			a.fcvtl(reg(12+2*i), reg(8+i))
			a.fcvtl2(reg(13+2*i), reg(8+i))
		}
		for i := range 8 {
			a.fmlaTwo(reg(i), reg(12+i))
		}
	}, func() {
		eachQuarter(func(v int) {
			a.ins("VST1.P [V%d.D2, V%d.D2, V%d.D2, V%d.D2], 64(R4)", v, v+1, v+2, v+3)
		})
	})
}

func exponentials(a *assembler) {
	x, t, p, q := registers(0, 2), registers(2, 2), registers(4, 2), registers(6, 2)

	a.begin("expNEON(dst, src *float32, n int)", "dst = exp(src)", 24)
	a.args("dst", "R1", "src", "R2", "n", "R3")
	a.useTable("expTable")
	a.loop("R3", 8, func() {
		a.ins("VLD1.P 32(R2), %s", list(x[0], 2))
		a.exp(p, x, t, q)
		a.ins("VST1.P %s, 32(R1)", list(p[0], 2))
	})

	a.begin("sumExpNEON(lanes, x *float32, n int, shift float32)", "lanes += exp(x - shift)", 28)
	a.args("lanes", "R1", "x", "R2", "n", "R3")
	a.constant(30, "shift", 24)
	a.useTable("expTable")
	a.load(8, 4, "R1")
	a.loop("R3", 16, func() {
		for _, sum := range []vec{registers(8, 2), registers(10, 2)} {
			a.ins("VLD1.P 32(R2), %s", list(x[0], 2))
			with(a.fsub, x, x, 30)
			a.exp(p, x, t, q)
			across(a.fadd, sum, sum, p)
		}
	}, func() { a.store(8, 4, "R1") })

	a.begin("expScaleNEON(dst, src *float32, n int, shift, s float32)", "dst = s·exp(src - shift)", 32)
	a.args("dst", "R1", "src", "R2", "n", "R3")
	a.constant(30, "shift", 24)
	a.constant(31, "s", 28)
	a.useTable("expTable")
	a.loop("R3", 8, func() {
		a.ins("VLD1.P 32(R2), %s", list(x[0], 2))
		with(a.fsub, x, x, 30)
		a.exp(p, x, t, q)
		with(a.fmul, p, p, 31)
		a.ins("VST1.P %s, 32(R1)", list(p[0], 2))
	})
}

func swiGLU(a *assembler) {
	g, x, p, t := registers(0, 2), registers(2, 2), registers(4, 2), registers(6, 2)
	q, d, u := registers(8, 2), registers(10, 2), registers(12, 2)
	negate := func(d, n vec) { d.each(func(i int) { a.fneg(d[i], n[i]) }) }

	a.begin("swiGLUNEON(y, gate, up *float32, n int)", "y = gate / (1 + exp(-gate)) · up", 32)
	a.args("y", "R1", "gate", "R2", "up", "R4", "n", "R3")
	a.useTable("expTable")
	a.loop("R3", 8, func() {
		a.ins("VLD1.P 32(R2), %s", list(g[0], 2))
		negate(x, g)
		a.exp(p, x, t, q)
		with(a.fadd, p, p, unit)
		across(a.fdiv, g, g, p)
		a.ins("VLD1.P 32(R4), %s", list(u[0], 2))
		across(a.fmul, g, g, u)
		a.ins("VST1.P %s, 32(R1)", list(g[0], 2))
	})

	a.begin("swiGLUBackwardNEON(dgate, dup, dy, gate, up *float32, n int)",
		"s = 1 / (1 + exp(-gate)); dup = dy·gate·s; dgate = dy·up·s·(1 + gate·(1-s))", 48)
	a.args("dgate", "R1", "dup", "R2", "dy", "R4", "gate", "R5", "up", "R6", "n", "R3")
	a.useTable("expTable")
	a.loop("R3", 8, func() {
		a.ins("VLD1.P 32(R5), %s", list(g[0], 2))
		a.ins("VLD1.P 32(R4), %s", list(d[0], 2))
		a.ins("VLD1.P 32(R6), %s", list(u[0], 2))
		negate(x, g)
		a.exp(p, x, t, q)
		with(a.fadd, p, p, unit)
		x.each(func(i int) { a.fdiv(x[i], unit, p[i]) }) // s
		across(a.fmul, p, g, x)
		across(a.fmul, p, d, p)
		a.ins("VST1.P %s, 32(R2)", list(p[0], 2))
		t.each(func(i int) { a.fsub(t[i], unit, x[i]) })
		a.movAll(q, unit)
		across(a.fmla, q, g, t) // 1 + g·(1-s)
		across(a.fmul, q, q, x)
		across(a.fmul, d, d, u)
		across(a.fmul, d, d, q)
		a.ins("VST1.P %s, 32(R1)", list(d[0], 2))
	})
}

func adamW(a *assembler) {
	const scale, beta1, rest1, beta2, rest2, eps, step, keep reg = 24, 25, 26, 27, 28, 29, 30, 31
	g, m, v, w := registers(0, 4), registers(4, 4), registers(8, 4), registers(12, 4)
	a.begin("adamWNEON(w, grad, m, v *float32, n int, c adamWConsts)", "m, v and w, in that order; see AdamW", 72)
	a.args("w", "R1", "grad", "R2", "m", "R4", "v", "R5", "n", "R3")
	for i, name := range []string{"scale", "beta1", "rest1", "beta2", "rest2", "eps", "step", "keep"} {
		a.constant(scale+reg(i), "c_"+name, 40+4*i)
	}
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(g[0], 4))
		with(a.fmul, g, g, scale)
		a.load(m[0], 4, "R4")
		with(a.fmul, m, m, beta1)
		with(a.fmla, m, g, rest1)
		a.ins("VST1.P %s, 64(R4)", list(m[0], 4))
		a.load(v[0], 4, "R5")
		with(a.fmul, v, v, beta2)
		across(a.fmul, g, g, g)
		with(a.fmla, v, g, rest2)
		a.ins("VST1.P %s, 64(R5)", list(v[0], 4))
		v.each(func(i int) { a.fsqrt(v[i], v[i]) })
		with(a.fadd, v, v, eps)
		with(a.fmul, m, m, step)
		across(a.fdiv, m, m, v)
		m.each(func(i int) { a.fneg(m[i], m[i]) })
		a.load(w[0], 4, "R1")
		with(a.fmla, m, w, keep) // keep·w - m
		a.ins("VST1.P %s, 64(R1)", list(m[0], 4))
	})
}

// norms writes the parts of RMSNorm and of its backward pass.
func norms(a *assembler) {
	x, d, g, y := registers(0, 4), registers(4, 4), registers(8, 4), registers(12, 4)

	a.begin("normScaleNEON(y, x, gain *float32, n int, inv float32)", "y = x·inv·gain", 36)
	a.args("y", "R1", "x", "R2", "gain", "R4", "n", "R3")
	a.constant(30, "inv", 32)
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(x[0], 4))
		a.ins("VLD1.P 64(R4), %s", list(g[0], 4))
		with(a.fmul, x, x, 30)
		across(a.fmul, x, x, g)
		a.ins("VST1.P %s, 64(R1)", list(x[0], 4))
	})

	a.begin("normDotNEON(lanes, dy, gain, x *float32, n int)", "lanes += (dy·gain)·x", 40)
	a.args("lanes", "R1", "dy", "R2", "gain", "R4", "x", "R5", "n", "R3")
	a.load(y[0], 4, "R1")
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R2), %s", list(d[0], 4))
		a.ins("VLD1.P 64(R4), %s", list(g[0], 4))
		a.ins("VLD1.P 64(R5), %s", list(x[0], 4))
		across(a.fmul, d, d, g)
		across(a.fmla, y, d, x)
	}, func() { a.store(y[0], 4, "R1") })

	a.begin("normBackwardNEON(dx, dgain, dy, x, gain *float32, n int, inv, c float32)",
		"dgain += dy·(x·inv); dx += dy·gain·inv - x·c", 56)
	a.args("dx", "R1", "dgain", "R2", "dy", "R4", "x", "R5", "gain", "R6", "n", "R3")
	a.constant(30, "inv", 48)
	a.constant(31, "c", 52)
	a.loop("R3", 16, func() {
		a.ins("VLD1.P 64(R5), %s", list(x[0], 4))
		a.ins("VLD1.P 64(R4), %s", list(d[0], 4))
		a.load(g[0], 4, "R2")
		with(a.fmul, y, x, 30)
		across(a.fmla, g, d, y)
		a.ins("VST1.P %s, 64(R2)", list(g[0], 4))
		a.ins("VLD1.P 64(R6), %s", list(g[0], 4))
		across(a.fmul, d, d, g)
		a.load(y[0], 4, "R1")
		with(a.fmul, d, d, 30)
		with(a.fmls, d, x, 31)
		across(a.fadd, y, y, d)
		a.ins("VST1.P %s, 64(R1)", list(y[0], 4))
	})
}
