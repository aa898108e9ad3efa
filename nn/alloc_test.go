package nn

import (
	"context"
	"testing"
)

// raced tells that the race detector is on, which allocates on its own.
var raced bool

// A training step allocates nothing once its memory is there.
func TestStepsAllocateNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	m, err := New(small, 1)
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTrainer(m)
	batch := benchBatch(small, 64, 13)
	loss := CrossEntropy(1 / float64(Targets(batch)))
	step := func() {
		if _, err := tr.ForwardBackward(batch, loss); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Step(StepOptions{LR: 1e-4, Clip: 1}); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(20, step); n > 0 {
		t.Errorf("%v allocations a step", n)
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
