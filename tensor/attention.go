package tensor

import "fmt"

// lanes is the number of virtual lanes of a reduction, and the multiple to which
// rows of attention scores are padded.
const lanes = 16

// AttentionScratch is the length of the probs that Attention fills for a
// sequence of n rows: heads times n rows of n probabilities, each row padded.
func AttentionScratch(n, heads int) int { return heads * n * roundUp(n, lanes) }

// AttentionStepScratch is a length of scratch with which AttentionStep needs no
// memory of its own for n cached rows.
func AttentionStepScratch(n, headDim int) int { return (headDim + stepHeads) * roundUp(n, lanes) }

// stepHeads is how many heads of a decoding step go together.
const stepHeads = 8

// attentionShape is what the attention functions agree on.
type attentionShape struct {
	rows, heads, kvHeads, headDim int
	padded                        int // rows, rounded up to whole lanes
}

// group is the number of query heads that share a key and value head.
func (s attentionShape) group() int { return s.heads / s.kvHeads }

func newAttentionShape(op string, rows, width, heads, kvHeads int) attentionShape {
	if heads <= 0 || kvHeads <= 0 || heads%kvHeads != 0 || width%heads != 0 {
		panic(fmt.Sprintf("tensor: %s: %d columns of queries for %d heads and %d key heads", op, width, heads, kvHeads))
	}
	return attentionShape{rows: rows, heads: heads, kvHeads: kvHeads, headDim: width / heads, padded: roundUp(rows, lanes)}
}

// Attention is causal attention over one sequence of T rows: queries
// [T, heads*headDim], keys and values [T, kvHeads*headDim], out as the queries;
// the head size follows. heads is a multiple of kvHeads, and consecutive heads
// share one key head (grouped-query attention, Ainslie et al. 2023). Scores are
// divided by the root of the head size. probs, of length AttentionScratch(T,
// heads), receives what AttentionBackward needs.
//
// A row reads the rows up to its own; only a NaN or infinity among the values
// may also reach earlier rows of the sequence.
func Attention(out, q, k, v Mat, heads, kvHeads int, probs []float32) {
	s := newAttentionShape("Attention", q.Rows, q.Cols, heads, kvHeads)
	s.check("Attention", q, k, v, probs)
	out.checkShape("Attention", "out", q.Rows, q.Cols)
	if s.rows == 0 {
		return
	}
	if hasVector() {
		attentionVector(out, q, k, v, s, probs)
		return
	}
	attentionPortable(out, q, k, v, s, probs)
}

// AttentionBackward turns dout, the gradient of Attention's out, into those of
// the queries, keys and values, all overwritten. probs is what Attention left.
func AttentionBackward(dq, dk, dv, dout, q, k, v Mat, heads, kvHeads int, probs []float32) {
	const op = "AttentionBackward"
	s := newAttentionShape(op, q.Rows, q.Cols, heads, kvHeads)
	s.check(op, q, k, v, probs)
	dout.checkShape(op, "dout", q.Rows, q.Cols)
	dq.checkShape(op, "dq", q.Rows, q.Cols)
	dk.checkShape(op, "dk", k.Rows, k.Cols)
	dv.checkShape(op, "dv", v.Rows, v.Cols)
	if s.rows == 0 {
		return
	}
	if hasVector() {
		attentionBackwardVector(dq, dk, dv, dout, q, k, v, s, probs)
		return
	}
	attentionBackwardPortable(dq, dk, dv, dout, q, k, v, s, probs)
}

// AttentionStep is one new query row [heads*headDim] against rows 0 to n-1 of
// cached keys and values [>= n, kvHeads*headDim], the row's own included. It
// gives row n-1 of Attention bit for bit. scratch may be nil; with at least
// AttentionStepScratch(n, headDim) values nothing is allocated.
func AttentionStep(out, q []float32, k, v Mat, n, heads, kvHeads int, scratch []float32) {
	const op = "AttentionStep"
	s := newAttentionShape(op, n, len(q), heads, kvHeads)
	if n < 1 || n > k.Rows || n > v.Rows || len(out) != len(q) {
		panic(fmt.Sprintf("tensor: %s: %d rows of a cache of %d and %d; query %d, out %d", op, n, k.Rows, v.Rows, len(q), len(out)))
	}
	k.checkShape(op, "k", k.Rows, s.kvHeads*s.headDim)
	v.checkShape(op, "v", v.Rows, s.kvHeads*s.headDim)
	if need := AttentionStepScratch(n, s.headDim); len(scratch) < need {
		scratch = make([]float32, need)
	}
	if hasVector() {
		attentionStepVector(out, q, k, v, s, scratch)
		return
	}
	attentionStepPortable(out, q, k, v, s, scratch)
}

// check panics unless a sequence's inputs fit the shape.
func (s attentionShape) check(op string, q, k, v Mat, probs []float32) {
	q.check(op, "q")
	k.checkShape(op, "k", s.rows, s.kvHeads*s.headDim)
	v.checkShape(op, "v", s.rows, s.kvHeads*s.headDim)
	if need := AttentionScratch(s.rows, s.heads); len(probs) < need {
		panic(fmt.Sprintf("tensor: %s: %d values of scratch, want %d", op, len(probs), need))
	}
}

// head is the part of m that belongs to head h.
func (s attentionShape) head(m Mat, h int) Mat { return m.view(0, h*s.headDim, m.Rows, s.headDim) }

// probsOf is the scores or probabilities of head h: rows by padded.
func (s attentionShape) probsOf(probs []float32, h int) []float32 {
	size := s.rows * s.padded
	return probs[h*size : (h+1)*size]
}
