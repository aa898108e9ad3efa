package rank

import (
	"fmt"
	"iter"
	"math"
)

// Elo says how ratings move; the zero value is K 32 and ratings that start at
// 1,500, with 400 points for ten to one.
type Elo struct {
	K     float64 // points at stake in one game
	Start float64
	Scale float64 // points that make odds of ten to one
}

// mostGames bounds the games of one outcome.
const mostGames = 1_000_000

// Rate rates n items by outcomes as they come (Elo, "The Rating of Chessplayers",
// 1978): the first gains K times what it won beyond what the ratings expected,
// the second loses as much. An outcome of some Count is so many games, the last
// of them perhaps part of one.
//
// The ratings depend on the order of the outcomes, and favour late ones; they
// suit items that change, and streams: of a fixed set of comparisons,
// Bradley-Terry strengths say what Elo ratings only wander about.
func (o Elo) Rate(n int, outcomes iter.Seq[Outcome]) ([]float64, error) {
	if o.K == 0 {
		o.K = 32
	}
	if o.Start == 0 {
		o.Start = 1500
	}
	if o.Scale == 0 {
		o.Scale = 400
	}
	if !(o.K > 0) || !(o.Scale > 0) || n < 0 {
		return nil, fmt.Errorf("rating %d items by Elo: K is %v and the scale %v; all must be above 0", n, o.K, o.Scale)
	}
	ratings := make([]float64, n)
	for i := range ratings {
		ratings[i] = o.Start
	}
	at := 0
	for x := range outcomes {
		if err := x.check(n); err != nil {
			return nil, fmt.Errorf("rating by Elo: comparison %d: %w", at, err)
		}
		at++
		if x.Count > mostGames {
			return nil, fmt.Errorf("rating by Elo: comparison %d counts %v, above %d; Elo plays every game", at-1, x.Count, mostGames)
		}
		left := x.Count
		if left == 0 {
			left = 1
		}
		for ; left > 0; left-- {
			move := min(left, 1) * o.K * (x.Value - o.Expected(ratings[x.First], ratings[x.Second]))
			ratings[x.First] += move
			ratings[x.Second] -= move
		}
	}
	return ratings, nil
}

// Expected is the share that the first of two ratings should win of the second.
func (o Elo) Expected(first, second float64) float64 {
	scale := o.Scale
	if scale == 0 {
		scale = 400
	}
	return 1 / (1 + math.Pow(10, (second-first)/scale))
}
