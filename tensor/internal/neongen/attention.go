package main

// attention writes the softmax of attention scores and its gradient, for rows
// that are padded to whole vectors of 16.
func attention(a *assembler) {
	a.writeTable("softmaxTable", softmaxTable)
	a.raw(`
// Registers: R1 the row, R2 the stride, R3 rows left, R4 the valid values of the
// row, R5 how many more the next has, R6 the row of p; R9 the vectors before the
// last, R8 the address within the row, R10 that within p, R11 vectors left.
`)
	const (
		negativeInfinity, limit = high, low // the first entries of this table

		top, scale, t reg = 29, 30, 12
	)
	scores, all, mask := registers(0, 4), registers(8, 4), registers(4, 4)

	// vectors calls body for each vector of 16 of the row.
	vectors := func(name string, count string, body func()) {
		a.ins("MOVD R1, R8")
		a.ins("MOVD %s, R11", count)
		a.ins("PCALIGN $16")
		a.label(name)
		body()
		a.ins("SUBS $1, R11")
		a.ins("BNE %s", name)
	}
	next := func() {
		a.ins("ADD R2, R1")
		a.ins("ADD R5, R4")
		a.ins("SUBS $1, R3")
		a.ins("BNE row")
		a.ins("RET")
	}

	a.begin("softmaxNEON(p *float32, stride, rows, valid, grow int, scale float32)", "", 44)
	a.args("p", "R1", "stride", "R2", "rows", "R3", "valid", "R4", "grow", "R5")
	a.constant(scale, "scale", 40)
	a.useTable("softmaxTable")
	a.label("row")
	a.ins("SUB $1, R4, R9")
	a.ins("LSR $4, R9")

	a.raw("\n\t// Scale, blot out what lies beyond the diagonal, find the largest.\n")
	a.ins("SUB R9<<4, R4, R10")
	a.ins("MOVD $·tailMasks+64(SB), R7")
	a.ins("SUB R10<<2, R7")
	a.ins("ADD R9<<6, R1, R8")
	a.load(scores[0], 4, "R8")
	a.load(mask[0], 4, "R7")
	with(a.fmul, scores, scores, scale)
	a.movAll(all, negativeInfinity)
	all.each(func(i int) { a.ins("VBIT %s, %s, %s", mask[i].bytes(), scores[i].bytes(), all[i].bytes()) })
	a.store(all[0], 4, "R8")
	a.ins("CBZ R9, single")
	vectors("scores", "R9", func() {
		a.load(scores[0], 4, "R8")
		with(a.fmul, scores, scores, scale)
		a.ins("VST1.P %s, 64(R8)", list(scores[0], 4))
		across(a.fmax, all, all, scores)
	})
	a.label("single")
	a.fold16(a.fmax, all[0], t)
	a.spread(top, all[0])

	all.each(func(i int) { a.zero(all[i]) })
	a.ins("ADD $1, R9, R10")
	vectors("weights", "R10", func() {
		for _, sum := range []vec{all[:2], all[2:]} {
			x, p := registers(0, 2), registers(4, 2)
			a.load(x[0], 2, "R8")
			a.weights(p, x, top, limit)
			across(a.fadd, sum, sum, p)
			a.ins("VST1.P %s, 32(R8)", list(p[0], 2))
		}
	})
	a.fold16(a.fadd, all[0], t)
	a.ins("FDIVS F%d, F%d, F%d", all[0], unit, all[0])
	a.spread(top, all[0])
	vectors("normalise", "R10", func() {
		a.load(scores[0], 4, "R8")
		with(a.fmul, scores, scores, top)
		a.ins("VST1.P %s, 64(R8)", list(scores[0], 4))
	})
	next()

	weights := registers(4, 4)
	a.begin("softmaxBackwardNEON(d, p *float32, stride, rows, valid int, scale float32)", "", 44)
	a.args("d", "R1", "p", "R6", "stride", "R2", "rows", "R3", "valid", "R4")
	a.constant(scale, "scale", 40)
	a.ins("MOVD $1, R5")
	a.label("row")
	a.ins("ADD $15, R4, R9")
	a.ins("LSR $4, R9")
	all.each(func(i int) { a.zero(all[i]) })
	a.ins("MOVD R6, R10")
	vectors("dot", "R9", func() {
		a.ins("VLD1.P 64(R8), %s", list(scores[0], 4))
		a.ins("VLD1.P 64(R10), %s", list(weights[0], 4))
		across(a.fmla, all, scores, weights)
	})
	a.fold16(a.fadd, all[0], t)
	a.spread(top, all[0])
	a.ins("MOVD R6, R10")
	vectors("scores", "R9", func() {
		a.load(scores[0], 4, "R8")
		a.ins("VLD1.P 64(R10), %s", list(weights[0], 4))
		with(a.fsub, scores, scores, top)
		across(a.fmul, scores, scores, weights)
		with(a.fmul, scores, scores, scale)
		a.ins("VST1.P %s, 64(R8)", list(scores[0], 4))
	})
	a.ins("ADD R2, R6")
	next()
}

// weights sets p to exp(x - top), which is never positive, or to zero below
// limit; NaN survives. x and registers 2 to 15 but for the sums are clobbered.
func (a *assembler) weights(p, x vec, top, limit reg) {
	t, q, small, square := registers(2, 2), registers(6, 2), registers(12, 2), registers(14, 2)
	with(a.fsub, x, x, top)
	a.movAll(t, magic)
	with(a.fmla, t, x, log2e)
	with(a.fsub, p, t, magic)
	small.each(func(i int) { a.fcmgt(small[i], limit, x[i]) })
	with(a.fmls, x, p, ln2hi)
	with(a.fmls, x, p, ln2lo)
	t.each(func(i int) { a.shl(t[i], t[i], 23) })
	a.polynomial(p, x, q, c6, c5, c4, c3, c2)
	across(a.fmul, square, x, x)
	across(a.fmla, x, p, square)
	with(a.fadd, p, x, unit)
	across(a.fmul, p, p, t)
	across(a.bic, p, p, small)
}
