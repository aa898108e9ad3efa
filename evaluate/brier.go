package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("brier", registry.Doc{
		Summary: "Measures the squared error of a verifier's values as probabilities that attempts are right.",
		Detail: "0 is best; 0.25 is what a value of 0.5 for everything gets. Beside it stand the parts it is made of: `brier_reliability`, " +
			"how far equal values are from the share that is right (less is better), and `brier_resolution`, how far those shares lie apart " +
			"(more is better). Values must lie in 0..1.",
		Paper:   "Verification of forecasts expressed in terms of probability (Brier, 1950); A New Vector Partition of the Probability Score (Murphy, 1973)",
		Example: "brier: {score: majority_vote, by: oracle}",
	}, func(_ context.Context, _ core.Host, c Brier) (core.Metric, error) { return c, c.Validate() })
}

// Brier configures and is brier.
type Brier struct {
	Confident
	Count string `yaml:"count" enum:"attempts|answers" default:"attempts" doc:"What is counted: every attempt, or of each task the one of the highest value."`
}

// Measure gives three estimates, or none where nothing can be judged.
func (m Brier) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	s, err := m.points(ctx, in, m.Count)
	if err == nil {
		err = s.probabilities(m.Score)
	}
	if err != nil {
		return nil, err
	}
	var out []core.Estimate
	for _, part := range []struct {
		name string
		of   func(stats.BrierScore) float64
	}{
		{"brier", func(b stats.BrierScore) float64 { return b.Score }},
		{"brier_reliability", func(b stats.BrierScore) float64 { return b.Reliability }},
		{"brier_resolution", func(b stats.BrierScore) float64 { return b.Resolution }},
	} {
		out = append(out, s.estimate(part.name, func(values []float64, right []bool) float64 { return part.of(stats.Brier(values, right)) })...)
	}
	return out, nil
}
