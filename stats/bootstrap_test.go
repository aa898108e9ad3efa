package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func sampleOf(n int, seed uint64, draw func(*rand.Rand) float64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 9))
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = draw(rng)
	}
	return xs
}

func TestBootstrapDeterministic(t *testing.T) {
	xs := sampleOf(50, 1, (*rand.Rand).NormFloat64)
	a, b := Bootstrap{Seed: 7}.Mean(xs), Bootstrap{Seed: 7}.Mean(xs)
	if a != b {
		t.Errorf("same seed: %+v and %+v", a, b)
	}
	if c := (Bootstrap{Seed: 8}).Mean(xs); a == c {
		t.Errorf("another seed gives the same %+v", a)
	}
}

// For well-behaved data the interval is near Student's.
func TestBootstrapNearStudent(t *testing.T) {
	xs := sampleOf(400, 2, (*rand.Rand).NormFloat64)
	want := MeanInterval(xs, 0.95)
	for _, o := range []Bootstrap{{}, {Percentile: true}} {
		got := o.Mean(xs)
		if math.Abs(got.Low-want.Low) > 0.012 || math.Abs(got.High-want.High) > 0.012 {
			t.Errorf("%+v: %+v, Student %+v", o, got, want)
		}
	}
}

// BCa covers the mean of a skewed distribution in nearly the stated share of
// samples.
func TestBootstrapCoverage(t *testing.T) {
	const trials = 250
	covered := 0
	for i := range trials {
		xs := sampleOf(60, uint64(100+i), (*rand.Rand).ExpFloat64)
		if (Bootstrap{Resamples: 400, Seed: uint64(i)}).Mean(xs).Contains(1) {
			covered++
		}
	}
	if share := float64(covered) / trials; share < 0.91 || share > 0.98 {
		t.Errorf("coverage %.3f", share)
	}
}

func TestBootstrapPaired(t *testing.T) {
	a := sampleOf(200, 3, (*rand.Rand).NormFloat64)
	b := make([]float64, len(a))
	for i := range a {
		b[i] = a[i] + 0.5
	}
	// A constant shift is known exactly, however much the items vary.
	i := Bootstrap{}.MeanDifference(a, b)
	near(t, "low", i.Low, 0.5, 1e-9)
	near(t, "high", i.High, 0.5, 1e-9)
}

// Values that are copies within their cluster tell no more than one each.
func TestBootstrapClusters(t *testing.T) {
	xs := sampleOf(80, 4, (*rand.Rand).NormFloat64)
	var clusters [][]float64
	var flat []float64
	for _, x := range xs {
		clusters = append(clusters, []float64{x, x, x, x})
		flat = append(flat, x, x, x, x)
	}
	clusters = append(clusters, nil) // an empty cluster changes nothing
	single, clustered, naive := Bootstrap{}.Mean(xs), Bootstrap{}.ClusteredMean(clusters), Bootstrap{}.Mean(flat)
	if math.Abs(clustered.Width()-single.Width()) > 0.01 {
		t.Errorf("clustered %+v, single %+v", clustered, single)
	}
	if naive.Width() > 0.6*clustered.Width() {
		t.Errorf("ignoring clusters should look twice as sure: %+v, %+v", naive, clustered)
	}
}

func TestBootstrapPoor(t *testing.T) {
	if i := (Bootstrap{}).Mean(nil); !math.IsInf(i.Low, -1) || !math.IsInf(i.High, 1) {
		t.Errorf("no values: %+v", i)
	}
	for _, xs := range [][]float64{{2}, {2, 2, 2}} {
		if i := (Bootstrap{}).Mean(xs); i != (Interval{2, 2}) {
			t.Errorf("%v: %+v", xs, i)
		}
	}
}
