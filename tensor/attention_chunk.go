package tensor

import "fmt"

// AttentionChunkScratch is a length of scratch with which AttentionChunk needs
// no memory of its own for n cached rows.
func AttentionChunkScratch(n, headDim int) int { return (headDim + lanes) * roundUp(n, lanes) }

// AttentionChunk is causal attention of further rows of a sequence: queries
// [R, heads*headDim] of the positions past to past+R-1 against rows 0 to
// past+R-1 of cached keys and values [>= past+R, kvHeads*headDim], the rows' own
// included. It gives rows past to past+R-1 of Attention, bit for bit, however
// the sequence is cut. scratch may be nil; with at least
// AttentionChunkScratch(past+R, headDim) values nothing is allocated.
func AttentionChunk(out, q, k, v Mat, past, heads, kvHeads int, scratch []float32) {
	const op = "AttentionChunk"
	s := newAttentionShape(op, past+q.Rows, q.Cols, heads, kvHeads)
	if past < 0 || s.rows > k.Rows || s.rows > v.Rows {
		panic(fmt.Sprintf("tensor: %s: %d rows after %d in a cache of %d and %d", op, q.Rows, past, k.Rows, v.Rows))
	}
	q.check(op, "q")
	out.checkShape(op, "out", q.Rows, q.Cols)
	k.checkShape(op, "k", k.Rows, s.kvHeads*s.headDim)
	v.checkShape(op, "v", v.Rows, s.kvHeads*s.headDim)
	if need := AttentionChunkScratch(s.rows, s.headDim); len(scratch) < need {
		scratch = make([]float32, need)
	}
	switch {
	case q.Rows == 0:
	case hasVector():
		attentionChunkVector(out, q, k, v, past, s, scratch)
	default:
		attentionChunkPortable(out, q, k, v, past, s, scratch)
	}
}

func attentionChunkPortable(out, q, k, v Mat, past int, s attentionShape, scratch []float32) {
	for h := range s.heads {
		qh, oh := s.head(q, h), s.head(out, h)
		kh, vh := s.head(k, h/s.group()), s.head(v, h/s.group())
		for i := range q.Rows {
			attendRow(oh.Row(i), qh.Row(i), kh, vh, past+i+1, s.scale(), scratch)
		}
	}
}
