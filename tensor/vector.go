package tensor

import "fmt"

// floatsPerCall bounds the elements one kernel call handles. Assembly cannot
// be preempted, so a call must stay well under 100 microseconds. It is a
// multiple of 16, so that chunks keep the lanes of reductions aligned.
const floatsPerCall = 1 << 14

// vectorKernels is one instruction set's kernels. Pointers address n elements
// (rows·stride for those over rows), n > 0; nothing is checked: the exported
// functions have done so.
type vectorKernels struct {
	name string

	add        func(dst, src *float32, n int)                   // dst += src
	scale      func(x *float32, n int, s float32)               // x *= s
	axpy       func(dst, x *float32, n int, a float32)          // dst += a·x
	dot        func(a, b *float32, n int) float32               // Σ a·b
	sumSquares func(x *float32, n int) float64                  // Σ x²
	exp        func(dst, src *float32, n int)                   // dst = exp(src)
	max        func(x *float32, n int) float32                  // largest; NaN may be passed over
	sumExp     func(x *float32, n int, shift float32) float32   // Σ exp(x - shift)
	expScale   func(dst, src *float32, n int, shift, s float32) // dst = s·exp(src - shift)

	swiGLU         func(y, gate, up *float32, n int)
	swiGLUBackward func(dgate, dup, dy, gate, up *float32, n int)
	adamW          func(w, grad, m, v *float32, n int, c adamWConsts)

	rmsNorm         func(y, x, gain, inv *float32, rows, cols, yStride, xStride int, eps float32)
	rmsNormBackward func(dx, dgain, dy, x, gain, inv *float32, rows, cols, dxStride, dyStride, xStride int)
}

// vec is the kernels of the instruction set in force.
func vec() *vectorKernels { return vectorSets[isa] }

// Add adds src to dst, element by element. It panics if their lengths differ.
func Add(dst, src []float32) {
	checkLen("Add: src", len(src), len(dst))
	for lo := 0; lo < len(dst); lo += floatsPerCall {
		vec().add(&dst[lo], &src[lo], min(floatsPerCall, len(dst)-lo))
	}
}

// Scale multiplies x by s.
func Scale(x []float32, s float32) {
	for lo := 0; lo < len(x); lo += floatsPerCall {
		vec().scale(&x[lo], min(floatsPerCall, len(x)-lo), s)
	}
}

// Axpy adds a·x to dst. It panics if their lengths differ.
func Axpy(dst []float32, a float32, x []float32) {
	checkLen("Axpy: x", len(x), len(dst))
	for lo := 0; lo < len(dst); lo += floatsPerCall {
		vec().axpy(&dst[lo], &x[lo], min(floatsPerCall, len(dst)-lo), a)
	}
}

// SumSquares returns Σ x², summed in float64 and in a fixed order.
func SumSquares(x []float32) float64 {
	sum := 0.0
	for lo := 0; lo < len(x); lo += floatsPerCall {
		sum += vec().sumSquares(&x[lo], min(floatsPerCall, len(x)-lo))
	}
	return sum
}

// Dot returns Σ a·b, summed in a fixed order. It panics if lengths differ.
func Dot(a, b []float32) float32 {
	checkLen("Dot: b", len(b), len(a))
	sum := float32(0)
	for lo := 0; lo < len(a); lo += floatsPerCall {
		sum += vec().dot(&a[lo], &b[lo], min(floatsPerCall, len(a)-lo))
	}
	return sum
}

// Exp sets dst to exp(src), within 2 units in the last place. NaN stays NaN,
// overflow gives +Inf, and underflow is gradual, then 0. dst may be src. It
// panics if their lengths differ.
func Exp(dst, src []float32) {
	checkLen("Exp: src", len(src), len(dst))
	for lo := 0; lo < len(dst); lo += floatsPerCall {
		vec().exp(&dst[lo], &src[lo], min(floatsPerCall, len(dst)-lo))
	}
}

// rowsPerCall is how many rows of this width one kernel call takes.
func rowsPerCall(cols int) int { return max(1, floatsPerCall/max(1, cols)) }

// flatten reports whether matrices of one shape lie without gaps, so that a
// single row of rows·cols elements serves as well.
func flatten(ms ...Mat) (rows, cols int, ok bool) {
	for _, m := range ms {
		if m.Stride != m.Cols {
			return 0, 0, false
		}
	}
	return min(1, ms[0].Rows), ms[0].Rows * ms[0].Cols, true
}

// checkMats panics unless all matrices have the first one's shape and hold
// the elements they claim.
func checkMats(op string, ms ...Mat) {
	for _, m := range ms {
		if m.Rows != ms[0].Rows || m.Cols != ms[0].Cols {
			panic(fmt.Sprintf("tensor: %s: shape %dx%d does not fit %dx%d", op, m.Rows, m.Cols, ms[0].Rows, ms[0].Cols))
		}
		m.check(op, "an operand")
	}
}

func checkLen(what string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("tensor: %s: length %d, want %d", what, got, want))
	}
}
