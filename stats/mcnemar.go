package stats

import (
	"math"
	"math/bits"
)

// McNemar is the exact one-sided p-value that the candidate is better, from
// the discordant pairs alone: gained of them turned from wrong to right, lost
// from right to wrong. Without a difference each discordant pair is a fair
// coin, so p = P(X >= gained), X ~ Binomial(gained+lost, 1/2) (McNemar, "Note
// on the sampling error of the difference between correlated proportions or
// percentages", 1947). The paper refers the counts to the chi-squared
// distribution; this is the exact form. No discordant pairs give 1. Exchange the arguments
// for the other direction. Below about 1e-308 it is 0; LogMcNemar is not.
func McNemar(gained, lost int) float64 {
	if m := gained + lost; gained >= 0 && lost >= 0 && m <= 60 {
		return countedTail(m, gained)
	}
	return math.Exp(LogMcNemar(gained, lost))
}

// countedTail is P(X >= k), X ~ Binomial(m, 1/2), by counting: for m up to 60
// all counts fit in 64 bits, so that small cases come out as exact fractions.
func countedTail(m, k int) float64 {
	var sum, choose uint64 = 0, 1
	for j := m; j >= k && j >= 0; j-- { // choose is C(m, j)
		sum += choose
		if j > 0 {
			hi, lo := bits.Mul64(choose, uint64(j))
			choose, _ = bits.Div64(hi, lo, uint64(m-j+1))
		}
	}
	return math.Ldexp(float64(sum), -m)
}

// LogMcNemar is the natural logarithm of McNemar's p-value.
func LogMcNemar(gained, lost int) float64 {
	if gained < 0 || lost < 0 {
		panic("stats: negative count of discordant pairs")
	}
	return logUpperTail(gained+lost, gained)
}

// logUpperTail is log P(X >= k) for X ~ Binomial(m, 1/2). It sums the smaller
// tail outwards from its largest term, relative to that term, so nothing
// underflows and terms shrink geometrically.
func logUpperTail(m, k int) float64 {
	switch {
	case k <= 0:
		return 0
	case k > m:
		return math.Inf(-1)
	case 2*k <= m: // the larger tail: one minus P(X >= m-k+1), which mirrors P(X <= k-1)
		return math.Log1p(-math.Exp(logUpperTail(m, m-k+1)))
	}
	sum, term := 1.0, 1.0
	for j := k; j < m; j++ {
		term *= float64(m-j) / float64(j+1)
		sum += term
		if term < sum*1e-18 {
			break
		}
	}
	return logChoose(m, k) - float64(m)*math.Ln2 + math.Log(sum)
}

// logChoose is the logarithm of the binomial coefficient, for 0 <= k <= n.
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
