package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Arrays longer than one kernel call, and a tail: chunks must join.
func TestLongArrays(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const n = 2*floatsPerCall + 5
		r := rand.New(rand.NewPCG(4, 4))
		x, x64 := normals(r, n)
		y := slices.Clone(x)
		Add(y, x)
		Axpy(y, 0.5, x)
		Scale(y, 2)
		Exp(y, y)
		squares, exps, top := 0.0, 0.0, x64[0]
		for i, v := range x64 {
			if want := math.Exp(5 * v); math.Abs(float64(y[i])-want) > 3e-6*want*(1+math.Abs(v)) {
				t.Fatalf("exp(2·(x+x+x/2))[%d] = %g, want %g", i, y[i], want)
			}
			squares += v * v
			exps += math.Exp(v)
			top = max(top, v)
		}
		if got := SumSquares(x); math.Abs(got-squares) > 1e-9*squares {
			t.Errorf("SumSquares = %g, want %g", got, squares)
		}
		if got := float64(Dot(x, x)); math.Abs(got-squares) > 1e-4*squares {
			t.Errorf("Dot = %g, want %g", got, squares)
		}
		if got := maxOf(x); float64(got) != top {
			t.Errorf("maxOf = %g, want %g", got, top)
		}
		Softmax(x)
		for i, v := range x64 {
			if want := math.Exp(v) / exps; math.Abs(float64(x[i])-want) > 1e-5*want {
				t.Fatalf("softmax[%d] = %g, want %g", i, x[i], want)
			}
		}
	})
}

// The largest element last, past a chunk's end, must be seen.
func TestMaxInTail(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for n := 1; n < 40; n++ {
			for at := range n {
				x := Alloc(n)
				for i := range x {
					x[i] = -5
				}
				x[at] = -1
				if got := maxOf(x); got != -1 {
					t.Fatalf("n=%d: maxOf = %g, want -1 (at %d)", n, got, at)
				}
			}
		}
	})
}

// Values that mean trouble upstream must come out as such, never as numbers
// that look sound.
func TestNonFiniteRows(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachISA(t, func(t *testing.T) {
		for _, c := range []struct {
			name string
			put  float32
			want func(logp float32) bool
		}{
			{"NaN", nan, func(p float32) bool { return p != p }},
			{"+Inf", inf, func(p float32) bool { return p != p }},
			{"-Inf", -inf, func(p float32) bool { return math.Abs(float64(p)+math.Log(36)) < 1e-6 }},
		} {
			for at := 1; at < 37; at++ {
				x, logp, lse := NewMat(1, 37), Alloc(1), Alloc(1)
				x.Data[at] = c.put
				LogSoftmaxAt(logp, lse, x, []int32{0})
				if !c.want(logp[0]) {
					t.Fatalf("%s at %d: logp %g", c.name, at, logp[0])
				}
				Softmax(x.Data)
				if !c.want(float32(math.Log(float64(x.Data[0])))) {
					t.Fatalf("%s at %d: softmax[0] %g", c.name, at, x.Data[0])
				}
			}
		}
		y := Alloc(5)
		Exp(y, []float32{nan, inf, -inf, 89, -104})
		if y[0] == y[0] || y[1] != inf || y[2] != 0 || y[3] != inf || y[4] != 0 {
			t.Errorf("exp of NaN, +Inf, -Inf, 89, -104 is %v", y)
		}
	})
}

// Log-probabilities near 0 keep their digits although the logits are large.
func TestLogSoftmaxAtConfident(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x, logp, lse := NewMat(1, 3), Alloc(1), Alloc(1)
		copy(x.Data, []float32{1000, 988, 980})
		LogSoftmaxAt(logp, lse, x, []int32{0})
		want := -math.Log1p(math.Exp(-12) + math.Exp(-20))
		if math.Abs(float64(logp[0])-want) > 1e-7 {
			t.Errorf("logp = %g, want %g", logp[0], want)
		}
	})
}

// A row gives the same bits alone, in a batch, and as a view with gaps.
func TestRowsAreIndependent(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const rows, cols = 9, 43
		r := rand.New(rand.NewPCG(5, 5))
		data, _ := normals(r, rows*60)
		gain, _ := normals(r, cols)
		x := Mat{Data: data, Rows: rows, Cols: cols, Stride: 60}
		dense := NewMat(rows, cols)
		for i := range rows {
			copy(dense.Row(i), x.Row(i))
		}
		run := func(x Mat) []float32 {
			n := x.Rows
			y, inv, s, logp, lse := NewMat(n, cols), Alloc(n), NewMat(n, cols), Alloc(n), Alloc(n)
			RMSNorm(y, x, gain, inv, 1e-5)
			SwiGLU(s, x, y)
			LogSoftmaxAt(logp, lse, x, make([]int32, n))
			dx, dgain := NewMat(n, cols), Alloc(cols)
			RMSNormBackward(dx, dgain, y, x, gain, inv)
			dgate, dup := NewMat(n, cols), NewMat(n, cols)
			SwiGLUBackward(dgate, dup, y, x, s)
			return slices.Concat(y.Row(n-1), inv[n-1:], s.Row(n-1), logp[n-1:], lse[n-1:], dx.Row(n-1), dgate.Row(n-1), dup.Row(n-1))
		}
		want := run(x)
		if !slices.Equal(run(dense), want) {
			t.Error("a view with gaps gives other bits than a dense matrix")
		}
		if !slices.Equal(run(x.Slice(rows-1, rows)), want) {
			t.Error("the last row alone gives other bits than in the batch")
		}
	})
}

// Results written over inputs are those written elsewhere.
func TestInPlace(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const rows, cols = 3, 37
		r := rand.New(rand.NewPCG(6, 6))
		g, _ := normals(r, rows*cols)
		u, _ := normals(r, rows*cols)
		d, _ := normals(r, rows*cols)
		gate, up, dy := mat(g, rows, cols), mat(u, rows, cols), mat(d, rows, cols)
		y, dgate, dup := NewMat(rows, cols), NewMat(rows, cols), NewMat(rows, cols)
		SwiGLUBackward(dgate, dup, dy, gate, up)
		SwiGLU(y, gate, up)

		over := mat(slices.Clone(g), rows, cols)
		SwiGLU(over, over, up)
		if !slices.Equal(over.Data, y.Data) {
			t.Error("SwiGLU over gate differs")
		}
		overGate, overUp := mat(slices.Clone(g), rows, cols), mat(slices.Clone(u), rows, cols)
		SwiGLUBackward(overGate, overUp, dy, overGate, overUp)
		if !slices.Equal(overGate.Data, dgate.Data) || !slices.Equal(overUp.Data, dup.Data) {
			t.Error("SwiGLUBackward over gate and up differs")
		}
		inv, gain := Alloc(rows), u[:cols]
		RMSNorm(y, gate, gain, inv, 1e-5)
		RMSNorm(gate, gate, gain, inv, 1e-5)
		if !slices.Equal(gate.Data, y.Data) {
			t.Error("RMSNorm over x differs")
		}
	})
}

func TestEmptyOperands(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		none, wide, narrow := NewMat(0, 0), NewMat(0, 4), NewMat(3, 0)
		for _, m := range []Mat{none, wide, narrow} {
			RMSNorm(m, m, make([]float32, m.Cols), make([]float32, m.Rows), 1)
			RMSNormBackward(m, make([]float32, m.Cols), m, m, make([]float32, m.Cols), make([]float32, m.Rows))
			SwiGLU(m, m, m)
			SwiGLUBackward(m, m, m, m, m)
		}
		LogSoftmaxAt(nil, nil, wide, nil)
		LogSoftmaxAtBackward(wide, nil, nil, nil)
		AdamW(nil, nil, nil, nil, AdamWStep{})
		Add(nil, nil)
		Exp(nil, nil)
		Softmax(nil)
		if got := float64(Dot(nil, nil)) + SumSquares(nil); got != 0 {
			t.Errorf("empty sums give %g", got)
		}
	})
}

// Assembly checks nothing, so the wrappers must.
func TestShapesThatDoNotFit(t *testing.T) {
	m, f := NewMat, Alloc
	short := Mat{Data: f(7), Rows: 2, Cols: 4, Stride: 4}
	for _, c := range []struct {
		want string
		call func()
	}{
		{"RMSNorm: shape 2x4 does not fit 2x3", func() { RMSNorm(m(2, 4), m(2, 3), f(3), f(2), 1) }},
		{"RMSNorm: gain: length 4, want 3", func() { RMSNorm(m(2, 3), m(2, 3), f(4), f(2), 1) }},
		{"RMSNorm: inv: length 1, want 2", func() { RMSNorm(m(2, 3), m(2, 3), f(3), f(1), 1) }},
		{"RMSNorm: an operand is 2x4 with stride 4, but holds 7 values", func() { RMSNorm(m(2, 4), short, f(4), f(2), 1) }},
		{"RMSNormBackward: dgain: length 2, want 3", func() { RMSNormBackward(m(2, 3), f(2), m(2, 3), m(2, 3), f(3), f(2)) }},
		{"SwiGLU: shape 3x2 does not fit 2x3", func() { SwiGLU(m(2, 3), m(2, 3), m(3, 2)) }},
		{"SwiGLUBackward: shape 1x4 does not fit 2x4", func() { SwiGLUBackward(m(2, 4), m(2, 4), m(1, 4), m(2, 4), m(2, 4)) }},
		{"LogSoftmaxAt: targets: length 1, want 2", func() { LogSoftmaxAt(f(2), f(2), m(2, 3), []int32{0}) }},
		{"LogSoftmaxAt: target 3 of row 1 is out of range: there are 3 columns", func() { LogSoftmaxAt(f(2), f(2), m(2, 3), []int32{2, 3}) }},
		{"LogSoftmaxAtBackward: target 3 of row 0", func() { LogSoftmaxAtBackward(m(1, 3), f(1), []int32{3}, f(1)) }},
		{"AdamW: v: length 3, want 4", func() { AdamW(f(4), f(4), f(4), f(3), AdamWStep{}) }},
		{"Add: src: length 3, want 4", func() { Add(f(4), f(3)) }},
		{"Axpy: x: length 5, want 4", func() { Axpy(f(4), 1, f(5)) }},
		{"Dot: b: length 5, want 4", func() { Dot(f(4), f(5)) }},
		{"Exp: src: length 3, want 4", func() { Exp(f(4), f(3)) }},
	} {
		t.Run(c.want, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "tensor: "+c.want) {
					t.Errorf("panics with %q, want %q", got, "tensor: "+c.want)
				}
			}()
			c.call()
		})
	}
}
