package nn

import (
	"slices"
	"strings"
	"testing"
)

// After steps w1, w2 from w0 with a decay of 3/4 the mean is
// w0·9/16 + w1·3/16 + w2/4, and the last weights are untouched by it.
func TestAverageHandWorked(t *testing.T) {
	batch := benchBatch(small, 8, 9)
	run := func(decay float64, steps int) *Trainer {
		tr := NewTrainer(lively(t, small, 1))
		if err := tr.Average(decay); err != nil {
			t.Fatal(err)
		}
		for range steps {
			if _, err := tr.ForwardBackward(batch, weighed); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Step(StepOptions{LR: 1e-2, Clip: 1}); err != nil {
				t.Fatal(err)
			}
		}
		return tr
	}
	w0, w1, w2 := run(0, 0).m.w, run(0, 1).m.w, run(0, 2).m.w
	tr := run(0.75, 2)
	if !slices.Equal(tr.m.w, w2) {
		t.Error("averaging changes training")
	}
	mean, err := tr.Snapshot(true)
	if err != nil {
		t.Fatal(err)
	}
	far := false
	for i, got := range mean.w {
		want := w0[i]*9/16 + w1[i]*3/16 + w2[i]/4
		if d := got - want; d > 1e-6 || d < -1e-6 {
			t.Fatalf("weight %d: mean %v, want %v", i, got, want)
		}
		far = far || want-w2[i] > 1e-3
	}
	if !far {
		t.Error("the mean is the last weights; the test shows nothing")
	}
	last, err := tr.Snapshot(false)
	if err != nil || !slices.Equal(last.w, w2) {
		t.Errorf("a snapshot differs from the weights (%v)", err)
	}
}

func TestAverageRefuses(t *testing.T) {
	tr := NewTrainer(lively(t, small, 1))
	for _, decay := range []float64{-0.1, 1, 2} {
		if err := tr.Average(decay); err == nil || !strings.Contains(err.Error(), "below 1") {
			t.Errorf("decay %v: %v", decay, err)
		}
	}
	if _, err := tr.Snapshot(true); err == nil || !strings.Contains(err.Error(), "keeps no average") {
		t.Errorf("an average that is not kept: %v", err)
	}
}
