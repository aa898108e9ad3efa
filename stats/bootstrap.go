package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Bootstrap says how to resample. The zero value is 2,000 resamples, level
// 0.95, BCa, seed 0.
type Bootstrap struct {
	Resamples  int     // 0 for 2,000
	Level      float64 // 0 for 0.95
	Percentile bool    // plain percentiles in place of BCa
	Seed       uint64
}

func (o Bootstrap) withDefaults() Bootstrap {
	if o.Resamples == 0 {
		o.Resamples = 2000
	}
	if o.Level == 0 {
		o.Level = 0.95
	}
	checkLevel(o.Level)
	if o.Resamples < 2 {
		panic(fmt.Sprintf("stats: %d bootstrap resamples", o.Resamples))
	}
	return o
}

// newSource is the random stream of a seed; the second word keeps streams of
// this package apart from others that use the same seed.
func newSource(seed uint64) *rand.PCG { return rand.NewPCG(seed, 0x7061776c_73746174) }

// Mean is the bootstrap interval of the mean of xs.
func (o Bootstrap) Mean(xs []float64) Interval {
	return o.interval(len(xs), func(src *rand.PCG) float64 {
		var s float64
		draw(src, len(xs), func(i int) { s += xs[i] })
		return s / float64(len(xs))
	}, func(at []int) float64 { return meanAt(xs, at) })
}

// MeanDifference is the paired bootstrap interval of mean(b) - mean(a), where
// a[i] and b[i] are of one item: items are drawn, both values with them.
func (o Bootstrap) MeanDifference(a, b []float64) Interval {
	if len(a) != len(b) {
		panic(fmt.Sprintf("stats: pairs of %d and %d values", len(a), len(b)))
	}
	return o.Interval(len(a), func(at []int) float64 { return meanAt(b, at) - meanAt(a, at) })
}

// ClusteredMean is the interval of the mean of all values, where the values of
// one cluster (attempts at one task, tasks of one source) depend on each
// other: whole clusters are drawn. Clusters may differ in size; empty ones are
// ignored.
func (o Bootstrap) ClusteredMean(clusters [][]float64) Interval {
	sums := make([]float64, 0, len(clusters))
	sizes := make([]float64, 0, len(clusters))
	for _, c := range clusters {
		if len(c) == 0 {
			continue
		}
		var s float64
		for _, x := range c {
			s += x
		}
		sums, sizes = append(sums, s), append(sizes, float64(len(c)))
	}
	return o.interval(len(sums), func(src *rand.PCG) float64 {
		var s, n float64
		draw(src, len(sums), func(i int) { s, n = s+sums[i], n+sizes[i] })
		return s / n
	}, func(at []int) float64 {
		var s, n float64
		for _, i := range at {
			s, n = s+sums[i], n+sizes[i]
		}
		return s / n
	})
}

// Interval bootstraps any statistic of n independent units. statistic gets the
// drawn indices, repeats included, and must not keep them. The result is BCa
// (Efron, "Better bootstrap confidence intervals", JASA 82, 1987): percentiles
// corrected for median bias and skewness. No units give an unbounded interval;
// one unit, or a statistic that never varies, gives a point: resampling can
// tell nothing of what was never seen, so for proportions near 0 or 1 prefer
// Wilson.
func (o Bootstrap) Interval(n int, statistic func(at []int) float64) Interval {
	at := make([]int, 0, n)
	return o.interval(n, func(src *rand.PCG) float64 {
		at = at[:0]
		draw(src, n, func(i int) { at = append(at, i) })
		return statistic(at)
	}, statistic)
}

// draw calls use with n indices below n, each equally likely. Two come from a
// word; with fewer than 2^32 units their bias is below n/2^32, far under the
// noise of resampling.
func draw(src *rand.PCG, n int, use func(i int)) {
	for i := 0; i < n; i += 2 {
		word := src.Uint64()
		use(int((word >> 32) * uint64(n) >> 32))
		if i+1 < n {
			use(int((word & (1<<32 - 1)) * uint64(n) >> 32))
		}
	}
}

// interval does the work of Interval; resample draws and evaluates in one, so
// that sums need no list of indices.
func (o Bootstrap) interval(n int, resample func(*rand.PCG) float64, statistic func(at []int) float64) Interval {
	o = o.withDefaults()
	if n == 0 {
		return Interval{math.Inf(-1), math.Inf(1)}
	}
	src := newSource(o.Seed)
	draws := make([]float64, o.Resamples)
	for r := range draws {
		draws[r] = resample(src)
	}
	slices.Sort(draws)
	low, high := (1-o.Level)/2, (1+o.Level)/2
	if !o.Percentile {
		low, high = o.corrected(n, statistic, draws, low, high)
	}
	return Interval{quantile(draws, low), quantile(draws, high)}
}

// corrected shifts the two percentiles as BCa does.
func (o Bootstrap) corrected(n int, statistic func([]int) float64, draws []float64, low, high float64) (float64, float64) {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	theta := statistic(all)
	// Ties with the estimate, up to the rounding of sums in another order,
	// count half, so that a discrete statistic has no spurious bias.
	near := 1e-12 * max(math.Abs(draws[0]), math.Abs(draws[len(draws)-1]))
	var below float64
	for _, d := range draws {
		switch {
		case d < theta-near:
			below++
		case d <= theta+near:
			below += 0.5
		}
	}
	share := below / float64(len(draws))
	if share == 0 || share == 1 || draws[len(draws)-1]-draws[0] <= near {
		return low, high // no correction can be estimated
	}
	normal := distuv.UnitNormal
	z0 := normal.Quantile(share)
	a := acceleration(n, statistic, all)
	shift := func(p float64) float64 {
		z := z0 + normal.Quantile(p)
		if 1-a*z <= 0 {
			return p
		}
		return normal.CDF(z0 + z/(1-a*z))
	}
	return shift(low), shift(high)
}

// acceleration is the skewness term of BCa from a jackknife. Beyond 400 units
// it leaves out runs of neighbours, which keeps the cost linear in n.
func acceleration(n int, statistic func([]int) float64, all []int) float64 {
	blocks := min(n, 400)
	values := make([]float64, blocks)
	kept := make([]int, 0, n)
	var mean float64
	for b := range values {
		from, to := b*n/blocks, (b+1)*n/blocks
		kept = append(append(kept[:0], all[:from]...), all[to:]...)
		if len(kept) == 0 {
			return 0
		}
		values[b] = statistic(kept)
		mean += values[b] / float64(blocks)
	}
	var square, cube float64
	for _, v := range values {
		d := mean - v
		square += d * d
		cube += d * d * d
	}
	if square == 0 {
		return 0
	}
	return cube / (6 * math.Pow(square, 1.5))
}

// quantile interpolates between the order statistics of sorted.
func quantile(sorted []float64, p float64) float64 {
	x := p * float64(len(sorted)-1)
	i := int(x)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}

func meanAt(xs []float64, at []int) float64 {
	var s float64
	for _, i := range at {
		s += xs[i]
	}
	return s / float64(len(at))
}
