package tensor

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// product is one random multiplication and its exact answer.
type product struct {
	c, a, b Mat
	acc     bool
	want    Mat // in float64, rounded once
	bound   float64
}

// drawProduct makes C[m,n] = A·B, or Aᵀ·B for transposed A.
func drawProduct(t *rapid.T, transposed bool) product {
	size := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 90))
	m, n, k := size.Draw(t, "m"), size.Draw(t, "n"), rapid.OneOf(size, rapid.IntRange(0, 600)).Draw(t, "k")
	gap := rapid.IntRange(0, 5)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	p := product{acc: rapid.Bool().Draw(t, "acc")}
	p.c = randomMat(r, m, n, gap.Draw(t, "gap c"))
	p.b = randomMat(r, k, n, gap.Draw(t, "gap b"))
	if transposed {
		p.a = randomMat(r, k, m, gap.Draw(t, "gap a"))
	} else {
		p.a = randomMat(r, m, k, gap.Draw(t, "gap a"))
	}
	p.want = NewMat(m, n)
	for i := range m {
		for j := range n {
			sum := 0.0
			if p.acc {
				sum = float64(p.c.Row(i)[j])
			}
			for kk := range k {
				x := 0.0
				if transposed {
					x = float64(p.a.Row(kk)[i])
				} else {
					x = float64(p.a.Row(i)[kk])
				}
				sum += x * float64(p.b.Row(kk)[j])
			}
			p.want.Row(i)[j] = float32(sum)
		}
	}
	p.bound = 1e-6 * float64(k+4)
	return p
}

func TestMul(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProduct(t, false)
		var fromB, fromT Packed
		fromB.Pack(p.b)
		bt := NewMat(p.b.Cols, p.b.Rows)
		for i := range p.b.Rows {
			for j, x := range p.b.Row(i) {
				bt.Row(j)[i] = x
			}
		}
		fromT.PackT(bt)
		if !equalBits(rowMat(fromB.data), rowMat(fromT.data)) {
			t.Fatal("Pack and PackT of the transpose differ")
		}
		var first Mat
		for _, l := range availableISAs() {
			withISA(l, func() {
				c := cloneMat(p.c)
				Mul(c, p.a, &fromB, p.acc)
				if d := maxDiff(c, p.want); !(d <= p.bound) {
					t.Fatalf("%s: off by %g", l, d)
				}
				if !gapsKept(c) {
					t.Fatalf("%s: wrote outside c", l)
				}
				// One row alone gives what it gives among the others.
				i := rapid.IntRange(0, p.a.Rows-1).Draw(t, "row")
				one := cloneMat(p.c.Slice(i, i+1))
				Mul(one, p.a.Slice(i, i+1), &fromB, p.acc)
				if !equalBits(one, c.Slice(i, i+1)) {
					t.Fatalf("%s: row %d differs when alone", l, i)
				}
				if l == isaAVX2 {
					first = c
				} else if l == isaAVX512 && !equalBits(first, c) {
					t.Fatal("AVX-512 differs from AVX2")
				}
			})
		}
	})
}

func TestMulTN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProduct(t, true)
		var first Mat
		for _, l := range availableISAs() {
			withISA(l, func() {
				c := cloneMat(p.c)
				MulTN(c, p.a, p.b, p.acc)
				if d := maxDiff(c, p.want); !(d <= p.bound) {
					t.Fatalf("%s: off by %g", l, d)
				}
				if !gapsKept(c) {
					t.Fatalf("%s: wrote outside c", l)
				}
				if l == isaAVX2 {
					first = c
				} else if l == isaAVX512 && !equalBits(first, c) {
					t.Fatal("AVX-512 differs from AVX2")
				}
			})
		}
	})
}

// The assembly's chain is a fused one: an exact float64 fused multiply-add,
// rounded to float32 each time, gives the same bits where no double rounding
// can happen (small integers over a power of two).
func TestMulChainIsInOrder(t *testing.T) {
	// 2^24 + 1 + 1 rounds to 2^24 when added in order, to 2^24+2 otherwise.
	a, b := NewMat(1, 3), NewMat(3, 40)
	copy(a.Data, []float32{1 << 24, 1, 1})
	for i := range b.Data {
		b.Data[i] = 1
	}
	var p Packed
	p.Pack(b)
	for _, l := range availableISAs() {
		withISA(l, func() {
			c := NewMat(1, 40)
			Mul(c, a, &p, false)
			for j, x := range c.Data {
				if x != 1<<24 {
					t.Fatalf("%s: column %d is %v: the sum is not in the order of k", l, j, x)
				}
			}
		})
	}
}

func TestProductsKeepNaN(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, l := range availableISAs() {
		withISA(l, func() {
			a, b := randomMat(r, 9, 7, 0), randomMat(r, 7, 37, 0)
			a.Row(8)[3] = float32(math.NaN())
			b.Row(2)[36] = float32(math.NaN())
			var p Packed
			p.Pack(b)
			c := NewMat(9, 37)
			Mul(c, a, &p, false)
			for i := range c.Rows {
				for j, x := range c.Row(i) {
					if (x != x) != (i == 8 || j == 36) {
						t.Fatalf("%s: c[%d,%d] = %v", l, i, j, x)
					}
				}
			}
		})
	}
}

func TestProductsRefuseWrongShapes(t *testing.T) {
	var p Packed
	p.Pack(NewMat(4, 5))
	short := NewMat(3, 5)
	short.Data = short.Data[:14]
	for name, f := range map[string]func(){
		"inner":   func() { Mul(NewMat(3, 5), NewMat(3, 6), &p, false) },
		"outer":   func() { Mul(NewMat(3, 6), NewMat(3, 4), &p, false) },
		"short":   func() { Mul(short, NewMat(3, 4), &p, false) },
		"TN rows": func() { MulTN(NewMat(2, 2), NewMat(4, 2), NewMat(3, 2), false) },
		"stride":  func() { p.Pack(Mat{Data: make([]float32, 9), Rows: 3, Cols: 3, Stride: 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
