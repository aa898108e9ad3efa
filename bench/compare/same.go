package main

import (
	"context"
	"fmt"
	"math"

	"pawl/nn"
)

// Differences allowed between two implementations in f32. Training steps
// amplify them, since AdamW divides small gradients by their own size.
const (
	maxDifference     = 1e-4 // of a log-probability, in nats
	maxLossDifference = 1e-3 // of the loss after checkSteps steps
	checkSteps        = 5
)

// sameResults makes sure that the two sides compute the same thing, without
// which comparing their speeds means nothing: log-probabilities from the same
// weights, the loss after some training steps, and the log-probabilities that
// the peer's sampler reports for what it drew. It trains m.
func sameResults(rep *reporter, m *nn.Model, p *peer, what string) error {
	t := nn.NewTrainer(m)
	batch := randomBatch(m.Config().Vocab, 128, 13)
	loss, worst, err := against(t, p, batch)
	if err != nil {
		return err
	}
	if worst > maxDifference {
		return fmt.Errorf("checking %s: log-probabilities differ from PyTorch's by up to %.2g", what, worst)
	}

	var drawn struct {
		First    []int32
		Logprobs []float64
	}
	if err := p.ask("sample", sampleArgs(2, 1), &drawn); err != nil {
		return err
	}
	logp, err := t.Logprobs(context.Background(), []nn.Sequence{{Tokens: drawn.First}})
	if err != nil {
		return err
	}
	for i, theirs := range drawn.Logprobs {
		ours := float64(logp[0][len(promptIDs)+i])
		if d := math.Abs(ours - theirs); !(d <= maxDifference) {
			return fmt.Errorf("checking %s: of a sequence that PyTorch drew, token %d has log-probability %.6f there and %.6f here", what, i, theirs, ours)
		}
	}

	ours := trainingOurs(m, batch)
	if _, err := ours(checkSteps); err != nil {
		return err
	}
	if err := p.ask("train", trainArgs(batch, checkSteps), &struct{}{}); err != nil {
		return err
	}
	after, _, err := against(nn.NewTrainer(m), p, batch)
	if err != nil {
		return err
	}
	if d := math.Abs(after.ours - after.theirs); !(d <= maxLossDifference) {
		return fmt.Errorf("checking %s: after %d steps the loss is %.6f here and %.6f in PyTorch", what, checkSteps, after.ours, after.theirs)
	}
	if !(after.ours < loss.ours) {
		return fmt.Errorf("checking %s: %d steps did not lower the loss (%.6f, then %.6f)", what, checkSteps, loss.ours, after.ours)
	}
	rep.note("%s: both sides agree: loss %.5f, then %.5f after %d steps (PyTorch %.5f, %.5f); log-probabilities to %.1g",
		what, loss.ours, after.ours, checkSteps, loss.theirs, after.theirs, worst)
	return nil
}

type losses struct{ ours, theirs float64 }

// against computes the mean loss of a batch on both sides, and the largest
// difference between log-probabilities.
func against(t *nn.Trainer, p *peer, batch []nn.Sequence) (losses, float64, error) {
	var l losses
	var r struct {
		Loss     float64
		Logprobs []float64
	}
	if err := p.ask("loss", map[string]any{"tokens": rows(batch)}, &r); err != nil {
		return l, 0, err
	}
	logp, err := t.Logprobs(context.Background(), batch)
	if err != nil {
		return l, 0, err
	}
	l.theirs = r.Loss
	worst, sum, at := 0.0, 0.0, 0
	for i := range batch {
		for j := 1; j < len(batch[i].Tokens); j++ {
			d := math.Abs(float64(logp[i][j]) - r.Logprobs[at])
			if !(d <= worst) { // so that NaN counts, too
				worst = d
			}
			sum += float64(logp[i][j])
			at++
		}
	}
	l.ours = -sum / float64(at)
	return l, worst, nil
}
