package main

import (
	"bytes"
	"fmt"
	"strings"
)

// Register plan. General: AX is the index of the current element, CX the
// length, DX the length rounded down to whole vectors, BX the address of the
// tail's lane masks (AVX2). Kernels put pointers into SI, DI and R8 to R13.
//
// Vectors: vec i is Zi, or Y2i (lanes 0 to 7) and Y2i+1 (lanes 8 to 15). With
// AVX2, Y14 and Y15 hold the tail's masks, so vec goes up to 6. One-register
// constants take what the kernel's vectors leave: Y2n to Y13, or Z16 to Z31.
type vec int

// con is a register with the same value in all lanes.
type con int

// emitter writes one instruction set's kernels.
type emitter struct {
	out    bytes.Buffer
	suffix string
	wide   bool // AVX-512

	offsets map[string]int // of the current kernel's parameters
	masked  bool           // within the tail of a loop
	labels  int
	vecs    int // how many vecs the kernel declared
	nextCon int // the next register for a constant
}

func (e *emitter) raw(format string, a ...any) { fmt.Fprintf(&e.out, format, a...) }

// ins writes one instruction as it is.
func (e *emitter) ins(format string, a ...any) { e.raw("\t"+format+"\n", a...) }

// op writes an instruction once for each register of a vector. Operands are in
// Go's order: reversed, the destination last.
func (e *emitter) op(mnemonic string, operands ...any) {
	for half := 0; half < e.halves(); half++ {
		e.half(half, mnemonic, operands...)
	}
}

func (e *emitter) halves() int {
	if e.wide {
		return 1
	}
	return 2
}

func (e *emitter) half(half int, mnemonic string, operands ...any) {
	names := make([]string, len(operands))
	for i, o := range operands {
		names[i] = e.operand(half, o)
	}
	e.ins("%s %s", mnemonic, strings.Join(names, ", "))
}

func (e *emitter) operand(half int, o any) string {
	switch o := o.(type) {
	case vec:
		if int(o) >= e.vecs {
			panic(fmt.Sprintf("vec %d of %d", o, e.vecs))
		}
		if e.wide {
			return fmt.Sprintf("Z%d", o)
		}
		return fmt.Sprintf("Y%d", 2*int(o)+half)
	case con:
		return e.full(int(o))
	case entry:
		if e.wide {
			return fmt.Sprintf("Z%d", 16+int(o))
		}
		return e.cell(o)
	case string:
		return o
	}
	panic(fmt.Sprintf("operand %v", o))
}

// full names the widest register of this number.
func (e *emitter) full(reg int) string {
	if e.wide {
		return fmt.Sprintf("Z%d", reg)
	}
	return fmt.Sprintf("Y%d", reg)
}

// scalar names the low lane of a vector (its first register) or a constant.
func (e *emitter) scalar(r any) string {
	name := e.operand(0, r)
	return "X" + name[1:]
}

// element addresses the current element of the array at a pointer register.
func (e *emitter) element(ptr string, half int) string {
	if half == 1 {
		return fmt.Sprintf("32(%s)(AX*4)", ptr)
	}
	return fmt.Sprintf("(%s)(AX*4)", ptr)
}

// load reads the current 16 elements; in a tail, absent ones are 0.
func (e *emitter) load(ptr string, v vec) {
	for h := 0; h < e.halves(); h++ {
		at, reg := e.element(ptr, h), e.operand(h, v)
		switch {
		case !e.masked:
			e.ins("VMOVUPS %s, %s", at, reg)
		case e.wide:
			e.ins("VMOVUPS.Z %s, K1, %s", at, reg)
		default:
			e.ins("VMASKMOVPS %s, Y%d, %s", at, 14+h, reg)
		}
	}
}

// store writes the current 16 elements; in a tail, those that exist.
func (e *emitter) store(v vec, ptr string) {
	for h := 0; h < e.halves(); h++ {
		at, reg := e.element(ptr, h), e.operand(h, v)
		switch {
		case !e.masked:
			e.ins("VMOVUPS %s, %s", reg, at)
		case e.wide:
			e.ins("VMOVUPS %s, K1, %s", reg, at)
		default:
			e.ins("VMASKMOVPS %s, Y%d, %s", reg, 14+h, at)
		}
	}
}

// keepExisting clears, in a tail, the lanes of v that have no element.
func (e *emitter) keepExisting(v vec) {
	switch {
	case !e.masked:
	case e.wide:
		e.ins("VMOVAPS.Z %[1]s, K1, %[1]s", e.operand(0, v))
	default:
		for h := range 2 {
			e.ins("VANDPS Y%[1]d, %[2]s, %[2]s", 14+h, e.operand(h, v))
		}
	}
}

// maximum sets acc to the larger of v and acc, over lanes that exist.
func (e *emitter) maximum(v, acc vec) {
	switch {
	case !e.masked:
		e.op("VMAXPS", v, acc, acc)
	case e.wide:
		e.ins("VMAXPS %[1]s, %[2]s, K1, %[2]s", e.operand(0, v), e.operand(0, acc))
	default:
		for h := range 2 {
			e.ins("VBLENDVPS Y%d, %[2]s, %[3]s, %[2]s", 14+h, e.operand(h, v), e.operand(h, acc))
		}
		e.op("VMAXPS", v, acc, acc)
	}
}

func (e *emitter) zero(v vec) {
	for h := range e.halves() {
		// The idiom is the 128-bit form: it clears the whole register.
		e.ins("VXORPS X%[1]s, X%[1]s, X%[1]s", e.operand(h, v)[1:])
	}
}

// vectors declares how many vecs the kernel uses.
func (e *emitter) vectors(n int) {
	if n > 7 {
		panic("AVX2 has registers for 7 vectors")
	}
	e.vecs, e.nextCon = n, 2*n
}

// constant takes a register and fills it with a parameter or memory cell.
func (e *emitter) constant(cell string) con {
	c := e.reserve()
	e.ins("VBROADCASTSS %s, %s", cell, e.full(int(c)))
	return c
}

func (e *emitter) reserve() con {
	c := e.nextCon
	e.nextCon++
	if e.wide && c >= 16 || !e.wide && c >= 14 {
		panic("constant registers exhausted")
	}
	return con(c)
}

// cell is an entry's place in memory.
func (e *emitter) cell(t entry) string { return fmt.Sprintf("·vectorTable+%d(SB)", 32*int(t)) }

// useTable makes entries usable as operands.
func (e *emitter) useTable() {
	if !e.wide {
		return
	}
	for t := range entries {
		e.ins("VBROADCASTSS %s, %s", e.cell(t), e.operand(0, t))
	}
}

// param names a parameter's stack cell.
func (e *emitter) param(name string) string {
	off, ok := e.offsets[name]
	if !ok {
		panic("no parameter " + name)
	}
	return fmt.Sprintf("%s+%d(FP)", name, off)
}

// args moves parameters to general registers, pairwise.
func (e *emitter) args(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		e.ins("MOVQ %s, %s", e.param(pairs[i]), pairs[i+1])
	}
}

// length prepares loops over CX elements: DX, and the masks of the tail.
func (e *emitter) length() {
	e.ins("MOVQ CX, DX")
	e.ins("ANDQ $-16, DX")
	if e.wide {
		// K1 has the low n mod 16 bits set.
		e.ins("MOVQ CX, BX")
		e.ins("ANDQ $15, BX")
		e.ins("MOVL $0xFFFF, AX")
		e.ins("BZHIL BX, AX, AX")
		e.ins("KMOVW AX, K1")
		return
	}
	// The table has 16 lanes of ones, then 16 of zeros: step back from the middle.
	e.ins("MOVQ CX, AX")
	e.ins("ANDQ $15, AX")
	e.ins("SHLQ $2, AX")
	e.ins("LEAQ ·laneMasks+64(SB), BX")
	e.ins("SUBQ AX, BX")
}

// loop runs body over all elements: whole vectors, then the tail.
func (e *emitter) loop(body func()) {
	e.labels++
	l := e.labels
	e.ins("XORL AX, AX")
	e.ins("CMPQ AX, DX")
	e.ins("JGE tail%d", l)
	e.raw("\nloop%d:\n", l)
	body()
	e.ins("ADDQ $16, AX")
	e.ins("CMPQ AX, DX")
	e.ins("JLT loop%d", l)
	e.raw("\ntail%d:\n", l)
	e.ins("CMPQ AX, CX")
	e.ins("JGE done%d", l)
	if !e.wide {
		e.ins("VMOVUPS (BX), Y14")
		e.ins("VMOVUPS 32(BX), Y15")
	}
	e.masked = true
	body()
	e.masked = false
	e.raw("\ndone%d:\n", l)
}

// rows runs body and then step, which moves the pointers to the next row, as
// many times as the register count says: at least once.
func (e *emitter) rows(count string, body func(), step func()) {
	e.labels++
	l := e.labels
	e.raw("\nrow%d:\n", l)
	body()
	step()
	e.ins("DECQ %s", count)
	e.ins("JNZ row%d", l)
}

// fold combines the lanes of v by halving into its lane 0, with add or max.
// tmp is clobbered.
func (e *emitter) fold(mnemonic string, v, tmp vec) {
	y, x := e.operand(0, v), e.scalar(v)
	tx := e.scalar(tmp)
	if e.wide {
		y, x = "Y"+y[1:], "X"+y[1:]
		e.ins("VEXTRACTF64X4 $1, %s, Y%s", e.operand(0, v), tx[1:])
		e.ins("%s Y%s, %s, %s", mnemonic, tx[1:], y, y)
	} else {
		e.ins("%s %s, %s, %s", mnemonic, e.operand(1, v), y, y)
	}
	e.ins("VEXTRACTF128 $1, %s, %s", y, tx)
	e.ins("%s %s, %s, %s", mnemonic, tx, x, x)
	e.ins("VPERMILPS $0x0E, %s, %s", x, tx)
	e.ins("%s %s, %s, %s", mnemonic, tx, x, x)
	e.ins("VPERMILPS $0x01, %s, %s", x, tx)
	e.ins("%s %s, %s, %s", mnemonic, tx, x, x)
}

// begin opens a kernel.
func (e *emitter) begin(name, doc string, params []param) {
	e.offsets, e.labels = map[string]int{}, 0
	at := 0
	for _, p := range params {
		at = (at + p.size - 1) / p.size * p.size
		if p.name == "ret" {
			at = (at + 7) / 8 * 8
		}
		e.offsets[p.name] = at
		at += p.size
	}
	e.raw("\n// func %s%s%s\n", name, e.suffix, signature(params))
	e.raw("//\n// %s\n", doc)
	e.raw("TEXT ·%s%s(SB), NOSPLIT, $0-%d\n", name, e.suffix, at)
}

func (e *emitter) end() {
	e.ins("VZEROUPPER")
	e.ins("RET")
}

// param is one parameter; the one named ret is the result.
type param struct {
	name, kind string
	size       int
}

// params reads "a,b *float32; n int; s float32; ret float64".
func params(text string) []param {
	var out []param
	for _, group := range strings.Split(text, ";") {
		names, kind, _ := strings.Cut(strings.TrimSpace(group), " ")
		size := 8
		if kind == "float32" {
			size = 4
		}
		if kind == "adamWConsts" {
			for _, field := range strings.Fields("scale beta1 rest1 beta2 rest2 eps step keep") {
				out = append(out, param{names + "_" + field, kind, 4})
			}
			continue
		}
		for _, name := range strings.Split(names, ",") {
			out = append(out, param{name, kind, size})
		}
	}
	return out
}

// signature is the Go parameter list of a kernel.
func signature(params []param) string {
	var in []string
	ret := ""
	for _, p := range params {
		name, _, isField := strings.Cut(p.name, "_")
		switch {
		case p.name == "ret":
			ret = " (ret " + p.kind + ")"
		case isField && len(in) > 0 && strings.HasPrefix(in[len(in)-1], name+" "):
		default:
			in = append(in, name+" "+p.kind)
		}
	}
	return "(" + strings.Join(in, ", ") + ")" + ret
}
