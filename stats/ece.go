package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Bin is one group of predictions of a reliability diagram.
type Bin struct {
	Low, High  float64 // smallest and largest prediction in it
	N          int
	Right      int
	Confidence float64 // mean prediction
}

// Accuracy is the share of the bin that is right; 0 for an empty one.
func (b Bin) Accuracy() float64 {
	if b.N == 0 {
		return 0
	}
	return float64(b.Right) / float64(b.N)
}

// EqualWidth groups predictions in 0..1 by the part of that range in which they
// lie, a prediction on a border in the lower part. Empty bins are left out.
func EqualWidth(p []float64, right []bool, bins int) []Bin {
	checkPredictions(p, right)
	checkBins(bins)
	all := make([]Bin, bins)
	for i, x := range p {
		k := max(0, int(math.Ceil(x*float64(bins)))-1)
		all[min(k, bins-1)].add(x, right[i])
	}
	return finished(all)
}

// EqualMass groups predictions by rank, as many in each bin as can be: equal
// predictions are never parted, so that bins may be fewer, or uneven.
func EqualMass(p []float64, right []bool, bins int) []Bin {
	checkPredictions(p, right)
	checkBins(bins)
	order := byValue(p)
	all := make([]Bin, 0, bins)
	for from := 0; from < len(order); {
		// Equal shares of what is left, for the bins that are left.
		left := max(1, bins-len(all))
		to := from + max(1, (len(order)-from+left-1)/left)
		for to < len(order) && p[order[to]] == p[order[to-1]] {
			to++
		}
		var b Bin
		for _, i := range order[from:to] {
			b.add(p[i], right[i])
		}
		all, from = append(all, b), to
	}
	return finished(all)
}

func (b *Bin) add(p float64, right bool) {
	if b.N == 0 {
		b.Low, b.High = p, p
	}
	b.Low, b.High = min(b.Low, p), max(b.High, p)
	b.N++
	b.Confidence += p
	if right {
		b.Right++
	}
}

// finished turns sums into means and drops empty bins.
func finished(bins []Bin) []Bin {
	bins = slices.DeleteFunc(bins, func(b Bin) bool { return b.N == 0 })
	for i := range bins {
		bins[i].Confidence /= float64(bins[i].N)
	}
	return bins
}

// ECE is the expected calibration error of binned predictions: the mean, over
// the predictions, of how far the accuracy of their bin is from its mean
// prediction (Naeini et al., "Obtaining Well Calibrated Probabilities Using
// Bayesian Binning", 2015, with bins of equal width; of equal mass: Nguyen and
// O'Connor, 2015). It is 0 or more, also by chance: few predictions a bin look
// worse calibrated than they are. No bins give 0.
func ECE(bins []Bin) float64 {
	n, sum := 0, 0.0
	for _, b := range bins {
		n += b.N
		sum += float64(b.N) * math.Abs(b.Accuracy()-b.Confidence)
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// BrierScore is the mean squared error of probabilities, and what it is made of
// (Brier, 1950; the parts: Murphy, "A New Vector Partition of the Probability
// Score", 1973). Score is Reliability - Resolution + Uncertainty.
type BrierScore struct {
	Score       float64
	Reliability float64 // how far equal predictions are from their accuracy; 0 is calibrated
	Resolution  float64 // how far those accuracies lie from the mean; more is better
	Uncertainty float64 // of outcomes without any prediction
}

// Brier scores predictions in 0..1. Predictions are grouped where they are
// equal, so that the parts add up exactly. None give zeros.
func Brier(p []float64, right []bool) BrierScore {
	checkPredictions(p, right)
	var s BrierScore
	if len(p) == 0 {
		return s
	}
	n, all := float64(len(p)), 0
	for i, x := range p {
		y := 0.0
		if right[i] {
			y = 1
			all++
		}
		s.Score += (x - y) * (x - y) / n
	}
	mean := float64(all) / n
	s.Uncertainty = mean * (1 - mean)
	order := byValue(p)
	for from := 0; from < len(order); {
		to, hits := from, 0
		for ; to < len(order) && p[order[to]] == p[order[from]]; to++ {
			if right[order[to]] {
				hits++
			}
		}
		size := float64(to - from)
		accuracy := float64(hits) / size
		d, e := p[order[from]]-accuracy, accuracy-mean
		s.Reliability += size / n * d * d
		s.Resolution += size / n * e * e
		from = to
	}
	return s
}

// byValue lists indices by value, equal ones in order.
func byValue(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return order
}

func checkPredictions(p []float64, right []bool) {
	checkJudged(p, right)
	for _, x := range p {
		if !(x >= 0 && x <= 1) {
			panic(fmt.Sprintf("stats: the prediction %v is no probability", x))
		}
	}
}

func checkJudged(scores []float64, right []bool) {
	if len(scores) != len(right) {
		panic(fmt.Sprintf("stats: %d predictions of %d outcomes", len(scores), len(right)))
	}
	for _, x := range scores {
		if math.IsNaN(x) {
			panic("stats: a prediction is not a number")
		}
	}
}

func checkBins(n int) {
	if n < 1 {
		panic(fmt.Sprintf("stats: %d bins", n))
	}
}
