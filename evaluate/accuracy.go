package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("accuracy", registry.Doc{
		Summary: "Measures the share of attempts, or of answers, that are right.",
		Detail: "With `count: attempts` every attempt counts; with `count: answers` the answer that the episode settled " +
			"on, where abstaining is not right. Tasks that the verifier cannot judge, for want of a reference answer, " +
			"are left out; failed episodes are wrong.",
		Paper:   "Probable inference, the law of succession, and statistical inference (Wilson, 1927)",
		Example: "accuracy: {by: exact}",
	}, func(_ context.Context, _ core.Host, c Accuracy) (core.Metric, error) { return c, nil })
}

// Accuracy configures and is accuracy.
type Accuracy struct {
	Judged
	Count string `yaml:"count" enum:"attempts|answers" default:"attempts" doc:"What is counted: every attempt, or each episode's answer."`
}

// Measure gives one estimate, or none where nothing can be judged.
func (m Accuracy) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	if m.Count == "answers" {
		return m.answers(ctx, in)
	}
	tasks, err := m.collect(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	var values [][]float64
	for _, g := range tasks {
		values = append(values, g.values())
	}
	return estimates("accuracy", values), nil
}

func (m Accuracy) answers(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	var gs groups
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		v := failed
		switch {
		case ep.Answer != 0 && ep.Err == "":
			if v, err = m.judge(ep, ep.Answer); err != nil {
				return nil, err
			}
		case m.judgeable(ep):
			v = wrong // it abstains, though it could be right
		}
		g := gs.of(ep.Task.ID)
		g.verdicts = append(g.verdicts, v)
	}
	var values [][]float64
	for _, g := range known(gs.list) {
		values = append(values, g.values())
	}
	return estimates("accuracy", values), nil
}

// judgeable reports whether the verifier could judge any attempt of ep.
func (j Judged) judgeable(ep *core.Episode) bool {
	for _, r := range ep.Leaves() {
		if s, ok := j.score(ep, r); ok && !s.Abstain {
			return true
		}
	}
	return false
}

// estimates is one estimate, or none of no tasks.
func estimates(name string, tasks [][]float64) []core.Estimate {
	if len(tasks) == 0 {
		return nil
	}
	return []core.Estimate{core.Estimate(stats.ClusteredEstimate(name, tasks))}
}
