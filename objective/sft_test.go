package objective

import (
	"math"
	"testing"

	"pawl/core"
	"pgregory.net/rapid"
)

func TestSFTHandWorked(t *testing.T) {
	// Two sequences; learnt are tokens 2, 3 of the first and 1 of the second.
	b := &core.Batch{
		Tokens:   [][]int32{{5, 6, 7, 8}, {5, 9}},
		Weights:  [][]float32{{1, 0, 1, 2}, {0, 1}}, // the weight at position 0 is ignored
		Logprobs: [][]float32{{-9, float32(math.Inf(-1)), -0.5, -1.25}, {0, -2}},
	}
	// (0.5 + 2*1.25 + 2) / (1 + 2 + 1) = 5/4
	if got := SFT(b); got != 1.25 {
		t.Errorf("loss %v, want 1.25", got)
	}
	want := [][]float32{{0, 0, -0.25, -0.5}, {0, -0.25}}
	for s := range want {
		for i := range want[s] {
			if b.Grad[s][i] != want[s][i] {
				t.Errorf("gradient %v, want %v", b.Grad, want)
			}
		}
	}
}

func TestSFTWithoutWeight(t *testing.T) {
	b := &core.Batch{Tokens: [][]int32{{1, 2}}, Weights: [][]float32{{0, 0}}, Logprobs: [][]float32{{0, -3}}, Grad: [][]float32{{7, 7}}}
	if loss := SFT(b); loss != 0 || b.Grad[0][0] != 0 || b.Grad[0][1] != 0 {
		t.Errorf("nothing to learn: loss %v, gradient %v", loss, b.Grad)
	}
	empty := &core.Batch{}
	if loss := SFT(empty); loss != 0 || len(empty.Grad) != 0 {
		t.Errorf("an empty batch: loss %v, gradient %v", loss, empty.Grad)
	}
}

func TestSFTGradientIsTheLossesOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &core.Batch{}
		for range rapid.IntRange(1, 4).Draw(t, "sequences") {
			n := rapid.IntRange(1, 6).Draw(t, "length")
			w, p := make([]float32, n), make([]float32, n)
			for i := range w {
				w[i] = float32(rapid.IntRange(0, 4).Draw(t, "weight")) / 2
				p[i] = -float32(rapid.IntRange(0, 64).Draw(t, "logprob")) / 16
			}
			b.Tokens = append(b.Tokens, make([]int32, n))
			b.Weights = append(b.Weights, w)
			b.Logprobs = append(b.Logprobs, p)
		}
		SFT(b)
		grad := make([][]float32, len(b.Grad))
		for s := range grad {
			grad[s] = append([]float32{}, b.Grad[s]...)
		}
		const h = 1.0 / 64 // exact in float32 at these sizes
		for s := range b.Logprobs {
			for i := range b.Logprobs[s] {
				was := b.Logprobs[s][i]
				b.Logprobs[s][i] = was + h
				up := SFT(b)
				b.Logprobs[s][i] = was - h
				down := SFT(b)
				b.Logprobs[s][i] = was
				if got, want := float64(grad[s][i]), (up-down)/(2*h); math.Abs(got-want) > 1e-6 {
					t.Fatalf("gradient of token %d of sequence %d is %v, finite differences say %v", i, s, got, want)
				}
			}
		}
	})
}
