package tensor

// SwiGLU gates one half of a feed-forward layer with the other (Shazeer, 2020):
//
//	y = silu(gate) · up,  silu(g) = g / (1 + exp(-g))
//
// All are [T, H]; y may be gate or up. It panics on shapes that do not fit.
func SwiGLU(y, gate, up Mat) {
	checkMats("SwiGLU", y, gate, up)
	if rows, cols, ok := flatten(y, gate, up); ok {
		y.Rows, y.Cols = rows, cols
	}
	if y.Cols == 0 {
		return
	}
	for i := range y.Rows {
		dst, g, u := y.Data[i*y.Stride:][:y.Cols], gate.Data[i*gate.Stride:][:y.Cols], up.Data[i*up.Stride:][:y.Cols]
		for lo := 0; lo < len(dst); lo += floatsPerCall {
			vec().swiGLU(&dst[lo], &g[lo], &u[lo], min(floatsPerCall, len(dst)-lo))
		}
	}
}

// SwiGLUBackward writes the gradients of SwiGLU to dgate and dup, given dy and
// the inputs of the forward pass:
//
//	s     = 1 / (1 + exp(-gate))
//	dup   = dy · gate · s
//	dgate = dy · up · s · (1 + gate · (1 - s))
//
// All are [T, H]. dgate may be gate and dup may be up (or either may be dy):
// each element is read before it is written. It panics on shapes that do not fit.
func SwiGLUBackward(dgate, dup, dy, gate, up Mat) {
	checkMats("SwiGLUBackward", dgate, dup, dy, gate, up)
	if rows, cols, ok := flatten(dgate, dup, dy, gate, up); ok {
		dgate.Rows, dgate.Cols = rows, cols
	}
	if dgate.Cols == 0 {
		return
	}
	for i := range dgate.Rows {
		n := dgate.Cols
		dg, du := dgate.Data[i*dgate.Stride:][:n], dup.Data[i*dup.Stride:][:n]
		d, g, u := dy.Data[i*dy.Stride:][:n], gate.Data[i*gate.Stride:][:n], up.Data[i*up.Stride:][:n]
		for lo := 0; lo < n; lo += floatsPerCall {
			vec().swiGLUBackward(&dg[lo], &du[lo], &d[lo], &g[lo], &u[lo], min(floatsPerCall, n-lo))
		}
	}
}
