package objective

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.ValueLoss("outcome", registry.Doc{
		Summary: "Learns how likely attempts are right: the cross-entropy of their labels under a reward head.",
		Detail: "Labels are 1 for right and 0 for wrong, or between, as the shares of step values are. Which points of an attempt have one, its end, " +
			"every token or every step, is the `level` of `train_verifier`, of which this is an objective, not of `train`. The paper has squared errors.",
		Paper:   "Training Verifiers to Solve Math Word Problems (Cobbe et al., 2021)",
		Example: "train_verifier: {loss: outcome}",
	}, func(context.Context, core.Host, OutcomeConfig) (core.ValueLoss, error) {
		return core.ValueLoss{Mean: Outcome}, nil
	})
}

// OutcomeConfig has no settings.
type OutcomeConfig struct{}

// Outcome is the mean over all values of the cross-entropy of their labels,
// probabilities of being right, under values as log-odds (Cobbe et al. 2021, who
// have squared errors). It adds d(loss)/d(value) to slopes.
func Outcome(values, slopes []float64, groups []core.Group) float64 {
	sum, n := 0.0, float64(len(values))
	for _, g := range groups {
		for k, label := range g.Labels {
			i := g.First + k
			loss, slope := CrossEntropy(values[i], label)
			sum += loss / n
			slopes[i] += slope / n
		}
	}
	return sum
}
