package main

import "fmt"

const (
	tileRows  = 6 // of a full tile: 24 sums, four registers of B, four of A
	panels    = 4 // of the vector kernel: enough independent sums
	panelRegs = 4 // registers of a panel of 16 columns
)

// products writes the kernels of matrix products.
//
// A tile is up to six rows of C by up to 16 columns. Its sums live in registers;
// each step of k loads the row of B and, row by row, one element of A, and
// multiplies-and-adds. The row loop is inside: one call does all tiles of a panel.
func products(a *assembler) {
	a.raw(`
// Registers of a tile kernel: R0 the task, R1 C and R2 its stride, R3 A with R4
// between rows and R5 between steps of k, R6 B with R7 between steps of k, R8
// rows left; within a tile R9 counts k, R10 is B, R11 the offset in rows of A,
// R12 to R20 those rows, R21 and R22 are C. All strides are in bytes.
`)
	for regs := 1; regs <= panelRegs; regs++ {
		tileKernel(a, fmt.Sprintf("tileNEONx%d", 4*regs), regs, 4)
	}
	for columns := 1; columns < 4; columns++ {
		tileKernel(a, fmt.Sprintf("tileNEONx%d", columns), 1, columns)
	}
	vectorKernel(a)
}

var rowPointers = [tileRows]string{"R12", "R13", "R14", "R15", "R19", "R20"}

func fields(a *assembler, pairs ...string) {
	a.ins("MOVD t+0(FP), R0")
	for i := 0; i < len(pairs); i += 2 {
		a.ins("MOVD tile_%s(R0), %s", pairs[i], pairs[i+1])
	}
}

// tileKernel writes the kernel for tiles of regs registers of columns, of which
// the last holds columns.
func tileKernel(a *assembler, name string, regs, columns int) {
	a.begin(name+"(t *tile)", "", 8)
	fields(a, "c", "R1", "ldc", "R2", "a", "R3", "ars", "R4", "aks", "R5", "b", "R6", "ldb", "R7", "rows", "R8")
	a.label("next")
	a.ins("MOVD tile_k(R0), R9")
	a.ins("MOVD tile_acc(R0), R21")
	a.ins("MOVD R6, R10")
	a.ins("MOVD ZR, R11")
	// The last two tiles share evenly: 4+3 beats 6+1.
	a.ins("CMP $%d, R8", 2*tileRows-1)
	a.ins("BGE rows%d", tileRows)
	for left := 2*tileRows - 2; left > 1; left-- {
		take := left
		if left > tileRows {
			take = (left + 1) / 2
		}
		a.ins("CMP $%d, R8", left)
		a.ins("BEQ rows%d", take)
	}
	for rows := 1; rows <= tileRows; rows++ {
		tile(a, rows, regs, columns)
	}
}

// part moves the last register, of fewer than four columns: up to three values
// at ptr. R22 is clobbered.
func part(a *assembler, store bool, v reg, columns int, ptr string) {
	move := func(mnemonic string) {
		if store {
			a.ins("%s F%d, (%s)", mnemonic, v, ptr)
		} else {
			a.ins("%s (%s), F%d", mnemonic, ptr, v)
		}
	}
	switch columns {
	case 1:
		move("FMOVS")
	case 2:
		move("FMOVD")
	case 3:
		move("FMOVD")
		a.ins("ADD $8, %s, R22", ptr)
		if store {
			a.ins("VST1 V%d.S[2], (R22)", v)
		} else {
			a.ins("VLD1 (R22), V%d.S[2]", v)
		}
	}
}

func tile(a *assembler, rows, regs, columns int) {
	const b, x reg = 24, 28
	move := func(store bool, v reg, ptr, step string) {
		if columns < 4 {
			part(a, store, v, columns, ptr)
			a.ins("ADD %s, %s", step, ptr)
			return
		}
		if store {
			a.ins("VST1.P %s, (%s)(%s)", list(v, regs), ptr, step)
		} else {
			a.ins("VLD1.P (%s)(%s), %s", ptr, step, list(v, regs))
		}
	}
	acc := func(row int) reg { return reg(row * regs) }
	a.label("rows%d", rows)
	a.ins("MOVD R3, %s", rowPointers[0])
	for row := 1; row < rows; row++ {
		a.ins("ADD R4, %s, %s", rowPointers[row-1], rowPointers[row])
	}
	a.ins("CBZ R21, zero%d", rows)
	a.ins("MOVD R1, R21")
	for row := range rows {
		move(false, acc(row), "R21", "R2")
	}
	a.ins("B loop%d", rows)
	a.label("zero%d", rows)
	for v := range rows * regs {
		a.zero(reg(v))
	}
	a.ins("PCALIGN $16")
	a.label("loop%d", rows)
	move(false, b, "R10", "R7")
	for row := range rows {
		x := x + reg(row%4)
		a.ins("FMOVS (%s)(R11), F%d", rowPointers[row], x)
		for v := range regs {
			a.fmlaLane(acc(row)+reg(v), b+reg(v), x)
		}
	}
	a.ins("ADD R5, R11")
	a.ins("SUBS $1, R9")
	a.ins("BNE loop%d", rows)
	for row := range rows {
		move(true, acc(row), "R1", "R2")
	}
	a.ins("ADD R4, %s, R3", rowPointers[rows-1])
	a.ins("SUBS $%d, R8", rows)
	a.ins("BNE next")
	a.ins("RET")
}

// vectorKernel writes the kernel for a single row of A against several panels at
// once: a single chain of dependent additions per column would leave the units
// idle.
func vectorKernel(a *assembler) {
	const b, x reg = 16, 28
	a.raw(`
// Registers of the vector kernel: R1 C, R3 A, R5 between steps of k, R6 the first
// panel, R7 the bytes of a panel, R8 panels left; within a group of panels R9
// counts k, R10 is A, R12 to R15 the panels.
`)
	a.begin("vectorNEON(t *tile)", "", 8)
	fields(a, "c", "R1", "a", "R3", "aks", "R5", "b", "R6", "b2", "R7", "rows", "R8")
	a.label("next")
	a.ins("MOVD tile_k(R0), R9")
	a.ins("MOVD tile_acc(R0), R21")
	a.ins("MOVD R3, R10")
	for n := panels; n > 1; n-- {
		a.ins("CMP $%d, R8", n)
		a.ins("BGE panels%d", n)
	}
	for n := 1; n <= panels; n++ {
		a.label("panels%d", n)
		a.ins("MOVD R6, R12")
		for i := 1; i < n; i++ {
			a.ins("ADD R7, %s, %s", rowPointers[i-1], rowPointers[i])
		}
		a.ins("CBZ R21, zero%d", n)
		a.ins("MOVD R1, R21")
		for i := range n {
			a.ins("VLD1.P 64(R21), %s", list(reg(i*panelRegs), panelRegs))
		}
		a.ins("B loop%d", n)
		a.label("zero%d", n)
		for v := range n * panelRegs {
			a.zero(reg(v))
		}
		a.ins("PCALIGN $16")
		a.label("loop%d", n)
		a.ins("FMOVS (R10), F%d", x)
		a.ins("ADD R5, R10")
		for i := range n {
			b := b + reg(i%3*panelRegs)
			a.ins("VLD1.P 64(%s), %s", rowPointers[i], list(b, panelRegs))
			for v := range panelRegs {
				a.fmlaLane(reg(i*panelRegs+v), b+reg(v), x)
			}
		}
		a.ins("SUBS $1, R9")
		a.ins("BNE loop%d", n)
		for i := range n {
			a.ins("VST1.P %s, 64(R1)", list(reg(i*panelRegs), panelRegs))
		}
		a.ins("MOVD %s, R6", rowPointers[n-1]) // it has walked to the next panel
		a.ins("SUBS $%d, R8", n)
		a.ins("BNE next")
		a.ins("RET")
	}
}
