package evaluate

import (
	"context"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("pass_at_k", registry.Doc{
		Summary: "Estimates the chance that at least one of k attempts at a task is right.",
		Detail: "The estimate is unbiased: from all attempts at a task it counts the share of k-subsets that hold a right " +
			"one. Where a task has fewer attempts than k, the missing ones count as wrong.",
		Paper:   "Evaluating Large Language Models Trained on Code (Chen et al., 2021)",
		Example: "pass_at_k: {by: exact, k: [1, 4, 16]}",
	}, func(_ context.Context, _ core.Host, c PassAtK) (core.Metric, error) { return c, nil })
}

// PassAtK configures and is pass_at_k.
type PassAtK struct {
	Judged
	K []int `yaml:"k" doc:"Numbers of attempts; if not given, 1 and all that were made."`
}

// Validate refuses numbers of attempts below 1.
func (m PassAtK) Validate() error { return positive(m.K) }

// Measure gives one estimate for each k, in rising order.
func (m PassAtK) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := m.collect(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	var out []core.Estimate
	for _, k := range draws(m.K, tasks, 1) {
		values := make([]float64, len(tasks))
		for i, g := range tasks {
			c, n := g.count()
			values[i] = stats.PassAtK(max(n, k), c, k)
		}
		out = append(out, core.Estimate(stats.MeanEstimate(fmt.Sprintf("pass@%d", k), values)))
	}
	return out, nil
}

// draws is the numbers asked for, or the usual ones and the most attempts that
// any task has; sorted, each once.
func draws(asked []int, tasks []*group, usual ...int) []int {
	ks := slices.Clone(asked)
	if len(ks) == 0 {
		most := 1
		for _, g := range tasks {
			most = max(most, len(g.verdicts))
		}
		ks = append(usual, most)
	}
	slices.Sort(ks)
	return slices.Compact(ks)
}

func positive(ks []int) error {
	for _, k := range ks {
		if k < 1 {
			return fmt.Errorf("k is %d: it counts attempts, so it must be 1 or more", k)
		}
	}
	return nil
}
