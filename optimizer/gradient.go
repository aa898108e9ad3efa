package optimizer

import (
	"context"
	"slices"

	"pawl/core"
)

// gradient gives the trainer the gradient of one batch and returns the loss.
// Where the objective is linear in the log-probs its gradient is known before
// the forward pass, and a trainer that can fuses both passes. Whether it is
// linear is not declared but seen, on the batch itself: two unlike sets of
// log-probs must give the same gradient. An objective that is linear only in
// pieces (a hinge, a clip) may pass for linear there and have another gradient
// at the true log-probs; what it lacks is then added by a second pass.
//
// The trainer sees the batch in so many parts, one after the other, and their
// gradients add up. The objective sees it whole, so any objective gets the
// gradient of the whole batch: one that is not linear costs a second forward
// pass, as in GradCache (Gao et al. 2021, "Scaling Deep Contrastive Learning
// Batch Size under Memory Limited Setup").
func gradient(ctx context.Context, tr core.Trainer, b *core.Batch, loss core.Loss, parts int) (float64, error) {
	if loss.Row != nil {
		return rowGradient(ctx, tr.(core.RowTrainer), tr, b, loss, parts)
	}
	objective := loss.Objective
	var guess [][]float32
	if fused, ok := tr.(core.FusedTrainer); ok && linear(b, objective) {
		guess = copied(b.Grad)
		err := inParts(b, parts, func(p *core.Batch) error { return fused.ForwardBackward(ctx, p) })
		if err != nil {
			return 0, err
		}
		value := objective(b)
		if equal(guess, b.Grad) {
			return value, nil
		}
	}
	if err := inParts(b, parts, func(p *core.Batch) error { return tr.Logprobs(ctx, p) }); err != nil {
		return 0, err
	}
	value := objective(b)
	if parts > 1 {
		return value, mend(ctx, tr, b, guess, parts)
	}
	for i := range guess {
		for j, g := range guess[i] {
			b.Grad[i][j] -= g
		}
	}
	return value, tr.Backward(ctx, b)
}

// rowGradient is gradient for losses that see whole distributions. These are
// computed in one pass with the gradient of the objective over log-probs, which
// must be known before: if it is not linear, a forward pass comes first.
func rowGradient(ctx context.Context, rt core.RowTrainer, tr core.Trainer, b *core.Batch, loss core.Loss, parts int) (float64, error) {
	value, known := 0.0, true
	if loss.Objective != nil && !linear(b, loss.Objective) {
		if err := inParts(b, parts, func(p *core.Batch) error { return tr.Logprobs(ctx, p) }); err != nil {
			return 0, err
		}
		value, known = loss.Objective(b), false
	}
	var weight float64
	for _, ws := range b.Weights {
		for i := 1; i < len(ws); i++ {
			weight += float64(ws[i])
		}
	}
	scale := 0.0
	if weight > 0 {
		scale = 1 / weight
	}
	guess := copied(b.Grad)
	rows := 0.0
	err := inParts(b, parts, func(p *core.Batch) error {
		v, err := rt.ForwardBackwardRows(ctx, p, loss.Row, scale)
		rows += v
		return err
	})
	if err != nil || loss.Objective == nil || !known {
		return rows + value, err
	}
	value = loss.Objective(b)
	if equal(guess, b.Grad) {
		return rows + value, nil
	}
	return rows + value, mend(ctx, tr, b, guess, parts)
}

// mend adds what the gradient b.Grad has beyond guess, which the trainer has
// already.
func mend(ctx context.Context, tr core.Trainer, b *core.Batch, guess [][]float32, parts int) error {
	for i := range guess {
		for j, g := range guess[i] {
			b.Grad[i][j] -= g
		}
	}
	// A trainer remembers only the part it saw last.
	return inParts(b, parts, func(p *core.Batch) error {
		if err := tr.Logprobs(ctx, p); err != nil {
			return err
		}
		return tr.Backward(ctx, p)
	})
}

// inParts calls f with consecutive parts of b of nearly equal numbers of
// sequences, at most as many as there are sequences.
func inParts(b *core.Batch, parts int, f func(*core.Batch) error) error {
	if parts <= 1 {
		return f(b)
	}
	n := len(b.Tokens)
	for k := range parts {
		lo, hi := k*n/parts, (k+1)*n/parts
		if lo == hi {
			continue
		}
		part := b.Part(lo, hi)
		if err := f(&part); err != nil {
			return err
		}
	}
	return nil
}

// linear leaves the gradient in b.Grad if it returns true.
func linear(b *core.Batch, objective core.Objective) bool {
	for i := range b.Logprobs {
		clear(b.Logprobs[i])
	}
	objective(b)
	before := copied(b.Grad)
	for i := range b.Logprobs {
		for j := range b.Logprobs[i] {
			b.Logprobs[i][j] = -0.5 - float32((7*i+3*j)%11)
		}
	}
	objective(b)
	return equal(before, b.Grad)
}

func equal(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal[[]float32]) }

func copied(rows [][]float32) [][]float32 {
	out := make([][]float32, len(rows))
	for i, row := range rows {
		out[i] = slices.Clone(row)
	}
	return out
}
