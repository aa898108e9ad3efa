package verifier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("reward_model", registry.Doc{
		Summary: "Judges an attempt by the reward head of a model: a verifier that was trained, and asks nothing.",
		Detail: "The seat's policy must have a reward head, as the optimizer `train_verifier` makes, or all attempts are abstained on. The value is 1 / (1 + exp(-v)), " +
			"v being what the head makes of the end of the attempt. After training on outcomes that is the probability of being right, and the " +
			"confidence that of the likelier verdict; after training on pairs, v says which attempt at a task is better and has no zero " +
			"of its own, so rank by it, and let `calibrated` say what it is worth. `steps` is for heads that were trained on steps: the end of every step is valued, all in one pass, " +
			"and the value is the least of them (Let's Verify Step by Step, Lightman et al., 2023, compare it with the product; Math-Shepherd takes the least), their product, mean, or the last; " +
			"steps that are nodes get scores of their own where whole episodes are judged. They are cut as `stepwise` cuts them. " +
			"An attempt that the seat cannot hold is abstained on.",
		Paper:   "Training Verifiers to Solve Math Word Problems (Cobbe et al., 2021)",
		Example: "reward_model: {seat: judge, steps: least}",
		Needs:   []string{registry.NeedEmbedded},
	}, newRewardModel)
}

// RewardModelConfig configures reward_model.
type RewardModelConfig struct {
	Seat  string `yaml:"seat" ref:"seat" required:"true" doc:"Seat whose policy has the reward head."`
	Steps string `yaml:"steps" enum:"none|least|product|mean|last" default:"none" doc:"What is made of the values of steps; none values the end of the attempt alone."`
}

func newRewardModel(_ context.Context, h core.Host, c RewardModelConfig) (core.Verifier, error) {
	if c.Steps == "" || c.Steps == "none" {
		r, err := newHeaded(h, c.Seat)
		if err != nil {
			return nil, fmt.Errorf("making reward_model: %w", err)
		}
		return attempts{"reward_model", "valuing attempts with a reward head", r.judge}, nil
	}
	r := rewardModel{seat: c.Seat, steps: c.Steps}
	actor, err := h.Actor(c.Seat)
	if err != nil {
		return nil, fmt.Errorf("making reward_model: %w", err)
	}
	valuer, ok := actor.(core.TokenValuer)
	if !ok {
		return nil, fmt.Errorf("making reward_model: %s cannot value texts step by step; name a seat whose model runs in this process, and train its head with train_verifier", c.Seat)
	}
	if r.dialect, err = prompt.DialectOf(h, c.Seat); err != nil {
		return nil, fmt.Errorf("making reward_model: %w", err)
	}
	r.tokens = valuer.TokenValues
	return attempts{"reward_model", "valuing steps with a reward head", r.judgeSteps}, nil
}

// newHeaded finds the head of a seat that values whole texts.
func newHeaded(h core.Host, seat string) (rewardModel, error) {
	actor, err := h.Actor(seat)
	if err != nil {
		return rewardModel{}, err
	}
	valuer, ok := actor.(core.Valuer)
	if !ok {
		return rewardModel{}, fmt.Errorf("%s cannot value texts; name a seat whose model runs in this process, and train its head with train_verifier", seat)
	}
	return rewardModel{seat: seat, values: valuer.Values}, nil
}

type rewardModel struct {
	seat, steps, dialect string
	values               func(context.Context, [][]core.Node) ([]float64, error)
	tokens               func(context.Context, [][]core.Node) ([]core.TokenValues, error)
}

func (r rewardModel) judge(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, len(items))
	for i, it := range items {
		paths[i] = ownIDs(it.ep.PathNodes(it.at), r.seat)
	}
	return headed(ctx, r.seat, items, paths, r.values, func(_ int, v float64) ruling {
		return r.sure(v, "the reward head gives %.3f")
	})
}

// sure is the ruling that v, as log-odds of being right, is worth.
func (r rewardModel) sure(v float64, why string) ruling {
	if !finite(v) {
		return silent(fmt.Sprintf("the head of %s gives %v", r.seat, v))
	}
	return sureOf(1/(1+math.Exp(-v)), fmt.Sprintf(why, v))
}

// judgeSteps values the end of every step.
func (r rewardModel) judgeSteps(ctx context.Context, items []item) ([]ruling, error) {
	paths := make([][]core.Node, len(items))
	cuts := make([]cut, len(items))
	for i, it := range items {
		paths[i], cuts[i] = asRead(it, r.seat), cutSteps(it, r.dialect)
	}
	return headed(ctx, r.seat, items, paths, r.tokens, func(i int, v core.TokenValues) ruling {
		c := cuts[i]
		if len(c.steps) == 0 {
			return said(0, 0, "says nothing")
		}
		ends, total := make([]int, len(c.steps)), 0
		for k, s := range c.steps {
			total += len(s)
			ends[k] = total
		}
		at, err := core.StepEnds(v.Text, ends)
		if err != nil {
			return silent(err.Error())
		}
		values, shown := make([]float64, len(at)), make([]string, len(at))
		for k, t := range at {
			if !finite(v.Values[t]) {
				return silent(fmt.Sprintf("the head of %s gives %v", r.seat, v.Values[t]))
			}
			values[k] = 1 / (1 + math.Exp(-v.Values[t]))
			shown[k] = fmt.Sprintf("%.3g", values[k])
		}
		ruled := sureOf(combined(r.steps, values), "steps are worth "+strings.Join(shown, ", "))
		ruled.of = c.onNodes(values)
		return ruled
	})
}

// headed are the rulings that say makes of what a head makes of each path. A
// policy that has no head yet says nothing of any.
func headed[V any](ctx context.Context, seat string, items []item, paths [][]core.Node, values func(context.Context, [][]core.Node) ([]V, error), say func(i int, v V) ruling) ([]ruling, error) {
	rulings := make([]ruling, len(items))
	given, long, err := core.Fitting(paths, func(part [][]core.Node) ([]V, error) { return values(ctx, part) })
	if none := (*core.NoHeadError)(nil); errors.As(err, &none) {
		for i := range rulings {
			rulings[i] = silent("the policy of " + seat + " has no reward head yet; train_verifier trains one")
		}
		return rulings, nil
	}
	if err != nil {
		return nil, err
	}
	for i, v := range given {
		if long[i] {
			rulings[i] = silent(tooLongFor(seat))
			continue
		}
		rulings[i] = say(i, v)
		rulings[i].usage = core.Usage{Calls: 1}
	}
	return rulings, nil
}
