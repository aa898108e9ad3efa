package evaluate

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("maj_at_k", registry.Doc{
		Summary: "Measures how often the most common answer of k attempts is right.",
		Detail: "Exact over all k-subsets of a task's attempts, so it needs no resampling. Ties count as wrong, as for a " +
			"vote that abstains, or with `ties: share` at the chance of drawing a right one. An answer is right if an " +
			"attempt that gives it is; attempts without an answer cast no vote. Where a task has fewer attempts than k, " +
			"all of them vote.",
		Paper:   "Self-Consistency Improves Chain of Thought Reasoning in Language Models (Wang et al., 2022)",
		Example: "maj_at_k: {by: exact, k: [16]}",
	}, newMajAtK)
}

// MajAtK configures maj_at_k.
type MajAtK struct {
	Judged
	Voting
	K    []int  `yaml:"k" doc:"Numbers of attempts; if not given, all that were made."`
	Ties string `yaml:"ties" enum:"wrong|share" default:"wrong" doc:"What a tie is worth: nothing, or a fair draw."`
}

// Validate refuses numbers of attempts below 1.
func (m MajAtK) Validate() error { return positive(m.K) }

func newMajAtK(ctx context.Context, h core.Host, c MajAtK) (core.Metric, error) {
	r, err := c.Voting.reader(ctx, h)
	return majAtK{c, r}, err
}

type majAtK struct {
	MajAtK
	read reader
}

// Measure gives one estimate for each k, in rising order.
func (m majAtK) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := m.collect(ctx, in, m.read)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	var out []core.Estimate
	for _, k := range draws(m.K, tasks) {
		values := make([]float64, len(tasks))
		for i, g := range tasks {
			values[i] = m.value(g, k)
		}
		out = append(out, core.Estimate(stats.MeanEstimate(fmt.Sprintf("maj@%d", k), values)))
	}
	return out, nil
}

// value adds up the chances of all right answers: only one answer wins.
func (m majAtK) value(g *group, k int) float64 {
	counts, isRight, blank := g.tally()
	var p float64
	for i, ok := range isRight {
		if !ok {
			continue
		}
		won, shared := stats.MajAtK(counts, i, blank, min(k, len(g.answers)))
		if m.Ties == "share" {
			won = shared
		}
		p += won
	}
	// Sums of chances that make a certainty are one but for rounding, and then
	// the task is a plain success.
	if p > 1-1e-9 {
		return 1
	}
	return p
}
