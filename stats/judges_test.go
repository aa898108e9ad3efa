package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func closeTo(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5}} {
		closeTo(t, "median", Median(c.xs), c.want, 0)
	}
}

// By hand: log-odds are ln 9 - 2 ln 1.5 = ln 4, so 4 to 1.
func TestVotesAreWeighed(t *testing.T) {
	a := []float64{0.9, 0.6, 0.6}
	closeTo(t, "one good against two poor", WeighVotes([]int{1, 0, 0}, a, 0.5), 0.8, 1e-12)
	closeTo(t, "the other way round", WeighVotes([]int{0, 1, 1}, a, 0.5), 0.2, 1e-12)
	closeTo(t, "nobody votes", WeighVotes([]int{Unvoted, Unvoted, Unvoted}, a, 0.3), 0.3, 1e-12)
	closeTo(t, "before 1 to 4", WeighVotes([]int{1, 0, 0}, a, 0.2), 0.5, 1e-12)
	closeTo(t, "a juror who is worse than chance", WeighVotes([]int{1}, []float64{0.25}, 0.5), 0.25, 1e-12)
	if p := WeighVotes([]int{1}, []float64{1}, 0.5); p >= 1 || p < 0.999 {
		t.Errorf("an infallible juror gives %v", p)
	}
}

func TestOneCoin(t *testing.T) {
	truths := []float64{0.9, 0.7, 0.6, 0.8}
	r := rand.New(rand.NewPCG(1, 2))
	var votes [][]int
	var right []int
	for range 3000 {
		yes := r.IntN(2)
		row := make([]int, len(truths))
		for j, a := range truths {
			row[j] = yes
			if r.Float64() > a {
				row[j] = 1 - yes
			}
			if r.IntN(10) == 0 {
				row[j] = Unvoted
			}
		}
		votes, right = append(votes, row), append(right, yes)
	}
	accuracy, truth := OneCoin(votes, 8)
	for j, want := range truths {
		closeTo(t, "accuracy", accuracy[j], want, 0.03)
	}
	fitted, majority := 0, 0
	for i, row := range votes {
		if (truth[i] > 0.5) == (right[i] == 1) {
			fitted++
		}
		sum := 0
		for _, v := range row {
			if v != Unvoted {
				sum += 2*v - 1
			}
		}
		if sum > 0 == (right[i] == 1) && sum != 0 {
			majority++
		}
	}
	if fitted <= majority {
		t.Errorf("weighed votes are right on %d items, plain ones on %d", fitted, majority)
	}
	// With no items there is the prior alone.
	if a, _ := OneCoin([][]int{{Unvoted}}, 4); a[0] != 0.75 {
		t.Errorf("accuracy %v of a juror who never votes", a[0])
	}
}

// By hand: within the groups xy is 1 and 4, xx 0.5 and 2, yy 2 and 8; the last
// adds 0.5 to yy and no x.
func TestWithin(t *testing.T) {
	var w Within
	xs, ys := [][]float64{{1, 2}, {10, 12}, {5}, {3, 3}}, [][]float64{{1, 3}, {0, 4}, {9}, {0, 1}}
	for i := range xs {
		w.Add(NewWithin(xs[i], ys[i], nil))
	}
	s := w.Effect()
	closeTo(t, "slope", s.Value, 2, 1e-12)
	closeTo(t, "correlation", s.Correlation, 5/math.Sqrt(2.5*10.5), 1e-12)
	if s.N != 4 {
		t.Errorf("%d values, want 4", s.N)
	}
	// y = 3 z, and x follows z: x has no effect of its own.
	s = NewWithin([]float64{0, 1, 2, 4}, []float64{0, 3, 6, 9}, []float64{0, 1, 2, 3}).Effect()
	closeTo(t, "an effect that z explains", s.Value, 0, 1e-9)
	closeTo(t, "its correlation", s.Correlation, 0, 1e-9)
	if s = NewWithin([]float64{0, 1}, []float64{0, 3}, []float64{0, 1}).Effect(); s.Value != 0 {
		t.Errorf("x that is z has the effect %v", s.Value)
	}
}

// y made of x and z gives the weight of x back, whatever z does and groups are.
func TestWithinHoldsFixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Within
		weight := rapid.Float64Range(-3, 3).Draw(t, "weight")
		for range rapid.IntRange(1, 4).Draw(t, "groups") {
			n := rapid.IntRange(3, 6).Draw(t, "n")
			x := rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "x")
			z := rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "z")
			y := make([]float64, n)
			base := rapid.Float64Range(-9, 9).Draw(t, "base")
			for i := range y {
				y[i] = base + weight*x[i] - 2*z[i]
			}
			w.Add(NewWithin(x, y, z))
		}
		left := w.xx
		if w.zz > 0 {
			left -= w.xz * w.xz / w.zz
		}
		if left < 1e-3 {
			return
		}
		if s := w.Effect(); math.Abs(s.Value-weight) > 1e-6 {
			t.Errorf("effect %v, want %v", s.Value, weight)
		}
	})
}
