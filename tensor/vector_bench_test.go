package tensor

import (
	"math/rand/v2"
	"testing"
)

// benchISA runs f on every instruction set of the machine and reports the time
// an element takes.
func benchISA(b *testing.B, elements int, f func()) {
	saved := isa
	defer func() { isa = saved }()
	for _, l := range availableISAs() {
		isa = l
		b.Run(l.String(), func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(elements), "ns/element")
		})
	}
}

func benchMat(rows, cols int) Mat {
	r := rand.New(rand.NewPCG(9, 9))
	x, _ := normals(r, rows*cols)
	return mat(x, rows, cols)
}

func BenchmarkExp(b *testing.B) {
	x, y := benchMat(1, 8192), NewMat(1, 8192)
	benchISA(b, 8192, func() { Exp(y.Data, x.Data) })
}

func BenchmarkAdd(b *testing.B) {
	x, y := benchMat(1, 8192), NewMat(1, 8192)
	benchISA(b, 8192, func() { Add(y.Data, x.Data) })
}

func BenchmarkSumSquares(b *testing.B) {
	x := benchMat(1, 8192)
	benchISA(b, 8192, func() { SumSquares(x.Data) })
}

func BenchmarkDot(b *testing.B) {
	x := benchMat(1, 8192)
	benchISA(b, 8192, func() { Dot(x.Data, x.Data) })
}

func BenchmarkRMSNorm(b *testing.B) {
	const rows, cols = 128, 64
	x, y, gain, inv := benchMat(rows, cols), NewMat(rows, cols), benchMat(1, cols), Alloc(rows)
	benchISA(b, rows*cols, func() { RMSNorm(y, x, gain.Data, inv, 1e-5) })
}

func BenchmarkRMSNormBackward(b *testing.B) {
	const rows, cols = 128, 64
	x, y, gain, inv := benchMat(rows, cols), NewMat(rows, cols), benchMat(1, cols), Alloc(rows)
	RMSNorm(y, x, gain.Data, inv, 1e-5)
	dx, dgain := NewMat(rows, cols), Alloc(cols)
	benchISA(b, rows*cols, func() { RMSNormBackward(dx, dgain, y, x, gain.Data, inv) })
}

func BenchmarkSwiGLU(b *testing.B) {
	const rows, cols = 64, 176
	gate, up, y := benchMat(rows, cols), benchMat(rows, cols), NewMat(rows, cols)
	benchISA(b, rows*cols, func() { SwiGLU(y, gate, up) })
}

func BenchmarkSwiGLUBackward(b *testing.B) {
	const rows, cols = 64, 176
	gate, up, y := benchMat(rows, cols), benchMat(rows, cols), benchMat(rows, cols)
	dgate, dup := NewMat(rows, cols), NewMat(rows, cols)
	benchISA(b, rows*cols, func() { SwiGLUBackward(dgate, dup, y, gate, up) })
}

func BenchmarkLogSoftmaxAt(b *testing.B) {
	for _, cols := range []int{24, 512} {
		b.Run(map[int]string{24: "V=24", 512: "V=512"}[cols], func(b *testing.B) {
			const rows = 64
			x, logp, lse, targets := benchMat(rows, cols), Alloc(rows), Alloc(rows), make([]int32, rows)
			benchISA(b, rows*cols, func() { LogSoftmaxAt(logp, lse, x, targets) })
		})
	}
}

func BenchmarkLogSoftmaxAtBackward(b *testing.B) {
	for _, cols := range []int{24, 512} {
		b.Run(map[int]string{24: "V=24", 512: "V=512"}[cols], func(b *testing.B) {
			const rows = 64
			x, logp, lse, targets := benchMat(rows, cols), Alloc(rows), Alloc(rows), make([]int32, rows)
			LogSoftmaxAt(logp, lse, x, targets)
			benchISA(b, rows*cols, func() { LogSoftmaxAtBackward(x, lse, targets, logp) })
		})
	}
}

// BenchmarkAdamW in cache (28 bytes an element move) and beyond it.
func BenchmarkAdamW(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"16K", 1 << 14}, {"4M", 1 << 22}} {
		b.Run(c.name, func(b *testing.B) {
			w, g, m, v := Alloc(c.n), benchMat(1, c.n), Alloc(c.n), Alloc(c.n)
			o := AdamWStep{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, GradScale: 1, Correction1: 0.1, Correction2: 0.01}
			benchISA(b, c.n, func() { AdamW(w, g.Data, m, v, o) })
		})
	}
}
