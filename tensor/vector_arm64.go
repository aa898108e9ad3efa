package tensor

import "math"

// The kernels of vector_arm64.s take whole multiples of 16 elements, and leave
// reductions as 16 lanes. What follows adds the ends: the last elements go
// through the same kernels in arrays of 16, of which the rest is padding.

//go:noescape
func addNEON(dst, src *float32, n int)

//go:noescape
func scaleNEON(x *float32, n int, s float32)

//go:noescape
func axpyNEON(dst, x *float32, n int, a float32)

//go:noescape
func dotNEON(lanes, a, b *float32, n int)

//go:noescape
func squaresNEON(lanes *float64, x *float32, n int)

//go:noescape
func maxNEON(lanes, x *float32, n int)

//go:noescape
func expNEON(dst, src *float32, n int)

//go:noescape
func sumExpNEON(lanes, x *float32, n int, shift float32)

//go:noescape
func expScaleNEON(dst, src *float32, n int, shift, s float32)

//go:noescape
func swiGLUNEON(y, gate, up *float32, n int)

//go:noescape
func swiGLUBackwardNEON(dgate, dup, dy, gate, up *float32, n int)

//go:noescape
func adamWNEON(w, grad, m, v *float32, n int, c adamWConsts)

//go:noescape
func normScaleNEON(y, x, gain *float32, n int, inv float32)

//go:noescape
func normDotNEON(lanes, dy, gain, x *float32, n int)

//go:noescape
func normBackwardNEON(dx, dgain, dy, x, gain *float32, n int, inv, c float32)

// vectorSets has the kernels of each instruction set.
var vectorSets = [...]*vectorKernels{
	isaPortable: &portableVec,
	isaNEON: {
		name: "neon",
		add: func(dst, src *float32, n int) {
			if whole := wholeVectors(n); whole > 0 {
				addNEON(dst, src, whole)
			}
			if d := endOf(dst, n); len(d) > 0 {
				var a, b end
				addNEON(a.of(d), b.of(endOf(src, n)), lanes)
				copy(d, a[:])
			}
		},
		scale: func(x *float32, n int, s float32) {
			if whole := wholeVectors(n); whole > 0 {
				scaleNEON(x, whole, s)
			}
			if d := endOf(x, n); len(d) > 0 {
				var a end
				scaleNEON(a.of(d), lanes, s)
				copy(d, a[:])
			}
		},
		axpy: func(dst, x *float32, n int, s float32) {
			if whole := wholeVectors(n); whole > 0 {
				axpyNEON(dst, x, whole, s)
			}
			if d := endOf(dst, n); len(d) > 0 {
				var a, b end
				axpyNEON(a.of(d), b.of(endOf(x, n)), lanes, s)
				copy(d, a[:])
			}
		},
		exp: func(dst, src *float32, n int) {
			if whole := wholeVectors(n); whole > 0 {
				expNEON(dst, src, whole)
			}
			if d := endOf(dst, n); len(d) > 0 {
				var a end
				expNEON(&a[0], a.of(endOf(src, n)), lanes)
				copy(d, a[:])
			}
		},
		expScale: func(dst, src *float32, n int, shift, s float32) {
			if whole := wholeVectors(n); whole > 0 {
				expScaleNEON(dst, src, whole, shift, s)
			}
			if d := endOf(dst, n); len(d) > 0 {
				var a end
				expScaleNEON(&a[0], a.of(endOf(src, n)), lanes, shift, s)
				copy(d, a[:])
			}
		},
		dot: dotVector, sumSquares: sumSquaresVector, max: maxVector, sumExp: sumExpVector,
		swiGLU: swiGLUVector, swiGLUBackward: swiGLUBackwardVector, adamW: adamWVector,
		rmsNorm: rmsNormVector, rmsNormBackward: rmsNormBackwardVector,
	},
}

// wholeVectors is how many of n elements are in whole vectors of 16.
func wholeVectors(n int) int { return n &^ (lanes - 1) }

// endOf is the rest of the n elements at p.
func endOf(p *float32, n int) []float32 { return view(p, n)[wholeVectors(n):] }

// end holds the last elements of an array, and padding: zeros, unless filled
// with something else before.
type end [lanes]float32

// of copies the elements and returns where they are.
func (e *end) of(x []float32) *float32 {
	copy(e[:], x)
	return &e[0]
}

var negativeInfinity = float32(math.Inf(-1))

// fill pads with v. It comes before of.
func (e *end) fill(v float32) {
	for i := range e {
		e[i] = v
	}
}

func dotVector(a, b *float32, n int) float32 {
	var sum, x, y end
	if whole := wholeVectors(n); whole > 0 {
		dotNEON(&sum[0], a, b, whole)
	}
	if d := endOf(a, n); len(d) > 0 {
		dotNEON(&sum[0], x.of(d), y.of(endOf(b, n)), lanes)
	}
	return sumLanes((*[lanes]float32)(&sum))
}

func sumSquaresVector(x *float32, n int) float64 {
	var sum [lanes]float64
	var a end
	if whole := wholeVectors(n); whole > 0 {
		squaresNEON(&sum[0], x, whole)
	}
	if d := endOf(x, n); len(d) > 0 {
		squaresNEON(&sum[0], a.of(d), lanes)
	}
	for half := lanes / 2; half > 0; half /= 2 {
		for i := range half {
			sum[i] += sum[i+half]
		}
	}
	return sum[0]
}

func maxVector(x *float32, n int) float32 {
	var top, a end
	top.fill(negativeInfinity)
	if whole := wholeVectors(n); whole > 0 {
		maxNEON(&top[0], x, whole)
	}
	if d := endOf(x, n); len(d) > 0 {
		a.fill(negativeInfinity)
		maxNEON(&top[0], a.of(d), lanes)
	}
	largest := top[0]
	for _, v := range top {
		largest = max(largest, v)
	}
	return largest
}

func sumExpVector(x *float32, n int, shift float32) float32 {
	var sum, a end
	if whole := wholeVectors(n); whole > 0 {
		sumExpNEON(&sum[0], x, whole, shift)
	}
	if d := endOf(x, n); len(d) > 0 {
		a.fill(negativeInfinity) // whose exponential is zero
		sumExpNEON(&sum[0], a.of(d), lanes, shift)
	}
	return sumLanes((*[lanes]float32)(&sum))
}

func swiGLUVector(y, gate, up *float32, n int) {
	if whole := wholeVectors(n); whole > 0 {
		swiGLUNEON(y, gate, up, whole)
	}
	if d := endOf(y, n); len(d) > 0 {
		var g, u end
		swiGLUNEON(&g[0], g.of(endOf(gate, n)), u.of(endOf(up, n)), lanes)
		copy(d, g[:])
	}
}

func swiGLUBackwardVector(dgate, dup, dy, gate, up *float32, n int) {
	if whole := wholeVectors(n); whole > 0 {
		swiGLUBackwardNEON(dgate, dup, dy, gate, up, whole)
	}
	if d := endOf(dgate, n); len(d) > 0 {
		var y, g, u end
		swiGLUBackwardNEON(&g[0], &u[0], y.of(endOf(dy, n)), g.of(endOf(gate, n)), u.of(endOf(up, n)), lanes)
		copy(d, g[:])
		copy(endOf(dup, n), u[:])
	}
}

func adamWVector(w, grad, m, v *float32, n int, c adamWConsts) {
	if whole := wholeVectors(n); whole > 0 {
		adamWNEON(w, grad, m, v, whole, c)
	}
	if d := endOf(w, n); len(d) > 0 {
		var we, ge, me, ve end
		adamWNEON(we.of(d), ge.of(endOf(grad, n)), me.of(endOf(m, n)), ve.of(endOf(v, n)), lanes, c)
		copy(d, we[:])
		copy(endOf(m, n), me[:])
		copy(endOf(v, n), ve[:])
	}
}

func rmsNormVector(y, x, gain, inv *float32, rows, cols, yStride, xStride int, eps float32) {
	for i, r := range view(inv, rows) {
		xi, yi := &row(x, i, xStride, cols)[0], &row(y, i, yStride, cols)[0]
		mean := dotVector(xi, xi, cols) / float32(cols)
		r = 1 / float32(math.Sqrt(float64(mean+eps)))
		view(inv, rows)[i] = r
		if whole := wholeVectors(cols); whole > 0 {
			normScaleNEON(yi, xi, gain, whole, r)
		}
		if d := endOf(yi, cols); len(d) > 0 {
			var a, g end
			normScaleNEON(&a[0], a.of(endOf(xi, cols)), g.of(endOf(gain, cols)), lanes, r)
			copy(d, a[:])
		}
	}
}

func rmsNormBackwardVector(dx, dgain, dy, x, gain, inv *float32, rows, cols, dxStride, dyStride, xStride int) {
	whole := wholeVectors(cols)
	for i, r := range view(inv, rows) {
		dxi, di, xi := &row(dx, i, dxStride, cols)[0], &row(dy, i, dyStride, cols)[0], &row(x, i, xStride, cols)[0]
		var sum, dxe, dge, de, xe, ge end
		if whole > 0 {
			normDotNEON(&sum[0], di, gain, xi, whole)
		}
		if whole < cols {
			normDotNEON(&sum[0], de.of(endOf(di, cols)), ge.of(endOf(gain, cols)), xe.of(endOf(xi, cols)), lanes)
		}
		c := sumLanes((*[lanes]float32)(&sum)) * r * r * r / float32(cols)
		if whole > 0 {
			normBackwardNEON(dxi, dgain, di, xi, gain, whole, r, c)
		}
		if d := endOf(dxi, cols); len(d) > 0 {
			normBackwardNEON(dxe.of(d), dge.of(endOf(dgain, cols)), &de[0], &xe[0], &ge[0], lanes, r, c)
			copy(d, dxe[:])
			copy(endOf(dgain, cols), dge[:])
		}
	}
}
