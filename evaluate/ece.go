package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("ece", registry.Doc{
		Summary: "Measures how far a verifier's values are from the share that is right: the expected calibration error.",
		Detail: "Attempts are binned by the value of `score`; in each bin the share that is right is compared with the mean value. " +
			"Bins hold equally many attempts (`mass`) or equally wide ranges (`width`). 0 is calibrated; with few attempts a bin it is " +
			"above 0 by chance alone. Values must lie in 0..1.",
		Paper:   "Obtaining Well Calibrated Probabilities Using Bayesian Binning (Naeini et al., 2015); Posterior calibration and exploratory analysis for natural language processing models (Nguyen and O'Connor, 2015)",
		Example: "ece: {score: majority_vote, by: oracle}",
	}, func(_ context.Context, _ core.Host, c ECE) (core.Metric, error) { return c, c.Validate() })
}

// ECE configures and is ece.
type ECE struct {
	Confident
	Count string `yaml:"count" enum:"attempts|answers" default:"attempts" doc:"What is counted: every attempt, or of each task the one of the highest value."`
	Bins  int    `yaml:"bins" default:"10" min:"1" max:"1000" doc:"Number of bins."`
	Equal string `yaml:"equal" enum:"mass|width" default:"mass" doc:"What is equal about the bins."`
}

// Measure gives one estimate, or none where nothing can be judged.
func (m ECE) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	s, err := m.points(ctx, in, m.Count)
	if err == nil {
		err = s.probabilities(m.Score)
	}
	if err != nil {
		return nil, err
	}
	bins := stats.EqualMass
	if m.Equal == "width" {
		bins = stats.EqualWidth
	}
	return s.estimate("ece", func(values []float64, right []bool) float64 {
		return stats.ECE(bins(values, right, max(m.Bins, 1)))
	}), nil
}
