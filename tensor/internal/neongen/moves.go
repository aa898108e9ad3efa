package main

// moves writes the transposition of four rows and the turning of rotary pairs.
func moves(a *assembler) {
	a.raw(`
// Four rows, from r0 to r3, become columns of dst, blocks times four columns long.
// dstStride is in bytes.
`)
	a.begin("transposeNEON(dst *float32, dstStride int, r0, r1, r2, r3 *float32, blocks int)", "", 56)
	a.args("dst", "R1", "dstStride", "R2", "r0", "R4", "r1", "R5", "r2", "R6", "r3", "R7", "blocks", "R3")
	a.loop("R3", 1, func() {
		for i, ptr := range []string{"R4", "R5", "R6", "R7"} {
			a.ins("VLD1.P 16(%s), %s", ptr, list(reg(i), 1))
		}
		// Pairs of rows, then pairs of pairs.
		for i := range 2 {
			a.ins("VTRN1 V%d.S4, V%d.S4, V%d.S4", 2*i+1, 2*i, 4+i)
			a.ins("VTRN2 V%d.S4, V%d.S4, V%d.S4", 2*i+1, 2*i, 6+i)
		}
		for column, from := range []int{4, 6, 4, 6} {
			a.ins("VZIP%d V%d.D2, V%d.D2, V%d.D2", 1+column/2, from+1, from, 8+column)
			a.ins("VST1.P %s, (R1)(R2)", list(reg(8+column), 1))
		}
	})

	a.raw(`
// Registers: R0 the task, R1 a row, R2 the stride, R3 rows left, R4 heads left, R5
// the bytes of half a head, R6 the positions, R7 the table, R8 a row's angles;
// within a head R9 cosines, R10 sines, R11 first and R12 second halves, R13 left.
`)
	const cos, sin, lo, hi, first, second, sign reg = 0, 1, 2, 3, 4, 5, 31
	a.begin("rotaryNEON(t *rotaryTask)", "", 8)
	a.ins("MOVD t+0(FP), R0")
	for _, f := range [][2]string{{"x", "R1"}, {"stride", "R2"}, {"rows", "R3"}, {"half", "R5"}, {"pos", "R6"}, {"table", "R7"}} {
		a.ins("MOVD rotaryTask_%s(R0), %s", f[0], f[1])
	}
	a.ins("MOVWU rotaryTask_sign(R0), R8")
	a.ins("VDUP R8, %s", sign.lanes())
	a.label("row")
	a.ins("MOVW.P 4(R6), R8")
	a.ins("MUL R5, R8")
	a.ins("ADD R8<<1, R7, R8") // a row of the table is a head long
	a.ins("MOVD rotaryTask_heads(R0), R4")
	a.ins("MOVD R1, R12")
	a.label("head")
	a.ins("MOVD R8, R9")
	a.ins("ADD R5, R8, R10")
	a.ins("MOVD R12, R11") // the second half ends where the next head begins
	a.ins("ADD R5, R12")
	a.ins("MOVD R5, R13")
	a.label("pairs")
	a.ins("VLD1.P 16(R9), %s", list(cos, 1))
	a.ins("VLD1.P 16(R10), %s", list(sin, 1))
	a.load(lo, 1, "R11")
	a.load(hi, 1, "R12")
	a.eor(sin, sin, sign)
	a.fmul(first, lo, cos)
	a.fmul(second, hi, cos)
	a.fmls(first, hi, sin)
	a.fmla(second, lo, sin)
	a.ins("VST1.P %s, 16(R11)", list(first, 1))
	a.ins("VST1.P %s, 16(R12)", list(second, 1))
	a.ins("SUBS $16, R13")
	a.ins("BNE pairs")
	a.ins("SUBS $1, R4")
	a.ins("BNE head")
	a.ins("ADD R2, R1")
	a.ins("SUBS $1, R3")
	a.ins("BNE row")
	a.ins("RET")
}
