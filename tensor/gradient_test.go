package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// eachISA runs a test on every instruction set of this machine.
func eachISA(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	saved := isa
	defer func() { isa = saved }()
	for _, l := range availableISAs() {
		isa = l
		t.Run(l.String(), f)
	}
}

// The gradients below are checked against central differences of the forward
// formula in float64, written out here once more and independently, so that
// rounding does not blur the comparison.
const (
	diffStep = 1e-5
	diffTol  = 2e-5 // of the largest gradient in the array: float32 with a few cancellations
)

func checkGradient(t *testing.T, what string, got []float32, at []float64, loss func() float64) {
	t.Helper()
	want, largest := make([]float64, len(at)), 1e-3
	for i := range at {
		old := at[i]
		at[i] = old + diffStep
		up := loss()
		at[i] = old - diffStep
		down := loss()
		at[i] = old
		want[i] = (up - down) / (2 * diffStep)
		largest = max(largest, math.Abs(want[i]))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - want[i]); !(d <= diffTol*largest) {
			t.Fatalf("%s[%d] = %g, want %g (central difference)", what, i, got[i], want[i])
		}
	}
}

// normals is n standard normal values as float32 and as float64.
func normals(r *rand.Rand, n int) ([]float32, []float64) {
	a, b := Alloc(n), make([]float64, n)
	for i := range a {
		a[i] = float32(r.NormFloat64())
		b[i] = float64(a[i])
	}
	return a, b
}

func mat(data []float32, rows, cols int) Mat {
	return Mat{Data: data, Rows: rows, Cols: cols, Stride: cols}
}

// The mean square of 3 and 4 is 12.5, the root of it and as much again is 5.
func TestRMSNormByHand(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x, y, inv := NewMat(1, 2), NewMat(1, 2), Alloc(1)
		copy(x.Data, []float32{3, 4})
		RMSNorm(y, x, []float32{1, 2}, inv, 12.5)
		for j, want := range []float64{0.6, 1.6} {
			if math.Abs(float64(y.Data[j])-want) > 1e-6 {
				t.Errorf("element %d is %v, want %v", j, y.Data[j], want)
			}
		}
		if math.Abs(float64(inv[0])-0.2) > 1e-7 {
			t.Errorf("inv is %v, want 0.2", inv[0])
		}
	})
}

func TestRMSNormGradient(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, d := range []int{1, 7, 16, 40, 65} {
			const rows, eps = 3, 1e-3
			r := rand.New(rand.NewPCG(1, uint64(d)))
			x, x64 := normals(r, rows*d)
			gain, gain64 := normals(r, d)
			dy, dy64 := normals(r, rows*d)
			loss := func() float64 {
				sum := 0.0
				for i := range rows {
					ss := 0.0
					for _, v := range x64[i*d : (i+1)*d] {
						ss += v * v
					}
					inv := 1 / math.Sqrt(ss/float64(d)+eps)
					for j := range d {
						sum += dy64[i*d+j] * x64[i*d+j] * inv * gain64[j]
					}
				}
				return sum
			}
			y, inv := NewMat(rows, d), Alloc(rows)
			RMSNorm(y, mat(x, rows, d), gain, inv, eps)
			got := 0.0
			for i, v := range y.Data {
				got += float64(v) * dy64[i]
			}
			if want := loss(); math.Abs(got-want) > 1e-5*float64(rows*d) {
				t.Fatalf("D=%d: forward gives %g, want %g", d, got, want)
			}
			dx, dgain := NewMat(rows, d), Alloc(d)
			RMSNormBackward(dx, dgain, mat(dy, rows, d), mat(x, rows, d), gain, inv)
			checkGradient(t, fmt.Sprintf("D=%d: dx", d), dx.Data, x64, loss)
			checkGradient(t, fmt.Sprintf("D=%d: dgain", d), dgain, gain64, loss)

			// A second call adds: the sums double.
			once := dgain[0]
			RMSNormBackward(dx, dgain, mat(dy, rows, d), mat(x, rows, d), gain, inv)
			if math.Abs(float64(dgain[0]-2*once)) > 1e-5 {
				t.Fatalf("D=%d: dgain[0] is %g after two calls, %g after one", d, dgain[0], once)
			}
		}
	})
}

func TestSwiGLUGradient(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{1, 5, 16, 43} {
			const rows = 2
			r := rand.New(rand.NewPCG(2, uint64(n)))
			gate, gate64 := normals(r, rows*n)
			up, up64 := normals(r, rows*n)
			dy, dy64 := normals(r, rows*n)
			loss := func() float64 {
				sum := 0.0
				for i, g := range gate64 {
					sum += dy64[i] * up64[i] * g / (1 + math.Exp(-g))
				}
				return sum
			}
			y := NewMat(rows, n)
			SwiGLU(y, mat(gate, rows, n), mat(up, rows, n))
			got := 0.0
			for i, v := range y.Data {
				got += float64(v) * dy64[i]
			}
			if want := loss(); math.Abs(got-want) > 1e-6*float64(rows*n) {
				t.Fatalf("H=%d: forward gives %g, want %g", n, got, want)
			}
			dgate, dup := NewMat(rows, n), NewMat(rows, n)
			SwiGLUBackward(dgate, dup, mat(dy, rows, n), mat(gate, rows, n), mat(up, rows, n))
			checkGradient(t, fmt.Sprintf("H=%d: dgate", n), dgate.Data, gate64, loss)
			checkGradient(t, fmt.Sprintf("H=%d: dup", n), dup.Data, up64, loss)
		}
	})
}

func TestLogSoftmaxAtGradient(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{1, 3, 16, 24, 37} {
			const rows = 4
			r := rand.New(rand.NewPCG(3, uint64(n)))
			logits, logits64 := normals(r, rows*n)
			dlogp, dlogp64 := normals(r, rows)
			targets := []int32{0, int32(n - 1), -1, int32(n / 2)}
			at := func(i int) float64 {
				row, sum := logits64[i*n:(i+1)*n], 0.0
				for _, v := range row {
					sum += math.Exp(v)
				}
				return row[targets[i]] - math.Log(sum)
			}
			loss := func() float64 { return dlogp64[0]*at(0) + dlogp64[1]*at(1) + dlogp64[3]*at(3) }
			logp, lse := Alloc(rows), Alloc(rows)
			logp[2], lse[2] = 7, 7
			LogSoftmaxAt(logp, lse, mat(logits, rows, n), targets)
			for _, i := range []int{0, 1, 3} {
				if math.Abs(float64(logp[i])-at(i)) > 1e-6 {
					t.Fatalf("V=%d: logp[%d] = %g, want %g", n, i, logp[i], at(i))
				}
			}
			if logp[2] != 0 || lse[2] != 0 {
				t.Fatalf("V=%d: a skipped row has logp %g, lse %g", n, logp[2], lse[2])
			}
			LogSoftmaxAtBackward(mat(logits, rows, n), lse, targets, dlogp)
			checkGradient(t, fmt.Sprintf("V=%d: dlogits", n), logits, logits64, loss)
		}
	})
}

// Two steps worked by hand: w 1, gradients 0.5 and -1 before a scale of 2, with
// beta1 0.5, beta2 0.75, lr 0.1, decay 0.2.
//
//	step 1: g 1,  m 0.5, v 0.25;   m/c1 1, v/c2 1;      w = 0.98·1 - 0.1·1/(1+0)
//	step 2: g -2, m -0.75, v 1.1875; c1 0.75, c2 0.4375; w = 0.98·0.88 + 0.1·1/sqrt(2.7142857)
func TestAdamWByHand(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{1, 8, 19} {
			w, g, m, v := Alloc(n), Alloc(n), Alloc(n), Alloc(n)
			fill := func(x []float32, to float32) {
				for i := range x {
					x[i] = to
				}
			}
			near := func(what string, x []float32, want float64) {
				t.Helper()
				for i := range x {
					if math.Abs(float64(x[i])-want) > 2e-7 {
						t.Fatalf("n=%d: %s[%d] = %g, want %g", n, what, i, x[i], want)
					}
				}
			}
			o := AdamWStep{LR: 0.1, Beta1: 0.5, Beta2: 0.75, Eps: 1e-12, Decay: 0.2, GradScale: 2, Correction1: 0.5, Correction2: 0.25}
			fill(w, 1)
			fill(g, 0.5)
			AdamW(w, g, m, v, o)
			near("w", w, 0.88)
			near("m", m, 0.5)
			near("v", v, 0.25)
			fill(g, -1)
			o.Correction1, o.Correction2 = 0.75, 0.4375
			AdamW(w, g, m, v, o)
			near("m", m, -0.75)
			near("v", v, 1.1875)
			near("w", w, 0.98*0.88+0.1/math.Sqrt(1.1875/0.4375))
			near("g", g, -1)
			// Eps is added to the corrected root, 1 here: 0.98 - 0.1/(1+1).
			o = AdamWStep{LR: 0.1, Beta1: 0.5, Beta2: 0.75, Eps: 1, Decay: 0.2, GradScale: 2, Correction1: 0.5, Correction2: 0.25}
			fill(w, 1)
			fill(g, 0.5)
			fill(m, 0)
			fill(v, 0)
			AdamW(w, g, m, v, o)
			near("w", w, 0.93)
		}
	})
}
