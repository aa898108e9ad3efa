package tensor

import "math"

// softmaxTable holds the constants of the softmax kernels, eight times each, in
// the order of the names in attention_amd64.s. The exponential is 2^n·exp(r),
// n = round(x/log 2), r = x - n·log 2 with log 2 in two parts, the first so short
// that n times it is exact; exp(r) = 1 + r + r²·q(r), with the coefficients of
// Cephes' expf (Moshier 1989). Its argument is never positive, and weights below
// e^-64 of the largest become zero: denormal numbers stay out of the products.
//
//lint:ignore U1000 the kernels read it
var softmaxTable = eightTimes(
	float32(math.Inf(-1)),
	-64,
	math.Log2E,
	1.5*(1<<23)+127, // rounds to a whole n, and leaves the bits of 2^n lowest
	0.693359375,
	-2.12194440e-4,
	1.9875691500e-4, // of r^7
	1.3981999507e-3,
	8.3334519073e-3,
	4.1665795894e-2,
	1.6666665459e-1,
	5.0000001201e-1, // of r^2
	1,
)

func eightTimes(values ...float32) (table [13][8]float32) {
	for i, v := range values {
		for lane := range table[i] {
			table[i][lane] = v
		}
	}
	return table
}

// The softmax kernels take rows of scores, stride bytes apart: the first has
// valid scores, each further row grow more. Scores up to the end of the last
// vector of 16 become weights, zero beyond the valid ones.

//go:noescape
func softmaxAVX512(p *float32, stride, rows, valid, grow int, scale float32)

//go:noescape
func softmaxAVX2(p *float32, stride, rows, valid, grow int, scale float32)

// The backward kernels turn rows of d, gradients of weights p, into gradients of
// scores before scaling.

//go:noescape
func softmaxBackwardAVX512(d, p *float32, stride, rows, valid int, scale float32)

//go:noescape
func softmaxBackwardAVX2(d, p *float32, stride, rows, valid int, scale float32)

func softmaxRows(p *float32, stride, rows, valid, grow int, scale float32) {
	if hasAVX512() {
		softmaxAVX512(p, stride, rows, valid, grow, scale)
	} else {
		softmaxAVX2(p, stride, rows, valid, grow, scale)
	}
}

func softmaxBackwardRows(d, p *float32, stride, rows, valid int, scale float32) {
	if hasAVX512() {
		softmaxBackwardAVX512(d, p, stride, rows, valid, scale)
	} else {
		softmaxBackwardAVX2(d, p, stride, rows, valid, scale)
	}
}
