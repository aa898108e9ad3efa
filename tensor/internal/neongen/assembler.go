package main

import (
	"bytes"
	"fmt"
	"strings"
)

// reg is a vector register of four float32 lanes, or of two float64 ones.
type reg int

func (v reg) lanes() string { return fmt.Sprintf("V%d.S4", v) }
func (v reg) bytes() string { return fmt.Sprintf("V%d.B16", v) }

// word is an instruction that Go's assembler lacks.
type word struct {
	code uint32
	text string // as a disassembler prints it
}

// assembler writes one file. Methods named after instructions take the
// destination first, as the architecture's manual does; text given to ins is in
// Go's order, the destination last.
type assembler struct {
	out   bytes.Buffer
	words []word
}

func (a *assembler) raw(format string, args ...any) { fmt.Fprintf(&a.out, format, args...) }

// ins writes one instruction as it is.
func (a *assembler) ins(format string, args ...any) { a.raw("\t"+format+"\n", args...) }

func (a *assembler) label(format string, args ...any) { a.raw("\n"+format+":\n", args...) }

// begin opens a kernel; its Go declaration is checked by go vet.
func (a *assembler) begin(signature, doc string, argBytes int) {
	name, _, _ := strings.Cut(signature, "(")
	a.raw("\n// func %s\n", signature)
	if doc != "" {
		a.raw("//\n// %s\n", doc)
	}
	a.raw("TEXT ·%s(SB), NOSPLIT, $0-%d\n", name, argBytes)
}

// args moves parameters to registers; each is a name and a register.
func (a *assembler) args(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		a.ins("MOVD %s+%d(FP), %s", pairs[i], 4*i, pairs[i+1])
	}
}

func (a *assembler) emit(code uint32, format string, args ...any) {
	w := word{code, fmt.Sprintf(format, args...)}
	a.words = append(a.words, w)
	a.raw("\tWORD $0x%08x // %s\n", w.code, w.text)
}

// The arrangements of float instructions.
const (
	four = "4s"
	two  = "2d"
)

// three writes an instruction of two sources.
func (a *assembler) three(name string, code uint32, shape string, d, n, m reg) {
	a.emit(code|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s v%d.%s, v%d.%s, v%d.%s", name, d, shape, n, shape, m, shape)
}

func (a *assembler) fadd(d, n, m reg)  { a.three("fadd", 0x4e20d400, four, d, n, m) }
func (a *assembler) fsub(d, n, m reg)  { a.three("fsub", 0x4ea0d400, four, d, n, m) }
func (a *assembler) fmul(d, n, m reg)  { a.three("fmul", 0x6e20dc00, four, d, n, m) }
func (a *assembler) fdiv(d, n, m reg)  { a.three("fdiv", 0x6e20fc00, four, d, n, m) }
func (a *assembler) fmax(d, n, m reg)  { a.three("fmax", 0x4e20f400, four, d, n, m) } // NaN if either is
func (a *assembler) fmin(d, n, m reg)  { a.three("fmin", 0x4ea0f400, four, d, n, m) } // NaN if either is
func (a *assembler) fcmgt(d, n, m reg) { a.three("fcmgt", 0x6ea0e400, four, d, n, m) }
func (a *assembler) bic(d, n, m reg)   { a.three("bic", 0x4e601c00, "16b", d, n, m) }

// one writes an instruction of one source.
func (a *assembler) one(name string, code uint32, d, n reg) {
	a.emit(code|uint32(n)<<5|uint32(d), "%s v%d.4s, v%d.4s", name, d, n)
}

func (a *assembler) fneg(d, n reg)  { a.one("fneg", 0x6ea0f800, d, n) }
func (a *assembler) fsqrt(d, n reg) { a.one("fsqrt", 0x6ea1f800, d, n) }

// sshr shifts signed words right.
func (a *assembler) sshr(d, n reg, by int) {
	a.emit(0x4f000400|uint32(64-by)<<16|uint32(n)<<5|uint32(d), "sshr v%d.4s, v%d.4s, #%d", d, n, by)
}

// fcvtl widens the first two lanes to float64, fcvtl2 the last two.
func (a *assembler) fcvtl(d, n reg) {
	a.emit(0x0e617800|uint32(n)<<5|uint32(d), "fcvtl v%d.2d, v%d.2s", d, n)
}

func (a *assembler) fcvtl2(d, n reg) {
	a.emit(0x4e617800|uint32(n)<<5|uint32(d), "fcvtl2 v%d.2d, v%d.4s", d, n)
}

// fmlaLane adds n times lane 0 of m to d.
func (a *assembler) fmlaLane(d, n, m reg) {
	a.emit(0x4f801000|uint32(m)<<16|uint32(n)<<5|uint32(d), "fmla v%d.4s, v%d.4s, v%d.s[0]", d, n, m)
}

// Those that Go has.

func (a *assembler) fmla(d, n, m reg)     { a.ins("VFMLA %s, %s, %s", m.lanes(), n.lanes(), d.lanes()) }
func (a *assembler) fmls(d, n, m reg)     { a.ins("VFMLS %s, %s, %s", m.lanes(), n.lanes(), d.lanes()) }
func (a *assembler) fmlaTwo(d, n reg)     { a.ins("VFMLA V%[1]d.D2, V%[1]d.D2, V%[2]d.D2", n, d) } // n squared
func (a *assembler) add(d, n, m reg)      { a.ins("VADD %s, %s, %s", m.lanes(), n.lanes(), d.lanes()) }
func (a *assembler) sub(d, n, m reg)      { a.ins("VSUB %s, %s, %s", m.lanes(), n.lanes(), d.lanes()) }
func (a *assembler) shl(d, n reg, by int) { a.ins("VSHL $%d, %s, %s", by, n.lanes(), d.lanes()) }
func (a *assembler) mov(d, n reg)         { a.ins("VMOV %s, %s", n.bytes(), d.bytes()) }
func (a *assembler) eor(d, n, m reg)      { a.ins("VEOR %s, %s, %s", m.bytes(), n.bytes(), d.bytes()) }
func (a *assembler) zero(d reg)           { a.eor(d, d, d) }

// spread copies lane 0 to all lanes.
func (a *assembler) spread(d, n reg) { a.ins("VDUP V%d.S[0], %s", n, d.lanes()) }

// constant fills a register with a float32 parameter.
func (a *assembler) constant(d reg, name string, offset int) {
	a.ins("FMOVS %s+%d(FP), F%d", name, offset, d)
	a.spread(d, d)
}

// list is n registers from first on, as loads and stores write them.
func list(first reg, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = (first + reg(i)).lanes()
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// load and store move n consecutive registers, up to four.
func (a *assembler) load(first reg, n int, ptr string)  { a.ins("VLD1 (%s), %s", ptr, list(first, n)) }
func (a *assembler) store(first reg, n int, ptr string) { a.ins("VST1 %s, (%s)", list(first, n), ptr) }

// fold16 combines the 16 lanes of v to v+3 by halving into lane 0 of v, with
// fadd or fmax; t is clobbered.
func (a *assembler) fold16(op func(d, n, m reg), v, t reg) {
	op(v, v, v+2)
	op(v+1, v+1, v+3)
	op(v, v, v+1)
	a.ins("VEXT $8, %[1]s, %[1]s, %[2]s", v.bytes(), t.bytes())
	op(v, v, t)
	a.ins("VEXT $4, %[1]s, %[1]s, %[2]s", v.bytes(), t.bytes())
	op(v, v, t)
}
