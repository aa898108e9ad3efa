package nn

import (
	"slices"
	"strings"
	"testing"
)

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

// referring makes m the reference of tr.
func referring(t *testing.T, tr *Trainer, m *Model) *Trainer {
	t.Helper()
	if err := tr.Refer(m); err != nil {
		t.Fatal(err)
	}
	return tr
}
