package tensor

// Both instruction sets pack with AVX2: memory is the limit.

// packAVX2 copies rows of 16 values, of which lanes tells those that exist.
//
//go:noescape
func packAVX2(dst, src *float32, stride, rows int, lanes *int32)

// transposeAVX2 writes rows of src, at most 8, as columns of dst, blocks times 8
// columns long. Missing rows repeat the last. Strides are in bytes.
//
//go:noescape
func transposeAVX2(dst *float32, dstStride int, src *float32, srcStride, rows, blocks int)

func packPanelVector(dst []float32, b Mat, r0, rows, j, cols int) {
	for k := 0; k < rows; k += packRows {
		packAVX2(&dst[k*panelWidth], &b.Data[(r0+k)*b.Stride+j], b.Stride*4, min(packRows, rows-k), leading(cols))
	}
}

// packRows bounds the rows of one call.
const packRows = 1024

// transposeVector fills rows of dst up to whole panels, with copies of the last
// real value.
func transposeVector(dst []float32, stride int, src Mat) {
	for i := 0; i < roundUp(src.Rows, panelWidth); i += 8 {
		first := min(i, src.Rows-1)
		rows, from := min(8, src.Rows-first), src.Data[first*src.Stride:]
		transposeAVX2(&dst[i], stride*4, &from[0], src.Stride*4, rows, src.Cols/8)
		if src.Cols%8 != 0 { // the last eight columns again, to end at the edge
			j := src.Cols - 8
			transposeAVX2(&dst[j*stride+i], stride*4, &from[j], src.Stride*4, rows, 1)
		}
	}
}
