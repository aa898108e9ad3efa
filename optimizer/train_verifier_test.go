package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/objective"
	"pawl/stats"
)

// judged is examples of one attempt each, two a task. An attempt is a word of a, b
// and c, and right where it has more a's than b's.
func judged(seed uint64, tasks int) []*core.Example {
	r := rand.New(rand.NewPCG(seed, 0))
	var exs []*core.Example
	for i := range tasks {
		ep := core.NewEpisode(coretest.Task(fmt.Sprintf("%d.%d", seed, i), string(rune('p'+r.IntN(4))), ""), 0)
		for range 2 {
			var b strings.Builder
			for range 5 + r.IntN(4) {
				b.WriteByte("abc"[r.IntN(3)])
			}
			text, label := b.String(), 0.0
			if strings.Count(text, "a") > strings.Count(text, "b") {
				label = 1
			}
			leaf := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: text})
			exs = append(exs, &core.Example{Episode: ep, Leaves: []core.Ref{leaf}, Labels: []float64{label}})
		}
	}
	return exs
}

// losses builds the losses of heads.
func losses(b *bench) *bench {
	b.Builder = func(_ context.Context, _ core.Host, s core.Spec) (any, error) {
		switch s.Name {
		case "outcome":
			return core.ValueLoss{Mean: objective.Outcome}, nil
		case "pairwise":
			return core.ValueLoss{Mean: objective.Pairwise, Pairs: true}, nil
		}
		return core.Objective(objective.SFT), nil
	}
	return b
}

func headed(loss string, steps int) TrainVerifier {
	return TrainVerifier{Loss: core.Spec{Kind: core.KindObjective, Name: loss}, Steps: steps, Settings: brief(steps).Settings}
}

func verifierOf(t testing.TB, b *bench, c TrainVerifier) core.Optimizer {
	t.Helper()
	o, err := newTrainVerifier(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTrainVerifierConformance(t *testing.T) {
	model := newBench(t, nil).model
	for _, loss := range []string{"outcome", "pairwise"} {
		coretest.Optimizer(t, func(h *coretest.Host) (core.Optimizer, error) {
			return newTrainVerifier(t.Context(), losses(newBench(t, h)), headed(loss, 3))
		}, model, judged(1, 6))
	}
}

// A head tells right attempts from wrong ones, at tasks and in words that it has
// not seen.
func TestTrainedVerifierTellsRightFromWrong(t *testing.T) {
	b := losses(newBench(t, nil))
	train, seen := judged(1, 200), map[string]bool{}
	said := func(ex *core.Example) string { return ex.Episode.Node(ex.Leaves[0]).Content }
	for _, ex := range train {
		seen[said(ex)] = true
	}
	for name, c := range map[string]struct {
		change  func(*TrainVerifier)
		loss    string
		moves   bool // the weights
		atLeast float64
	}{
		"outcome":          {func(*TrainVerifier) {}, "outcome", true, 0.9},
		"pairwise":         {func(*TrainVerifier) {}, "pairwise", true, 0.9},
		"outcome, alone":   {func(c *TrainVerifier) { c.Alone, c.Rate = true, 0.1 }, "outcome", false, 0.85},
		"outcome, adapted": {func(c *TrainVerifier) { c.LoRA, c.Rate = &LoRA{Rank: 4, Alpha: 8}, 0.02 }, "outcome", false, 0.85},
	} {
		cfg := headed(c.loss, 100)
		cfg.Batch = 16
		c.change(&cfg)
		p, err := verifierOf(t, b, cfg).Optimize(t.Context(), b.model, coretest.Examples(train...))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p[core.PartRewardHead] == "" || (p[core.PartWeights] != b.model[core.PartWeights]) != c.moves {
			t.Errorf("%s: %v becomes %v", name, b.model, p)
		}
		actor, err := b.engine.Actor(t.Context(), p, "judge", core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var paths [][]core.Node
		var right []bool
		for _, ex := range judged(2, 100) {
			if seen[said(ex)] {
				continue
			}
			paths, right = append(paths, ex.Episode.PathNodes(ex.Leaves[0])), append(right, ex.Labels[0] == 1)
		}
		values, err := actor.(core.Valuer).Values(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		area, ok := stats.AUROC(values, right)
		t.Logf("%s: AUROC %.3f of %d attempts", name, area, len(right))
		if !ok || area < c.atLeast {
			t.Errorf("%s: AUROC %v, want %v", name, area, c.atLeast)
		}
	}
}

// A batch in parts has the gradient of the whole, so that one step of plain
// descent is the same but for rounding; pairs are across the parts.
func TestHeadGradientInParts(t *testing.T) {
	b := losses(newBench(t, nil))
	rows, err := encodeBy(t.Context(), b, b.model, coretest.Examples(judged(3, 20)...), valued(levelOutcome, false))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = paired(rows); err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, parts := range []int{1, 3} {
		tr, err := b.engine.Trainer(t.Context(), b.model)
		if err != nil {
			t.Fatal(err)
		}
		h := &head{loss: core.ValueLoss{Mean: objective.Pairwise, Pairs: true}}
		if err := h.add(t.Context(), tr); err != nil {
			t.Fatal(err)
		}
		var loss float64
		for range 4 {
			var batch core.Batch
			picked := fill(&batch, rows, exampleStarts(rows), newOrder(1, len(exampleStarts(rows))), 0, 5)
			if loss, err = h.gradient(t.Context(), tr.(core.ValueTrainer), &batch, pointsOf(rows, picked), parts); err != nil {
				t.Fatal(err)
			}
			if err := tr.Step(t.Context(), core.StepOptions{Rate: 0.01, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-3}); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, loss)
	}
	if !(got[0] < math.Ln2-1e-3) || math.Abs(got[0]-got[1]) > 1e-5 {
		t.Errorf("after three steps the loss is %v whole, %v in parts; a head of zeros has ln 2", got[0], got[1])
	}
}

// Killed at a checkpoint, training ends with the bytes that it ends with when
// nothing stops it.
func TestTrainVerifierResumes(t *testing.T) {
	for _, alone := range []bool{false, true} {
		c := headed("outcome", 7)
		c.Alone = alone
		in := coretest.Examples(judged(1, 6)...)
		whole := losses(newBench(t, nil))
		want, err := verifierOf(t, whole, c).Optimize(t.Context(), whole.model, in)
		if err != nil {
			t.Fatal(err)
		}
		b := losses(newBench(t, nil))
		b.hurry = checkpointEvery
		killed := errors.New("killed")
		b.stop = func(kept int) error {
			if kept == 3 {
				return killed
			}
			return nil
		}
		if _, err := verifierOf(t, b, c).Optimize(t.Context(), b.model, in); !errors.Is(err, killed) {
			t.Fatalf("killed: %v", err)
		}
		b.stop = nil
		if got, err := verifierOf(t, b, c).Optimize(t.Context(), b.model, in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("alone %v: resumed training ends in %v, want %v (%v)", alone, got, want, err)
		}
	}
}

func TestTrainVerifierRefuses(t *testing.T) {
	b := losses(newBench(t, nil))
	right := judged(1, 3)
	for _, ex := range right {
		ex.Labels[0] = 1
	}
	graded := judged(1, 3)
	graded[0].Labels[0] = 7
	for what, c := range map[string]struct {
		loss string
		exs  []*core.Example
		want string
	}{
		"right ones alone": {"outcome", right, "it needs right and wrong ones"},
		"no pair":          {"pairwise", right, "no task has attempts of unlike labels"},
		"a grade":          {"outcome", graded, "has the label 7"},
		"nothing":          {"outcome", nil, ErrNothingToLearn.Error()},
	} {
		if _, err := verifierOf(t, b, headed(c.loss, 1)).Optimize(t.Context(), b.model, coretest.Examples(c.exs...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	if _, err := newTrainVerifier(t.Context(), b, headed("sft", 1)); err == nil || !strings.Contains(err.Error(), "sft is not a loss of a reward head") {
		t.Errorf("a loss of log-probs: %v", err)
	}
	c := brief(1)
	c.Objective.Name = "outcome"
	if _, err := newTrain(t.Context(), b, c); err == nil || !strings.Contains(err.Error(), "train_verifier") {
		t.Errorf("train with a loss of heads: %v", err)
	}
	if err := (TrainVerifier{Alone: true, LoRA: &LoRA{}}).Validate(); err == nil {
		t.Error("adapters beside a head that learns alone")
	}
	h := host(&recorder{})
	h.Builder = b.Builder
	o, err := newTrainVerifier(t.Context(), h, headed("outcome", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Optimize(t.Context(), core.Policy{}, coretest.Examples(judged(1, 3)...)); err == nil || !strings.Contains(err.Error(), "cannot train a head") {
		t.Errorf("a trainer without heads: %v", err)
	}
}

// Single attempts are paired by task; examples of several stay what they are.
func TestPairedByTask(t *testing.T) {
	in := []row{
		{task: "a", label: 1, first: true}, {task: "b", label: 1, first: true}, {task: "a", label: 0, first: true},
		{task: "a", label: 0.5, first: true}, {task: "a", label: 0.2}, {task: "b", label: 1, first: true},
	}
	out, err := paired(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out {
		got = append(got, fmt.Sprintf("%s %v %v", r.task, r.label, r.first))
	}
	if want := []string{"a 1 true", "a 0 false", "a 0.5 true", "a 0.2 false"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
