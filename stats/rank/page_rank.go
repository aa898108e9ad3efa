package rank

import (
	"fmt"
	"math"
)

// PageRank says how worth is passed on; the zero value is a damping of 0.85 and
// a tolerance of 1e-10.
type PageRank struct {
	Damping   float64 // share of an item's worth that it passes to those that beat it
	Tolerance float64 // largest sum of changes of a pass that ends
	Passes    int     // most passes; 0 is 10,000
}

// PageRank is the worth of each item where losers vouch for winners: every item
// passes the damped part of its worth to those that beat it, by how often they
// did (a tie is half a win for each), and the rest to all alike. An item that
// never lost passes all of it to all alike. The worths sum to 1. Brin and Page,
// "The anatomy of a large-scale hypertextual Web search engine" (1998).
func (t *Table) PageRank(o PageRank) ([]float64, error) {
	if o.Damping == 0 {
		o.Damping = 0.85
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-10
	}
	if o.Passes == 0 {
		o.Passes = 10_000
	}
	if !(o.Damping > 0 && o.Damping < 1) || !(o.Tolerance > 0) || o.Passes < 0 {
		return nil, fmt.Errorf("ranking by PageRank: damping %v, tolerance %v, %d passes; damping lies between 0 and 1, and the others above 0", o.Damping, o.Tolerance, o.Passes)
	}
	if t.n == 0 {
		return []float64{}, nil
	}
	lost := make([]float64, t.n)
	for i := range lost {
		for k := t.from[i]; k < t.from[i+1]; k++ {
			lost[i] += t.lost[k] + t.tied[k]/2
		}
	}
	n := float64(t.n)
	worth, next := make([]float64, t.n), make([]float64, t.n)
	for i := range worth {
		worth[i] = 1 / n
	}
	for range o.Passes {
		var idle float64 // worth of items that never lost
		for i, w := range worth {
			if lost[i] == 0 {
				idle += w
			}
		}
		var sum, change float64
		for i := range next {
			var in float64
			for k := t.from[i]; k < t.from[i+1]; k++ {
				if won := t.won[k] + t.tied[k]/2; won > 0 {
					j := t.other[k]
					in += worth[j] * won / lost[j]
				}
			}
			next[i] = (1-o.Damping+o.Damping*idle)/n + o.Damping*in
			sum += next[i]
		}
		for i := range next {
			next[i] /= sum // 1 but for rounding
			change += math.Abs(next[i] - worth[i])
		}
		worth, next = next, worth
		if change <= o.Tolerance {
			return worth, nil
		}
	}
	return worth, fmt.Errorf("ranking by PageRank: %w: %d passes were not enough for a tolerance of %.2g", ErrNotConverged, o.Passes, o.Tolerance)
}
