package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// McNemarPower is the probability that the exact one-sided McNemar test at
// level alpha finds a true gain on n items, where gain is the share of items
// gained less the share lost, and discordance their sum (at least the gain in
// size). It is exact: the number of discordant pairs is binomial, and given
// that number so is the number gained. Counts of discordant pairs beyond eight
// standard deviations are left out, an error below 1e-14.
func McNemarPower(n int, gain, discordance, alpha float64) float64 {
	if n < 0 || discordance < 0 || discordance > 1 || math.Abs(gain) > discordance*(1+1e-12) || !(alpha > 0 && alpha < 1) {
		panic(fmt.Sprintf("stats: power for %d items, gain %v, discordance %v, alpha %v", n, gain, discordance, alpha))
	}
	if discordance == 0 || n == 0 {
		return 0
	}
	return newCritical(alpha).power(n, gain, discordance)
}

// Detectable is the smallest gain (a share of the n items) that the exact
// one-sided McNemar test at level alpha finds with the given power, at the
// discordance seen or planned for; where the gain exceeds that discordance,
// all discordant pairs are gains. ok is false, and the gain 1, where not even
// gaining every item would prove anything.
func Detectable(n int, discordance, alpha, power float64) (gain float64, ok bool) {
	if n < 0 || discordance < 0 || discordance > 1 || !(alpha > 0 && alpha < 1) || !(power > 0 && power < 1) {
		panic(fmt.Sprintf("stats: detectable gain of %d items at discordance %v, alpha %v, power %v", n, discordance, alpha, power))
	}
	c := newCritical(alpha)
	reach := func(g float64) bool { return c.power(n, g, max(discordance, g)) >= power }
	if n == 0 || !reach(1) {
		return 1, false
	}
	return bisectCoarse(0, 1, func(g float64) bool { return !reach(g) }), true
}

// DetectableMean is the gain in mean that a one-sided paired test at level
// alpha finds with the given power, for n differences of standard deviation
// sd, in the normal approximation (z(1-alpha)+z(power))*sd/sqrt(n).
func DetectableMean(n int, sd, alpha, power float64) float64 {
	if n == 0 {
		return math.Inf(1)
	}
	z := distuv.UnitNormal
	return (z.Quantile(1-alpha) + z.Quantile(power)) * sd / math.Sqrt(float64(n))
}

// bisectCoarse is bisect to six digits: enough for figures that people read.
func bisectCoarse(lo, hi float64, above func(float64) bool) float64 {
	for hi-lo > 1e-6 {
		if mid := lo + (hi-lo)/2; above(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// critical finds, for m discordant pairs, the fewest gains that are
// significant at alpha; m+1 where none are.
type critical struct {
	alpha float64
	known map[int]int
}

func newCritical(alpha float64) *critical { return &critical{alpha, map[int]int{}} }

func (c *critical) at(m int) int {
	if k, ok := c.known[m]; ok {
		return k
	}
	// One more pair moves the threshold by none or one.
	if k, ok := c.known[m-1]; ok {
		if LogMcNemar(k, m-k) > math.Log(c.alpha) {
			k++
		}
		c.known[m] = k
		return k
	}
	lo, hi := m/2, m+1 // not significant, significant
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if LogMcNemar(mid, m-mid) <= math.Log(c.alpha) {
			hi = mid
		} else {
			lo = mid
		}
	}
	c.known[m] = hi
	return hi
}

func (c *critical) power(n int, gain, discordance float64) float64 {
	if discordance == 0 {
		return 0
	}
	up := min(1, (discordance+gain)/2/discordance) // P(gained | discordant)
	mean := float64(n) * discordance
	reach := 8*math.Sqrt(mean*(1-discordance)) + 8
	from, to := max(0, int(mean-reach)), min(n, int(mean+reach)+1)
	var power float64
	for m := from; m <= to; m++ {
		k := c.at(m)
		if k > m {
			continue
		}
		power += binomialPMF(n, m, discordance) * binomialTail(m, k, up)
	}
	return min(1, power)
}

// binomialPMF is P(X = k), X ~ Binomial(n, p).
func binomialPMF(n, k int, p float64) float64 {
	switch {
	case p == 0 && k == 0, p == 1 && k == n:
		return 1
	case p <= 0 || p >= 1:
		return 0
	}
	return math.Exp(logChoose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// binomialTail is P(X >= k), X ~ Binomial(m, p).
func binomialTail(m, k int, p float64) float64 {
	switch {
	case k <= 0 || p >= 1:
		return 1
	case p <= 0:
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(m-k+1), p)
}
