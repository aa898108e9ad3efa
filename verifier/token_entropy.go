package verifier

import (
	"context"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("token_entropy", registry.Doc{
		Summary: "Judges an attempt by how sharp the distributions of its tokens are.",
		Detail: "The value is exp(-H), where H is the mean entropy in nats of the distributions that the attempt's tokens, or those of its final " +
			"answer, stand in: in (0, 1], 1 where the model sees no other token, 1/2 where it hesitates between two throughout. " +
			"It is not a probability of being right, and there is no confidence. The seat reads the attempt at temperature 1.",
		Paper:   "Uncertainty Estimation in Autoregressive Structured Prediction (Malinin and Gales, 2021)",
		Example: "token_entropy: {over: answer}",
		Needs:   []string{registry.NeedEmbedded},
	}, newTokenEntropy)
}

// TokenEntropyConfig configures token_entropy.
type TokenEntropyConfig struct {
	Asking
	Over string `yaml:"over" enum:"attempt|answer" default:"attempt" doc:"Whose tokens count: those of the whole attempt or of its final answer."`
	Extract
}

func newTokenEntropy(_ context.Context, h core.Host, c TokenEntropyConfig) (core.Verifier, error) {
	s := tokenSignal{of: "entropy", value: func(mean float64) float64 { return math.Exp(-mean) }}
	if c.Over == "answer" {
		s.answer = &c.Extract
	}
	return newTokenSignal(h, "token_entropy", c.Seat, s)
}
