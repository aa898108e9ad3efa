package evaluate

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("label_accuracy", registry.Doc{
		Summary: "Measures how often a pseudo-label is right, where that can be known.",
		Detail: "An attempt is labelled if the labelling verifier gives it at least `kept`; label_accuracy is the share of " +
			"labelled attempts that are right, label_coverage the share of tasks that have one. It reports only: the " +
			"verifier that knows what is right must not be the one that labels.",
		Paper:   "Large Language Models Can Self-Improve (Huang et al., 2022)",
		Example: "label_accuracy: {label: majority_vote, by: oracle}",
	}, func(_ context.Context, _ core.Host, c LabelAccuracy) (core.Metric, error) {
		if c.By != "" && c.By == c.Label {
			return nil, fmt.Errorf("%q cannot be judged by itself; give `by` another verifier", c.By)
		}
		return c, nil
	})
}

// LabelAccuracy configures and is label_accuracy.
type LabelAccuracy struct {
	Label string  `yaml:"label" ref:"verifier" default:"majority_vote" doc:"Verifier whose scores are the pseudo-labels."`
	Kept  float64 `yaml:"kept" default:"0.5" doc:"Smallest score that makes an attempt a label."`
	Judged
}

// Measure gives label_coverage, and before it label_accuracy if any label can
// be judged.
func (m LabelAccuracy) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	var gs groups
	labelled := map[string]bool{}
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		g := gs.of(ep.Task.ID)
		for _, r := range m.leaves(ep) {
			s, ok := ep.ScoreOf(m.Label, r)
			if !ok || s.Abstain || s.Value < m.Kept {
				continue
			}
			labelled[g.id] = true
			if m.By == "" {
				if last, ok := m.score(ep, r); ok && last.By == m.Label {
					continue // nothing but the label itself has judged it
				}
			}
			v, err := m.judge(ep, r)
			if err != nil {
				return nil, err
			}
			if v != unknown {
				g.verdicts = append(g.verdicts, v)
			}
		}
	}
	if len(gs.list) == 0 {
		return nil, nil
	}
	var values [][]float64
	covered := make([]float64, len(gs.list))
	for i, g := range gs.list {
		if len(g.verdicts) > 0 {
			values = append(values, g.values())
		}
		if labelled[g.id] {
			covered[i] = 1
		}
	}
	return append(estimates("label_accuracy", values), core.Estimate(stats.MeanEstimate("label_coverage", covered))), nil
}
