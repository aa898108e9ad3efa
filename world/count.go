package world

import (
	"math"
	"math/bits"
)

// Powers is base^n, or the Largest power of base that can be numbered and its
// exponent.
func Powers(base uint64, n int) (size uint64, exponent int) {
	size = 1
	for exponent < n {
		hi, lo := bits.Mul64(size, base)
		if hi != 0 || lo > Largest {
			break
		}
		size, exponent = lo, exponent+1
	}
	return size, exponent
}

// Multisets is the number of multisets of k elements out of m, or more than
// Largest where it cannot be numbered.
func Multisets(m, k int) uint64 {
	n := uint64(1)
	for i := 1; i <= k; i++ {
		hi, lo := bits.Mul64(n, uint64(m+i-1))
		if hi != 0 || lo > Largest {
			return math.MaxUint64
		}
		n = lo / uint64(i) // exact: n is a binomial coefficient at every step
	}
	return n
}

// UnrankMultiset writes the multiset with number x in non-descending order.
func UnrankMultiset(x uint64, m int, into []int) {
	v := 0
	for i := range into {
		for rest := len(into) - i - 1; ; v++ {
			with := Multisets(m-v, rest) // those whose next element is v
			if x < with {
				break
			}
			x -= with
		}
		into[i] = v
	}
}

// LetterSets is the number of sets of k of the 26 small letters.
func LetterSets(k int) uint64 { return binomial(26, k) }

// binomial is exact for n up to 60 or so.
func binomial(n, k int) uint64 {
	c := uint64(1)
	for i := range k {
		c = c * uint64(n-i) / uint64(i+1)
	}
	return c
}

// UnrankLetters is the set of k small letters with number x, in order of the
// alphabet (the combinatorial number system).
func UnrankLetters(x uint64, k int) []byte {
	set := make([]byte, k)
	for c, last := 25, k; last > 0; c-- {
		// Sets of that many letters before letter c come before all with c.
		if before := binomial(c, last); x >= before {
			last--
			x, set[last] = x-before, byte('a'+c)
		}
	}
	return set
}
