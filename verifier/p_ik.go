package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/prompt"
	"pawl/registry"
)

func init() {
	registry.Verifier("p_ik", registry.Doc{
		Summary: "Judges all attempts at a task by the probability with which a model says beforehand that it would solve it.",
		Detail: "The seat is shown the task and no attempt, and asked whether it would be right; the value is P(yes) / (P(yes) + P(no)), read from " +
			"its log-probabilities, the same for all attempts at the task. Where the attempts are the seat's own, it is an estimate of how many are " +
			"right. It costs one question a task, and helps to decide whether to try, to pass, or to ask somebody else. " +
			"The paper trains a head to tell this, P(IK), from the hidden state after the question: with `head: true` the value is that of the seat's reward head, " +
			"as `train_verifier` with `level: task` makes it, and without a head there is no verdict. Else the model is asked in words, untrained.",
		Paper:   "Language Models (Mostly) Know What They Know (Kadavath et al., 2022)",
		ID:      "S045",
		Example: "p_ik",
		Needs:   []string{registry.NeedLogprobs},
	}, newPIK)
}

// PIKConfig configures p_ik.
type PIKConfig struct {
	Asking
	Prompt string `yaml:"prompt" ref:"prompt" default:"know" doc:"How the seat is asked."`
	Head   bool   `yaml:"head" default:"false" doc:"Take what the reward head of the seat makes of the task, in place of asking."`
}

func newPIK(_ context.Context, h core.Host, c PIKConfig) (core.Verifier, error) {
	if c.Prompt == "" {
		c.Prompt = prompt.Know
	}
	const doing = "reading the probability that tasks are solved"
	if c.Head {
		if c.Seat == "" {
			c.Seat = "solver"
		}
		r, err := newHeaded(h, c.Seat)
		if err != nil {
			return nil, fmt.Errorf("making p_ik: %w", err)
		}
		return attempts{"p_ik", doing, r.judgeTasks}, nil
	}
	a, err := newInterviewer(h, c.Seat, c.Prompt)
	if err != nil {
		return nil, fmt.Errorf("making p_ik: %w", err)
	}
	return attempts{"p_ik", doing, pIK{a}.judge}, nil
}

type pIK struct{ *interviewer }

func (p pIK) judge(ctx context.Context, items []item) ([]ruling, error) {
	var qs []question
	of := byTask(items, func(it item) { qs = append(qs, question{data: prompt.Data{Task: it.ep.Task.Prompt}}) })
	yes, why, err := p.yes(ctx, qs)
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, k := range of {
		if why[k] != "" {
			rulings[i] = silent(why[k])
			continue
		}
		rulings[i] = sureOf(yes[k], fmt.Sprintf("before trying, yes has %.3f of the probability of yes and no", yes[k]))
		if i == 0 || of[i-1] != k {
			rulings[i].usage = core.Usage{Calls: 1}
		}
	}
	return rulings, nil
}

// judgeTasks values tasks alone.
func (r rewardModel) judgeTasks(ctx context.Context, items []item) ([]ruling, error) {
	var tasks []item
	var paths [][]core.Node
	of := byTask(items, func(it item) {
		tasks, paths = append(tasks, it), append(paths, it.ep.PathNodes(it.ep.Root()))
	})
	per, err := headed(ctx, r.seat, tasks, paths, r.values, func(_ int, v float64) ruling {
		return r.sure(v, "before trying, the head gives %.3f")
	})
	if err != nil {
		return nil, err
	}
	rulings := make([]ruling, len(items))
	for i, k := range of {
		if rulings[i] = per[k]; i > 0 && of[i-1] == k {
			rulings[i].usage = core.Usage{} // asked once for all
		}
	}
	return rulings, nil
}

// byTask calls first with the first item of each task, and tells the number of
// that call for every item. The attempts of an episode come together, in
// ascending order: another episode begins where they do not.
func byTask(items []item, first func(item)) []int {
	of, n := make([]int, len(items)), 0
	for i, it := range items {
		if i == 0 || it.ep != items[i-1].ep || it.at <= items[i-1].at {
			first(it)
			n++
		}
		of[i] = n - 1
	}
	return of
}
