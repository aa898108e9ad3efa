package main

import (
	"testing"

	"pawl/stats/rank"
)

// What two fits rank differently by more than a tie is found, however far apart it
// stands in their order; ties are not.
func TestDisordered(t *testing.T) {
	for _, c := range []struct {
		a, b         []float64
		first, other int
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, -1, -1},
		{[]float64{3, 1, 2}, []float64{30, 10, 20}, -1, -1},
		{[]float64{1, 2, 3}, []float64{1, 3, 2}, 1, 2},
		{[]float64{1, 2, 3, 4}, []float64{5, 2, 3, 4}, 0, 1},
		{[]float64{1, 2, 3}, []float64{1, 2.0001, 2}, -1, -1},
	} {
		if first, other := disordered(c.a, c.b); first != c.first || other != c.other {
			t.Errorf("%v and %v: items %d and %d, want %d and %d", c.a, c.b, first, other, c.first, c.other)
		}
	}
}

// Both iterations rank the games that are timed alike.
func TestGamesHaveOneRanking(t *testing.T) {
	table, err := rank.Tally(300, games(300, 7))
	if err != nil {
		t.Fatal(err)
	}
	var fits [2]rank.Fit
	for i, m := range []rank.Method{rank.Newman, rank.Zermelo} {
		if fits[i], err = table.BradleyTerry(rank.BradleyTerry{Method: m, Prior: 1, Tolerance: 1e-9}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := disordered(fits[0].Strengths, fits[1].Strengths); a >= 0 || fits[0].Sweeps >= fits[1].Sweeps {
		t.Errorf("items %d and %d; %d and %d sweeps", a, b, fits[0].Sweeps, fits[1].Sweeps)
	}
}

// The streams judge what they say they judge.
func TestStreams(t *testing.T) {
	for what, run := range map[string]func() error{
		"votes": func() error { return voteStream(t.Context(), 200) },
		"pairs": func() error { return pairStream(t.Context(), 300) },
	} {
		if err := run(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
