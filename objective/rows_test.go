package objective

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
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

// row is what a trainer shows a loss.
func row(policy, teacher []float32, grad []float32) *core.Row {
	exp := func(lps []float32) []float32 {
		ps := make([]float32, len(lps))
		for j, lp := range lps {
			ps[j] = float32(math.Exp(float64(lp)))
		}
		return ps
	}
	return &core.Row{Logprobs: policy, Probs: exp(policy), Reference: teacher, ReferenceProbs: exp(teacher), Grad: grad}
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
		// M = ¼P + ¾Q = (5/16, 11/16); ¾q·ln(q/m)
		"quarter": {Divergence(0.25), (math.Log(8.0/5)+math.Log(8.0/11))/8 + 3*(math.Log(4.0/5)+3*math.Log(12.0/11))/16,
			[2]float64{3 * math.Log(4.0/5) / 16, 9 * math.Log(12.0/11) / 16}},
		// -2·H = 2·(¼·ln ¼ + ¾·ln ¾)
		"entropy": {EntropyBonus(2), (math.Log(0.25) + 3*math.Log(0.75)) / 2,
			[2]float64{(math.Log(0.25) + 1) / 2, 3 * (math.Log(0.75) + 1) / 2}},
		"weighed": {forwardKL(3), 3 * math.Log(4.0/3) / 2, [2]float64{-1.5, -1.5}},
	} {
		r := row(logs(0.25, 0.75, 0), logs(0.5, 0.5, 0), make([]float32, 3))
		got := c.loss(r)
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
		"entropy": EntropyBonus(0.7), "weighed": reverseKL(0.2),
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
			f(row(policy, teacher, grad))
			at := func(j int, h float32) float64 {
				moved := append([]float32{}, policy...)
				moved[j] += h
				return f(row(moved, teacher, make([]float32, n)))
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
			if v := f(row(policy, teacher, grad)); v < -1e-6 {
				t.Fatalf("%s: a divergence of %v", name, v)
			}
			if v := f(row(policy, policy, grad)); math.Abs(v) > 1e-6 {
				t.Fatalf("%s: from itself, a divergence of %v", name, v)
			}
		}
	})
}

// In single precision, value and gradient are those of the formulas in double
// precision: within 1e-6 of the gradient's norm, over large vocabularies, peaked
// and flat, alike and unlike.
func TestRowLossesInDoublePrecision(t *testing.T) {
	type formula func(lq, lp float64) (value, grad float64)
	middle := func(beta float64) formula {
		return func(lq, lp float64) (float64, float64) {
			p, q := math.Exp(lp), math.Exp(lq)
			lm := math.Log(beta*p + (1-beta)*q)
			return beta*p*(lp-lm) + (1-beta)*q*(lq-lm), (1 - beta) * q * (lq - lm)
		}
	}
	losses := map[string]struct {
		loss core.RowLoss
		want formula
	}{
		"forward": {Divergence(0), func(lq, lp float64) (float64, float64) { p := math.Exp(lp); return p * (lp - lq), -p }},
		"reverse": {Divergence(1), func(lq, lp float64) (float64, float64) {
			q := math.Exp(lq)
			return q * (lq - lp), q * (lq - lp + 1)
		}},
		"0.5": {Divergence(0.5), middle(0.5)},
		"0.1": {Divergence(0.1), middle(0.1)},
		"entropy": {EntropyBonus(1), func(lq, _ float64) (float64, float64) {
			q := math.Exp(lq)
			return q * lq, q * (lq + 1)
		}},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{7, 5000} {
		for _, heat := range []float64{0.1, 1, 8} {
			draw := func(from []float64, by float64) ([]float64, []float32) {
				logits, sum := make([]float64, n), 0.0
				for j := range logits {
					logits[j] = by * r.NormFloat64()
					if from != nil {
						logits[j] += from[j]
					}
					sum += math.Exp(logits[j])
				}
				lps := make([]float32, n)
				for j := range lps {
					lps[j] = float32(logits[j] - math.Log(sum))
				}
				return logits, lps
			}
			teacher, lps := draw(nil, heat)
			_, lqs := draw(teacher, 0.3)
			for name, x := range losses {
				grad := make([]float32, n)
				got := x.loss(row(lqs, lps, grad))
				var want, off, norm float64
				for j := range grad {
					v, g := x.want(float64(lqs[j]), float64(lps[j]))
					want, norm, off = want+v, norm+g*g, off+(float64(grad[j])-g)*(float64(grad[j])-g)
				}
				if off > 1e-12*norm || math.Abs(got-want) > 1e-6*max(math.Abs(want), 1) {
					t.Errorf("%s, %d tokens at %v: %v, want %v; the gradient is %.2g of its norm off", name, n, heat, got, want, math.Sqrt(off/norm))
				}
			}
		}
	}
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
	r := row(logs(0.25, 0.75), logs(0.5, 0.5), make([]float32, 2))
	want := math.Log(4.0/3) + (math.Log(0.25)+3*math.Log(0.75))/4
	if got := l.Row(r); math.Abs(got-want) > 1e-6 {
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
		if got := l.Row(row(same, same, make([]float32, 2))); math.Abs(got) > 1e-6 {
			t.Errorf("%s from itself costs %v", name, got)
		}
		if got := l.Row(row(same, other, make([]float32, 2))); got < 0.01 {
			t.Errorf("%s from another costs %v", name, got)
		}
	}
}

// What is not a number is not hidden.
func TestRowLossesShowNaN(t *testing.T) {
	nan := []float32{float32(math.NaN()), float32(math.NaN())}
	for beta, loss := range map[string]core.RowLoss{"0": Divergence(0), "0.5": Divergence(0.5), "1": Divergence(1), "entropy": EntropyBonus(1)} {
		r := row(nan, logs(0.5, 0.5), make([]float32, 2))
		if got := loss(r); !math.IsNaN(got) {
			t.Errorf("%s: of a policy that is not a number, %v", beta, got)
		}
		if beta == "entropy" {
			continue
		}
		r = row(logs(0.5, 0.5), nan, make([]float32, 2))
		if got := loss(r); !math.IsNaN(got) || r.Grad[0] == r.Grad[0] {
			t.Errorf("%s: beside a reference that is not a number, %v, gradient %v", beta, got, r.Grad)
		}
	}
}

// The short forms of logarithm and exponential keep what they say.
func TestShortForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Exp(rapid.Float64Range(-80, 80).Draw(t, "log"))
		if got, want := logOf(x), math.Log(x); math.Abs(got-want) > 1e-8*math.Abs(want) {
			t.Fatalf("log %v is %v, want %v", x, got, want)
		}
		x = rapid.Float64Range(-0.5, 0.5).Draw(t, "x")
		if got, want := expm1(x), math.Expm1(x); math.Abs(got-want) > 1e-7*math.Abs(want) {
			t.Fatalf("expm1 %v is %v, want %v", x, got, want)
		}
		x = 1 + x*x*x*1e-3
		if got, want := logOf(x), math.Log(x); math.Abs(got-want) > 1e-8*math.Abs(want) {
			t.Fatalf("log %v is %v, want %v", x, got, want)
		}
	})
}
