package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("compare", registry.Doc{
		Summary: "Lets a model compare attempts two by two, in both orders, and judges an attempt by its share of wins.",
		Detail: "Each pair is asked about twice, A and B exchanged; verdicts that differ are a tie, as are attempts of equal words, about which nobody is asked. " +
			"The value of an attempt is its win share: wins plus half of the ties, over the comparisons that have a verdict. With `opponents` each meets a few others only. " +
			"Each pair has two scores beside it, in the order shown: P(first beats second), from which `order_bias` tells how often the order decides. " +
			"A pair without a verdict in one of its orders counts for nothing. An attempt alone is abstained on. " +
			"With `by: letter` nothing is drawn: a comparison is worth P(A) / (P(A) + P(B)) of the two replies, and a pair the mean of both orders, " +
			"so that what a place is worth by itself cancels and a narrow win counts for less than a clear one; judges that reason before they " +
			"choose do not get to.",
		Paper:   "A Minimaximalist Approach to Reinforcement Learning from Human Feedback (Swamy et al., 2024); Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena (Zheng et al., 2023)",
		ID:      "S250",
		Example: "compare: {seat: judge, opponents: 4}",
	}, newCompare)
}

// CompareConfig configures compare.
type CompareConfig struct {
	Judging
	Duelling
	By     string `yaml:"by" enum:"words|letter" default:"words" doc:"Whether the seat replies, or the probabilities of the replies A and B are read."`
	Prompt string `yaml:"prompt" ref:"prompt" default:"compare" doc:"How the seat is asked."`
}

// Needs are log-probabilities where letters are read.
func (c CompareConfig) Needs() []string {
	if c.By == "letter" {
		return []string{registry.NeedLogprobs}
	}
	return nil
}

func newCompare(_ context.Context, h core.Host, c CompareConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Compare
	}
	p, err := newPanel(h, c.Judging, c.Prompt, aOrB)
	if err != nil {
		return nil, fmt.Errorf("making compare: %w", err)
	}
	d := duels{cfg: c.Duelling, keep: c.Judging, seed: p.seed, ask: firsts(p)}
	if c.By == "letter" {
		d.ask = p.letters
	}
	return groups{"compare", "comparing attempts", d.judge}, nil
}
