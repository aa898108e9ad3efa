package embedded

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// Refer makes a trainer a core.ReferenceTrainer. A model that is in memory
// already, above all the base of the adapters in training, is shared.
func (t *trainer) Refer(ctx context.Context, p core.Policy) error {
	if p[core.PartTokenizer] != t.policy[core.PartTokenizer] {
		return fmt.Errorf("setting the reference: policy %s has another tokenizer than the policy in training", p.Version().Short())
	}
	inner := t.inner()
	m, err := t.engine.model(ctx, p)
	if err != nil {
		return fmt.Errorf("setting the reference: policy %s: %w", p.Version().Short(), err)
	}
	t.beside = m // the cache forgets what nobody holds
	return inner.Refer(m.model)
}

// ReferAverage makes the moving average the reference.
func (t *trainer) ReferAverage(context.Context) error { return t.inner().ReferAverage() }

// Reference fills b.Reference.
func (t *trainer) Reference(ctx context.Context, b *core.Batch) error {
	logp, err := t.inner().ReferenceLogprobs(ctx, t.sequences(b))
	if err != nil {
		return err
	}
	for i := range logp {
		copy(b.Reference[i], logp[i])
	}
	return nil
}

// ForwardBackwardRows makes a trainer a core.RowTrainer.
func (t *trainer) ForwardBackwardRows(_ context.Context, b *core.Batch, loss core.RowLoss, scale float64) (float64, error) {
	value, logp, err := t.inner().ForwardBackwardRows(t.sequences(b), b.Grad, func(r *nn.Row) float64 {
		r.Scale = scale
		if b.Weights != nil {
			r.Scale *= float64(b.Weights[r.Sequence][r.Token])
		}
		return loss((*core.Row)(&r.Distribution)) // the engine's word for it
	})
	if err != nil {
		return 0, err
	}
	for i := range logp {
		copy(b.Logprobs[i], logp[i])
	}
	return value, nil
}
