package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// ascending lists indices of xs from the smallest value up, ties in order.
func ascending(xs []float64) []int {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(xs[a], xs[b]) })
	return order
}

// PassAtK is the unbiased estimate of the probability that at least one of k
// attempts at a task is right, from n attempts of which c were: the share of
// the k-subsets that hold a right one, 1 - C(n-c,k)/C(n,k), as a product that
// neither overflows nor cancels (Chen et al., "Evaluating large language
// models trained on code", 2021). It needs n >= k >= 1.
func PassAtK(n, c, k int) float64 {
	checkCounts(c, n)
	checkDraw(k, n)
	if n-c < k {
		return 1
	}
	none := 1.0
	for i := n - c + 1; i <= n; i++ {
		none *= 1 - float64(k)/float64(i)
	}
	return 1 - none
}

func checkDraw(k, n int) {
	if k < 1 || k > n {
		panic(fmt.Sprintf("stats: drawing %d of %d attempts", k, n))
	}
}

// MajAtK is the exact probability, over the k-subsets of a task's attempts,
// that the most frequent answer is the right one. counts[i] attempts gave
// answer i, blank ones gave none and cast no vote, and counts[right] are of
// the right answer; right -1 means that nobody gave it. won counts strict
// pluralities only, as for a vote whose ties abstain; shared adds to it the
// ties, each at the chance of a fair draw between the tied answers
// (self-consistency: Wang et al., 2022).
func MajAtK(counts []int, right, blank, k int) (won, shared float64) {
	n := blank
	for _, c := range counts {
		checkCounts(0, c)
		n += c
	}
	checkCounts(0, blank)
	checkDraw(k, n)
	if right < -1 || right >= len(counts) {
		panic(fmt.Sprintf("stats: right answer %d of %d", right, len(counts)))
	}
	if right == -1 {
		return 0, 0
	}
	if k == n {
		return wholeVote(counts, right)
	}
	// Draws without replacement are independent binomials of share k/n given
	// that they sum to k; as such all weights stay near 1 in size.
	share := float64(k) / float64(n)
	norm := binomialPMF(n, k, share)
	for votes := 1; votes <= min(k, counts[right]); votes++ {
		// ways[t][s]: weight of the other answers drawing s attempts in all,
		// none more than votes, t of them exactly as many.
		ways := newWays(k - votes)
		for i, c := range counts {
			if i != right && c > 0 {
				ways.add(c, share, votes)
			}
		}
		ways.addFree(blank, share)
		own := binomialPMF(counts[right], votes, share) / norm
		for tied, row := range ways {
			w := own * row[k-votes]
			if tied == 0 {
				won += w
			}
			shared += w / float64(tied+1)
		}
	}
	return min(1, won), min(1, shared)
}

// wholeVote is MajAtK of all attempts, where nothing is drawn.
func wholeVote(counts []int, right int) (won, shared float64) {
	tied := 0
	for _, c := range counts {
		if c > counts[right] {
			return 0, 0
		}
		if c == counts[right] {
			tied++
		}
	}
	switch {
	case counts[right] == 0:
		return 0, 0
	case tied == 1:
		return 1, 1
	}
	return 0, 1 / float64(tied)
}

// ways is a table by number of tied answers and attempts drawn.
type ways [][]float64

func newWays(draws int) ways {
	w := ways{make([]float64, draws+1)}
	w[0][0] = 1
	return w
}

// add convolves in an answer of c attempts that draws at most votes; drawing
// exactly votes moves it one row on.
func (w *ways) add(c int, share float64, votes int) {
	draws := len((*w)[0]) - 1
	next := make(ways, min(len(*w)+1, draws/votes+1))
	for t := range next {
		next[t] = make([]float64, draws+1)
	}
	for x := 0; x <= min(c, votes, draws); x++ {
		p := binomialPMF(c, x, share)
		for t, row := range *w {
			to := t
			if x == votes {
				to++
			}
			if to >= len(next) {
				continue // more ties than draws allow
			}
			for s := 0; s+x <= draws; s++ {
				next[to][s+x] += p * row[s]
			}
		}
	}
	*w = next
}

// addFree convolves in attempts that cast no vote.
func (w *ways) addFree(c int, share float64) {
	if c == 0 {
		return
	}
	for t, row := range *w {
		next := make([]float64, len(row))
		for x := 0; x <= min(c, len(row)-1); x++ {
			p := binomialPMF(c, x, share)
			for s := 0; s+x < len(row); s++ {
				next[s+x] += p * row[s]
			}
		}
		(*w)[t] = next
	}
}

// Entropy is the Shannon entropy, in bits, of the distribution that counts
// give. It is the plug-in value: low for few attempts, at most log2 of their
// number. No counts give 0.
func Entropy(counts []int) float64 {
	total := 0
	for _, c := range counts {
		checkCounts(0, c)
		total += c
	}
	var h float64
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(total)
			h -= p * math.Log2(p)
		}
	}
	return h + 0 // no negative zero
}

// Distinct is the number of different answers.
func Distinct(counts []int) int {
	d := 0
	for _, c := range counts {
		checkCounts(0, c)
		if c > 0 {
			d++
		}
	}
	return d
}

// DistinctAtK is the expected number of different answers among k of the
// attempts (rarefaction: Hurlbert, 1971), which makes tasks with different
// numbers of attempts comparable.
func DistinctAtK(counts []int, k int) float64 {
	n := 0
	for _, c := range counts {
		checkCounts(0, c)
		n += c
	}
	checkDraw(k, n)
	var d float64
	for _, c := range counts {
		d += PassAtK(n, c, k) // the chance that this answer is among them
	}
	return d
}
