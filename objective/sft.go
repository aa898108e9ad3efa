package objective

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Objective("sft", registry.Doc{
		Summary: "Learns the examples by heart: the mean negative log-prob of their tokens.",
		Detail: "The mean is over all tokens of the batch, by weight, in nats per token; tokens of weight 0 (prompts) are not " +
			"learnt. Papers often sum over a solution's tokens and average over solutions; within a batch that weighs the " +
			"tokens alike, too, and differs by a factor.",
		Example: "train: {objective: sft}",
	}, func(context.Context, core.Host, SFTConfig) (core.Objective, error) { return SFT, nil })
}

// SFTConfig has no settings.
type SFTConfig struct{}

// SFT is the loss -sum(w*logp)/sum(w) over all tokens of the batch but those at
// position 0, in nats per token, and its gradient -w/sum(w). A batch without
// weight has loss 0 and gradient 0. Weights may be negative (to unlearn) as
// long as their sum is positive; a sum below zero counts as none.
func SFT(b *core.Batch) float64 {
	var total, weight float64
	for s, ws := range b.Weights {
		for i := 1; i < len(ws); i++ {
			if w := float64(ws[i]); w != 0 { // log-probs of masked tokens need not be finite
				total -= w * float64(b.Logprobs[s][i])
				weight += w
			}
		}
	}
	inverse := 0.0
	if weight > 0 {
		inverse = 1 / weight
	}
	clearGrad(b)
	for s, ws := range b.Weights {
		for i := 1; i < len(ws); i++ {
			b.Grad[s][i] = float32(-float64(ws[i]) * inverse)
		}
	}
	return total * inverse
}

// clearGrad gives b a zero gradient of the batch's shape, in the arrays that
// are there where they are large enough.
func clearGrad(b *core.Batch) {
	if cap(b.Grad) < len(b.Tokens) {
		b.Grad = make([][]float32, len(b.Tokens))
	}
	b.Grad = b.Grad[:len(b.Tokens)]
	for s, tokens := range b.Tokens {
		if cap(b.Grad[s]) < len(tokens) {
			b.Grad[s] = make([]float32, len(tokens))
		}
		b.Grad[s] = b.Grad[s][:len(tokens)]
		clear(b.Grad[s])
	}
}
