package nn

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/tensor"
)

// Cross-entropy told as a loss over rows is cross-entropy.
func TestRowsOfCrossEntropy(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := lively(t, c, 3)
		batch := someBatch(c, 7)
		plain, rowed, mixed := NewTrainer(m), NewTrainer(m), NewTrainer(m)
		want, err := plain.ForwardBackward(batch, CrossEntropy(0.5))
		if err != nil {
			t.Fatal(err)
		}
		half := func(r *Row) float64 {
			r.Grad[r.Target] = -0.25
			return -0.25 * float64(r.Logp[r.Target])
		}
		got, err := rowed.ForwardBackwardRows(batch, nil, func(r *Row) float64 {
			half(r)
			r.Grad[r.Target] *= 2
			return -0.5 * float64(r.Logp[r.Target])
		})
		if err != nil || math.Abs(got-want) > 1e-6*want {
			t.Fatalf("%s: loss %v, want %v (%v)", name, got, want, err)
		}
		if got, err = mixed.ForwardBackwardRows(batch, CrossEntropy(0.25), half); err != nil || math.Abs(got-want) > 1e-6*want {
			t.Fatalf("%s: loss %v, want %v (%v)", name, got, want, err)
		}
		big := make([]float64, plain.size)
		for i, x := range flat(plain) {
			big[i] = float64(x)
		}
		compare(t, name, flat(rowed), big)
		compare(t, name+", half and half", flat(mixed), big)
	}
}

// A loss that reads every entry of policy and reference has the slope that its
// gradient says.
func TestRowGradientsAgainstFiniteDifferences(t *testing.T) {
	c := tinyConfigs()["free, one kv, rope"]
	teacherShape := c
	teacherShape.Width, teacherShape.Layers = 24, 1
	batch := someBatch(c, 7)
	loss := func(r *Row) float64 { // Σ_j (j+1)·(p_j - ref_j)²
		sum := 0.0
		for j := range r.Logp {
			p, q := math.Exp(float64(r.Logp[j])), math.Exp(float64(r.Reference[j]))
			sum += float64(j+1) * (p - q) * (p - q)
			r.Grad[j] = float32(2 * float64(j+1) * (p - q) * p)
		}
		return sum
	}
	base := lively(t, c, 8)
	a := livelyLoRA(t, base, LoRAConfig{Rank: 2, Alpha: 2}, 4)
	for name, x := range map[string]struct {
		tr  *Trainer
		ref *Model
	}{
		"full, another teacher":   {NewTrainer(lively(t, c, 8)), lively(t, teacherShape, 9)},
		"adapters and their base": {loraTrainer(t, base, a), base},
	} {
		if err := x.tr.Refer(x.ref); err != nil {
			t.Fatal(err)
		}
		if _, err := x.tr.ForwardBackwardRows(batch, nil, loss); err != nil {
			t.Fatal(err)
		}
		grad := flat(x.tr)
		x.tr.dropGradient()
		start := make([]float32, x.tr.size)
		x.tr.gather(start)
		at := func(step float32) float64 {
			moved := slices.Clone(start)
			tensor.Axpy(moved, step, grad)
			x.tr.scatter(moved)
			sum, err := x.tr.ForwardBackwardRows(batch, nil, loss)
			if err != nil {
				t.Fatal(err)
			}
			x.tr.dropGradient()
			return sum
		}
		square := tensor.SumSquares(grad)
		h := 3e-3 / math.Sqrt(square)
		if slope := (at(float32(h)) - at(float32(-h))) / (2 * h); math.Abs(slope-square) > 0.01*square {
			t.Errorf("%s: slope %v, gradient squared %v", name, slope, square)
		}
	}
}

// Under a reference, log-probs are those of the model itself, to the bit, and
// the trainer goes on as if nothing had been asked.
func TestReferenceLogprobs(t *testing.T) {
	base := lively(t, small, 1)
	a := livelyLoRA(t, base, LoRAConfig{Rank: 2, Alpha: 2}, 4)
	merged, err := a.Merge(base)
	if err != nil {
		t.Fatal(err)
	}
	batch := someBatch(small, 9)
	plain, sum := rows(t, NewTrainer(base.Clone()), batch), rows(t, NewTrainer(merged), batch)
	for _, packed := range []bool{false, true} {
		tr := loraTrainer(t, base, a)
		if err := tr.Refer(base); err != nil {
			t.Fatal(err)
		}
		if packed {
			base.sharedPacks()
		}
		for range 2 {
			got, err := tr.ReferenceLogprobs(t.Context(), batch)
			if err != nil || !slices.EqualFunc(got, plain, slices.Equal[[]float32]) {
				t.Errorf("the base as reference (packed %v): other log-probs (%v)", packed, err)
			}
			if !slices.EqualFunc(rows(t, tr, batch), sum, slices.Equal[[]float32]) {
				t.Errorf("after a reference (packed %v) the trainer's own log-probs differ", packed)
			}
		}
		if base.packed() != packed {
			t.Error("the reference made a packed copy of the base")
		}
	}
	full := NewTrainer(base.Clone())
	if err := full.Refer(merged); err != nil {
		t.Fatal(err)
	}
	if got, err := full.ReferenceLogprobs(t.Context(), batch); err != nil || !slices.EqualFunc(got, sum, slices.Equal[[]float32]) {
		t.Errorf("another model as reference: other log-probs (%v)", err)
	}
}

// The average as reference follows the steps.
func TestReferenceIsTheAverage(t *testing.T) {
	batch := someBatch(small, 9)
	base := lively(t, small, 1)
	for name, tr := range map[string]*Trainer{
		"full": NewTrainer(lively(t, small, 1)),
		"lora": loraTrainer(t, base, livelyLoRA(t, base, LoRAConfig{Rank: 2, Alpha: 2}, 4)),
	} {
		if err := tr.ReferAverage(); err == nil || !strings.Contains(err.Error(), "keeps no average") {
			t.Errorf("%s: an average that is not kept: %v", name, err)
		}
		if err := tr.Average(0.5); err != nil {
			t.Fatal(err)
		}
		if err := tr.ReferAverage(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := tr.ForwardBackward(batch, CrossEntropy(0.1)); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Step(StepOptions{LR: 1e-2}); err != nil {
				t.Fatal(err)
			}
			mean, err := tr.Snapshot(true)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tr.ReferenceLogprobs(t.Context(), batch)
			if err != nil || !slices.EqualFunc(got, rows(t, NewTrainer(mean), batch), slices.Equal[[]float32]) {
				t.Errorf("%s: the reference is not the average (%v)", name, err)
			}
			if slices.EqualFunc(got, rows(t, tr, batch), slices.Equal[[]float32]) {
				t.Errorf("%s: the reference is the model in training", name)
			}
		}
	}
}

func TestBadReferences(t *testing.T) {
	m := lively(t, small, 1)
	tr := NewTrainer(m)
	if err := tr.Refer(m); err == nil || !strings.Contains(err.Error(), "is the model in training") {
		t.Errorf("itself: %v", err)
	}
	other := small
	other.Vocab++
	if err := tr.Refer(lively(t, other, 1)); err == nil || !strings.Contains(err.Error(), "25 tokens") {
		t.Errorf("another vocabulary: %v", err)
	}
	if _, err := tr.ReferenceLogprobs(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "call Refer first") {
		t.Errorf("none: %v", err)
	}
	m.Freeze()
	if _, err := tr.ForwardBackward(someBatch(small, 3), weighed); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Step(StepOptions{LR: 1}); err == nil || !strings.Contains(err.Error(), "is frozen") {
		t.Errorf("stepping a frozen model: %v", err)
	}
}

// Frozen models are packed once for all that read them, with the same results.
func TestFrozenModelsArePackedOnce(t *testing.T) {
	m, free := lively(t, small, 1), lively(t, small, 1)
	m.Freeze()
	batch := someBatch(small, 9)
	one, two := NewTrainer(m), NewTrainer(m)
	if !slices.EqualFunc(rows(t, one, batch), rows(t, NewTrainer(free), batch), slices.Equal[[]float32]) {
		t.Error("a frozen model has other log-probs")
	}
	rows(t, two, batch)
	s := NewSampler(m, SamplerOptions{})
	p := []Prompt{{Tokens: []int32{1, 2}, N: 3, Temperature: 1, MaxTokens: 5}}
	got, err := s.Generate(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := NewSampler(free, SamplerOptions{}).Generate(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want[0] {
		if !slices.Equal(got[0][i].Tokens, want[0][i].Tokens) || !slices.Equal(got[0][i].Logprobs, want[0][i].Logprobs) {
			t.Error("a frozen model draws other samples")
		}
	}
	if one.use != two.use || s.pw != one.use || one.fw.made || s.own.made {
		t.Error("a frozen model is packed more than once")
	}
}
