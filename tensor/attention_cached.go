package tensor

import "fmt"

// AttentionCachedScratch is a length of scratch with which AttentionCached needs
// no memory of its own for n cached rows.
func AttentionCachedScratch(n int) int { return lanes * roundUp(n, lanes) }

// AttentionCached is causal attention of further rows of a sequence: queries
// [R, heads*headDim] of the positions past to past+R-1 against the keys and
// values of positions 0 to past+R-1, the rows' own included. Values are cached
// as rows, [>= past+R, kvHeads*headDim]; keys as columns, kt [kvHeads*headDim,
// past+R or more, and at least that rounded up to 16], so that no step turns
// them again. It gives rows past to past+R-1 of Attention, bit for bit, however
// the sequence is cut; what kt holds beyond is of no account. scratch may be nil;
// with at least AttentionCachedScratch(past+R) values nothing is allocated.
func AttentionCached(out, q, kt, v Mat, past, heads, kvHeads int, scratch []float32) {
	const op = "AttentionCached"
	s := newAttentionShape(op, past+q.Rows, q.Cols, heads, kvHeads)
	if past < 0 || s.padded > kt.Cols || s.rows > v.Rows {
		panic(fmt.Sprintf("tensor: %s: %d rows after %d in a cache of %d and %d", op, q.Rows, past, kt.Cols, v.Rows))
	}
	q.check(op, "q")
	out.checkShape(op, "out", q.Rows, q.Cols)
	kt.checkShape(op, "kt", s.kvHeads*s.headDim, kt.Cols)
	v.checkShape(op, "v", v.Rows, s.kvHeads*s.headDim)
	if need := AttentionCachedScratch(s.rows); len(scratch) < need {
		scratch = make([]float32, need)
	}
	switch {
	case q.Rows == 0:
	case !hasVector():
		attentionCachedPortable(out, q, kt, v, past, s, scratch)
	case q.Rows == 1:
		attentionStepCached(out.Row(0), q.Row(0), kt, v, s, scratch)
	default:
		attentionChunkCached(out, q, kt, v, past, s, scratch)
	}
}

func attentionCachedPortable(out, q, kt, v Mat, past int, s attentionShape, p []float32) {
	for h := range s.heads {
		g := h / s.group()
		qh, oh, keys, values := s.head(q, h), s.head(out, h), kt.Slice(g*s.headDim, (g+1)*s.headDim), s.head(v, g)
		for i := range q.Rows {
			p := p[:past+i+1]
			for j := range p {
				var sum float32
				for d, x := range qh.Row(i) {
					sum += x * keys.Data[d*keys.Stride+j]
				}
				p[j] = sum * s.scale()
			}
			weighValues(oh.Row(i), p, values)
		}
	}
}
