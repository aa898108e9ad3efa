package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// SpendAlpha is the significance level of attempt k of an unbounded series,
// counted from 1: alpha * 6 / (pi^2 k^2). The levels of all attempts sum to
// alpha, so that by the union bound a whole campaign of useless candidates
// promotes one with probability at most alpha, however long it runs and
// whatever the dependence between attempts. It is the online form of
// Bonferroni's correction, called alpha spending (Tian and Ramdas, "Online
// control of the familywise error rate", 2021), with weights from Euler's
// sum 1/k^2 = pi^2/6.
func SpendAlpha(alpha float64, k int) float64 {
	checkAttempt(alpha, k)
	return alpha * 6 / (math.Pi * math.Pi * float64(k) * float64(k))
}

// AlphaLeft is what remains of alpha after k attempts, 0 or more of them.
func AlphaLeft(alpha float64, k int) float64 {
	checkAttempt(alpha, k+1)
	// The Hurwitz zeta function is the tail of the series, without the
	// cancellation of subtracting what was spent.
	return alpha * 6 / (math.Pi * math.Pi) * mathext.Zeta(2, float64(k+1))
}

func checkAttempt(alpha float64, k int) {
	if !(alpha >= 0 && alpha <= 1) || k < 1 {
		panic(fmt.Sprintf("stats: alpha %v at attempt %d", alpha, k))
	}
}

// Holm adjusts p-values of several tests so that rejecting those at or below
// alpha keeps the chance of any false rejection at most alpha (Holm, "A simple
// sequentially rejective multiple test procedure", 1979). The result is in the
// order of ps.
func Holm(ps []float64) []float64 {
	order := ascending(ps)
	adjusted := make([]float64, len(ps))
	floor := 0.0
	for rank, i := range order {
		floor = max(floor, min(1, ps[i]*float64(len(ps)-rank)))
		adjusted[i] = floor
	}
	return adjusted
}

// BenjaminiHochberg adjusts p-values so that rejecting those at or below q
// keeps the expected share of false ones among the rejected at most q, for
// independent or positively dependent tests (Benjamini and Hochberg,
// "Controlling the false discovery rate", 1995).
func BenjaminiHochberg(ps []float64) []float64 {
	order := ascending(ps)
	adjusted := make([]float64, len(ps))
	ceiling := 1.0
	for rank := len(order) - 1; rank >= 0; rank-- {
		i := order[rank]
		ceiling = min(ceiling, ps[i]*float64(len(ps))/float64(rank+1))
		adjusted[i] = ceiling
	}
	return adjusted
}
