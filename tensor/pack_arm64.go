package tensor

// transposeNEON writes four rows as columns of dst, blocks times four columns
// long. dstStride is in bytes.
//
//go:noescape
func transposeNEON(dst *float32, dstStride int, r0, r1, r2, r3 *float32, blocks int)

// packPanelVector copies: what Go makes of it moves whole vectors.
func packPanelVector(dst []float32, b Mat, r0, rows, j, cols int) {
	for k := range rows {
		row, from := (*[panelWidth]float32)(dst[k*panelWidth:]), b.Data[(r0+k)*b.Stride+j:]
		if cols == panelWidth {
			*row = [panelWidth]float32(from)
			continue
		}
		copy(row[:], from[:cols])
		clear(row[cols:])
	}
}

// transposeVector fills rows of dst up to whole panels, with copies of the last
// real value. src has at least four columns.
func transposeVector(dst []float32, stride int, src Mat) {
	const quad = 4
	for i := 0; i < roundUp(src.Rows, panelWidth); i += quad {
		var r [quad][]float32
		for n := range r {
			r[n] = src.Data[min(i+n, src.Rows-1)*src.Stride:]
		}
		transposeNEON(&dst[i], stride*4, &r[0][0], &r[1][0], &r[2][0], &r[3][0], src.Cols/quad)
		if src.Cols%quad != 0 { // the last four columns again, to end at the edge
			j := src.Cols - quad
			transposeNEON(&dst[j*stride+i], stride*4, &r[0][j], &r[1][j], &r[2][j], &r[3][j], 1)
		}
	}
}
