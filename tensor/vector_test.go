package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ulp is the spacing of float32 relative to a value's size.
const ulp = 1.0 / (1 << 23)

// A kernelCase runs one kernel over arrays of n elements. Every array counts as
// output, so that stray writes show; a scalar result goes into a spare one.
type kernelCase struct {
	name   string
	arrays int
	run    func(k *vectorKernels, n int, a [][]float32)
	// tol is the allowed distance from the portable result, absolute, for
	// element i of array out, given the arrays before the run.
	tol func(n int, before [][]float32, out, i int) float64
	// sums is set where one bad element spoils others, so that NaN placement
	// is not compared element by element with infinities about.
	sums bool
}

func abs(x float32) float64 { return math.Abs(float64(x)) }

func sumAbs(n int, f func(i int) float64) float64 {
	s := 0.0
	for i := range n {
		s += math.Abs(f(i))
	}
	return s
}

// laneTol is the rounding of a sum over n elements in 16 lanes, relative to
// the sum of absolute values.
func laneTol(n int) float64 { return float64(n/16+8) * ulp }

var kernelCases = []kernelCase{
	{"add", 2, func(k *vectorKernels, n int, a [][]float32) { k.add(&a[0][0], &a[1][0], n) },
		func(int, [][]float32, int, int) float64 { return 0 }, false},
	{"scale", 1, func(k *vectorKernels, n int, a [][]float32) { k.scale(&a[0][0], n, 1.7) },
		func(int, [][]float32, int, int) float64 { return 0 }, false},
	{"axpy", 2, func(k *vectorKernels, n int, a [][]float32) { k.axpy(&a[0][0], &a[1][0], n, -0.3) },
		func(_ int, b [][]float32, out, i int) float64 { return ulp * (abs(b[0][i]) + abs(b[1][i])) }, false},
	{"dot", 3, func(k *vectorKernels, n int, a [][]float32) { a[2][0] = k.dot(&a[0][0], &a[1][0], n) },
		func(n int, b [][]float32, out, i int) float64 {
			return laneTol(n) * sumAbs(n, func(j int) float64 { return float64(b[0][j]) * float64(b[1][j]) })
		}, true},
	{"sumSquares", 3, func(k *vectorKernels, n int, a [][]float32) {
		// High and low part, so that the comparison sees all of the float64.
		s := k.sumSquares(&a[0][0], n)
		a[1][0] = float32(s)
		a[2][0] = float32(s - float64(a[1][0]))
	}, func(n int, b [][]float32, out, i int) float64 {
		return 1e-13 * sumAbs(n, func(j int) float64 { return float64(b[0][j]) * float64(b[0][j]) })
	}, true},
	{"exp", 2, func(k *vectorKernels, n int, a [][]float32) { k.exp(&a[0][0], &a[1][0], n) },
		func(_ int, b [][]float32, out, i int) float64 { return 2*ulp*math.Exp(float64(b[1][i])) + 2e-45 }, false},
	{"max", 2, func(k *vectorKernels, n int, a [][]float32) { a[1][0] = k.max(&a[0][0], n) },
		func(int, [][]float32, int, int) float64 { return 0 }, true},
	{"sumExp", 2, func(k *vectorKernels, n int, a [][]float32) { a[1][0] = k.sumExp(&a[0][0], n, 0.7) },
		func(n int, b [][]float32, out, i int) float64 {
			return 2 * laneTol(n) * sumAbs(n, func(j int) float64 { return math.Exp(float64(b[0][j] - 0.7)) })
		}, true},
	{"expScale", 2, func(k *vectorKernels, n int, a [][]float32) { k.expScale(&a[0][0], &a[1][0], n, 0.7, -1.3) },
		func(_ int, b [][]float32, out, i int) float64 { return 4*ulp*math.Exp(float64(b[1][i]-0.7)) + 4e-45 }, false},
	{"swiGLU", 3, func(k *vectorKernels, n int, a [][]float32) { k.swiGLU(&a[0][0], &a[1][0], &a[2][0], n) },
		func(_ int, b [][]float32, out, i int) float64 {
			g := float64(b[1][i])
			return 6*ulp*math.Abs(g/(1+math.Exp(-g)))*abs(b[2][i]) + 1e-44
		}, false},
	{"swiGLUBackward", 5, func(k *vectorKernels, n int, a [][]float32) {
		k.swiGLUBackward(&a[0][0], &a[1][0], &a[2][0], &a[3][0], &a[4][0], n)
	}, func(_ int, b [][]float32, out, i int) float64 {
		// dgate cancels where 1 + g(1-s) is near zero, so its terms count.
		g := float64(b[3][i])
		s := 1 / (1 + math.Exp(-g))
		if out == 1 {
			return 6*ulp*abs(b[2][i])*math.Abs(g)*s + 1e-44
		}
		return 8*ulp*abs(b[2][i])*abs(b[4][i])*s*(1+math.Abs(g)) + 1e-44
	}, false},
	{"adamW", 4, func(k *vectorKernels, n int, a [][]float32) {
		for i, v := range a[3] {
			a[3][i] = float32(math.Abs(float64(v)))
		}
		k.adamW(&a[0][0], &a[1][0], &a[2][0], &a[3][0], n, adamWConsts{0.5, 0.9, 0.1, 0.99, 0.01, 1e-3, 0.02, 0.999})
	}, func(_ int, b [][]float32, out, i int) float64 {
		gi := 0.5 * abs(b[1][i])
		switch m := 0.9*abs(b[2][i]) + 0.1*gi; out {
		case 0:
			v := 0.99*abs(b[3][i]) + 0.01*gi*gi
			return 2*ulp*abs(b[0][i]) + 8*ulp*0.02*m/(math.Sqrt(v)+1e-3)
		case 2:
			return 2 * ulp * m
		default:
			return 4 * ulp * (0.99*abs(b[3][i]) + 0.01*gi*gi)
		}
	}, false},
	{"rmsNorm", 4, func(k *vectorKernels, n int, a [][]float32) {
		rows, cols, y, x := normShape(n)
		k.rmsNorm(&a[0][0], &a[1][0], &a[2][0], &a[3][0], rows, cols, y, x, 1e-5)
	}, func(n int, b [][]float32, out, i int) float64 {
		_, cols, y, x := normShape(n)
		row := func(r int) float64 {
			ss := sumAbs(cols, func(j int) float64 { v := float64(b[1][r*x+j]); return v * v })
			return 1 / math.Sqrt(ss/float64(cols)+1e-5)
		}
		if out == 3 {
			return laneTol(cols) * row(i)
		}
		r, j := i/y, i%y
		return laneTol(cols) * row(r) * abs(b[1][r*x+j]) * abs(b[2][j])
	}, true},
	{"rmsNormBackward", 6, func(k *vectorKernels, n int, a [][]float32) {
		rows, cols, y, x := normShape(n)
		for i, v := range a[5] {
			a[5][i] = float32(math.Abs(float64(v)))
		}
		k.rmsNormBackward(&a[0][0], &a[1][0], &a[2][0], &a[3][0], &a[4][0], &a[5][0], rows, cols, y, y, x)
	}, func(n int, b [][]float32, out, i int) float64 {
		rows, cols, y, x := normShape(n)
		if out == 1 {
			return 8 * ulp * (abs(b[1][i]) + sumAbs(rows, func(r int) float64 {
				return float64(b[2][r*y+i]) * float64(b[3][r*x+i]) * float64(b[5][r])
			}))
		}
		r, j := i/y, i%y
		inv := abs(b[5][r])
		dot := sumAbs(cols, func(k int) float64 {
			return float64(b[2][r*y+k]) * float64(b[4][k]) * float64(b[3][r*x+k])
		})
		return laneTol(cols) * (abs(b[0][i]) + inv*abs(b[2][i])*abs(b[4][j]) + abs(b[3][r*x+j])*inv*inv*inv*dot/float64(cols))
	}, true},
}

// normShape is up to three rows within n elements, with two different strides.
func normShape(n int) (rows, cols, yStride, xStride int) {
	rows, cols = min(3, n), max(1, n/3-2)
	return rows, cols, min(cols+1, max(cols, (n-cols)/2)), cols
}

const guard = 17 // elements on either side of an array that a kernel may not touch

// makeArrays draws arrays of n elements, each with its own misalignment, as
// views into buffers whose other elements must stay as they are.
func makeArrays(r *rand.Rand, count, n int, spread float64, odd []float32) (views, whole [][]float32) {
	for range count {
		off := guard + r.IntN(16)
		buf := Alloc(off + n + guard)
		for i := range buf {
			buf[i] = float32(r.NormFloat64() * spread)
			if len(odd) > 0 && r.IntN(8) == 0 {
				buf[i] = odd[r.IntN(len(odd))]
			}
		}
		views, whole = append(views, buf[off:off+n:off+n]), append(whole, buf)
	}
	return views, whole
}

func cloneArrays(whole, views [][]float32) (w, v [][]float32) {
	for i, x := range whole {
		c := Alloc(len(x))
		copy(c, x)
		off := len(x) - guard - len(views[i])
		w, v = append(w, c), append(v, c[off:len(x)-guard:len(x)-guard])
	}
	return w, v
}

// sameBits treats all NaNs as one.
func sameBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// TestVectorKernels runs every kernel on every instruction set of the machine:
// near the portable result, AVX2 and AVX-512 equal to the bit, and not a byte
// written outside.
func TestVectorKernels(t *testing.T) {
	for _, c := range kernelCases {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(1, 200).Draw(t, "n")
				spread := rapid.SampledFrom([]float64{1e-3, 1, 30}).Draw(t, "spread")
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				if err := compareSets(c, r, n, spread, nil); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestVectorKernelsOddValues does so with NaN, infinities, zeros of both signs,
// denormals and values near overflow about.
func TestVectorKernelsOddValues(t *testing.T) {
	inf := float32(math.Inf(1))
	odd := []float32{float32(math.NaN()), inf, -inf, 0, negativeZeroForTest, 1e-40, -1e-40, 88.7, 88.8, -87.4, -103.9, -104.1, 3e38, -3e38}
	for _, c := range kernelCases {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(1, 70).Draw(t, "n")
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
				if err := compareSets(c, r, n, 1, odd); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

var negativeZeroForTest = float32(math.Copysign(0, -1))

func compareSets(c kernelCase, r *rand.Rand, n int, spread float64, odd []float32) error {
	views, whole := makeArrays(r, c.arrays, n, spread, odd)
	var results [][][]float32 // by instruction set, then array
	for _, l := range availableISAs() {
		w, v := cloneArrays(whole, views)
		c.run(vectorSets[l], n, v)
		for i := range w {
			off := len(w[i]) - guard - n
			if !slices.EqualFunc(w[i][:off], whole[i][:off], sameBits) || !slices.EqualFunc(w[i][off+n:], whole[i][off+n:], sameBits) {
				return fmt.Errorf("%v: array %d was written outside its %d elements", l, i, n)
			}
		}
		results = append(results, v)
	}
	portable := results[0]
	for i, l := range vectorISAs() {
		first := results[1] // of the first set that runs assembly
		for out, array := range results[i+1] {
			for i, got := range array {
				want := portable[out][i]
				switch {
				case !sameBits(got, first[out][i]):
					return fmt.Errorf("n=%d: %v gives [%d][%d] = %g (%#08x), %v %g (%#08x)", n, l, out, i,
						got, math.Float32bits(got), vectorISAs()[0], first[out][i], math.Float32bits(first[out][i]))
				case sameBits(got, want) || len(odd) > 0 && !comparable32(c, got, want):
				case !(math.Abs(float64(got)-float64(want)) <= c.tol(n, views, out, i)):
					return fmt.Errorf("n=%d: %v gives [%d][%d] = %g, portable %g, tolerance %g", n, l, out, i,
						got, want, c.tol(n, views, out, i))
				}
			}
		}
	}
	return nil
}

// comparable32 says whether two results with odd values about must agree: not
// where float64 sums keep from overflowing, nor beside the largest float32.
func comparable32(c kernelCase, got, want float32) bool {
	nan := func(x float32) bool { return x != x }
	if c.sums || abs(got) > 1e37 || abs(want) > 1e37 {
		return false
	}
	return nan(got) || nan(want) || abs(got) < 1e30
}

// TestExpULP sweeps all exponents: every 99,991st float32, and finely where exp neither overflows nor vanishes.
func TestExpULP(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x, y := make([]float32, 0, 1<<12), make([]float32, 1<<12)
		flush := func() {
			Exp(y[:len(x)], x)
			for i, v := range x {
				got, want := y[i], math.Exp(float64(v))
				if w := float32(want); sameBits(got, w) {
					continue
				}
				// Denormals are spaced 2^-149 apart.
				spacing := max(math.Ldexp(1, -149), math.Ldexp(1, int(math.Floor(math.Log2(want)))-23))
				if !(math.Abs(float64(got)-want) <= 2*spacing) {
					t.Fatalf("exp(%g) = %g, want %g", v, got, want)
				}
			}
			x = x[:0]
		}
		for bits := uint64(0); bits < 1<<32; bits += 99991 {
			if x = append(x, math.Float32frombits(uint32(bits))); len(x) == cap(x) {
				flush()
			}
		}
		for v := float32(-105); v < 90; v += 0.01 {
			if x = append(x, v); len(x) == cap(x) {
				flush()
			}
		}
		flush()
	})
}
