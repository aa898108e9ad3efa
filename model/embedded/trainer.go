package embedded

import (
	"bytes"
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// Trainer trains a copy of p.
func (e *Engine) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	m, _, err := e.read(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("loading policy %s to train: %w", p.Version().Short(), err)
	}
	return &trainer{engine: e, policy: p, inner: nn.NewTrainer(m)}, nil
}

// trainer implements core.Trainer, core.FusedTrainer and core.Checkpointer.
type trainer struct {
	engine *Engine
	policy core.Policy
	inner  *nn.Trainer
	batch  []nn.Sequence
	masks  []bool // one buffer behind the batch's loss marks
}

// sequences views b as the engine's sequences; tokens of weight 0 are not
// predicted at all.
func (t *trainer) sequences(b *core.Batch) []nn.Sequence {
	total := 0
	for _, ids := range b.Tokens {
		total += len(ids)
	}
	if cap(t.masks) < total {
		t.masks = make([]bool, total)
	}
	t.batch = t.batch[:0]
	at := 0
	for i, ids := range b.Tokens {
		mask := t.masks[at : at+len(ids) : at+len(ids)]
		at += len(ids)
		for j := range mask {
			mask[j] = b.Weights == nil || b.Weights[i][j] != 0
		}
		t.batch = append(t.batch, nn.Sequence{Tokens: ids, Loss: mask})
	}
	return t.batch
}

func (t *trainer) Logprobs(_ context.Context, b *core.Batch) error {
	logp, err := t.inner.Forward(t.sequences(b))
	if err != nil {
		return err
	}
	for i := range logp {
		copy(b.Logprobs[i], logp[i])
	}
	return nil
}

// ForwardBackward makes a Trainer a core.FusedTrainer.
func (t *trainer) ForwardBackward(_ context.Context, b *core.Batch) error {
	_, err := t.inner.ForwardBackward(t.sequences(b), func(i int, _ *nn.Sequence, logp, dlogp []float32) float64 {
		copy(b.Logprobs[i], logp)
		copy(dlogp, b.Grad[i])
		return 0 // the objective says what the loss is
	})
	return err
}

func (t *trainer) Backward(_ context.Context, b *core.Batch) error { return t.inner.Backward(b.Grad) }

func (t *trainer) Step(_ context.Context, o core.StepOptions) error {
	_, err := t.inner.Step(nn.StepOptions{LR: o.Rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Epsilon, Decay: o.Decay, Clip: o.Clip})
	return err
}

func (t *trainer) Save(ctx context.Context) (core.Policy, error) {
	d, err := t.engine.putWeights(ctx, t.inner.Model())
	if err != nil {
		return nil, err
	}
	return t.policy.With(core.PartWeights, d), nil
}

func (t *trainer) Close() error { return nil }

func (t *trainer) Checkpoint() ([]byte, error) {
	var b bytes.Buffer
	if err := t.inner.Save(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (t *trainer) Restore(state []byte) error { return t.inner.Restore(bytes.NewReader(state)) }
