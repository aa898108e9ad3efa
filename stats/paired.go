package stats

import (
	"fmt"
	"math"
)

// PairedDifference is the score interval of the difference of two proportions
// measured on the same n items, candidate minus incumbent, where gained items
// turned from wrong to right and lost ones from right to wrong (Tango,
// "Equivalence test and confidence interval for the difference in proportions
// for the paired-sample design", Statistics in Medicine 17, 1998). It inverts
// the score test whose value at difference 0 is McNemar's in its approximate
// form, so interval and test tell nearly one story: the exact test is a little
// more cautious. It is near its level for few items, and says something for no
// discordant pairs at all. No items give -1 to 1.
func PairedDifference(gained, lost, n int, level float64) Interval {
	if gained < 0 || lost < 0 || gained+lost > n {
		panic(fmt.Sprintf("stats: %d gained and %d lost of %d pairs", gained, lost, n))
	}
	z := twoSided(level)
	if n == 0 {
		return Interval{-1, 1}
	}
	d := float64(gained-lost) / float64(n)
	// The score falls as the supposed difference rises, through 0 at d.
	low := bisect(-1, d, func(x float64) bool { return tango(gained, lost, n, x) > z })
	high := bisect(d, 1, func(x float64) bool { return tango(gained, lost, n, x) > -z })
	return Interval{low, high}
}

// tango is the score statistic of a supposed difference x: the observed one
// less x, over its standard deviation at the maximum-likelihood estimate of
// the lost share under x.
func tango(gained, lost, n int, x float64) float64 {
	b, c, nn := float64(gained), float64(lost), float64(n)
	num := b - c - nn*x
	if num == 0 {
		return 0
	}
	// The lost share q under x solves a*q^2 + e*q - f = 0.
	a := 2 * nn
	e := -b - c + (2*nn-b+c)*x
	f := c * x * (1 - x)
	root := math.Sqrt(max(0, e*e+4*a*f))
	q := (root - e) / (2 * a)
	if e > 0 { // the same root without cancellation
		q = 2 * f / (root + e)
	}
	q = max(0, q, -x)
	variance := nn * (2*q + x*(1-x))
	if variance <= 0 {
		return math.Copysign(math.Inf(1), num)
	}
	return num / math.Sqrt(variance)
}

// bisect finds where above turns from true to false between lo and hi.
func bisect(lo, hi float64, above func(float64) bool) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if above(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}
