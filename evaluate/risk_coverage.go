package evaluate

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("risk_coverage", registry.Doc{
		Summary: "Measures what abstaining below a value would buy: the area under the risk-coverage curve, and the coverage at a risk.",
		Detail: "`aurc` is the mean risk (share of answers that are wrong) over all coverages: 0 is best, and a value that tells nothing has the " +
			"risk of answering everything. `coverage@RISK` is the largest share of tasks that can be answered with at most that risk, as seen on " +
			"these tasks; the threshold is chosen on them, so it promises nothing of others (the optimizer `calibrate` does).",
		Paper:   "On the Foundations of Noise-free Selective Classification (El-Yaniv and Wiener, 2010); Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers (Geifman et al., 2019)",
		Example: "risk_coverage: {score: majority_vote, by: oracle, risk: 0.05}",
	}, func(_ context.Context, _ core.Host, c RiskCoverage) (core.Metric, error) { return c, c.Validate() })
}

// RiskCoverage configures and is risk_coverage.
type RiskCoverage struct {
	Confident
	Count string  `yaml:"count" enum:"attempts|answers" default:"answers" doc:"What is counted: of each task the attempt of the highest value, or every attempt."`
	Risk  float64 `yaml:"risk" default:"0.05" min:"0" max:"1" doc:"Risk at which the coverage is given."`
}

// Measure gives two estimates, or none where nothing can be judged.
func (m RiskCoverage) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	s, err := m.points(ctx, in, m.Count)
	if err != nil {
		return nil, err
	}
	area := s.estimate("aurc", func(values []float64, right []bool) float64 { return stats.AURC(stats.RiskCoverage(values, right)) })
	return append(area, s.estimate(fmt.Sprintf("coverage@%g", m.Risk), func(values []float64, right []bool) float64 {
		c, _ := stats.CoverageAt(stats.RiskCoverage(values, right), m.Risk)
		return c.Share
	})...), nil
}
