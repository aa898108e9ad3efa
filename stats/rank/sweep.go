package rank

import "math"

// fitter holds the strengths while they are fitted.
type fitter struct {
	*Table
	BradleyTerry
	s   []float64
	tie float64
}

// sweep passes over all items and returns the largest miss it saw; where it
// does not update, the miss of the strengths as they stand.
func (f *fitter) sweep(update bool) (miss float64) {
	for i := range f.s {
		above, below, games := f.item(i)
		if games == 0 {
			continue // never compared, and no prior: n is 1
		}
		// above/s and below differ by the wins less those that are expected, the
		// slope of the likelihood in log s, for both methods.
		miss = max(miss, math.Abs(above-below*f.s[i])/games)
		if update {
			f.s[i] = above / below
		}
	}
	if f.tie > 0 {
		above, below := f.ties()
		miss = max(miss, math.Abs(above-below*f.tie)/f.total())
		if update {
			f.tie = above / below
		}
	}
	if update && f.Prior == 0 {
		f.centre()
	}
	return miss
}

// item gives numerator and denominator of the next strength of item i, and its
// number of games. The numerator less the denominator times the strength is, at
// the present strengths, the wins less the wins expected.
func (f *fitter) item(i int) (above, below, games float64) {
	s := f.s[i]
	newman := f.Method == Newman
	for k := f.from[i]; k < f.from[i+1]; k++ {
		won, lost, other := f.won[k]+f.tied[k]/2, f.lost[k]+f.tied[k]/2, f.s[f.other[k]]
		games += won + lost
		switch {
		case f.tie > 0:
			// Davidson's model: D is s + t + 2*tie*sqrt(s*t). Of the slope of the
			// likelihood in s, (wins + ties/2)/s less games*(1 + tie*sqrt(t/s))/D,
			// the part of wins and ties is gathered above, that of losses below.
			root := math.Sqrt(s * other)
			all := s + other + 2*f.tie*root
			above += won * (other + f.tie*root) / all
			below += lost * (1 + f.tie*root/s) / all
		case newman:
			inverse := 1 / (s + other)
			above += won * other * inverse
			below += lost * inverse
		default:
			above += won
			below += (won + lost) / (s + other)
		}
	}
	if f.Prior > 0 {
		if newman {
			above, below = above+f.Prior/(s+1), below+f.Prior/(s+1)
		} else {
			above, below = above+f.Prior, below+2*f.Prior/(s+1)
		}
		games += 2 * f.Prior
	}
	return above, below, games
}

// startTies begins with as many ties as there are, as if all were equally
// strong: 0 where there are none, infinite where there is nothing else.
func (f *fitter) startTies() {
	var tied, decided float64
	for k := range f.other {
		tied, decided = tied+f.tied[k], decided+f.won[k]+f.lost[k]
	}
	if tied > 0 {
		f.tie = tied / decided
	}
}

// ties gives numerator and denominator of the next tie parameter, as item does
// of a strength: the ties of each pair weighed by the chance of a decision, over
// the decisions weighed by that of a tie.
func (f *fitter) ties() (above, below float64) {
	for i := range f.s {
		for k := f.from[i]; k < f.from[i+1]; k++ {
			j := int(f.other[k])
			if j < i {
				continue // each pair once
			}
			root := math.Sqrt(f.s[i] * f.s[j])
			all := f.s[i] + f.s[j] + 2*f.tie*root
			above += f.tied[k] * (f.s[i] + f.s[j]) / all
			below += (f.won[k] + f.lost[k]) * 2 * root / all
		}
	}
	return above, below
}

// total is the number of games.
func (f *fitter) total() (games float64) {
	for k := range f.other {
		games += (f.won[k] + f.lost[k] + f.tied[k]) / 2
	}
	return games
}

// centre makes the geometric mean of the strengths 1: without a prior only
// their ratios are determined, and they would drift.
func (f *fitter) centre() {
	var sum float64
	for _, s := range f.s {
		sum += math.Log(s)
	}
	scale := math.Exp(-sum / float64(len(f.s)))
	for i := range f.s {
		f.s[i] *= scale
	}
}
