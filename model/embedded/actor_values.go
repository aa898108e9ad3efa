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
	out := make([]float64, len(paths))
	return out, a.value(ctx, paths, false, func(i int, s nn.Sequence, _ int, values []float32) {
		out[i] = float64(values[len(s.Tokens)])
	})
}

// TokenValues gives what the reward head makes of each path up to each token of
// its last node.
func (a *actor) TokenValues(ctx context.Context, paths [][]core.Node) ([]core.TokenValues, error) {
	out := make([]core.TokenValues, len(paths))
	return out, a.value(ctx, paths, true, func(i int, s nn.Sequence, from int, values []float32) {
		out[i].Text = a.text.spell(s.Tokens, from)
		for _, v := range values[from+1:] {
			out[i].Values = append(out[i].Values, float64(v))
		}
	})
}

// value tells of each path what the reward head makes of the tokens before every
// token and of them all, in entry len; without dense, of all alone. from is where
// the last turn begins.
func (a *actor) value(ctx context.Context, paths [][]core.Node, dense bool, tell func(i int, s nn.Sequence, from int, values []float32)) error {
	if a.reward.head == nil {
		return &core.NoHeadError{Seat: a.seat}
	}
	batch, from := make([]nn.Sequence, len(paths)), make([]int, len(paths))
	for i, path := range paths {
		if len(path) == 0 {
			return fmt.Errorf("valuing as %s: path %d has no node", a.seat, i)
		}
		r, at, err := a.text.encodePath(path)
		if err != nil {
			return fmt.Errorf("encoding a path to value: %w", err)
		}
		from[i] = at
		batch[i] = nn.Sequence{Tokens: r.ids, Loss: make([]bool, len(r.ids)), End: true}
		for p := at + 1; dense && p < len(r.ids); p++ {
			batch[i].Loss[p] = true
		}
	}
	r := &a.reward
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.valuer == nil {
		t := nn.NewTrainer(a.model)
		if err := t.AddHead(r.head, true); err != nil {
			return fmt.Errorf("valuing as %s: %w", a.seat, err)
		}
		r.valuer = t
	}
	end, err := a.reading(ctx, paths, given{batch: batch}.tokens())
	if err != nil {
		return err
	}
	values, err := r.valuer.Values(ctx, batch)
	if err = end(err); err != nil {
		return fmt.Errorf("valuing as %s: %w", a.seat, tooLong(err))
	}
	for i, v := range values { // which the next call overwrites
		tell(i, batch[i], from[i], v)
	}
	return nil
}
