package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"pawl/stats/rank"
)

// judgingSpeed sets the fast iteration for Bradley-Terry strengths beside
// Zermelo's, which must come to the same ranking, and measures what judging
// without a model costs over streams: votes, pairs, and `pawl verify`.
func judgingSpeed(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		if err := rankSpeed(ctx, o, rep, n); err != nil {
			return err
		}
	}
	for _, what := range []string{"votes", "pairs"} {
		if err := streamSpeed(ctx, o, rep, what); err != nil {
			return err
		}
	}
	return verifySpeed(ctx, o, rep)
}

// games are comparisons of n items, ten opponents each, drawn by strengths that are
// normal in their logarithm: what judges leave of so many.
func games(n int, seed uint64) iter.Seq[rank.Outcome] {
	return func(yield func(rank.Outcome) bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		worth := make([]float64, n)
		for i := range worth {
			worth[i] = r.NormFloat64()
		}
		for i := range n {
			for range 5 { // and as many from the other side
				j := (i + 1 + r.IntN(n-1)) % n
				won := 0.0
				if r.Float64() < 1/(1+math.Exp(worth[j]-worth[i])) {
					won = 1
				}
				if !yield(rank.Outcome{First: i, Second: j, Value: won}) {
					return
				}
			}
		}
	}
}

// apart is by how much two strengths must differ, in their logarithms, to be in an
// order at all: what is closer is a tie that the tolerance of a fit decides.
const apart = 1e-3

// rankSpeed takes the median times of both iterations to one tolerance, in turns.
// The prior is the paper's: of so many some never win.
func rankSpeed(ctx context.Context, o *options, rep *reporter, n int) error {
	what := fmt.Sprintf("rank %d items", n)
	if !o.wants(what) {
		return nil
	}
	table, err := rank.Tally(n, games(n, 7))
	if err != nil {
		return err
	}
	methods := []rank.Method{rank.Newman, rank.Zermelo}
	var fits [2]rank.Fit
	for i, m := range methods { // far below the tolerance that is timed
		if fits[i], err = table.BradleyTerry(rank.BradleyTerry{Method: m, Prior: 1, Tolerance: 1e-9}); err != nil {
			return err
		}
	}
	if a, b := disordered(fits[0].Strengths, fits[1].Strengths); a >= 0 {
		return fmt.Errorf("%s: the two iterations rank items %d and %d differently", what, a, b)
	}
	var times [2][]float64
	for turn := range o.turns {
		for i, m := range methods {
			if err := ctx.Err(); err != nil {
				return err
			}
			start := time.Now()
			if fits[i], err = table.BradleyTerry(rank.BradleyTerry{Method: m, Prior: 1}); err != nil {
				return err
			}
			times[i] = append(times[i], time.Since(start).Seconds()*1000)
		}
		if turn >= 2 && times[1][turn] > 1000 {
			break // three turns of seconds each are enough
		}
	}
	rep.note("%s: %d and %d sweeps", what, fits[0].Sweeps, fits[1].Sweeps)
	rep.figure(figure{what: what, unit: "ms", less: true, ours: median(times[0]), theirs: median(times[1]), theirsBy: "Zermelo, "})
	return nil
}

// disordered finds neighbours in the order of one fit that stand the other way
// round in the other by more than a tie; -1 where there are none. What is between
// neighbours adds up: an item is compared with the best before it.
func disordered(a, b []float64) (int, int) {
	order := make([]int, len(a))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case a[i] < a[j]:
			return -1
		case a[i] > a[j]:
			return 1
		}
		return 0
	})
	best := order[0]
	for _, i := range order[1:] {
		if math.Log(b[i]) < math.Log(b[best])-apart {
			return best, i
		}
		if b[i] > b[best] {
			best = i
		}
	}
	return -1, -1
}
