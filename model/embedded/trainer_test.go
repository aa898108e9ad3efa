package embedded

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pawl/core"
	"pawl/objective"
)

// batch is sequences of which all but the first token are learnt.
func batch(seqs ...[]int32) *core.Batch {
	b := &core.Batch{}
	for _, s := range seqs {
		w := make([]float32, len(s))
		for i := 1; i < len(w); i++ {
			w[i] = 1
		}
		b.Tokens, b.Weights = append(b.Tokens, s), append(b.Weights, w)
		b.Logprobs, b.Grad = append(b.Logprobs, make([]float32, len(s))), append(b.Grad, make([]float32, len(s)))
	}
	return b
}

func trainerOf(t *testing.T, e *Engine, p core.Policy) *trainer {
	t.Helper()
	tr, err := e.Trainer(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return tr.(*trainer)
}

var options = core.StepOptions{Rate: 0.01, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-8, Clip: 1}

func stepTwice(t *testing.T, tr *trainer, b *core.Batch) float64 {
	t.Helper()
	if err := tr.Logprobs(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	loss := objective.SFT(b)
	if err := tr.Backward(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := tr.Step(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	return loss
}

func stepFused(t *testing.T, tr *trainer, b *core.Batch) float64 {
	t.Helper()
	objective.SFT(b) // the gradient, whatever the log-probs
	if err := tr.ForwardBackward(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	loss := objective.SFT(b)
	if err := tr.Step(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	return loss
}

func saved(t *testing.T, tr *trainer) core.Digest {
	t.Helper()
	p, err := tr.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p[core.PartWeights]
}

// One pass and two passes are two ways to the same training.
func TestFusedEqualsTwoPasses(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	one, two := trainerOf(t, e, p), trainerOf(t, e, p)
	a, b := batch(spell("^abc$"), spell("^xy$")), batch(spell("^abc$"), spell("^xy$"))
	a.Weights[1][1], b.Weights[1][1] = 0, 0
	first := 0.0
	for step := range 20 {
		x, y := stepFused(t, one, a), stepTwice(t, two, b)
		if math.Abs(x-y) > 1e-6 {
			t.Fatalf("step %d: the loss is %v in one pass and %v in two", step, x, y)
		}
		if step == 0 {
			first = x
		} else if step == 19 && x > first/2 {
			t.Errorf("20 steps took the loss from %v to %v only", first, x)
		}
	}
	if a.Logprobs[1][1] != 0 {
		t.Errorf("a token of weight 0 is predicted: %v", a.Logprobs[1])
	}
}

func TestCheckpointGoesOnAsIfNothingHadHappened(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	b := batch(spell("^abc$"), spell("^xy$"))
	whole := trainerOf(t, e, p)
	for range 6 {
		stepFused(t, whole, b)
	}
	for k := range 6 {
		half := trainerOf(t, e, p)
		for range k {
			stepFused(t, half, b)
		}
		state, err := half.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := half.Checkpoint(); err != nil || !bytes.Equal(state, again) {
			t.Errorf("the same state has two forms (%v)", err)
		}
		rest := trainerOf(t, e, p)
		stepTwice(t, rest, batch(spell("^zzz$"))) // what it did before does not matter
		if err := rest.Restore(state); err != nil {
			t.Fatal(err)
		}
		for range 6 - k {
			stepFused(t, rest, b)
		}
		if saved(t, rest) != saved(t, whole) {
			t.Errorf("stopped after %d of 6 steps, training ends elsewhere", k)
		}
		if k == 3 {
			if err := rest.Restore(state[:len(state)-1]); err == nil {
				t.Error("a state that is cut off is restored")
			}
		}
	}
	if saved(t, whole) == p[core.PartWeights] {
		t.Error("training changed nothing")
	}
}

// Training works on a copy: the policy's own actors answer as before.
func TestTrainingLeavesThePolicyAlone(t *testing.T) {
	e, _ := newEngine()
	p := made(t, e, tiny(1))
	r := core.Request{Path: []core.Node{user("q")}, N: 2, Seed: 3, Options: core.Options{MaxTokens: 6}}
	a := seated(t, e, p, core.Options{})
	before, err := a.Act(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	tr := trainerOf(t, e, p)
	for range 5 {
		stepFused(t, tr, batch(spell("^q\nzz$")))
	}
	for _, again := range []*actor{a, seated(t, e, p, core.Options{})} {
		after, err := again.Act(t.Context(), r)
		if err != nil || !slices.Equal(after[0].TokenIDs, before[0].TokenIDs) || !slices.Equal(after[1].Logprobs, before[1].Logprobs) {
			t.Errorf("the policy answers otherwise since a copy of it was trained (%v)", err)
		}
	}
	candidate, err := tr.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if candidate.Version() == p.Version() {
		t.Error("the candidate has the version of its parent")
	}
	after, err := seated(t, e, candidate, core.Options{}).Act(t.Context(), r)
	if err != nil || slices.Equal(after[0].Logprobs, before[0].Logprobs) {
		t.Errorf("the candidate answers like its parent (%v)", err)
	}
}
