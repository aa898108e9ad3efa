package tensor

// Both instruction sets pack with AVX2: memory is the limit.

// packAVX2 copies rows of 16 values, of which masks choose those that exist.
//
//go:noescape
func packAVX2(dst, src *float32, stride, rows int, low, high *int32)

// transposeAVX2 writes rows of src, at most 8, as columns of dst, blocks times 8
// columns long. Missing rows repeat the last. Strides are in bytes.
//
//go:noescape
func transposeAVX2(dst *float32, dstStride int, src *float32, srcStride, rows, blocks int)

func packPanelVector(dst []float32, b Mat, r0, rows, j, cols int) {
	low, high := &tailMasks[8-min(8, cols)], &tailMasks[8-max(0, cols-8)]
	for k := 0; k < rows; k += packRows {
		packAVX2(&dst[k*panelWidth], &b.Data[(r0+k)*b.Stride+j], b.Stride*4, min(packRows, rows-k), low, high)
	}
}

// packRows bounds the rows of one call.
const packRows = 1024

func transposeVector(dst []float32, stride int, src Mat) {
	for i := 0; i < src.Rows; i += 8 {
		rows, from := min(8, src.Rows-i), src.Data[i*src.Stride:]
		transposeAVX2(&dst[i], stride*4, &from[0], src.Stride*4, rows, src.Cols/8)
		if src.Cols%8 != 0 { // the last eight columns again, to end at the edge
			j := src.Cols - 8
			transposeAVX2(&dst[j*stride+i], stride*4, &from[j], src.Stride*4, rows, 1)
		}
	}
}
