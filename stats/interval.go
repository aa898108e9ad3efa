package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a confidence interval, both ends included.
type Interval struct{ Low, High float64 }

// Contains reports whether x lies in the interval.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Width is the interval's length.
func (i Interval) Width() float64 { return i.High - i.Low }

// Around widens the interval, if need be, to hold the estimate it is of: a
// bootstrap interval may miss it by the rounding of sums in another order.
func (i Interval) Around(x float64) Interval { return Interval{min(i.Low, x), max(i.High, x)} }

// Normal quantile of a two-sided level: 1.96 for 0.95.
func twoSided(level float64) float64 {
	checkLevel(level)
	return distuv.UnitNormal.Quantile(0.5 + level/2)
}

func checkLevel(level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("stats: level %v outside 0 to 1", level))
	}
}

func checkCounts(k, n int) {
	if k < 0 || n < k {
		panic(fmt.Sprintf("stats: %d successes of %d trials", k, n))
	}
}

// Wilson is the score interval of a proportion with k successes of n trials
// (Wilson, "Probable inference, the law of succession, and statistical
// inference", 1927). It stays within 0 to 1 and is sound for few trials and
// for proportions near the ends, where the textbook interval is not. No trials
// give the interval 0 to 1.
func Wilson(k, n int, level float64) Interval {
	checkCounts(k, n)
	z := twoSided(level)
	if n == 0 {
		return Interval{0, 1}
	}
	i := wilson(float64(k)/float64(n), float64(n), z)
	// At the ends the formula gives exactly 0 and 1 but for rounding.
	if k == 0 {
		i.Low = 0
	}
	if k == n {
		i.High = 1
	}
	return i
}

// wilson is the score interval of a share p of n trials, n not necessarily a
// whole number.
func wilson(p, n, z float64) Interval {
	scale := 1 + z*z/n
	mid := (p + z*z/(2*n)) / scale
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n)) / scale
	return Interval{mid - half, mid + half}
}

// Mean is the average of xs, 0 for none. It sums in index order.
func Mean(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	return stat.Mean(xs, nil)
}

// Median is the middle of xs in order, the mean of the middle two of an even
// number, 0 for none.
func Median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(xs))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// MeanInterval is Student's interval of the mean of xs. One value or none
// gives an unbounded interval: they say nothing about the spread.
func MeanInterval(xs []float64, level float64) Interval {
	checkLevel(level)
	if len(xs) < 2 {
		return Interval{math.Inf(-1), math.Inf(1)}
	}
	mean, sd := stat.MeanStdDev(xs, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(xs) - 1)}.Quantile(0.5 + level/2)
	half := t * sd / math.Sqrt(float64(len(xs)))
	return Interval{mean - half, mean + half}
}
