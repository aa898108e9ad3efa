package embedded

import (
	"context"
	"fmt"
	"sync"

	"pawl/core"
	"pawl/nn"
)

// rewarding is the reward head of one policy on its frozen weights. Policies may
// share the weights and differ in the head, so that it is not a frozen's.
type rewarding struct {
	head *nn.ScalarHead // nil if the policy has none

	mu     sync.Mutex
	valuer *nn.Trainer // made when first needed; serves one call at a time
}

// Values gives what the reward head makes of each path, encoded as the trainer
// that fitted the head encoded its examples.
func (a *actor) Values(ctx context.Context, paths [][]core.Node) ([]float64, error) {
	if a.reward.head == nil {
		return nil, &core.NoHeadError{Seat: a.seat}
	}
	batch := make([]nn.Sequence, len(paths))
	for i, path := range paths {
		if len(path) == 0 {
			return nil, fmt.Errorf("valuing as %s: path %d has no node", a.seat, i)
		}
		ids, _, err := a.text.EncodePath(path)
		if err != nil {
			return nil, fmt.Errorf("encoding a path to value: %w", err)
		}
		batch[i] = nn.Sequence{Tokens: ids, Loss: make([]bool, len(ids)), End: true}
	}
	end, err := a.reading(ctx, paths, given{batch: batch}.tokens())
	if err != nil {
		return nil, err
	}
	r := &a.reward
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.valuer == nil {
		t := nn.NewTrainer(a.model)
		if err := t.AddHead(r.head, true); err != nil {
			return nil, fmt.Errorf("valuing as %s: %w", a.seat, err)
		}
		r.valuer = t
	}
	values, err := r.valuer.Values(ctx, batch)
	if err = end(err); err != nil {
		return nil, fmt.Errorf("valuing as %s: %w", a.seat, tooLong(err))
	}
	out := make([]float64, len(paths))
	for i, v := range values { // which the next call overwrites
		out[i] = float64(v[len(batch[i].Tokens)])
	}
	return out, nil
}
