package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("distinct_answers", registry.Doc{
		Summary: "Counts the different answers that attempts at a task give.",
		Detail: "The mean over tasks; attempts without an answer do not count. With `k` it is the number expected among k " +
			"of the attempts, which makes tasks with different numbers of attempts comparable; tasks with fewer are " +
			"left out.",
		Paper:   "The nonconcept of species diversity: a critique and alternative parameters (Hurlbert, 1971)",
		Example: "distinct_answers: {}",
	}, newDistinctAnswers)
}

// DistinctAnswers configures distinct_answers.
type DistinctAnswers struct {
	Attempts
	Voting
	K int `yaml:"k" default:"0" min:"0" doc:"Attempts among which to count; 0 counts among all."`
}

func newDistinctAnswers(ctx context.Context, h core.Host, c DistinctAnswers) (core.Metric, error) {
	r, err := c.Voting.reader(ctx, h)
	return distinctAnswers{c, r}, err
}

type distinctAnswers struct {
	DistinctAnswers
	read reader
}

// Measure gives one estimate, in answers a task.
func (m distinctAnswers) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := m.tallies(ctx, in, m.read)
	if err != nil {
		return nil, err
	}
	var values []float64
	for _, t := range tasks {
		switch {
		case m.K == 0:
			values = append(values, float64(stats.Distinct(t.counts)))
		case t.attempts >= m.K:
			// Attempts without an answer take up draws as one kind that is
			// then not counted.
			all := stats.DistinctAtK(append(t.counts, t.blank), m.K)
			values = append(values, all-stats.PassAtK(t.attempts, t.blank, m.K))
		}
	}
	return spread("distinct_answers", "answers per task", values), nil
}

// tallied is the answers to one task.
type tallied struct {
	counts          []int
	blank, attempts int
}

// tallies counts answers without asking which are right.
func (a Attempts) tallies(ctx context.Context, in core.Episodes, read reader) ([]tallied, error) {
	var gs groups
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for _, r := range a.leaves(ep) {
			g := gs.of(ep.Task.ID)
			g.answers = append(g.answers, read.Answer(ep, r))
		}
	}
	out := make([]tallied, len(gs.list))
	for i, g := range gs.list {
		counts, _, blank := g.tally()
		out[i] = tallied{counts, blank, len(g.answers)}
	}
	return out, nil
}

// spread is the mean of values that are no shares, with a bootstrap interval;
// none of no values.
func spread(name, unit string, values []float64) []core.Estimate {
	if len(values) == 0 {
		return nil
	}
	mean := stats.Mean(values)
	i := stats.Bootstrap{}.Mean(values).Around(mean)
	return []core.Estimate{{Name: name, Value: mean, Low: i.Low, High: i.High, N: len(values), Unit: unit, Method: "bootstrap"}}
}
