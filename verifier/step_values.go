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
			"A value tells what the seat can make of the step: a strong one gets right what a wrong step began, a weak one nothing. " +
			"ReST-MCTS* reads such shares off a search tree and mixes them with the distance to the answer, which this does not; IPR lets an agent act on in its environment: attempts with turns of others in between are abstained on here. " +
			"It asks as many completions as there are steps times `completions`.",
		Paper:   "Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations (Wang et al., 2023); ReST-MCTS*: LLM Self-Training via Process Reward Guided Tree Search (Zhang et al., 2024); Watch Every Step! LLM Agent Learning via Iterative Step-Level Process Refinement (Xiong et al., 2024)",
		ID:      "S055",
		Example: "step_values: {by: majority_vote, completions: 4}",
	}, newStepValues)
}

// StepValuesConfig configures step_values.
type StepValuesConfig struct {
	Exploring
	Estimate string `yaml:"estimate" enum:"soft|hard" default:"soft" doc:"Whether a step is worth the share of completions that are right, or 1 where any is."`
	Value    string `yaml:"value" enum:"least|last|mean" default:"least" doc:"What is made of the steps' values; last is the verdict on the attempt alone."`
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
		rulings[i] = v.rule(e)
		rulings[i].usage = e.usage
	}
	return rulings, nil
}

// rule values each step and makes one figure of them. A step without a verdict
// may be the worst or the best, so that nothing can be said of the whole.
func (v stepValues) rule(e explored) ruling {
	if e.silent != "" {
		return e.unexplored()
	}
	values, shown := make([]float64, len(e.tallies)), make([]string, len(e.tallies))
	for k, t := range e.tallies {
		if t.judged == 0 {
			return silent(fmt.Sprintf("step %d of %d has no verdict: %s", k+1, len(e.steps), t.why))
		}
		if values[k] = t.share(); v.cfg.Estimate == "hard" {
			values[k] = truth(t.accepted > 0)
		}
		shown[k] = fmt.Sprintf("%.3g", values[k])
	}
	value := combined(v.cfg.Value, values)
	r := said(value, 0, "steps are worth "+strings.Join(shown, ", "))
	return v.kept(r, e.cut, values)
}
