//go:build amd64 || arm64

package tensor

// Attention of one head is a few small products and a softmax. Queries are taken
// in blocks of 16 rows, against the keys up to the end of their block: what lies
// beyond the diagonal within a block gets weight zero, what lies beyond the
// block is never computed nor read.

// againstKeys is the product of query rows with the transposed keys kt: scores.
// A caller adds what changes from block to block.
func (s attentionShape) againstKeys(queryStride int, kt []float32) tile {
	return tile{ldc: s.padded * 4, ars: queryStride * 4, aks: 4, b: &kt[0], ldb: s.padded * 4, k: s.headDim}
}

// overValues is the product of rows of weights with the values: outputs.
func (s attentionShape) overValues(outStride, valueStride int) tile {
	return tile{ldc: outStride * 4, ars: s.padded * 4, aks: 4, ldb: valueStride * 4}
}

func attentionVector(out, q, k, v Mat, s attentionShape, probs []float32) {
	scratch := borrow(s.headDim * s.padded)
	kt, scale, group := scratch.data[:s.headDim*s.padded], s.scale(), s.group()
	scores, outputs := s.againstKeys(q.Stride, kt), s.overValues(out.Stride, v.Stride)
	for h := range s.heads {
		column, kvColumn := h*s.headDim, h/group*s.headDim
		if h%group == 0 {
			transpose(kt, s.padded, Mat{k.Data[kvColumn:], s.rows, s.headDim, k.Stride})
		}
		p := s.probsOf(probs, h)
		outputs.b = &v.Data[kvColumn]
		for i := 0; i < s.rows; i += lanes {
			rows, block := min(lanes, s.rows-i), &p[i*s.padded]
			scores.c, scores.a, scores.rows = block, &q.Data[i*q.Stride+column], rows
			scores.inPlace(i + lanes)
			softmaxRows(block, s.padded*4, rows, i+1, 1, scale)
			outputs.c, outputs.a, outputs.rows = &out.Data[i*out.Stride+column], block, rows
			outputs.k = i + rows
			outputs.inPlace(s.headDim)
		}
	}
	scratch.release()
}

// attentionStepVector takes up to stepHeads heads at a time through each phase:
// a single row's phases depend on each other, those of several heads overlap.
func attentionStepVector(out, q []float32, k, v Mat, s attentionShape, scratch []float32) {
	kt, p, group := scratch[:s.headDim*s.padded], scratch[s.headDim*s.padded:], s.group()
	scores, outputs, scale := s.againstKeys(0, kt), s.overValues(0, v.Stride), s.scale()
	scores.rows, outputs.rows, outputs.k = 1, 1, s.rows
	for h0 := 0; h0 < s.heads; h0 += stepHeads {
		heads := min(stepHeads, s.heads-h0)
		for i := range heads {
			h := h0 + i
			if h%group == 0 {
				transpose(kt, s.padded, Mat{k.Data[h/group*s.headDim:], s.rows, s.headDim, k.Stride})
			}
			scores.a, scores.c = &q[h*s.headDim], &p[i*s.padded]
			scores.inPlace(s.padded)
		}
		softmaxRows(&p[0], s.padded*4, heads, s.rows, 0, scale)
		for i := range heads {
			h := h0 + i
			outputs.c, outputs.a, outputs.b = &out[h*s.headDim], &p[i*s.padded], &v.Data[h/group*s.headDim]
			outputs.inPlace(s.headDim)
		}
	}
}

// attentionBackwardVector computes what attentionBackwardPortable derives.
func attentionBackwardVector(dq, dk, dv, dout, q, k, v Mat, s attentionShape, probs []float32) {
	size, square := s.headDim*s.padded, s.rows*s.padded
	scratch := borrow(size + square)
	vt, d, scale, group := scratch.data[:size], scratch.data[size:size+square], s.scale(), s.group()
	weights, queries := s.againstKeys(dout.Stride, vt), s.overValues(dq.Stride, k.Stride)
	for h := range s.heads {
		column, kvColumn := h*s.headDim, h/group*s.headDim
		if h%group == 0 {
			transpose(vt, s.padded, Mat{v.Data[kvColumn:], s.rows, s.headDim, v.Stride})
		}
		p := s.probsOf(probs, h)
		queries.b = &k.Data[kvColumn]
		for i := 0; i < s.rows; i += lanes {
			rows, block := min(lanes, s.rows-i), &d[i*s.padded]
			weights.c, weights.a, weights.rows = block, &dout.Data[i*dout.Stride+column], rows
			weights.inPlace(i + lanes)
			softmaxBackwardRows(block, &p[i*s.padded], s.padded*4, rows, i+1, scale)
			queries.c, queries.a, queries.rows = &dq.Data[i*dq.Stride+column], block, rows
			queries.k = i + rows
			queries.inPlace(s.headDim)
		}
		s.columnsTimes(dk, kvColumn, d, q, column, h%group != 0)
		s.columnsTimes(dv, kvColumn, p, dout, column, h%group != 0)
	}
	scratch.release()
}

// columnsTimes is C = Aᵀ·B, or C += Aᵀ·B, for a head's A, square and zero above
// the diagonal; C and B start at the given columns.
func (s attentionShape) columnsTimes(c Mat, cColumn int, a []float32, b Mat, bColumn int, acc bool) {
	t := tile{ldc: c.Stride * 4, ars: 4, aks: s.padded * 4, ldb: b.Stride * 4, acc: flag(acc)}
	for j := 0; j < s.rows; j += lanes {
		t.c, t.a, t.b = &c.Data[j*c.Stride+cColumn], &a[j*s.padded+j], &b.Data[j*b.Stride+bColumn]
		t.k, t.rows = s.rows-j, min(lanes, s.rows-j)
		t.inPlace(s.headDim)
	}
}
