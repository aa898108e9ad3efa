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

// newProduct makes C[m,n] = A·B, or Aᵀ·B for transposed A, with gaps between the
// rows of C, A and B.
func newProduct(seed uint64, m, n, k int, gaps [3]int, transposed, acc bool) product {
	r := rand.New(rand.NewPCG(seed, 1))
	p := product{acc: acc, c: randomMat(r, m, n, gaps[0]), b: randomMat(r, k, n, gaps[2])}
	if transposed {
		p.a = randomMat(r, k, m, gaps[1])
	} else {
		p.a = randomMat(r, m, k, gaps[1])
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

// eachProduct checks products over random shapes, then over some that span
// blocks of rows and of k, which random ones rarely do.
func eachProduct(t *testing.T, transposed bool, check func(t rapid.TB, p product)) {
	rapid.Check(t, func(t *rapid.T) {
		size, gap := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 90)), rapid.IntRange(0, 5)
		m, n, k := size.Draw(t, "m"), size.Draw(t, "n"), rapid.OneOf(size, rapid.IntRange(0, 300)).Draw(t, "k")
		gaps := [3]int{gap.Draw(t, "gap c"), gap.Draw(t, "gap a"), gap.Draw(t, "gap b")}
		check(t, newProduct(rapid.Uint64().Draw(t, "seed"), m, n, k, gaps, transposed, rapid.Bool().Draw(t, "acc")))
	})
	for i, s := range [][3]int{{131, 70, 300}, {300, 37, 520}, {1, 250, 513}, {2, 700, 900}, {260, 16, 257}, {7, 129, 700}} {
		check(t, newProduct(7, s[0], s[1], s[2], [3]int{1, 2, 3}, transposed, i%2 == 0))
	}
}

// agree checks rows r0 to r1 of one product, as multiply computes them, on every
// instruction set, and that the vector ones give the same bits.
func (p product) agree(t rapid.TB, multiply func(c Mat, r0, r1 int)) {
	var first Mat
	for _, l := range availableISAs() {
		withISA(l, func() {
			c := cloneMat(p.c)
			multiply(c, 0, c.Rows)
			if d := maxDiff(c, p.want); !(d <= p.bound) {
				t.Fatalf("%s: off by %g", l, d)
			}
			if !gapsKept(c) {
				t.Fatalf("%s: wrote outside c", l)
			}
			// One row alone gives what it gives among the others.
			for i := 0; i < c.Rows; i += 1 + c.Rows/5 {
				one := cloneMat(p.c.Slice(i, i+1))
				multiply(one, i, i+1)
				if !equalBits(one, c.Slice(i, i+1)) {
					t.Fatalf("%s: row %d differs when alone", l, i)
				}
			}
			switch {
			case l == isaPortable:
			case first.Data == nil:
				first = c
			case !equalBits(first, c):
				t.Fatalf("%s differs from %s", l, vectorISAs()[0])
			}
		})
	}
}

func TestMul(t *testing.T) {
	eachProduct(t, false, func(t rapid.TB, p product) {
		bt := NewMat(p.b.Cols, p.b.Rows)
		for i := range p.b.Rows {
			for j, x := range p.b.Row(i) {
				bt.Row(j)[i] = x
			}
		}
		for _, l := range availableISAs() {
			withISA(l, func() {
				var fromB, fromT Packed
				fromB.Pack(p.b)
				fromT.PackT(bt)
				if !equalBits(rowMat(fromB.data), rowMat(fromT.data)) {
					t.Fatalf("%s: Pack and PackT of the transpose differ", l)
				}
			})
		}
		var packed Packed
		packed.Pack(p.b)
		p.agree(t, func(c Mat, r0, r1 int) { Mul(c, p.a.Slice(r0, r1), &packed, p.acc) })
	})
}

func TestMulTN(t *testing.T) {
	eachProduct(t, true, func(t rapid.TB, p product) {
		p.agree(t, func(c Mat, r0, r1 int) { MulTN(c, p.a.Columns(r0, r1), p.b, p.acc) })
	})
}

// Shapes that span the blocks of the weight gradient, and rows of A that share
// the sets of a cache, which are copied before use.
func TestMulTNBlocks(t *testing.T) {
	for i, s := range [][4]int{{30, 530, 300, 994}, {140, 40, 260, 884}, {260, 17, 30, 1024 - 260}, {9, 1100, 3, 0}} {
		p := newProduct(uint64(i), s[0], s[1], s[2], [3]int{1, s[3], 2}, true, i%2 == 0)
		p.agree(t, func(c Mat, r0, r1 int) { MulTN(c, p.a.Columns(r0, r1), p.b, p.acc) })
	}
}

// Sums run in the order of k, one after the other.
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
