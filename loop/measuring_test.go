package loop

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// What an episode counts: its answer's score, or the mean over its attempts.
func TestWorth(t *testing.T) {
	attempts := func(values ...float64) *core.Episode {
		ep := coretest.Episode(coretest.Task("t", "1", "2"), "a", "b", "c", "d")
		coretest.Scored(ep, "majority_vote", 0, 0.75, 0, 0.25)
		return coretest.Scored(ep, "exact", values...)
	}
	failed, abstained := attempts(1, 1, 1, 1), attempts(0, 1, 0, 1)
	failed.Err = "the line is dead"
	abstained.Scores[len(abstained.Scores)-3].Abstain = true // of b
	for _, c := range []struct {
		what     string
		ep       *core.Episode
		answered bool
		want     float64
	}{
		{"the mean of four", attempts(1, 0, 0, 1), false, 0.5},
		{"one was not judged", attempts(1, 1, 1), false, 0.75},
		{"one abstention", abstained, false, 0.25},
		{"a failure", failed, false, 0},
		{"no attempts", coretest.Episode(coretest.Task("t", "1", "2")), false, 0},
		{"the answer is b", attempts(0, 1, 0, 0), true, 1},
		{"only others are right", attempts(1, 0, 1, 1), true, 0},
		{"the answer is not judged", abstained, true, 0},
		{"no answer", coretest.Scored(coretest.Episode(coretest.Task("t", "1", "2"), "a"), "exact", 1), true, 0},
		{"a failure with an answer", failed, true, 0},
	} {
		r, _ := newRun(t, newLedger())
		r.Plan.Measure.Answered = c.answered
		c.ep.Answer = r.Plan.Answer.Pick(c.ep)
		if got := r.Value(c.ep); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// The parts of a run that answer and measure outside of rounds.
func TestMeasuringByHand(t *testing.T) {
	r, _ := newRun(t, newLedger())
	tasks, err := r.TaskList(t.Context(), "gate")
	if err != nil || len(tasks) != 100 {
		t.Fatalf("the gate has %d tasks (%v)", len(tasks), err)
	}
	var eps []*core.Episode
	err = r.Attempt(t.Context(), r.Initial, r.Plan.Measure.Sample, nil, tasks, func(ep *core.Episode) error {
		eps = append(eps, ep)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Judge(t.Context(), r.Initial, r.Plan.Measure.Verify, eps); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, ep := range eps {
		sum += r.Value(ep)
	}
	if sum/100 != lucky("gate", 0.5) {
		t.Errorf("%v of the gate's tasks are right, want %v", sum/100, lucky("gate", 0.5))
	}
	found, err := r.Metrics(t.Context(), r.Initial, eps)
	if err != nil || len(found) != 1 || found[0].Name != "tokens" || found[0].N != 100 {
		t.Errorf("the metrics are %+v (%v)", found, err)
	}
	if _, err := r.TaskList(t.Context(), "nowhere"); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("a set that is not there: %v", err)
	}
}

// What a step reads is in its key: other labels, other steps.
func TestSetsThatComponentsReadEnterKeys(t *testing.T) {
	r, _ := newRun(t, newLedger())
	control, _ := r.Plan.Control("labelled")
	if got := SetsNamed(control.Stages[0].Updates[0].Select); !slices.Equal(got, []string{"labelled"}) {
		t.Errorf("the labelled control reads %v", got)
	}
	mixed := parsed(t, page, "{filter: {by: majority_vote, at_least: 0.5}}", "{mix: {new: {demonstrations: {tasks: labelled}}, anchors: {demonstrations: {}}}}")
	if got := SetsNamed(mixed.Stages[0].Updates[0].Select); !slices.Equal(got, []string{"labelled"}) {
		t.Errorf("a mix reads %v", got)
	}
	l := newLedger()
	first, _ := newRun(t, l)
	want := do(t, first)
	second, _ := newRun(t, l)
	fewer := numbers("labelled")[:7]
	second.Sets["labelled"] = fewer
	got := do(t, second)
	if n := len(examplesOf(t, l, got.Controls["labelled"].Rounds[0])); n != 7 {
		t.Errorf("with 7 labels the control learns %d", n)
	}
	if got.Policy[core.PartWeights] != want.Policy[core.PartWeights] {
		t.Error("the labels reach the real arm")
	}
}

// A component that asks for what is not there hears so by name.
func TestHostErrors(t *testing.T) {
	r, _ := newRun(t, newLedger())
	h := &host{run: r, stage: "test", team: r.Initial}
	if _, err := h.Actor("critic"); err == nil || !strings.Contains(err.Error(), `no seat "critic"`) {
		t.Errorf("a seat that is not there: %v", err)
	}
	if _, err := (&host{run: r}).Actor("solver"); err == nil || !strings.Contains(err.Error(), `no policy "solver"`) {
		t.Errorf("a policy that is not there: %v", err)
	}
	if _, err := h.Try(t.Context(), r.Initial["solver"], "audit"); err == nil || !strings.Contains(err.Error(), "only search sets") {
		t.Errorf("the audit is tried on: %v", err)
	}
	if _, err := h.Try(t.Context(), r.Initial["solver"], "nowhere"); err == nil {
		t.Error("a set that is not there is tried on")
	}
	// Outside of a step there is nothing to keep.
	if err := h.Keep(t.Context(), []byte("x")); err != nil {
		t.Error(err)
	}
	if b, err := h.Kept(context.Background()); b != nil || err != nil {
		t.Errorf("kept is %q (%v)", b, err)
	}
	if got := h.Policies(); len(got) != 1 || got["base"] != nil {
		t.Errorf("outside of an arm the policies are %v", got)
	}
	r.Initial = nil
	if _, err := r.Do(t.Context()); err == nil || !strings.Contains(err.Error(), `the recipe starts from "base"; give a model with --model`) {
		t.Errorf("a run without a base: %v", err)
	}
}
