package verifier

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("step_values", registry.Doc{
		Summary: "Values each step of an attempt by how often completions sampled from its end come out right; trains nothing.",
		Detail: "From the end of every step but the last a seat completes the attempt several times; `by` tells which completions are right. " +
			"`estimate: soft` values a step by the share that is, `hard` by whether any is. The last step has the verdict on the attempt itself. " +
			"`value` makes one figure of the steps: the least, the last, or their mean. " +
			"Completions on which `by` abstains do not count; where a step has no verdict at all, the attempt is abstained on. " +
			"By a vote no reference is needed: attempts and completions of a task vote together. Attempts that begin alike share their completions. " +
			"Steps are cut as `stepwise` cuts them; those that are nodes get scores of their own where whole episodes are judged. " +
			"With `dense` the score of an attempt also has the value of each token's step, aligned with its tokens, for objectives that credit tokens. " +
			"A value tells what the seat can make of the step: a strong one gets right what a wrong step began, a weak one nothing. " +
			"ReST-MCTS* reads such shares off a search tree and mixes them with the distance to the answer, which this does not; attempts with turns of others in between are abstained on here: `move_values` plays on from those, as IPR does. " +
			"It asks as many completions as there are steps times `completions`.",
		Paper:   "Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations (Wang et al., 2023); ReST-MCTS*: LLM Self-Training via Process Reward Guided Tree Search (Zhang et al., 2024)",
		ID:      "S055",
		Example: "step_values: {by: majority_vote, completions: 4}",
	}, newStepValues)
}

// StepValuesConfig configures step_values.
type StepValuesConfig struct {
	Exploring
	Estimate string `yaml:"estimate" enum:"soft|hard" default:"soft" doc:"Whether a step is worth the share of completions that are right, or 1 where any is."`
	Value    string `yaml:"value" enum:"least|last|mean" default:"least" doc:"What is made of the steps' values; last is the verdict on the attempt alone."`
	Dense    bool   `yaml:"dense" default:"false" doc:"Give each token of an attempt the value of its step as well; the seat reads the attempt for it, and must have sampled it."`
}

// Needs is the engine in the binary where tokens are to be told apart.
func (c StepValuesConfig) Needs() []string {
	if c.Dense {
		return []string{registry.NeedEmbedded}
	}
	return nil
}

func newStepValues(ctx context.Context, h core.Host, c StepValuesConfig) (core.Verifier, error) {
	x, err := newExplorer(ctx, h, c.Exploring)
	if err != nil {
		return nil, fmt.Errorf("making step_values: %w", err)
	}
	v := stepValues{c, x}
	return exploring{attempts{"step_values", "valuing steps by their completions", v.judge}, x}, nil
}

type stepValues struct {
	cfg StepValuesConfig
	*explorer
}

func (v stepValues) judge(ctx context.Context, items []item) ([]ruling, error) {
	all, err := v.explore(ctx, items, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, e := range all {
		var values []float64
		rulings[i], values = v.rule(e)
		all[i].values = values
		rulings[i].usage = e.usage
	}
	if v.cfg.Dense {
		return rulings, v.spread(ctx, items, all, rulings)
	}
	return rulings, nil
}

// rule values each step and makes one figure of them. A step without a verdict
// may be the worst or the best, so that nothing can be said of the whole.
func (v stepValues) rule(e explored) (ruling, []float64) {
	if e.silent != "" {
		return e.unexplored(), nil
	}
	values, shown := make([]float64, len(e.tallies)), make([]string, len(e.tallies))
	for k, t := range e.tallies {
		if t.judged == 0 {
			return silent(fmt.Sprintf("step %d of %d has no verdict: %s", k+1, len(e.steps), t.why)), nil
		}
		if values[k] = t.share(); v.cfg.Estimate == "hard" {
			values[k] = truth(t.accepted > 0)
		}
		shown[k] = fmt.Sprintf("%.3g", values[k])
	}
	value := combined(v.cfg.Value, values)
	r := said(value, 0, "steps are worth "+strings.Join(shown, ", "))
	return v.kept(r, e.cut, values), values
}

// spread gives each token of an attempt the value of the step that it belongs to.
// Steps that are nodes have tokens of their own, and a value each; an attempt
// without the seat's ids has no tokens that a value could be of.
func (v stepValues) spread(ctx context.Context, items []item, all []explored, rulings []ruling) error {
	var paths [][]core.Node
	var of []int
	for i, it := range items {
		path := asRead(it, v.explorer.cfg.Seat)
		if len(all[i].values) > 0 && len(all[i].nodes) < 2 && len(path[len(path)-1].TokenIDs) > 0 {
			paths, of = append(paths, path), append(of, i)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	seen, err := readAll(ctx, v.explorer.cfg.Seat, v.actor, paths, core.Reading{})
	if err != nil {
		return err
	}
	for k, i := range of {
		if seen[k] != nil {
			rulings[i].score.Dense = perToken(seen[k].Text, all[i].steps, all[i].values)
			rulings[i].usage.Add(core.Usage{Calls: 1})
		}
	}
	return nil
}

// perToken is the value of the step in which each token begins, given what each
// completes of the text: one that completes nothing begins what the next completes,
// and the end belongs to the last step.
func perToken(pieces, steps []string, values []float64) []float32 {
	dense := make([]float32, len(pieces))
	step, end, at := 0, len(steps[0]), 0
	for i, p := range pieces {
		for at >= end && step+1 < len(steps) {
			step++
			end += len(steps[step])
		}
		dense[i] = float32(values[step])
		at += len(p)
	}
	return dense
}
