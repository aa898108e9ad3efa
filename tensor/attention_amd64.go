package tensor

import "math"

// Attention of one head is a few small products and a softmax. Queries are taken
// in blocks of 16 rows, against the keys up to the end of their block: what lies
// beyond the diagonal within a block gets weight zero, what lies beyond the
// block is never computed nor read.

// softmaxTable holds the constants of the softmax kernels, eight times each, in
// the order of the names in attention_amd64.s. The exponential is 2^n·exp(r),
// n = round(x/log 2), r = x - n·log 2 with log 2 in two parts, the first so short
// that n times it is exact; exp(r) = 1 + r + r²·q(r), with the coefficients of
// Cephes' expf (Moshier 1989). Its argument is never positive, and weights below
// e^-64 of the largest become zero: denormal numbers stay out of the products.
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
// valid scores, each further row one more. Scores up to the end of the last
// vector of 16 become weights, zero beyond the valid ones.

//go:noescape
func softmaxAVX512(p *float32, stride, rows, valid int, scale float32)

//go:noescape
func softmaxAVX2(p *float32, stride, rows, valid int, scale float32)

// The backward kernels turn rows of d, gradients of weights p, into gradients of
// scores before scaling.

//go:noescape
func softmaxBackwardAVX512(d, p *float32, stride, rows, valid int, scale float32)

//go:noescape
func softmaxBackwardAVX2(d, p *float32, stride, rows, valid int, scale float32)

func softmaxRows(p *float32, stride, rows, valid int, scale float32) {
	if hasAVX512() {
		softmaxAVX512(p, stride, rows, valid, scale)
	} else {
		softmaxAVX2(p, stride, rows, valid, scale)
	}
}

// rowsTimes sets up the product of rows r0:r0+rows of a, k columns of it, with b.
func rowsTimes(c, a Mat, r0, rows, k int, b []float32, ldb int) tile {
	return tile{
		c: &c.Data[r0*c.Stride], ldc: c.Stride * 4,
		a: &a.Data[r0*a.Stride], ars: a.Stride * 4, aks: 4,
		b: &b[0], ldb: ldb * 4, k: k, rows: rows,
	}
}

// square views a head's scores or weights.
func (s attentionShape) square(data []float32) Mat {
	return Mat{Data: data, Rows: s.rows, Cols: s.padded, Stride: s.padded}
}

func attentionVector(out, q, k, v Mat, s attentionShape, probs []float32) {
	scratch := borrow(s.headDim * s.padded)
	defer scratch.release()
	kt := scratch.data[:s.headDim*s.padded]
	for h := range s.heads {
		if h%s.group() == 0 {
			transpose(kt, s.padded, s.head(k, h/s.group()))
		}
		qh, oh, vh, p := s.head(q, h), s.head(out, h), s.head(v, h/s.group()), s.square(s.probsOf(probs, h))
		for i := 0; i < s.rows; i += lanes {
			rows := min(lanes, s.rows-i)
			t := rowsTimes(p, qh, i, rows, s.headDim, kt, s.padded)
			t.inPlace(i + lanes)
			softmaxRows(&p.Data[i*s.padded], s.padded*4, rows, i+1, s.scale())
			t = rowsTimes(oh, p, i, rows, i+rows, vh.Data, vh.Stride)
			t.inPlace(s.headDim)
		}
	}
}

func attentionStepVector(out, q []float32, k, v Mat, s attentionShape, scratch []float32) {
	kt, scores := scratch[:s.headDim*s.padded], scratch[s.headDim*s.padded:]
	for h := range s.heads {
		kv := h / s.group()
		if h%s.group() == 0 {
			transpose(kt, s.padded, s.head(k, kv).Slice(0, s.rows))
		}
		p := Mat{Data: scores, Rows: 1, Cols: s.padded, Stride: s.padded}
		t := rowsTimes(p, s.head(rowOf(q), h), 0, 1, s.headDim, kt, s.padded)
		t.inPlace(s.padded)
		softmaxRows(&scores[0], 0, 1, s.rows, s.scale())
		t = rowsTimes(s.head(rowOf(out), h), p, 0, 1, s.rows, s.head(v, kv).Data, v.Stride)
		t.inPlace(s.headDim)
	}
}

func rowOf(x []float32) Mat { return Mat{Data: x, Rows: 1, Cols: len(x), Stride: len(x)} }

// attentionBackwardVector computes what attentionBackwardPortable derives.
func attentionBackwardVector(dq, dk, dv, dout, q, k, v Mat, s attentionShape, probs []float32) {
	square := s.rows * s.padded
	scratch := borrow(s.headDim*s.padded + square)
	defer scratch.release()
	vt, d := scratch.data[:s.headDim*s.padded], s.square(scratch.data[s.headDim*s.padded:][:square])
	for h := range s.heads {
		g, first := h/s.group(), h%s.group() == 0
		kh := s.head(k, g)
		if first {
			transpose(vt, s.padded, s.head(v, g))
		}
		p, dqh, doh := s.square(s.probsOf(probs, h)), s.head(dq, h), s.head(dout, h)
		for i := 0; i < s.rows; i += lanes {
			rows := min(lanes, s.rows-i)
			t := rowsTimes(d, doh, i, rows, s.headDim, vt, s.padded)
			t.inPlace(i + lanes)
			o := i * s.padded
			if hasAVX512() {
				softmaxBackwardAVX512(&d.Data[o], &p.Data[o], s.padded*4, rows, i+1, s.scale())
			} else {
				softmaxBackwardAVX2(&d.Data[o], &p.Data[o], s.padded*4, rows, i+1, s.scale())
			}
			t = rowsTimes(dqh, d, i, rows, i+rows, kh.Data, kh.Stride)
			t.inPlace(s.headDim)
		}
		s.columnsTimes(s.head(dk, g), d, s.head(q, h), !first)
		s.columnsTimes(s.head(dv, g), p, doh, !first)
	}
}

// columnsTimes is C = Aᵀ·B, or C += Aᵀ·B, for A zero above the diagonal.
func (s attentionShape) columnsTimes(c, a, b Mat, acc bool) {
	for j := 0; j < s.rows; j += lanes {
		t := tile{
			c: &c.Data[j*c.Stride], ldc: c.Stride * 4,
			a: &a.Data[j*a.Stride+j], ars: 4, aks: a.Stride * 4,
			b: &b.Data[j*b.Stride], ldb: b.Stride * 4,
			k: s.rows - j, rows: min(lanes, s.rows-j), acc: flag(acc),
		}
		t.inPlace(s.headDim)
	}
}
