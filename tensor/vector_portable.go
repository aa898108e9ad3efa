package tensor

import (
	"math"
	"unsafe"
)

// portableVec is the reference: the formulas as they read, sums in float64.
// It serves other architectures, and the assembly must agree with it within
// the tolerances that the tests state.
var portableVec = vectorKernels{
	name: "portable",
	add: func(dst, src *float32, n int) {
		d, s := view(dst, n), view(src, n)
		for i := range d {
			d[i] += s[i]
		}
	},
	scale: func(x *float32, n int, s float32) {
		d := view(x, n)
		for i := range d {
			d[i] *= s
		}
	},
	axpy: func(dst, x *float32, n int, a float32) {
		d, s := view(dst, n), view(x, n)
		for i := range d {
			d[i] += a * s[i]
		}
	},
	dot: func(a, b *float32, n int) float32 {
		sum, y := 0.0, view(b, n)
		for i, v := range view(a, n) {
			sum += float64(v) * float64(y[i])
		}
		return float32(sum)
	},
	sumSquares: func(x *float32, n int) float64 {
		sum := 0.0
		for _, v := range view(x, n) {
			sum += float64(v) * float64(v)
		}
		return sum
	},
	exp: func(dst, src *float32, n int) {
		d := view(dst, n)
		for i, v := range view(src, n) {
			d[i] = exp32(v)
		}
	},
	max: func(x *float32, n int) float32 {
		top := float32(math.Inf(-1))
		for _, v := range view(x, n) {
			if v > top {
				top = v
			}
		}
		return top
	},
	sumExp: func(x *float32, n int, shift float32) float32 {
		sum := 0.0
		for _, v := range view(x, n) {
			sum += math.Exp(float64(v - shift))
		}
		return float32(sum)
	},
	expScale: func(dst, src *float32, n int, shift, s float32) {
		d := view(dst, n)
		for i, v := range view(src, n) {
			d[i] = s * exp32(v-shift)
		}
	},
	swiGLU: func(y, gate, up *float32, n int) {
		d, u := view(y, n), view(up, n)
		for i, g := range view(gate, n) {
			d[i] = g / (1 + exp32(-g)) * u[i]
		}
	},
	swiGLUBackward: func(dgate, dup, dy, gate, up *float32, n int) {
		dg, du, d, u := view(dgate, n), view(dup, n), view(dy, n), view(up, n)
		for i, g := range view(gate, n) {
			s := 1 / (1 + exp32(-g))
			di, ui := d[i], u[i]
			du[i] = di * (g * s)
			dg[i] = di * ui * (s * (1 + g*(1-s)))
		}
	},
	adamW: func(wp, gp, mp, vp *float32, n int, c adamWConsts) {
		w, g, m, v := view(wp, n), view(gp, n), view(mp, n), view(vp, n)
		for i := range w {
			gi := c.scale * g[i]
			m[i] = c.beta1*m[i] + c.rest1*gi
			v[i] = c.beta2*v[i] + c.rest2*(gi*gi)
			w[i] = c.keep*w[i] - c.step*m[i]/(float32(math.Sqrt(float64(v[i])))+c.eps)
		}
	},
	rmsNorm: func(y, x, gain, inv *float32, rows, cols, yStride, xStride int, eps float32) {
		a := view(gain, cols)
		for i := range rows {
			src, dst := row(x, i, xStride, cols), row(y, i, yStride, cols)
			sum := 0.0
			for _, v := range src {
				sum += float64(v) * float64(v)
			}
			r := float32(1 / math.Sqrt(sum/float64(cols)+float64(eps)))
			view(inv, rows)[i] = r
			for j, v := range src {
				dst[j] = v * r * a[j]
			}
		}
	},
	rmsNormBackward: func(dx, dgain, dy, x, gain, inv *float32, rows, cols, dxStride, dyStride, xStride int) {
		a, da := view(gain, cols), view(dgain, cols)
		for i := range rows {
			src, d, dst := row(x, i, xStride, cols), row(dy, i, dyStride, cols), row(dx, i, dxStride, cols)
			r := view(inv, rows)[i]
			sum := 0.0
			for j, v := range src {
				sum += float64(d[j]*a[j]) * float64(v)
			}
			c := float32(sum * float64(r) * float64(r) * float64(r) / float64(cols))
			for j, v := range src {
				da[j] += d[j] * (v * r)
				dst[j] += d[j]*a[j]*r - v*c
			}
		}
	},
}

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }

// view is the n elements at p.
func view(p *float32, n int) []float32 { return unsafe.Slice(p, n) }

// row is row i of the matrix at p.
func row(p *float32, i, stride, cols int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(p), 4*i*stride)), cols)
}
