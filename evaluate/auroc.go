package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("auroc", registry.Doc{
		Summary: "Measures how well a verifier's values tell right attempts from wrong ones.",
		Detail: "The probability that a right attempt has a higher value than a wrong one, of all tasks together; equal values count half. " +
			"0.5 is chance. Only the order of the values matters. There is no figure where all attempts are right, or all wrong.",
		Paper:   "The meaning and use of the area under a receiver operating characteristic (ROC) curve (Hanley and McNeil, 1982); Nonparametric analysis of clustered ROC curve data (Obuchowski, 1997)",
		Example: "auroc: {score: majority_vote, by: oracle}",
	}, func(_ context.Context, _ core.Host, c AUROC) (core.Metric, error) { return c, c.Validate() })
}

// AUROC configures and is auroc.
type AUROC struct {
	Confident
	Count string `yaml:"count" enum:"attempts|answers" default:"attempts" doc:"What is counted: every attempt, or of each task the one of the highest value."`
}

// Measure gives one estimate, or none where there is nothing to tell apart.
func (m AUROC) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	s, err := m.points(ctx, in, m.Count)
	if err != nil {
		return nil, err
	}
	e, ok := stats.AUROCEstimate("auroc", s.values, s.right, s.task)
	if !ok {
		return nil, nil
	}
	return []core.Estimate{core.Estimate(e)}, nil
}
