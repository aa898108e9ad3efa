package verifier

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("answer_confidence", registry.Doc{
		Summary: "Judges an attempt by how sure the model is of the tokens of its final answer.",
		Detail: "The value is the mean over the tokens of the final answer of the difference between the probabilities of the two likeliest tokens " +
			"(as in Chain-of-Thought Reasoning Without Prompting, Wang and Zhou, 2024), in [0, 1]; the code of RLSF's authors takes the mean over the span too. A token that holds the answer together with " +
			"other characters counts. The seat reads the attempt at temperature 1. " +
			"It ranks attempts; it is not a probability of being right, and there is no confidence. An attempt that gives no answer is abstained on.",
		Paper:   "Post-Training Large Language Models via Reinforcement Learning from Self-Feedback (van Niekerk et al., 2025)",
		ID:      "S245",
		Example: "answer_confidence: {extract: hashes}",
		Needs:   []string{registry.NeedEmbedded},
	}, newAnswerConfidence)
}

// AnswerConfidenceConfig configures answer_confidence.
type AnswerConfidenceConfig struct {
	Asking
	Extract
}

func newAnswerConfidence(_ context.Context, h core.Host, c AnswerConfidenceConfig) (core.Verifier, error) {
	return newTokenSignal(h, "answer_confidence", c.Seat, margins(&c.Extract))
}
