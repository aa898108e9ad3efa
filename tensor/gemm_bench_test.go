package tensor

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// productShapes are rows, columns and depth: large layers, then what a small
// model does to a batch of 1,664 tokens, then single decoding rows.
var productShapes = [][3]int{
	{4096, 512, 128}, {4096, 128, 512}, {4096, 1024, 256}, {512, 128, 128},
	{1664, 64, 64}, {1664, 192, 64}, {1664, 352, 64}, {1664, 64, 176}, {1664, 24, 64},
	{13, 64, 64}, {4, 192, 64}, {1, 192, 64}, {1, 512, 128},
}

// flops reports the speed of n multiplications and additions per run.
func flops(b *testing.B, n int) {
	b.ReportMetric(2*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func benchmarkShapes(b *testing.B, run func(b *testing.B, m, n, k int)) {
	for _, l := range vectorISAs() {
		for _, s := range productShapes {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", l, s[0], s[1], s[2]), func(b *testing.B) {
				setISA(b, l)
				run(b, s[0], s[1], s[2])
				flops(b, s[0]*s[1]*s[2])
			})
		}
	}
}

func BenchmarkMul(b *testing.B) {
	benchmarkShapes(b, func(b *testing.B, m, n, k int) {
		r := rand.New(rand.NewPCG(1, 1))
		x, w, c := randomMat(r, m, k, 0), randomMat(r, k, n, 0), NewMat(m, n)
		var p Packed
		p.Pack(w)
		for b.Loop() {
			Mul(c, x, &p, false)
		}
	})
}

// BenchmarkMulTN is the weight gradient of the layer that BenchmarkMul runs: k
// inputs, n outputs, m tokens.
func BenchmarkMulTN(b *testing.B) {
	benchmarkShapes(b, func(b *testing.B, m, n, k int) {
		r := rand.New(rand.NewPCG(1, 1))
		x, dy, dw := randomMat(r, m, k, 0), randomMat(r, m, n, 0), NewMat(n, k)
		for b.Loop() {
			MulTN(dw, dy, x, true)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	w := randomMat(r, 512, 172, 0)
	var p Packed
	for name, f := range map[string]func(Mat){"Pack": p.Pack, "PackT": p.PackT} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(w)
			}
			b.ReportMetric(float64(b.N)*float64(len(w.Data))/b.Elapsed().Seconds()/1e9, "Gvalue/s")
		})
	}
}
