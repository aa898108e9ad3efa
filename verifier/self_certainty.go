package verifier

import (
	"context"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("self_certainty", registry.Doc{
		Summary: "Judges an attempt by how far from uniform the distributions of its tokens are.",
		Detail: "The value is the mean over the attempt's tokens of the divergence KL(U || p) of their distributions p from the uniform U, " +
			"-1/V Σ log(V p), in nats: 0 where the model is at a loss, and more without bound the surer it is. It is not a probability, and there is no " +
			"confidence; it ranks attempts at one task. " +
			"The seat reads the attempt at temperature 1.",
		Paper:   "Scalable Best-of-N Selection for Large Language Models via Self-Certainty (Kang et al., 2025)",
		ID:      "S063",
		Example: "self_certainty",
		Needs:   []string{registry.NeedEmbedded},
	}, newSelfCertainty)
}

// SelfCertaintyConfig configures self_certainty.
type SelfCertaintyConfig struct{ Asking }

func newSelfCertainty(_ context.Context, h core.Host, c SelfCertaintyConfig) (core.Verifier, error) {
	return newTokenSignal(h, "self_certainty", c.Seat, tokenSignal{
		of: "divergence from uniform", reduce: fromUniform, value: func(mean float64) float64 { return mean },
	})
}

// fromUniform is KL(U || p) = -1/V Σ log(V p), in nats.
func fromUniform(logp []float32) float32 {
	return float32(-mean(logp) - math.Log(float64(len(logp))))
}
