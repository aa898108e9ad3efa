package rank

import (
	"errors"
	"fmt"
	"math"
)

// Method is an iteration that climbs to the Bradley-Terry strengths. All
// methods end at the same strengths.
type Method string

const (
	// Newman's divides what an item won from its opponents, each win weighed by
	// the chance that it was lost, by what it lost to them: the fast one.
	Newman Method = "newman"
	// Zermelo's divides the wins by the games, each weighed by the inverse of the
	// sum of the strengths; for comparison.
	Zermelo Method = "zermelo"
)

// Ways to take ties.
const (
	Halves   = "halves"   // half a win for each
	Davidson = "davidson" // a third outcome, whose frequency is fitted too
)

// BradleyTerry says how to fit. The zero value is Newman's iteration, ties as
// halves, no prior, and a tolerance of 1e-6.
type BradleyTerry struct {
	Method Method
	Ties   string
	// Prior is how many fictitious games each item won, and as many lost, against
	// an item of strength 1. With 1 it is the logistic prior of the paper. Any
	// Prior above 0 gives every item a finite strength, also one that never won,
	// never lost or was never compared.
	Prior float64
	// Tolerance is the largest difference, over all items, between the share of
	// its games that an item won and the share that the strengths give it.
	Tolerance float64
	Sweeps    int // most passes over all items; 0 is 100,000
}

// Fit is fitted strengths: item i beats j with probability
// s[i] / (s[i] + s[j]).
type Fit struct {
	// Strengths are above 0. Without a prior their geometric mean is 1; with one
	// they are on the prior's scale.
	Strengths []float64
	// Tie is Davidson's parameter: of two equally strong items, ties are 2*Tie to
	// 2 against decisions. Infinite where nothing but ties was seen.
	Tie    float64
	Sweeps int
	Miss   float64 // what Tolerance bounds, as it came out
}

// ErrUnconnected means that the comparisons alone do not determine all
// strengths: some items never lost to any of the others, or never won.
var ErrUnconnected = errors.New("the comparisons do not connect all items")

// ErrNotConverged means that the most sweeps were made; the fit is as it stands.
var ErrNotConverged = errors.New("the strengths have not converged")

// BradleyTerry fits strengths by maximum likelihood or, with a prior, by
// maximum posterior. Newman, "Efficient Computation of Rankings from Pairwise
// Comparisons", JMLR 24 (2023), gives the iteration (his equation 12, with the
// prior 26); Zermelo, "Die Berechnung der Turnier-Ergebnisse als ein
// Maximumproblem der Wahrscheinlichkeitsrechnung" (1929), the older one. Ties
// as a third outcome are Davidson's model (1970).
//
// Items are updated in place, in order, so that a sweep uses the newest
// strengths. It fails with ErrUnconnected where there is no prior and no finite
// maximum, and with ErrNotConverged, the fit beside it.
func (t *Table) BradleyTerry(o BradleyTerry) (Fit, error) {
	if err := o.defaults(); err != nil {
		return Fit{}, fmt.Errorf("fitting Bradley-Terry strengths: %w", err)
	}
	if o.Prior == 0 {
		if item, why := t.unconnected(); why != "" {
			return Fit{}, fmt.Errorf("fitting Bradley-Terry strengths: %w: item %d and others %s the rest; compare more pairs, or give a prior", ErrUnconnected, item, why)
		}
	}
	f := &fitter{Table: t, BradleyTerry: o, s: make([]float64, t.n)}
	for i := range f.s {
		f.s[i] = 1
	}
	if o.Ties == Davidson {
		f.startTies()
	}
	fit := Fit{Strengths: f.s}
	if math.IsInf(f.tie, 1) { // ties tell nothing of who is stronger
		fit.Tie = f.tie
		return fit, nil
	}
	for fit.Sweeps < o.Sweeps {
		fit.Sweeps++
		// What a sweep sees is of strengths that change under it: its verdict is
		// checked by a pass that changes nothing.
		if f.sweep(true) <= o.Tolerance {
			if fit.Miss = f.sweep(false); fit.Miss <= o.Tolerance {
				fit.Tie = f.tie
				return fit, nil
			}
		}
	}
	fit.Tie, fit.Miss = f.tie, f.sweep(false)
	return fit, fmt.Errorf("fitting Bradley-Terry strengths: %w: after %d sweeps an item's share of wins is %.2g off, above %.2g", ErrNotConverged, fit.Sweeps, fit.Miss, o.Tolerance)
}

func (o *BradleyTerry) defaults() error {
	if o.Method == "" {
		o.Method = Newman
	}
	if o.Ties == "" {
		o.Ties = Halves
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-6
	}
	if o.Sweeps == 0 {
		o.Sweeps = 100_000
	}
	switch {
	case o.Method != Newman && o.Method != Zermelo:
		return fmt.Errorf("no method %q; there are %s and %s", o.Method, Newman, Zermelo)
	case o.Ties != Halves && o.Ties != Davidson:
		return fmt.Errorf("no way %q to take ties; there are %s and %s", o.Ties, Halves, Davidson)
	case o.Ties == Davidson && o.Method == Zermelo:
		return fmt.Errorf("ties as a third outcome go with the method %s", Newman)
	case !(o.Prior >= 0) || math.IsInf(o.Prior, 0):
		return fmt.Errorf("the prior is %v games; it must be 0 or more", o.Prior)
	case !(o.Tolerance > 0) || o.Sweeps < 0:
		return fmt.Errorf("the tolerance is %v within %d sweeps; both must be above 0", o.Tolerance, o.Sweeps)
	}
	return nil
}

// unconnected finds an item of a group that never beat, or was never beaten by,
// the items outside: then the strengths of the group run away. A tie counts
// for both sides.
func (t *Table) unconnected() (item int, why string) {
	if t.n < 2 {
		return 0, ""
	}
	if i := t.unreached(t.won); i >= 0 {
		return i, "never lost to"
	}
	if i := t.unreached(t.lost); i >= 0 {
		return i, "never won from"
	}
	return 0, ""
}

// unreached is an item that no chain of entries above 0 reaches from item 0, or
// -1.
func (t *Table) unreached(by []float64) int {
	seen, queue := make([]bool, t.n), []int32{0}
	seen[0] = true
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for k := t.from[i]; k < t.from[i+1]; k++ {
			if j := t.other[k]; !seen[j] && by[k]+t.tied[k] > 0 {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
	for i, ok := range seen {
		if !ok {
			return i
		}
	}
	return -1
}
