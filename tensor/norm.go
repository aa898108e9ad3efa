package tensor

// RMSNorm scales each row of x by the reciprocal of its root mean square
// (Zhang and Sennrich, 2019):
//
//	inv[i] = 1 / sqrt(mean(x_i²) + eps)
//	y_ij   = x_ij · inv[i] · gain[j]
//
// x and y are [T, D] and may be the same matrix; gain is [D]. inv is [T], and
// RMSNormBackward needs it. It panics on shapes that do not fit.
func RMSNorm(y, x Mat, gain []float32, inv []float32, eps float32) {
	checkMats("RMSNorm", x, y)
	checkLen("RMSNorm: gain", len(gain), x.Cols)
	checkLen("RMSNorm: inv", len(inv), x.Rows)
	if x.Cols == 0 {
		return
	}
	for r0, step := 0, rowsPerCall(x.Cols); r0 < x.Rows; r0 += step {
		r1 := min(r0+step, x.Rows)
		vec().rmsNorm(&y.Data[r0*y.Stride], &x.Data[r0*x.Stride], &gain[0], &inv[r0],
			r1-r0, x.Cols, y.Stride, x.Stride, eps)
	}
}

// RMSNormBackward adds the gradients of RMSNorm to dx [T, D] and dgain [D],
// row after row, given dy [T, D], the inputs of the forward pass and its inv:
//
//	dgain_j += dy_ij · x_ij · inv_i
//	dx_ij   += inv_i · dy_ij · gain_j  -  x_ij · inv_i³ / D · Σ_k dy_ik · gain_k · x_ik
//
// dx may be neither dy nor x. It panics on shapes that do not fit.
func RMSNormBackward(dx Mat, dgain []float32, dy, x Mat, gain, inv []float32) {
	checkMats("RMSNormBackward", x, dx, dy)
	checkLen("RMSNormBackward: gain", len(gain), x.Cols)
	checkLen("RMSNormBackward: dgain", len(dgain), x.Cols)
	checkLen("RMSNormBackward: inv", len(inv), x.Rows)
	if x.Cols == 0 {
		return
	}
	for r0, step := 0, rowsPerCall(x.Cols); r0 < x.Rows; r0 += step {
		r1 := min(r0+step, x.Rows)
		vec().rmsNormBackward(&dx.Data[r0*dx.Stride], &dgain[0], &dy.Data[r0*dy.Stride],
			&x.Data[r0*x.Stride], &gain[0], &inv[r0],
			r1-r0, x.Cols, dx.Stride, dy.Stride, x.Stride)
	}
}
