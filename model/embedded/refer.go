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
	return t.inner().ForwardBackwardRows(t.sequences(b), func(i int, _ *nn.Sequence, logp, dlogp []float32) float64 {
		copy(b.Logprobs[i], logp)
		copy(dlogp, b.Grad[i])
		return 0 // the objective says what the loss is
	}, func(r *nn.Row) float64 {
		share := scale
		if b.Weights != nil {
			share *= float64(b.Weights[r.Sequence][r.Token])
		}
		x := core.Row{Target: r.Target, Logprobs: r.Logp, Reference: r.Reference, Grad: r.Grad}
		v := share * loss(&x)
		for j := range r.Grad {
			r.Grad[j] *= float32(share)
		}
		return v
	})
}
