package objective

import (
	"math"
	"slices"
	"testing"

	"pawl/core"

	"pgregory.net/rapid"
)

func TestRewardLossesHandWorked(t *testing.T) {
	l3 := math.Log(3) // sigmoid(ln 3) = 3/4
	for name, c := range map[string]struct {
		loss   func(values, slopes []float64, groups []core.Group) float64
		values []float64
		groups []core.Group
		want   float64
		slopes []float64
	}{
		// (-ln 3/4 - ln 1/4)/2, slopes (3/4 - 1)/2 and 3/4 /2.
		"outcome, one right and one wrong": {Outcome, []float64{l3, l3}, []core.Group{{First: 0, Labels: []float64{1}}, {First: 1, Labels: []float64{0}}},
			math.Log(16.0/3) / 2, []float64{-0.125, 0.375}},
		"outcome, groups do not matter": {Outcome, []float64{l3, l3}, []core.Group{{Labels: []float64{1, 0}}},
			math.Log(16.0/3) / 2, []float64{-0.125, 0.375}},
		// -ln sigmoid(ln 3 - 0) = ln 4/3; slope -(1 - 3/4).
		"pairwise, the first chosen": {Pairwise, []float64{l3, 0}, []core.Group{{Labels: []float64{1, 0}}}, math.Log(4.0 / 3), []float64{-0.25, 0.25}},
		"pairwise, the last chosen":  {Pairwise, []float64{l3, 0}, []core.Group{{Labels: []float64{-2, 7}}}, math.Log(4), []float64{0.75, -0.75}},
		// Two pairs in the first group, ln 2 and ln 4/3, and one in the second, ln 2.
		"pairwise, a group is a group": {Pairwise, []float64{l3, l3, 0, 5, 5}, []core.Group{{First: 0, Labels: []float64{1, 0, 0}}, {First: 3, Labels: []float64{0, 1}}},
			(math.Log(2)+math.Log(4.0/3))/4 + math.Log(2)/2, []float64{-0.1875, 0.125, 0.0625, 0.25, -0.25}},
		"pairwise, all alike": {Pairwise, []float64{l3, 0}, []core.Group{{Labels: []float64{1, 1}}}, 0, []float64{0, 0}},
	} {
		slopes := make([]float64, len(c.values))
		loss := c.loss(c.values, slopes, c.groups)
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
		if !near(loss, c.want) || !slices.EqualFunc(slopes, c.slopes, near) {
			t.Errorf("%s: %v, slopes %v; want %v, %v", name, loss, slopes, c.want, c.slopes)
		}
	}
}

func TestRewardLossSlopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var groups []core.Group
		var values []float64
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			labels := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 4).Draw(t, "labels")
			groups = append(groups, core.Group{First: len(values), Labels: labels})
			for range labels {
				values = append(values, rapid.Float64Range(-5, 5).Draw(t, "value"))
			}
		}
		for name, f := range map[string]func(values, slopes []float64, groups []core.Group) float64{"outcome": Outcome, "pairwise": Pairwise} {
			slopes, other := make([]float64, len(values)), make([]float64, len(values))
			f(values, slopes, groups)
			for i := range values {
				const h = 1e-5
				near := func(by float64) float64 {
					v := slices.Clone(values)
					v[i] += by
					return f(v, other, groups)
				}
				if want := (near(h) - near(-h)) / (2 * h); math.Abs(slopes[i]-want) > 1e-6 {
					t.Errorf("%s of %v, %v: slope %d is %v, differences give %v", name, values, groups, i, slopes[i], want)
				}
			}
		}
	})
}
