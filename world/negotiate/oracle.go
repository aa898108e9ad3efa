package negotiate

import "encoding/json"

// Best is the most that the solver can still get, in value to it, by search of
// all its offers against the partner's policy.
func (t *table) Best(s state) int {
	if v, ok := t.best[s]; ok {
		return v
	}
	best := 0 // walking away
	if s.turn > 0 {
		best = t.own[t.asks[s.reservation]]
	}
	for given, own := range t.most {
		if own >= 0 { // bundles that give the same differ only if accepted
			best = max(best, t.after(s, given, own))
		}
	}
	t.best[s] = best
	return best
}

// after is the most that the solver can get once it has offered a bundle.
func (t *table) after(s state, given, own int) int {
	switch {
	case given >= s.reservation:
		return own
	case t.last(s):
		return 0
	}
	return t.Best(t.refused(s, given))
}

// Blind is the mean of what a solver gets who takes any legal move, each with
// the same chance: any bundle, walking away, and from the second turn on
// accepting.
func (t *table) Blind(s state) float64 {
	if v, ok := t.blind[s]; ok {
		return v
	}
	sum, moves := 0.0, len(t.bundles)+1
	if s.turn > 0 {
		moves++
		sum += float64(t.own[t.asks[s.reservation]])
	}
	for given, n := range t.n {
		switch {
		case given >= s.reservation:
			sum += float64(t.sum[given])
		case n > 0 && !t.last(s):
			sum += float64(n) * t.Blind(t.refused(s, given))
		}
	}
	v := sum / float64(moves)
	t.blind[s] = v
	return v
}

// worthOf is the most that the solver can get after a legal move.
func (t *table) worthOf(s state, m move) int {
	switch m.kind {
	case accept:
		return t.own[t.asks[s.reservation]]
	case walk:
		return 0
	}
	return t.after(s, t.given[m.bundle], t.own[m.bundle])
}

// sampled is about how many scenarios Scale looks at.
const sampled = 300

// Scale is the mean return at a level of random legal play and of the best
// possible, over every k-th scenario (k such that about 300 are left) with all
// characters of partners. Order does not matter to either.
func Scale(level int, _ json.RawMessage) (random, oracle float64) {
	size := sizes[min(max(level, 1), len(sizes))-1]
	all := scenarios(size.kinds, size.low, size.high)
	n := 0.0
	for i := 0; i < len(all); i += max(len(all)/sampled, 1) {
		base := newTable(all[i], characterOf(0), size.turns)
		for c := range characters {
			t := base.with(characterOf(c))
			random += t.Blind(t.start())
			oracle += float64(t.Best(t.start()))
			n++
		}
	}
	return random / n / Total, oracle / n / Total
}
