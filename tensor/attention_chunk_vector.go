//go:build amd64 || arm64

package tensor

// attentionChunkVector goes by blocks of rows that end where a vector of scores
// does: all rows of a block have the same number of such vectors, and the
// softmax fills the last of them with zeros.
func attentionChunkVector(out, q, k, v Mat, past int, s attentionShape, scratch []float32) {
	kt, p := scratch[:s.headDim*s.padded], scratch[s.headDim*s.padded:]
	scale, group := s.scale(), s.group()
	scores, outputs := s.againstKeys(q.Stride, kt), s.overValues(out.Stride, v.Stride)
	for h := range s.heads {
		column, kvColumn := h*s.headDim, h/group*s.headDim
		if h%group == 0 {
			transpose(kt, s.padded, Mat{k.Data[kvColumn:], s.rows, s.headDim, k.Stride})
		}
		outputs.b = &v.Data[kvColumn]
		for i := 0; i < q.Rows; {
			first := past + i
			rows := min(lanes-first%lanes, q.Rows-i)
			scores.c, scores.a, scores.rows = &p[0], &q.Data[i*q.Stride+column], rows
			scores.inPlace(roundUp(first+rows, lanes))
			softmaxRows(&p[0], s.padded*4, rows, first+1, 1, scale)
			outputs.c, outputs.a, outputs.rows = &out.Data[i*out.Stride+column], &p[0], rows
			outputs.k = first + rows
			outputs.inPlace(s.headDim)
			i += rows
		}
	}
}
