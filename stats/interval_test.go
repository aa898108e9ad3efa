package stats

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// near fails unless got is want within rel, relative to want (absolute near 0).
func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > rel*max(math.Abs(want), 1e-300) && math.Abs(got-want) > 1e-300 {
		if want != 0 || math.Abs(got) > rel {
			t.Errorf("%s = %.15g, want %.15g", what, got, want)
		}
	}
}

func TestWilsonValues(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		// By hand: z = 1.959963985, z^2 = 3.841458821.
		{8, 10, 0.490162, 0.943318},
		{0, 10, 0, 0.277533},
		{10, 10, 0.722467, 1},
		{286, 1319, 0.195431, 0.239875},
		{515, 1319, 0.364474, 0.417057},
		{0, 0, 0, 1},
	} {
		got := Wilson(c.k, c.n, 0.95)
		if math.Abs(got.Low-c.low) > 2e-6 || math.Abs(got.High-c.high) > 2e-6 {
			t.Errorf("Wilson(%d, %d) = %.6f to %.6f, want %.6f to %.6f", c.k, c.n, got.Low, got.High, c.low, c.high)
		}
	}
}

// The exact coverage, by summing over all outcomes, averaged over proportions.
func TestWilsonCoverage(t *testing.T) {
	for _, n := range []int{5, 20, 100} {
		var mean float64
		worst := 1.0
		const grid = 199
		for g := 1; g <= grid; g++ {
			p := float64(g) / (grid + 1)
			var cover float64
			for k := 0; k <= n; k++ {
				if Wilson(k, n, 0.95).Contains(p) {
					cover += binomialPMF(n, k, p)
				}
			}
			mean += cover / grid
			worst = min(worst, cover)
		}
		if mean < 0.945 || mean > 0.965 || worst < 0.82 {
			t.Errorf("n %d: coverage %.4f on average, %.4f at worst", n, mean, worst)
		}
	}
}

func TestWilsonProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		i := Wilson(k, n, 0.95)
		if p := float64(k) / float64(n); i.Low < 0 || i.High > 1 || !i.Contains(p) {
			t.Fatalf("%+v does not hold %v or leaves 0 to 1", i, p)
		}
		m := Wilson(n-k, n, 0.95)
		if math.Abs(m.Low-(1-i.High)) > 1e-12 || math.Abs(m.High-(1-i.Low)) > 1e-12 {
			t.Fatalf("not symmetric: %+v and %+v", i, m)
		}
		if w := Wilson(k, n, 0.99); w.Width() <= i.Width() {
			t.Fatalf("99%% interval %+v no wider than 95%% %+v", w, i)
		}
	})
}

func TestMeanInterval(t *testing.T) {
	// Mean 2.5, sd 1.2910, t(3, 0.975) = 3.18245: half width 2.05426.
	i := MeanInterval([]float64{1, 2, 3, 4}, 0.95)
	near(t, "low", i.Low, 0.445739743239121, 1e-9)
	near(t, "high", i.High, 4.55426025676088, 1e-9)
	if i := MeanInterval([]float64{3}, 0.95); !math.IsInf(i.Low, -1) || !math.IsInf(i.High, 1) {
		t.Errorf("one value gives %+v", i)
	}
}

func TestPairedDifferenceValues(t *testing.T) {
	// The first is the airway data of Fagerland, Lydersen and Laake
	// (Statistical Analysis of Contingency Tables, 2017): -0.517 to -0.026.
	// All were recomputed by maximising the constrained likelihood numerically.
	for _, c := range []struct {
		gained, lost, n int
		low, high       float64
	}{
		{1, 7, 21, -0.517232275673735, -0.026003034144554},
		{40, 20, 160, 0.030864534177055, 0.218064243416894},
		{12, 2, 50, 0.061112407913332, 0.344708747458607},
		{6, 16, 161, -0.124023431856269, -0.005433395866524},
		{293, 64, 1319, 0.147353350068568, 0.200386549897837},
		{5, 0, 10, 0.083700807718291, 0.763406909487436},
		{0, 1, 44, -0.118077096982133, 0.059393231111773},
	} {
		i := PairedDifference(c.gained, c.lost, c.n, 0.95)
		if math.Abs(i.Low-c.low) > 1e-7 || math.Abs(i.High-c.high) > 1e-7 {
			t.Errorf("%d, %d of %d: %.9f to %.9f, want %.9f to %.9f", c.gained, c.lost, c.n, i.Low, i.High, c.low, c.high)
		}
	}
	if i := PairedDifference(0, 0, 0, 0.95); i != (Interval{-1, 1}) {
		t.Errorf("no items give %+v", i)
	}
}

// The exact coverage over all trinomial outcomes.
func TestPairedDifferenceCoverage(t *testing.T) {
	const n = 30
	intervals := map[[2]int]Interval{}
	for b := 0; b <= n; b++ {
		for c := 0; b+c <= n; c++ {
			intervals[[2]int{b, c}] = PairedDifference(b, c, n, 0.95)
		}
	}
	var mean float64
	points := [][2]float64{{0.1, 0.1}, {0.2, 0.1}, {0.3, 0.05}, {0.05, 0.02}, {0.4, 0.4}, {0.15, 0}}
	for _, p := range points {
		var cover float64
		for b := 0; b <= n; b++ {
			for c := 0; b+c <= n; c++ {
				if intervals[[2]int{b, c}].Contains(p[0] - p[1]) {
					cover += binomialPMF(n, b, p[0]) * binomialPMF(n-b, c, p[1]/(1-p[0]))
				}
			}
		}
		if cover < 0.92 {
			t.Errorf("coverage %.4f at %v", cover, p)
		}
		mean += cover / float64(len(points))
	}
	if mean < 0.945 || mean > 0.975 {
		t.Errorf("coverage %.4f on average", mean)
	}
}

func TestPairedDifferenceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		b := rapid.IntRange(0, n).Draw(t, "gained")
		c := rapid.IntRange(0, n-b).Draw(t, "lost")
		i, m := PairedDifference(b, c, n, 0.95), PairedDifference(c, b, n, 0.95)
		if i.Low < -1 || i.High > 1 || !i.Contains(float64(b-c)/float64(n)) {
			t.Fatalf("%+v does not hold the difference or leaves -1 to 1", i)
		}
		if math.Abs(i.Low+m.High) > 1e-9 || math.Abs(i.High+m.Low) > 1e-9 {
			t.Fatalf("not symmetric: %+v and %+v", i, m)
		}
		// At difference 0 the score is McNemar's: above its bound exactly when
		// the interval lies above zero.
		if b+c > 0 {
			z := float64(b-c) / math.Sqrt(float64(b+c))
			if above := i.Low > 0; above != (z > 1.959963984540054) && math.Abs(i.Low) > 1e-9 {
				t.Fatalf("interval %+v disagrees with z %v", i, z)
			}
		}
	})
}
