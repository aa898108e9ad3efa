package objective

import (
	"context"
	"errors"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Loss("dpo", registry.Doc{
		Summary: "Learns from preferences: to raise what was chosen over what was rejected, against a reference.",
		Detail: "The loss of a pair is -log sigmoid(beta * margin), where the margin is by how much the log-probability of the chosen attempt has risen " +
			"over the reference beyond that of the rejected one. An example is the attempts at a task with their labels, as `pairs` selects them; of each two " +
			"that differ the one of the higher label is chosen, and the pairs of an example count together as much as those of any other. With `nll` the mean negative " +
			"log-probability of a chosen attempt's tokens is added (Iterative Reasoning Preference Optimization, Pang et al., 2024), " +
			"which keeps likely what is chosen: the margin alone may grow while both fall. The reference is the optimizer's, by default what training starts from.",
		Paper:   "Direct Preference Optimization: Your Language Model is Secretly a Reward Model (Rafailov et al., 2023)",
		Example: "train: {objective: {dpo: {beta: 0.5, nll: 1}}, reference: base}",
	}, func(_ context.Context, _ core.Host, c DPOConfig) (core.Loss, error) {
		if !(c.Beta > 0) {
			return core.Loss{}, errors.New("building dpo: beta must be above 0; with 0 nothing is learnt")
		}
		return core.Loss{Objective: DPO(c.Beta, c.NLL), Reference: true}, nil
	})
}

// DPOConfig configures dpo.
type DPOConfig struct {
	Beta float64 `yaml:"beta" default:"0.1" min:"0" doc:"How strongly the reference holds: rewards are beta times the log-ratio to it."`
	NLL  float64 `yaml:"nll" default:"0" min:"0" doc:"Weight of the chosen attempts' mean negative log-probability."`
}

// DPO is the mean over groups of the mean, over their pairs of unlike labels, of
// -log sigmoid(r(chosen) - r(rejected)), where r is beta times the sum over a
// sequence's tokens of weight w of w*(logp - reference), in nats (Rafailov et al.
// 2023, equation 7). nll times the chosen sequence's mean negative log-prob, by
// weight, is added to each pair (Pang et al. 2024, equation 2). Groups
// without such a pair add 0.
func DPO(beta, nll float64) core.Objective {
	return func(b *core.Batch) float64 {
		clearGrad(b)
		rewards, slopes := make([]float64, len(b.Tokens)), make([]float64, len(b.Tokens))
		for i, ws := range b.Weights {
			for t := 1; t < len(ws); t++ {
				if w := float64(ws[t]); w != 0 {
					rewards[i] += beta * w * (float64(b.Logprobs[i][t]) - float64(b.Reference[i][t]))
				}
			}
		}
		loss := Pairwise(rewards, slopes, b.Groups)
		for i, slope := range slopes {
			addGrad(b, i, beta*slope)
		}
		if nll == 0 {
			return loss
		}
		for _, g := range b.Groups {
			share := 1 / float64(len(b.Groups)*max(pairs(g.Labels), 1))
			for k, label := range g.Labels {
				for _, other := range g.Labels {
					if label > other {
						loss += imitate(b, g.First+k, nll*share)
					}
				}
			}
		}
		return loss
	}
}

// imitate is by times the mean negative log-prob of sequence i, whose gradient it
// adds.
func imitate(b *core.Batch, i int, by float64) float64 {
	var sum, weight float64
	for t, w := range b.Weights[i] {
		if t > 0 && w != 0 {
			sum -= float64(w) * float64(b.Logprobs[i][t])
			weight += float64(w)
		}
	}
	if weight <= 0 {
		return 0
	}
	addGrad(b, i, -by/weight)
	return by * sum / weight
}

// addGrad adds to the gradient of sequence i that of by times its summed
// log-probs, by weight.
func addGrad(b *core.Batch, i int, by float64) {
	for t := 1; t < len(b.Weights[i]); t++ {
		b.Grad[i][t] += float32(by * float64(b.Weights[i][t]))
	}
}
