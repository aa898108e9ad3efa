package objective

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.ValueLoss("outcome", registry.Doc{
		Summary: "Learns how likely attempts are right: the cross-entropy of their labels under a reward head.",
		Detail: "Labels are 1 for right and 0 for wrong, or between. The paper values a solution after every token and learns language " +
			"modelling beside; here the end alone is valued. It is an objective of `train_verifier`, not of `train`.",
		Paper:   "Training Verifiers to Solve Math Word Problems (Cobbe et al., 2021)",
		Example: "train_verifier: {loss: outcome}",
	}, func(context.Context, core.Host, OutcomeConfig) (core.ValueLoss, error) {
		return core.ValueLoss{Mean: Outcome}, nil
	})
	registry.ValueLoss("pairwise", registry.Doc{
		Summary: "Learns which of two attempts is better: the Bradley-Terry loss of the rewards that a head gives them.",
		Detail: "The attempt of the higher label is to be worth more. All pairs of unlike labels of a task come in one batch, and count together " +
			"as much as those of any other. It is an objective of `train_verifier`, not of `train`.",
		Paper:   "Training language models to follow instructions with human feedback (Ouyang et al., 2022)",
		Example: "train_verifier: {loss: pairwise}",
	}, func(context.Context, core.Host, PairwiseConfig) (core.ValueLoss, error) {
		return core.ValueLoss{Mean: Pairwise, Pairs: true}, nil
	})
}

// OutcomeConfig has no settings.
type OutcomeConfig struct{}

// PairwiseConfig has no settings.
type PairwiseConfig struct{}

// Outcome is the mean over all sequences of the cross-entropy of their labels,
// probabilities of being right, under values as log-odds (Cobbe et al. 2021, of
// whole solutions). It adds d(loss)/d(value) to slopes.
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

// Pairwise is the mean over groups of the mean Bradley-Terry loss of their pairs
// of unlike labels, the higher of which is chosen: groups of many pairs, which
// are much alike, count as much as others (Ouyang et al. 2022). Groups without
// such a pair add 0. It adds d(loss)/d(value) to slopes.
func Pairwise(values, slopes []float64, groups []core.Group) float64 {
	sum := 0.0
	for _, g := range groups {
		scale := float64(len(groups) * pairs(g.Labels))
		for i, chosen := range g.Labels {
			for j, rejected := range g.Labels {
				if chosen <= rejected {
					continue
				}
				better, worse := g.First+i, g.First+j
				loss, slope := BradleyTerry(values[better], values[worse])
				sum += loss / scale
				slopes[better] += slope / scale
				slopes[worse] -= slope / scale
			}
		}
	}
	return sum
}

// pairs is how many pairs of labels differ.
func pairs(labels []float64) int {
	n := 0
	for i, a := range labels {
		for _, b := range labels[:i] {
			if a != b {
				n++
			}
		}
	}
	return n
}
