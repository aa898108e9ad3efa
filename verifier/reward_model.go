package verifier

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("reward_model", registry.Doc{
		Summary: "Judges an attempt by the reward head of a model: a verifier that was trained, and asks nothing.",
		Detail: "The seat's policy must have a reward head, as the optimizer `train_verifier` makes. The value is 1 / (1 + exp(-v)), " +
			"v being what the head makes of the end of the attempt. After training on outcomes that is the probability of being right, and the " +
			"confidence that of the likelier verdict; after training on pairs, v says which attempt at a task is better and has no zero " +
			"of its own, so rank by it, and let `calibrated` say what it is worth. An attempt that the seat cannot hold is abstained on.",
		Paper:   "Training Verifiers to Solve Math Word Problems (Cobbe et al., 2021)",
		Example: "reward_model: {seat: judge}",
		Needs:   []string{registry.NeedEmbedded},
	}, newRewardModel)
}

// RewardModelConfig configures reward_model.
type RewardModelConfig struct {
	Seat string `yaml:"seat" ref:"seat" required:"true" doc:"Seat whose policy has the reward head."`
}

func newRewardModel(_ context.Context, h core.Host, c RewardModelConfig) (core.Verifier, error) {
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, fmt.Errorf("making reward_model: %w", err)
	}
	valuer, ok := actor.(core.Valuer)
	if !ok {
		return nil, fmt.Errorf("making reward_model: %s cannot value texts; name a seat whose model runs in this process, and train its head with train_verifier", c.Seat)
	}
	r := rewardModel{c.Seat, valuer}
	return attempts{"reward_model", "valuing attempts with a reward head", r.judge}, nil
}

type rewardModel struct {
	seat   string
	valuer core.Valuer
}

func (r rewardModel) judge(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, len(items))
	for i, it := range items {
		paths[i] = ownIDs(it.ep.PathNodes(it.at), r.seat)
	}
	values, long, err := core.Fitting(paths, func(part [][]core.Node) ([]float64, error) { return r.valuer.Values(ctx, part) })
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, v := range values {
		if long[i] {
			rulings[i] = silent(tooLongFor(r.seat))
			continue
		}
		if !finite(v) {
			rulings[i] = silent(fmt.Sprintf("the head of %s gives %v", r.seat, v))
			continue
		}
		rulings[i] = sureOf(1/(1+math.Exp(-v)), fmt.Sprintf("the reward head gives %.3f", v))
		rulings[i].usage = core.Usage{Calls: 1}
	}
	return rulings, nil
}
