package objective

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
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

// PairwiseConfig has no settings.
type PairwiseConfig struct{}

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
