package objective

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Loss("kl", registry.Doc{
		Summary: "Another objective, with a penalty for leaving the reference.",
		Detail: "Adds coefficient*KL to the objective `with`, in nats per token, computed exactly from the whole distributions " +
			"rather than estimated from samples. `reverse` is KL(policy || reference), the penalty of reinforcement learning " +
			"from feedback; `forward` is KL(reference || policy). The reference is the optimizer's: by default what training " +
			"starts from. Only the embedded model can be trained so.",
		Paper:   "Fine-Tuning Language Models from Human Preferences (Ziegler et al., 2019)",
		Example: "train: {objective: {kl: {coefficient: 0.1, with: sft}}, reference: base}",
	}, newKL)
}

// KLConfig configures the penalty.
type KLConfig struct {
	Coefficient float64   `yaml:"coefficient" default:"0.1" min:"0" doc:"Weight of the divergence."`
	Direction   string    `yaml:"direction" enum:"reverse|forward" default:"reverse" doc:"reverse is KL(policy || reference)."`
	With        core.Spec `yaml:"with" kind:"objective" default:"sft" doc:"The objective it is added to."`
}

func newKL(ctx context.Context, h core.Host, c KLConfig) (core.Loss, error) {
	divergence := reverseKL
	if c.Direction == "forward" {
		divergence = forwardKL
	}
	return with(ctx, h, c.With, core.Loss{Row: divergence(c.Coefficient), Reference: true})
}

// with builds another objective and adds l to it.
func with(ctx context.Context, h core.Host, s core.Spec, l core.Loss) (core.Loss, error) {
	built, err := h.Build(ctx, s)
	if err != nil {
		return l, fmt.Errorf("building the objective %s: %w", s.Label(), err)
	}
	other, ok := core.AsLoss(built)
	if !ok {
		return l, fmt.Errorf("building the objective %s: it is a %T, not an objective", s.Label(), built)
	}
	return other.Plus(l), nil
}
