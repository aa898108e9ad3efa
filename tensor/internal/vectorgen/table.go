package main

import "math"

// entry is a constant of the kernels, the same in all lanes: with AVX2 a memory
// operand, with AVX-512 a register that useTable fills.
//
// exp(x) is 2^n · exp(r), n = round(x / log 2), r = x - n·log 2. The whole part
// is rounded by adding 1.5·2^23; log 2 is subtracted in two parts, the first of
// few enough bits that its product with n is exact; exp(r) = 1 + r + r²·q(r), q
// of degree 5 with the minimax coefficients of Cephes' expf (Moshier, 1989).
type entry int

const (
	one entry = iota
	sign
	high
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
	negativeInfinity
	entries
)

var table = [entries]float64{
	one:              1,
	sign:             math.Copysign(0, -1),
	high:             89,   // exp(89) overflows
	low:              -104, // exp(-104) is under half the smallest denormal
	log2e:            math.Log2E,
	magic:            1.5 * (1 << 23),
	ln2hi:            0.693359375,
	ln2lo:            -2.12194440e-4,
	c7:               1.9875691500e-4,
	c6:               1.3981999507e-3,
	c5:               8.3334519073e-3,
	c4:               4.1665795894e-2,
	c3:               1.6666665459e-1,
	c2:               5.0000001201e-1,
	negativeInfinity: math.Inf(-1),
}

// writeTable writes the constants, eight lanes each, and the masks of tails:
// 16 lanes of ones, then 16 of zeros.
func (e *emitter) writeTable() {
	for t, value := range table {
		bits := uint64(math.Float32bits(float32(value)))
		e.raw("\n// %.10g\n", value)
		for i := range 4 {
			e.raw("DATA ·vectorTable+%d(SB)/8, $%#016x\n", 32*t+8*i, bits<<32|bits)
		}
	}
	e.raw("GLOBL ·vectorTable(SB), RODATA|NOPTR, $%d\n\n", 32*int(entries))
	for i := range 8 {
		e.raw("DATA ·laneMasks+%d(SB)/8, $-1\n", 8*i)
	}
	e.raw("GLOBL ·laneMasks(SB), RODATA|NOPTR, $128\n")
}
