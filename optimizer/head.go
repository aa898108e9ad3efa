package optimizer

import (
	"context"
	"errors"

	"pawl/core"
)

// head is a reward head to be trained, in place of what gives log-probs.
type head struct {
	alone bool // the trunk stays
	loss  core.ValueLoss
}

// add makes tr train the head. It comes after adapters and before averages.
func (h *head) add(ctx context.Context, tr core.Trainer) error {
	v, ok := tr.(core.ValueTrainer)
	if !ok {
		return errors.New("this trainer cannot train a head; name a model that runs in this process")
	}
	return v.AddHead(ctx, core.PartRewardHead, h.alone)
}

// gradient gives the trainer the gradient of one batch and returns the loss. The
// loss sees the whole batch; of several parts, each is computed once more, since
// a trainer goes back through the part it saw last.
func (h *head) gradient(ctx context.Context, tr core.ValueTrainer, b *core.Batch, parts int) (float64, error) {
	b.Values, b.ValueGrad = sizedValues(b.Values, b.Tokens), sizedValues(b.ValueGrad, b.Tokens)
	if err := inParts(b, parts, func(p *core.Batch) error { return tr.Values(ctx, p) }); err != nil {
		return 0, err
	}
	values, slopes := make([]float64, len(b.Tokens)), make([]float64, len(b.Tokens))
	for i, ids := range b.Tokens {
		values[i] = float64(b.Values[i][len(ids)])
	}
	loss := h.loss.Mean(values, slopes, b.Groups)
	for i, ids := range b.Tokens {
		b.ValueGrad[i][len(ids)] = float32(slopes[i])
	}
	return loss, inParts(b, parts, func(p *core.Batch) error {
		if parts > 1 {
			if err := tr.Values(ctx, p); err != nil {
				return err
			}
		}
		return tr.BackwardValues(ctx, p)
	})
}
