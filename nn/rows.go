package nn

import (
	"context"
	"fmt"

	"pawl/tensor"
)

// Row is the distribution over the whole vocabulary from which one wanted token
// was to be drawn.
type Row struct {
	Sequence, Token int       // place in the batch
	Target          int32     // the token itself
	Logp            []float32 // log-probabilities of all tokens
	Reference       []float32 // those of the trainer's reference (Refer), nil where there is none
	Grad            []float32 // out: d(loss)/d(Logp), which arrives zeroed
}

// RowLoss is a loss that is a sum over rows: it writes r.Grad, as if the entries
// of r.Logp were free of each other, and returns the row's share of the loss. It
// must not keep r, and is called once a wanted token, from several goroutines.
type RowLoss func(r *Row) float64

// ForwardBackwardRows is ForwardBackward for losses that see whole
// distributions. loss may be nil; the two losses add up. One row at a time is
// held: besides the logits of the tokens under way, which any training has,
// nothing of the size of the vocabulary is stored.
func (t *Trainer) ForwardBackwardRows(batch []Sequence, loss LossFunc, rows RowLoss) (float64, error) {
	t.rowLoss = rows
	defer func() { t.rowLoss = nil }()
	return t.ForwardBackward(batch, loss)
}

// rows replaces the logits of s by their gradients. With g the gradient with
// respect to a row's log-probabilities, the one with respect to its logits is
// g - softmax · Σg.
func (t *Trainer) rows(s *shard, worker int, r shardRange) {
	s.graded = true
	if s.outs == 0 {
		return
	}
	var teacher *shard
	if t.refer.t != nil {
		teacher = t.refer.t.scratch[worker]
		teacher.whole = true
		teacher.load(&t.refer.t.m.cfg, t.batch, r.lo, r.hi)
		teacher.forward(t.refer.t.m, t.refer.t.use)
	}
	vocab := t.m.cfg.Vocab
	s.row, s.rowGrad = growAligned(s.row, vocab), growAligned(s.rowGrad, vocab)
	x := &s.seen
	for i, target := range s.target {
		logits := s.logits.Row(i)
		if target < 0 {
			clear(logits)
			continue
		}
		tensor.LogSoftmax(s.row, logits)
		clear(s.rowGrad)
		*x = Row{Sequence: int(s.outSeq[i]), Token: int(s.outPos[i]), Target: target, Logp: s.row, Grad: s.rowGrad}
		if teacher != nil {
			x.Reference = teacher.logits.Row(i)
			tensor.LogSoftmax(x.Reference, x.Reference)
		}
		t.losses[x.Sequence] += t.rowLoss(x)
		s.rowGrad[target] += t.dlogp[x.Sequence][x.Token]
		sum := 0.0
		for _, g := range s.rowGrad {
			sum += float64(g)
		}
		tensor.Exp(logits, s.row)
		tensor.Scale(logits, float32(-sum))
		tensor.Add(logits, s.rowGrad)
	}
}

// referred is the frozen model, or the moving average, beside which a trainer
// can compute.
type referred struct {
	t       *Trainer // never steps; nil where there is none
	own     bool     // the base of the adapters in training
	average bool     // the model is a copy that follows the average
}

// Refer makes m the trainer's reference, and freezes it. The base of adapters
// in training costs no further memory in ReferenceLogprobs. m may have another
// shape than the model in training, but must have its vocabulary. Nil ends it.
func (t *Trainer) Refer(m *Model) error {
	switch {
	case m == nil:
		t.refer = referred{}
		return nil
	case m == t.m && t.lora == nil:
		return fmt.Errorf("setting the reference: it is the model in training; take a Clone")
	case m.cfg.Vocab != t.m.cfg.Vocab:
		return fmt.Errorf("setting the reference: it has %d tokens, the model in training %d", m.cfg.Vocab, t.m.cfg.Vocab)
	}
	m.Freeze()
	t.refer = referred{t: NewTrainer(m), own: m == t.m}
	return nil
}

// ReferAverage makes the moving average the reference, as WARP does (Ramé et
// al. 2024): it follows every step.
func (t *Trainer) ReferAverage() error {
	if t.mean == nil || t.alone {
		return fmt.Errorf("setting the reference: the trainer keeps no average; call Average first")
	}
	t.refer = referred{t: NewTrainer(t.m.Clone()), average: true}
	return nil
}

// ReferenceLogprobs is Logprobs under the reference. The result is valid until
// the next call of the trainer.
func (t *Trainer) ReferenceLogprobs(ctx context.Context, batch []Sequence) ([][]float32, error) {
	if t.refer.t == nil {
		return nil, fmt.Errorf("computing log-probabilities of the reference: there is none; call Refer first")
	}
	if t.refer.own {
		t.bare = true
		defer func() { t.bare = false }()
		return t.Logprobs(ctx, batch)
	}
	t.follow()
	return t.refer.t.Logprobs(ctx, batch)
}

// follow brings a reference that is the average up to date.
func (t *Trainer) follow() {
	if !t.refer.average {
		return
	}
	m := t.refer.t.m
	if t.lora == nil {
		copy(m.w, t.mean[:len(m.w)])
		m.Touch()
		return
	}
	copy(m.w, t.m.w)
	t.lora.addTo(m, t.mean[:len(t.lora.w)])
}

// packReference readies the reference for rows.
func (t *Trainer) packReference() {
	r := t.refer.t
	if r == nil {
		return
	}
	t.follow()
	for len(r.scratch) < len(t.scratch) { // rows uses the workers of t
		r.scratch = append(r.scratch, new(shard))
	}
	r.packForward()
}
