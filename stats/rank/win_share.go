package rank

// WinShare is, for each item, the mean over its opponents of the share of their
// games that it won, ties counting half: 0..1. Each opponent counts the same,
// however often it was met. An item that was compared with none has 0.5: nothing
// is known of it. It needs no transitive order: the reward of Swamy et al., "A
// Minimaximalist Approach to Reinforcement Learning from Human Feedback" (2024),
// where all attempts at one task are compared with each other.
func (t *Table) WinShare() []float64 {
	shares := make([]float64, t.n)
	for i := range shares {
		met := 0
		for k := t.from[i]; k < t.from[i+1]; k++ {
			if games := t.won[k] + t.lost[k] + t.tied[k]; games > 0 {
				shares[i] += (t.won[k] + t.tied[k]/2) / games
				met++
			}
		}
		if met == 0 {
			shares[i] = 0.5
			continue
		}
		shares[i] /= float64(met)
	}
	return shares
}
