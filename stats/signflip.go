package stats

import (
	"fmt"
	"math"
	"slices"
)

// SignFlip says how to run the permutation test. The zero value is sound.
type SignFlip struct {
	Flips int    // random sign vectors where no exact count is possible; 0 for 20,000
	Seed  uint64 // of those
}

// Permutation is the outcome of a permutation test.
type Permutation struct {
	P     float64 // one-sided: the sum is larger than chance gives
	Exact bool    // every sign vector was counted
}

const (
	// Cells of work up to which a lattice is counted exactly.
	latticeWork = 50_000_000
	// Non-zero differences up to which all sign vectors are enumerated.
	enumerated = 20
	// Exceedances after which random flips tell enough.
	enoughExceedances = 400
)

// Test is the one-sided paired permutation test of Fisher and Pitman: were the
// sign of each difference (candidate minus incumbent) a fair coin, how often
// would their sum be at least what it is? Zero differences do not matter; no
// differences at all give 1.
//
// Where the differences are multiples of a common step, as shares of graded
// points are, the sum's exact distribution is counted, whatever the number of
// items; for differences of -1, 0 and 1 this is McNemar's exact test. Up to 20
// others are enumerated. Beyond that random flips are drawn, and p is
// (exceedances+1)/(flips+1), which keeps the test's level (Phipson and Smyth,
// "Permutation p-values should never be zero", 2010); drawing ends early, at
// exceedances/flips, once p is plainly large (Besag and Clifford, "Sequential
// Monte Carlo p-values", 1991).
func (o SignFlip) Test(differences []float64) Permutation {
	abs := make([]float64, 0, len(differences))
	var sum, total float64
	for _, d := range differences {
		if math.IsNaN(d) || math.IsInf(d, 0) {
			panic(fmt.Sprintf("stats: difference %v in a permutation test", d))
		}
		if d != 0 {
			abs = append(abs, math.Abs(d))
			sum += d
			total += math.Abs(d)
		}
	}
	if len(abs) == 0 {
		return Permutation{P: 1, Exact: true}
	}
	// Order must not matter, not even to the last bit.
	slices.Sort(abs)
	if steps, step, ok := lattice(abs); ok {
		observed := 0
		for _, d := range differences {
			observed += int(math.Round(d / step))
		}
		return Permutation{P: latticeTail(steps, observed), Exact: true}
	}
	slices.Reverse(abs)
	// Sums that differ by rounding alone are ties.
	sum -= 1e-12 * total
	if len(abs) <= enumerated {
		return Permutation{P: enumerate(abs, sum, total), Exact: true}
	}
	return Permutation{P: o.sample(abs, sum)}
}

// lattice expresses sorted positive numbers as multiples of one step, if the
// step is not too small for exact counting.
func lattice(abs []float64) (steps []int, step float64, ok bool) {
	largest := abs[len(abs)-1]
	for _, x := range abs {
		step = realGCD(x, step, largest*1e-9)
		if float64(len(abs))*largest/step > latticeWork {
			return nil, 0, false
		}
	}
	steps = make([]int, len(abs))
	total := 0
	for i, x := range abs {
		steps[i] = int(math.Round(x / step))
		if math.Abs(x-float64(steps[i])*step) > largest*1e-8 {
			return nil, 0, false
		}
		total += steps[i]
	}
	return steps, step, len(abs)*total <= latticeWork
}

// realGCD is Euclid's algorithm where remainders below tol are zero.
func realGCD(a, b, tol float64) float64 {
	for b > tol {
		r := math.Mod(a, b)
		if b-r < tol {
			r = 0
		}
		a, b = b, r
	}
	return a
}

// latticeTail is P(sum of ±steps >= observed) for fair signs. A sum of signs
// is twice the sum of the positive ones, less the total, so it counts subset
// sums; probabilities, not counts, so that nothing overflows.
func latticeTail(steps []int, observed int) float64 {
	total := 0
	for _, s := range steps {
		total += s
	}
	// Positive steps must sum to at least (observed+total)/2, rounded up.
	need := (observed + total + 1) / 2
	if observed+total <= 0 {
		return 1
	}
	prob := make([]float64, total+1)
	prob[0] = 1
	reach := 0
	for _, s := range steps {
		reach += s
		for x := reach; x >= s; x-- {
			prob[x] = (prob[x] + prob[x-s]) / 2
		}
		for x := s - 1; x >= 0; x-- {
			prob[x] /= 2
		}
	}
	var p float64
	for x := total; x >= need; x-- { // small terms first
		p += prob[x]
	}
	return min(1, p)
}

// enumerate counts the sign vectors that reach sum, cutting off branches that
// all do or none does. abs is in falling order, which cuts earliest.
func enumerate(abs []float64, sum, total float64) float64 {
	var count func(i int, at, rest float64) float64
	count = func(i int, at, rest float64) float64 {
		switch {
		case at-rest >= sum:
			return math.Ldexp(1, len(abs)-i)
		case i == len(abs) || at+rest < sum:
			return 0
		}
		rest -= abs[i]
		return count(i+1, at+abs[i], rest) + count(i+1, at-abs[i], rest)
	}
	// Rests shrink by subtraction; the last is zero but for rounding, which
	// sum's tolerance covers.
	return math.Ldexp(count(0, 0, total), -len(abs))
}

// sample draws random sign vectors, 64 signs from a word.
func (o SignFlip) sample(abs []float64, sum float64) float64 {
	flips := o.Flips
	if flips == 0 {
		flips = 20_000
	}
	if flips < 1 {
		panic(fmt.Sprintf("stats: %d sign flips", flips))
	}
	src := newSource(o.Seed)
	exceed := 0
	for f := 1; f <= flips; f++ {
		var s float64
		var word uint64
		for i, x := range abs {
			if i&63 == 0 {
				word = src.Uint64()
			}
			// The bit becomes the sign bit: no branch to mispredict.
			s += math.Float64frombits(math.Float64bits(x) | word<<63)
			word >>= 1
		}
		if s >= sum {
			exceed++
			if exceed == enoughExceedances {
				return float64(exceed) / float64(f)
			}
		}
	}
	return float64(exceed+1) / float64(flips+1)
}
