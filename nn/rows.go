package nn

import (
	"fmt"

	"pawl/tensor"
)

// Distribution is a distribution over the whole vocabulary, as a loss sees it.
type Distribution struct {
	Target         int32     // the token that was to be drawn
	Logprobs       []float32 // of all tokens
	Probs          []float32 // their exponentials, within 2 units in the last place
	Reference      []float32 // log-probabilities under the trainer's reference (Refer), nil where there is none
	ReferenceProbs []float32 // and theirs
	Grad           []float32 // out: d(loss)/d(Logprobs), which arrives zeroed
}

// Row is the distribution from which one wanted token was to be drawn.
type Row struct {
	Distribution
	Sequence, Token int     // place in the batch
	Scale           float64 // out: a factor of value and gradient, which arrives as 1
}

// RowLoss is a loss that is a sum over rows: it writes r.Grad, as if the entries
// of r.Logprobs were free of each other, and returns the row's share of the
// loss. It changes nothing else of r but Scale, must not keep r, and is called
// once a wanted token, from several goroutines.
type RowLoss func(r *Row) float64

// ForwardBackwardRows adds to the gradient of a loss that sees whole
// distributions. dlogp, which may be nil, is the gradient of what is to be added
// to it with respect to the log-probabilities of the batch, as Backward takes
// it. It returns the first part of the loss, and the log-probabilities as
// Forward does, valid until the next call.
//
// The logits exist once, on the way back, and in blocks of rows (head.go), of
// the model and of its reference alike: memory is bounded by the block, and the
// bits do not depend on its size.
func (t *Trainer) ForwardBackwardRows(batch []Sequence, dlogp [][]float32, loss RowLoss) (float64, [][]float32, error) {
	err := t.begin(batch)
	if err == nil && dlogp != nil {
		err = t.checkGradient(dlogp)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("computing gradients: %w", err)
	}
	t.packReference()
	t.rowLoss, t.dlogp = loss, dlogp
	value := t.fused()
	t.rowLoss, t.dlogp = nil, nil
	return value, t.plan.view, nil
}

// besideShard takes the reference as far as the head over the outs of s.
func (t *Trainer) besideShard(s *shard, worker int, r shardRange) {
	s.beside = nil
	ref := t.refer.t
	if t.rowLoss == nil || ref == nil {
		return
	}
	s.beside = ref.scratch[worker]
	s.beside.load(&ref.m.cfg, t.batch, r.lo, r.hi)
	s.beside.mute, s.beside.rowsOf = true, nil
	s.beside.forward(ref.m, ref.use)
}

// grade replaces the logits of outs lo to hi by their gradients. With g the
// gradient with respect to a row's log-probabilities, the one with respect to
// its logits is g - softmax · Σg.
func (s *shard) grade(logits tensor.Mat, lo, hi int) {
	t, x := s.rowsOf, &s.seen
	s.rowLogp, s.rowGrad = growAligned(s.rowLogp, logits.Cols), growAligned(s.rowGrad, logits.Cols)
	var reference tensor.Mat
	if s.beside != nil {
		reference = s.beside.project(s.beside.head, lo, hi)
		s.rowRefer = growAligned(s.rowRefer, logits.Cols)
	}
	for i, target := range s.target[lo:hi] {
		row := logits.Row(i)
		if target < 0 {
			clear(row)
			continue
		}
		tensor.LogSoftmax(s.rowLogp, row)
		tensor.Exp(row, s.rowLogp)
		clear(s.rowGrad)
		*x = Row{Sequence: int(s.outSeq[lo+i]), Token: int(s.outPos[lo+i]), Scale: 1}
		x.Distribution = Distribution{Target: target, Logprobs: s.rowLogp, Probs: row, Grad: s.rowGrad}
		if s.beside != nil {
			x.Reference, x.ReferenceProbs = reference.Row(i), s.rowRefer
			tensor.LogSoftmax(x.Reference, x.Reference)
			tensor.Exp(x.ReferenceProbs, x.Reference)
		}
		t.plan.view[x.Sequence][x.Token] = s.rowLogp[target]
		value := t.rowLoss(x)
		t.losses[x.Sequence] += x.Scale * value
		d := s.dlogp[lo+i]
		tensor.Scale(row, float32(-x.Scale*total(s.rowGrad)-float64(d)))
		tensor.Axpy(row, float32(x.Scale), s.rowGrad)
		row[target] += d
	}
}

// gradeAll is for the loss alone, where nothing learns that logits depend on.
func (s *shard) gradeAll() {
	n := s.headRows(s.head.N)
	for lo := 0; lo < s.outs; lo += n {
		hi := min(lo+n, s.outs)
		s.grade(s.project(s.head, lo, hi), lo, hi)
	}
}

// total is the sum of x, in four chains.
func total(x []float32) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = a+float64(x[0]), b+float64(x[1]), c+float64(x[2]), d+float64(x[3])
	}
	for _, v := range x {
		a += float64(v)
	}
	return (a + b) + (c + d)
}
