package verifier

import (
	"context"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("token_margin", registry.Doc{
		Summary: "Judges an attempt by how far the likeliest token leads at each of its tokens.",
		Detail: "The value is the mean over the attempt's tokens of the difference between the probabilities of the two likeliest tokens, in [0, 1]. " +
			"It is not a probability of being right, and there is no confidence. The seat reads the attempt at temperature 1. " +
			"The paper takes the mean over the final answer alone: that is answer_confidence.",
		Paper:   "Chain-of-Thought Reasoning Without Prompting (Wang and Zhou, 2024)",
		Example: "token_margin",
		Needs:   []string{registry.NeedEmbedded},
	}, newTokenMargin)
}

// TokenMarginConfig configures token_margin.
type TokenMarginConfig struct{ Asking }

func newTokenMargin(_ context.Context, h core.Host, c TokenMarginConfig) (core.Verifier, error) {
	return newTokenSignal(h, "token_margin", c.Seat, margins(nil))
}

// margins are the margins of the tokens of a text, or of its final answer.
func margins(of *Extract) tokenSignal {
	return tokenSignal{of: "margin", reduce: margin, value: func(mean float64) float64 { return mean }, answer: of}
}

// margin is the difference between the two largest probabilities.
func margin(logp []float32) float32 {
	first, second := float32(math.Inf(-1)), float32(math.Inf(-1))
	for _, l := range logp {
		if l > first {
			first, second = l, first
		} else if l > second {
			second = l
		}
	}
	return float32(math.Exp(float64(first)) - math.Exp(float64(second)))
}
