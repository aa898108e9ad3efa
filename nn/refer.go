package nn

import (
	"context"
	"fmt"
)

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

// packReference readies the reference for besideShard.
func (t *Trainer) packReference() {
	r := t.refer.t
	if r == nil {
		return
	}
	t.follow()
	for len(r.scratch) < len(t.scratch) { // besideShard uses the workers of t
		r.scratch = append(r.scratch, new(shard))
	}
	r.packForward()
}
