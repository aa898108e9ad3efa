package calibrate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"pawl/stats"
)

// Point is one judged item: its score, and whether it was right.
type Point struct {
	Score float64
	Right bool
}

// ErrNothingToFit means that there are no points.
var ErrNothingToFit = errors.New("there is nothing to fit a calibrator on")

// Fit fits a calibrator by maximum likelihood, or by counting for histogram,
// which makes bins groups (10 where bins is 0).
//
// The sources: temperature, Guo et al., "On Calibration of Modern Neural
// Networks" (2017); platt, Platt, "Probabilistic Outputs for Support Vector
// Machines" (1999), with his targets, which stay off 0 and 1; isotonic and
// histogram, Zadrozny and Elkan (2002, 2001), isotonic by pooling adjacent
// violators (Ayer et al., 1955).
func Fit(method string, points []Point, bins int) (Calibrator, error) {
	doing := func(err error) error { return fmt.Errorf("fitting a calibrator by %s: %w", method, err) }
	if len(points) == 0 {
		return Calibrator{}, doing(ErrNothingToFit)
	}
	for _, p := range points {
		switch {
		case math.IsNaN(p.Score) || math.IsInf(p.Score, 0):
			return Calibrator{}, doing(fmt.Errorf("a score is %v", p.Score))
		case method == Temperature && (p.Score < 0 || p.Score > 1):
			return Calibrator{}, doing(fmt.Errorf("a score is %v; temperature wants scores from 0 to 1, platt takes any", p.Score))
		}
	}
	if bins == 0 {
		bins = 10
	}
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b Point) int { return cmp.Compare(a.Score, b.Score) })
	c := Calibrator{Method: method}
	switch method {
	case Temperature:
		c.Slope = inverseTemperature(sorted)
	case Platt:
		c.Slope, c.Shift = platt(sorted)
	case Isotonic:
		c.Knots = isotonic(sorted)
	case Histogram:
		if bins < 1 {
			return Calibrator{}, doing(fmt.Errorf("%d bins", bins))
		}
		c.Knots = histogram(sorted, bins)
	default:
		return Calibrator{}, doing(c.Validate())
	}
	return c, nil
}

// Temperatures lie between 1 over this and this: points that are all right on
// the likely side have no best one.
const widest = 100.0

// inverseTemperature is where the slope of the log-likelihood is 0. It falls as
// the inverse temperature rises, so halving finds it.
func inverseTemperature(points []Point) float64 {
	slope := func(b float64) (sum float64) {
		for _, p := range points {
			x := logOdds(p.Score)
			sum += (truth(p.Right) - sigmoid(b*x)) * x
		}
		return sum
	}
	low, high := 1/widest, widest
	if slope(low) <= 0 {
		return low
	}
	if slope(high) >= 0 {
		return high
	}
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if slope(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// platt is Newton's method on the log-likelihood of a logistic curve, halving
// steps that would lower it. Scores are scaled to spread 1 on the way: the
// targets stay off 0 and 1, so that the maximum is finite.
func platt(points []Point) (slope, shift float64) {
	rights := 0
	var mean, square float64
	for _, p := range points {
		if p.Right {
			rights++
		}
		mean += p.Score / float64(len(points))
	}
	for _, p := range points {
		square += (p.Score - mean) * (p.Score - mean) / float64(len(points))
	}
	spread := math.Sqrt(square)
	if spread == 0 || math.IsInf(spread, 0) {
		spread = 1 // equal scores tell nothing: the slope stays 0
	}
	yes := (float64(rights) + 1) / (float64(rights) + 2)
	no := 1 / (float64(len(points)-rights) + 2)
	target := func(p Point) float64 {
		if p.Right {
			return yes
		}
		return no
	}
	likelihood := func(a, b float64) (sum float64) {
		for _, p := range points {
			x := a*(p.Score-mean)/spread + b
			// log sigmoid(x) is -log(1 + exp(-x)), without overflow.
			sum -= (1-target(p))*x + max(-x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
		}
		return sum
	}
	a, b := 0.0, 0.0
	best := likelihood(a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for _, p := range points {
			x := (p.Score - mean) / spread
			q := sigmoid(a*x + b)
			d, w := target(p)-q, q*(1-q)
			ga, gb = ga+d*x, gb+d
			haa, hab, hbb = haa+w*x*x, hab+w*x, hbb+w
		}
		haa, hbb = haa+1e-12, hbb+1e-12
		det := haa*hbb - hab*hab
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step := 1.0
		for step > 1e-10 && !(likelihood(a+step*da, b+step*db) >= best) {
			step /= 2
		}
		if step <= 1e-10 {
			break
		}
		a, b = a+step*da, b+step*db
		now := likelihood(a, b)
		done := now-best < 1e-13*math.Abs(best)
		if best = now; done {
			break
		}
	}
	return a / spread, b - a*mean/spread
}

// isotonic pools neighbours, by rising score, until their accuracies rise. Each
// pool is two knots, its ends, or one where they are equal.
func isotonic(points []Point) []Knot {
	type pool struct {
		low, high   float64
		n, accuracy float64
	}
	var pools []pool
	for from := 0; from < len(points); {
		to, rights := from, 0.0
		for ; to < len(points) && points[to].Score == points[from].Score; to++ {
			rights += truth(points[to].Right)
		}
		n := float64(to - from)
		pools = append(pools, pool{points[from].Score, points[from].Score, n, rights / n})
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if a.accuracy < b.accuracy {
				break
			}
			all := a.n + b.n
			merged := pool{a.low, b.high, all, (a.accuracy*a.n + b.accuracy*b.n) / all}
			pools = append(pools[:len(pools)-2], merged)
		}
		from = to
	}
	var knots []Knot
	for _, p := range pools {
		knots = append(knots, Knot{p.low, p.accuracy})
		if p.high > p.low {
			knots = append(knots, Knot{p.high, p.accuracy})
		}
	}
	return knots
}

// histogram gives the accuracies of bins of equally many points. A bin begins
// halfway between its lowest score and the highest before it.
func histogram(points []Point, bins int) []Knot {
	// The bins are those of the ranks, which lie in 0..1 as stats wants.
	ranks, right := make([]float64, len(points)), make([]bool, len(points))
	scores := []float64{}
	for i, p := range points {
		if i == 0 || p.Score != points[i-1].Score {
			scores = append(scores, p.Score)
		}
		ranks[i], right[i] = float64(len(scores)-1), p.Right
	}
	for i := range ranks {
		ranks[i] /= float64(len(scores))
	}
	var knots []Knot
	for _, b := range stats.EqualMass(ranks, right, bins) {
		at := int(math.Round(b.Low * float64(len(scores))))
		edge := scores[at]
		if at > 0 {
			edge = scores[at-1] + (edge-scores[at-1])/2
		}
		knots = append(knots, Knot{edge, b.Accuracy()})
	}
	return knots
}

func truth(right bool) float64 {
	if right {
		return 1
	}
	return 0
}
