package stats

import (
	"math/rand/v2"
	"testing"
)

// The interval of a metric over a round's tasks.
func BenchmarkBootstrapMean(b *testing.B) {
	xs := sampleOf(3000, 1, (*rand.Rand).Float64)
	for b.Loop() {
		Bootstrap{}.Mean(xs)
	}
}

func BenchmarkMajAtK(b *testing.B) {
	counts := []int{7, 3, 2, 1, 1, 1, 1}
	for b.Loop() {
		MajAtK(counts, 0, 0, 8)
	}
}

func BenchmarkDetectable(b *testing.B) {
	for b.Loop() {
		Detectable(1000, 0.2, 0.03, 0.8)
	}
}

func BenchmarkSignFlipSampled(b *testing.B) {
	d := sampleOf(1000, 2, func(r *rand.Rand) float64 { return r.NormFloat64() + 0.2 })
	for b.Loop() {
		SignFlip{}.Test(d)
	}
}
