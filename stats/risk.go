package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Coverage is one point of a risk-coverage curve: what comes of answering only
// where the score is at least At.
type Coverage struct {
	At    float64
	N     int // answered
	Wrong int // of them
	Share float64
	Risk  float64 // share of the answered that are wrong
}

// RiskCoverage is the risk-coverage curve (El-Yaniv and Wiener, "On the
// Foundations of Noise-free Selective Classification", 2010): one point for each
// different score, from the highest down. Equal scores cannot be told apart, so
// they are answered together.
func RiskCoverage(scores []float64, right []bool) []Coverage {
	checkJudged(scores, right)
	order := byValue(scores)
	slices.Reverse(order)
	var curve []Coverage
	wrong := 0
	for i, at := range order {
		if !right[at] {
			wrong++
		}
		if i+1 == len(order) || scores[order[i+1]] != scores[at] {
			curve = append(curve, Coverage{scores[at], i + 1, wrong, float64(i+1) / float64(len(order)), float64(wrong) / float64(i+1)})
		}
	}
	return curve
}

// AURC is the area under a risk-coverage curve: the mean over k of the risk of
// the k highest scores (Geifman et al., "Bias-Reduced Uncertainty Estimation
// for Deep Neural Classifiers", 2019), equal scores being taken in random order.
// 0 is best; a score that tells nothing has the plain risk. An empty curve
// gives 0.
func AURC(curve []Coverage) float64 {
	var sum float64
	n, wrong := 0, 0
	for _, c := range curve {
		size, bad := c.N-n, c.Wrong-wrong
		for k := 1; k <= size; k++ {
			sum += (float64(wrong) + float64(bad)*float64(k)/float64(size)) / float64(n+k)
		}
		n, wrong = c.N, c.Wrong
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// CoverageAt is the point of largest coverage whose observed risk is at most
// risk; ok is false where there is none. The risk is that of the data at hand,
// seen after the choice: package calibrate bounds that of data to come.
func CoverageAt(curve []Coverage, risk float64) (best Coverage, ok bool) {
	for _, c := range curve {
		if c.Risk <= risk {
			best, ok = c, true
		}
	}
	return best, ok
}

// ClopperPearson is the exact interval of a proportion with k successes of n
// trials (Clopper and Pearson, 1934): each end is missed with probability at
// most half of what the level leaves, whatever the true proportion. No trials
// give the interval 0 to 1.
func ClopperPearson(k, n int, level float64) Interval {
	checkCounts(k, n)
	checkLevel(level)
	tail := (1 - level) / 2
	i := Interval{0, 1}
	if k > 0 {
		i.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		i.High = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return i
}

// AtMost is the probability of k successes or fewer in n trials of probability
// p: the p-value of "the risk is above p" where k of n were wrong.
func AtMost(k, n int, p float64) float64 {
	checkCounts(k, n)
	switch {
	case !(p >= 0 && p <= 1):
		panic(fmt.Sprintf("stats: the probability %v", p))
	case k == n:
		return 1
	}
	return math.Min(1, mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p))
}
