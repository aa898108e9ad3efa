package optimizer

import (
	"context"
	"errors"

	"pawl/core"
)

// head is a reward head to be trained, in place of what gives log-probs, or
// beside it.
type head struct {
	alone bool // the trunk stays
	loss  core.ValueLoss
	lm    float64 // weight of language modelling on right attempts
}

// add makes tr train the head. It comes after adapters and before averages.
func (h *head) add(ctx context.Context, tr core.Trainer) error {
	v, ok := tr.(core.ValueTrainer)
	if !ok {
		return errors.New("this trainer cannot train a head; name a model that runs in this process")
	}
	return v.AddHead(ctx, core.PartRewardHead, h.alone)
}

// pointsOf are the points of the picked rows.
func pointsOf(rows []row, picked []int) [][]point {
	out := make([][]point, len(picked))
	for i, k := range picked {
		out[i] = rows[k].points
	}
	return out
}

// gradient gives the trainer the gradient of one batch and returns the loss. The
// loss sees the whole batch; of several parts, each is computed once more, since
// a trainer goes back through the part it saw last.
func (h *head) gradient(ctx context.Context, tr core.ValueTrainer, b *core.Batch, points [][]point, parts int) (float64, error) {
	forward := tr.Values
	if h.lm > 0 {
		forward = tr.LogprobsValues
	}
	b.Values, b.ValueGrad = sizedValues(b.Values, b.Tokens), sizedValues(b.ValueGrad, b.Tokens)
	if err := inParts(b, parts, func(p *core.Batch) error { return forward(ctx, p) }); err != nil {
		return 0, err
	}
	loss := h.values(b, points) + h.imitate(b)
	return loss, inParts(b, parts, func(p *core.Batch) error {
		if parts > 1 {
			if err := forward(ctx, p); err != nil {
				return err
			}
		}
		return tr.BackwardValues(ctx, p)
	})
}

// values fills b.ValueGrad and returns the loss of the head. Losses that compare
// attempts see one value of each, in the groups of the batch; others see each
// point for itself.
func (h *head) values(b *core.Batch, points [][]point) float64 {
	var values []float64
	var each []core.Group
	for i, of := range points {
		for _, p := range of {
			each = append(each, core.Group{First: len(values), Labels: []float64{p.target}})
			values = append(values, float64(b.Values[i][p.at]))
		}
	}
	if h.loss.Pairs {
		each = b.Groups
	}
	slopes := make([]float64, len(values))
	loss := h.loss.Mean(values, slopes, each)
	next := 0
	for i, of := range points {
		for _, p := range of {
			b.ValueGrad[i][p.at] = float32(slopes[next])
			next++
		}
	}
	return loss
}

// imitate fills b.Grad with the gradient of language modelling and returns its
// loss: the mean negative log-prob, by token, of the attempts that are right,
// which is what a solver would be taught, times its weight.
func (h *head) imitate(b *core.Batch) float64 {
	if h.lm == 0 {
		return 0
	}
	var of []int
	tokens := 0.0
	for _, g := range b.Groups {
		for k, label := range g.Labels {
			if i := g.First + k; label > 0.5 {
				of = append(of, i)
				for _, w := range b.Weights[i][1:] {
					if w > 0 {
						tokens++
					}
				}
			}
		}
	}
	loss := 0.0
	for _, i := range of {
		for t := 1; t < len(b.Weights[i]); t++ {
			if b.Weights[i][t] > 0 {
				loss -= h.lm * float64(b.Logprobs[i][t]) / tokens
				b.Grad[i][t] = float32(-h.lm / tokens)
			}
		}
	}
	return loss
}
