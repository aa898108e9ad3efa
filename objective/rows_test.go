package objective

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"

	"pgregory.net/rapid"
)

func logs(ps ...float64) []float32 {
	out := make([]float32, len(ps))
	for i, p := range ps {
		out[i] = float32(math.Log(p))
	}
	return out
}

// Teacher (1/2, 1/2), policy (1/4, 3/4); a third token that nobody gives a
// chance changes nothing.
func TestRowLossesHandWorked(t *testing.T) {
	for name, c := range map[string]struct {
		loss core.RowLoss
		want float64
		grad [2]float64
	}{
		// ½·ln 2 + ½·ln(2/3); -p
		"forward": {Divergence(0), math.Log(4.0/3) / 2, [2]float64{-0.5, -0.5}},
		// ¼·ln(1/2) + ¾·ln(3/2); q(ln(q/p)+1)
		"reverse": {Divergence(1), -math.Ln2/4 + 3*math.Log(1.5)/4, [2]float64{(1 - math.Ln2) / 4, 3 * (math.Log(1.5) + 1) / 4}},
		// M = (3/8, 5/8); ½q·ln(q/m)
		"middle": {Divergence(0.5), (math.Log(4.0/3)+math.Log(4.0/5))/4 + (math.Log(2.0/3)+3*math.Log(6.0/5))/8,
			[2]float64{math.Log(2.0/3) / 8, 3 * math.Log(6.0/5) / 8}},
		// -2·H = 2·(¼·ln ¼ + ¾·ln ¾)
		"entropy": {EntropyBonus(2), (math.Log(0.25) + 3*math.Log(0.75)) / 2,
			[2]float64{(math.Log(0.25) + 1) / 2, 3 * (math.Log(0.75) + 1) / 2}},
		"weighed": {weighed(3, forwardKL), 3 * math.Log(4.0/3) / 2, [2]float64{-1.5, -1.5}},
	} {
		r := core.Row{Logprobs: logs(0.25, 0.75, 0), Reference: logs(0.5, 0.5, 0), Grad: make([]float32, 3)}
		got := c.loss(&r)
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for j, want := range []float64{c.grad[0], c.grad[1], 0} {
			if math.Abs(float64(r.Grad[j])-want) > 1e-6 {
				t.Errorf("%s: gradient %v, want %v", name, r.Grad, c.grad)
			}
		}
	}
}

// Every row loss has the slope that its gradient says, adds to what is there,
// and divergences vanish between equals and are positive elsewhere.
func TestRowLossGradients(t *testing.T) {
	losses := map[string]core.RowLoss{
		"0": Divergence(0), "0.3": Divergence(0.3), "0.9": Divergence(0.9), "1": Divergence(1),
		"entropy": EntropyBonus(0.7), "weighed": weighed(0.2, reverseKL),
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "tokens")
		draw := func(what string) []float32 {
			x, sum := make([]float64, n), 0.0
			for i := range x {
				x[i] = rapid.Float64Range(0.05, 1).Draw(t, what)
				sum += x[i]
			}
			for i := range x {
				x[i] /= sum
			}
			return logs(x...)
		}
		policy, teacher := draw("policy"), draw("teacher")
		for name, f := range losses {
			grad := make([]float32, n)
			for j := range grad {
				grad[j] = 5
			}
			f(&core.Row{Logprobs: policy, Reference: teacher, Grad: grad})
			at := func(j int, h float32) float64 {
				moved := append([]float32{}, policy...)
				moved[j] += h
				return f(&core.Row{Logprobs: moved, Reference: teacher, Grad: make([]float32, n)})
			}
			const h = 1.0 / 128
			for j := range grad {
				if want := (at(j, h) - at(j, -h)) / (2 * h); math.Abs(float64(grad[j]-5)-want) > 1e-3 {
					t.Fatalf("%s: gradient of token %d is %v, finite differences say %v", name, j, grad[j]-5, want)
				}
			}
			if name == "entropy" {
				continue
			}
			if v := f(&core.Row{Logprobs: policy, Reference: teacher, Grad: grad}); v < -1e-6 {
				t.Fatalf("%s: a divergence of %v", name, v)
			}
			if v := f(&core.Row{Logprobs: policy, Reference: policy, Grad: grad}); math.Abs(v) > 1e-6 {
				t.Fatalf("%s: from itself, a divergence of %v", name, v)
			}
		}
	})
}

func TestLossesAddUp(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Builder = func(_ context.Context, _ core.Host, s core.Spec) (any, error) {
		switch s.Name {
		case "sft":
			return core.Objective(SFT), nil
		case "entropy":
			return core.Loss{Row: EntropyBonus(1)}, nil
		case "none":
			return 7, nil
		}
		return nil, errors.New("not there")
	}
	l, err := newKL(t.Context(), h, KLConfig{Coefficient: 2, Direction: "forward", With: core.Spec{Name: "entropy"}})
	if err != nil || l.Objective != nil || !l.Reference {
		t.Fatalf("%+v (%v)", l, err)
	}
	r := core.Row{Logprobs: logs(0.25, 0.75), Reference: logs(0.5, 0.5), Grad: make([]float32, 2)}
	want := math.Log(4.0/3) + (math.Log(0.25)+3*math.Log(0.75))/4
	if got := l.Row(&r); math.Abs(got-want) > 1e-6 {
		t.Errorf("KL and entropy are %v, want %v", got, want)
	}
	both, err := newKL(t.Context(), h, KLConfig{With: core.Spec{Name: "sft"}})
	if err != nil {
		t.Fatal(err)
	}
	twice := both.Plus(core.Loss{Objective: SFT})
	b := &core.Batch{Tokens: [][]int32{{5, 6}}, Weights: [][]float32{{0, 2}}, Logprobs: [][]float32{{0, -3}}}
	if got := twice.Objective(b); got != 6 || b.Grad[0][1] != -2 {
		t.Errorf("twice 3 is %v, its gradient %v", got, b.Grad)
	}
	for name, what := range map[string]string{"none": "is a int", "missing": "not there"} {
		if _, err := newKL(t.Context(), h, KLConfig{With: core.Spec{Name: name}}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The registered names build what the formulas above are: distill takes a
// reference and so does kl; at a policy equal to its reference both cost nothing.
func TestRowObjectivesByName(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Builder = func(ctx context.Context, host core.Host, s core.Spec) (any, error) {
		return registry.Default.Build(ctx, host, s)
	}
	for name, config := range map[string]any{
		"distill": DistillConfig{Beta: 0.5},
		"kl":      KLConfig{Coefficient: 2, Direction: "reverse", With: core.Spec{Kind: core.KindObjective, Name: "distill", Config: DistillConfig{}}},
	} {
		built, err := registry.Default.Build(t.Context(), h, core.Spec{Kind: core.KindObjective, Name: name, Config: config})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		l, ok := core.AsLoss(built)
		if !ok || !l.Reference {
			t.Fatalf("%s is %T, with a reference: %v", name, built, l.Reference)
		}
		same, other := logs(0.25, 0.75), logs(0.5, 0.5)
		if got := l.Row(&core.Row{Logprobs: same, Reference: same, Grad: make([]float32, 2)}); math.Abs(got) > 1e-6 {
			t.Errorf("%s from itself costs %v", name, got)
		}
		if got := l.Row(&core.Row{Logprobs: same, Reference: other, Grad: make([]float32, 2)}); got < 0.01 {
			t.Errorf("%s from another costs %v", name, got)
		}
	}
}
