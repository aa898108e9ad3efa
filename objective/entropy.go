package objective

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Loss("entropy", registry.Doc{
		Summary: "Another objective, with a bonus for staying undecided.",
		Detail: "Subtracts coefficient times the entropy of the policy's distribution from the objective `with`, in nats per " +
			"token; a negative coefficient makes the policy sharper. The entropy is that of the whole distribution, not an " +
			"estimate from samples. Only the embedded model can be trained so.",
		Paper:   "Function Optimization Using Connectionist Reinforcement Learning Algorithms (Williams and Peng, 1991)",
		Example: "train: {objective: {entropy: {coefficient: 0.01, with: sft}}}",
	}, func(ctx context.Context, h core.Host, c EntropyConfig) (core.Loss, error) {
		return with(ctx, h, c.With, core.Loss{Row: EntropyBonus(c.Coefficient)})
	})
}

// EntropyConfig configures the bonus.
type EntropyConfig struct {
	Coefficient float64   `yaml:"coefficient" default:"0.01" doc:"Weight of the entropy."`
	With        core.Spec `yaml:"with" kind:"objective" default:"sft" doc:"The objective it is added to."`
}

// EntropyBonus is minus coefficient times the entropy of the policy, in nats:
// coefficient·Σ q_j·log q_j, with the gradient coefficient·q_j·(log q_j + 1).
func EntropyBonus(coefficient float64) core.RowLoss {
	return func(r *core.Row) float64 {
		sum := 0.0
		n := len(r.Logprobs)
		lqs, qs, grad := r.Logprobs[:n], r.Probs[:n], r.Grad[:n]
		for j, q := range qs {
			if q != 0 {
				d := float64(q) * float64(lqs[j])
				sum += d
				grad[j] += float32(coefficient * (d + float64(q)))
			}
		}
		return coefficient * sum
	}
}
