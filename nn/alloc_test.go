package nn

import (
	"context"
	"testing"
)

// raced tells that the race detector is on, which allocates on its own.
var raced bool

// A training step allocates nothing once its memory is there: of whole models,
// adapters, heads, in parts, with an average, beside a reference.
func TestStepsAllocateNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	batch := benchBatch(small, 64, 13)
	loss := CrossEntropy(1 / float64(Targets(batch)))
	dlogp := make([][]float32, len(batch))
	for i := range dlogp {
		dlogp[i] = make([]float32, 13)
	}
	gradient := func(tr *Trainer, batch []Sequence) {
		if _, err := tr.ForwardBackward(batch, loss); err != nil {
			t.Fatal(err)
		}
	}
	adapters := func() *Trainer {
		m := lively(t, small, 1)
		m.Freeze()
		return loraTrainer(t, m, livelyLoRA(t, m, LoRAConfig{Rank: 4, Alpha: 8}, 1))
	}
	dvalues := make([][]float32, len(batch))
	for i := range dvalues {
		dvalues[i] = make([]float32, 14)
		dvalues[i][3] = 1
	}
	for name, x := range map[string]struct {
		tr   *Trainer
		pass func(tr *Trainer)
	}{
		"full": {NewTrainer(lively(t, small, 1)), func(tr *Trainer) { gradient(tr, batch) }},
		"lora": {adapters(), func(tr *Trainer) { gradient(tr, batch) }},
		"in parts": {NewTrainer(lively(t, small, 1)), func(tr *Trainer) {
			for at := 0; at < len(batch); at += 16 {
				gradient(tr, batch[at:at+16])
			}
		}},
		"averaged": {NewTrainer(lively(t, small, 1)), func(tr *Trainer) {
			if tr.mean == nil {
				if err := tr.Average(0.9); err != nil {
					t.Fatal(err)
				}
			}
			gradient(tr, batch)
		}},
		"lora, rows beside its base": {adapters(), func(tr *Trainer) {
			if tr.refer.t == nil {
				if err := tr.Refer(tr.m); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := tr.ReferenceLogprobs(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			if _, _, err := tr.ForwardBackwardRows(batch, dlogp, spread); err != nil {
				t.Fatal(err)
			}
		}},
		"rows in blocks, beside another model": {referring(t, NewTrainer(lively(t, small, 1)), lively(t, small, 2)), func(tr *Trainer) {
			if len(tr.scratch) == 0 {
				for range 8 {
					tr.scratch = append(tr.scratch, &shard{limit: 16 * small.Vocab})
				}
			}
			if _, _, err := tr.ForwardBackwardRows(batch, nil, spread); err != nil {
				t.Fatal(err)
			}
		}},
		"values": {headed(t, NewTrainer(lively(t, small, 1)), NewScalarHead(small.Width), false), func(tr *Trainer) {
			if _, _, err := tr.ForwardValues(batch); err != nil {
				t.Fatal(err)
			}
			if err := tr.BackwardValues(nil, dvalues); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		step := func() {
			x.pass(x.tr)
			if _, err := x.tr.Step(StepOptions{LR: 1e-4, Clip: 1}); err != nil {
				t.Fatal(err)
			}
		}
		step()
		step()
		if n := testing.AllocsPerRun(20, step); n > 0 {
			t.Errorf("%s: %v allocations a step", name, n)
		}
	}
}

// Sampling allocates for its results, not for its steps.
func TestSamplingAllocatesForResultsOnly(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	m, err := New(small, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSampler(m, SamplerOptions{Workers: 1})
	count := func(tokens int) float64 {
		p := []Prompt{{Tokens: []int32{1, 2}, N: 64, Temperature: 1, MaxTokens: tokens}}
		run := func() {
			if _, err := s.Generate(context.Background(), p, nil); err != nil {
				t.Fatal(err)
			}
		}
		run()
		return testing.AllocsPerRun(10, run)
	}
	if short, long := count(2), count(40); long > short+8 {
		t.Errorf("%v allocations for 64x40 tokens, %v for 64x2", long, short)
	}
}
