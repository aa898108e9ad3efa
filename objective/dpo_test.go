package objective

import (
	"context"
	"math"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"

	"pgregory.net/rapid"
)

// pairBatch is sequences of two learnt tokens each, position 0 and a prompt token
// apart, with the sums of their log-probs over the reference's split between them.
func pairBatch(labels [][]float64, over ...float64) *core.Batch {
	b := &core.Batch{}
	for _, g := range labels {
		b.Groups = append(b.Groups, core.Group{First: len(b.Tokens), Labels: g})
		for range g {
			d := float32(over[len(b.Tokens)])
			b.Tokens = append(b.Tokens, make([]int32, 4))
			b.Weights = append(b.Weights, []float32{0, 0, 1, 1})
			b.Reference = append(b.Reference, []float32{0, -9, -1, -2})
			b.Logprobs = append(b.Logprobs, []float32{0, -7, -1 + d/4, -2 + 3*d/4})
		}
	}
	return b
}

func TestDPOHandWorked(t *testing.T) {
	l9 := math.Log(9) // beta 1/2 makes ln 3 of it, whose sigmoid is 3/4
	for name, c := range map[string]struct {
		nll  float64
		b    *core.Batch
		want float64
		grad []float64 // of each learnt token, by sequence
	}{
		// -ln 3/4; the slope of the reward is -1/4, times beta.
		"the chosen has risen": {0, pairBatch([][]float64{{1, 0}}, l9, 0), math.Log(4.0 / 3), []float64{-0.125, 0.125}},
		// -ln 1/4
		"the rejected has risen": {0, pairBatch([][]float64{{1, 0}}, 0, l9), math.Log(4), []float64{-0.375, 0.375}},
		"the last is chosen":     {0, pairBatch([][]float64{{-1, 3}}, 0, l9), math.Log(4.0 / 3), []float64{0.125, -0.125}},
		"both have fallen alike": {0, pairBatch([][]float64{{1, 0}}, -5, -5), math.Ln2, []float64{-0.25, 0.25}},
		"groups count alike": {0, pairBatch([][]float64{{1, 0}, {1, 1}}, l9, 0, 4, 2), math.Log(4.0/3) / 2,
			[]float64{-0.0625, 0.0625, 0, 0}},
		// The chosen's mean log-prob is (-3 + ln 9)/2, and -1 of each token's half counts.
		"with imitation": {1, pairBatch([][]float64{{1, 0}}, l9, 0), math.Log(4.0/3) + (3-l9)/2, []float64{-0.125 - 0.5, 0.125}},
		// Two pairs in a group: half of each, the chosen is imitated once in the mean.
		"two worse ones": {2, pairBatch([][]float64{{1, 0, 0}}, l9, 0, l9), (math.Log(4.0/3)+math.Ln2)/2 + (3 - l9),
			[]float64{-(0.125+0.25)/2 - 1, 0.0625, 0.125}},
		"nothing to prefer": {1, pairBatch([][]float64{{1, 1}}, 3, 4), 0, []float64{0, 0}},
	} {
		got := DPO(0.5, c.nll)(c.b)
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for i, want := range c.grad {
			g := c.b.Grad[i]
			if g[0] != 0 || g[1] != 0 || math.Abs(float64(g[2])-want) > 1e-6 || g[2] != g[3] {
				t.Errorf("%s: the gradient of sequence %d is %v, want %v at its last two", name, i, g, want)
			}
		}
	}
}

func TestDPOGradientIsTheLossesOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var labels [][]float64
		var over []float64
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			g := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 4).Draw(t, "labels")
			labels = append(labels, g)
			for range g {
				over = append(over, rapid.Float64Range(-4, 4).Draw(t, "over"))
			}
		}
		b := pairBatch(labels, over...)
		for i := range b.Weights {
			b.Weights[i][3] = float32(rapid.IntRange(0, 4).Draw(t, "weight")) / 2
		}
		f := DPO(rapid.Float64Range(0.05, 1).Draw(t, "beta"), rapid.Float64Range(0, 2).Draw(t, "nll"))
		f(b)
		grad := make([][]float32, len(b.Grad))
		for i := range grad {
			grad[i] = append([]float32{}, b.Grad[i]...)
		}
		const h = 1.0 / 64
		for i := range grad {
			for at := range grad[i] {
				was := b.Logprobs[i][at]
				b.Logprobs[i][at] = was + h
				up := f(b)
				b.Logprobs[i][at] = was - h
				down := f(b)
				b.Logprobs[i][at] = was
				if want := (up - down) / (2 * h); math.Abs(float64(grad[i][at])-want) > 1e-3 {
					t.Fatalf("the gradient of token %d of sequence %d is %v, finite differences say %v", at, i, grad[i][at], want)
				}
			}
		}
	})
}

func TestDPOByName(t *testing.T) {
	build := func(c DPOConfig) (core.Loss, error) {
		built, err := registry.Default.Build(context.Background(), coretest.NewHost(nil), core.Spec{Kind: core.KindObjective, Name: "dpo", Config: c})
		l, _ := core.AsLoss(built)
		return l, err
	}
	l, err := build(DPOConfig{Beta: 0.5})
	if err != nil || !l.Reference || l.Row != nil || l.Objective(pairBatch([][]float64{{1, 0}}, 0, 0)) != math.Ln2 {
		t.Errorf("%+v (%v)", l, err)
	}
	if _, err := build(DPOConfig{}); err == nil {
		t.Error("a beta of 0 is taken")
	}
}
