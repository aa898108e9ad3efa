package verifier

import (
	"context"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// stepper values every byte of an attempt by a script: its value is that of the
// text so far.
type stepper struct {
	coretest.Batch
	value func(text string) float64
}

func (s *stepper) TokenValues(_ context.Context, paths [][]core.Node) ([]core.TokenValues, error) {
	out := make([]core.TokenValues, len(paths))
	for i, path := range paths {
		text := path[len(path)-1].Content
		for k := range text {
			out[i].Text = append(out[i].Text, text[k:k+1])
			out[i].Values = append(out[i].Values, s.value(text[:k+1]))
		}
		out[i].Text, out[i].Values = append(out[i].Text, ""), append(out[i].Values, s.value(text+"$"))
	}
	return out, nil
}

func (s *stepper) Values(ctx context.Context, paths [][]core.Node) ([]float64, error) {
	all, err := s.TokenValues(ctx, paths)
	out := make([]float64, len(paths))
	for i := range out {
		out[i] = all[i].Values[len(all[i].Values)-1]
	}
	return out, err
}

// By hand: the first line is worth 3/4, the second 1/4, the end 9/10.
func TestRewardModelOfSteps(t *testing.T) {
	odds := map[string]float64{"a\n": 3, "a\nb\n": 1.0 / 3, "a\nb\nc$": 9, "$": 5}
	h := coretest.NewHost(&stepper{value: func(text string) float64 {
		if v, ok := odds[text]; ok {
			return math.Log(v)
		}
		return math.NaN() // what is not the end of a step is not looked at
	}})
	for how, want := range map[string]float64{"least": 0.25, "product": 0.75 * 0.25 * 0.9, "mean": 1.9 / 3, "last": 0.9} {
		v, err := newRewardModel(t.Context(), h, RewardModelConfig{Seat: "solver", Steps: how})
		ep := coretest.Episode(coretest.Task("t", "q", ""), "a\nb\nc", "", "a\n?\nc")
		got, j := verified(t, v, err, ep)
		same(t, how, got[:2], want, 0)
		if s := j.Scores[0]; s.Rationale != "steps are worth 0.75, 0.25, 0.9" {
			t.Errorf("%s: %q", how, s.Rationale)
		}
		if s := j.Scores[2]; !s.Abstain || !strings.Contains(s.Rationale, "gives NaN") {
			t.Errorf("%s: a step that is no number: %+v", how, s)
		}
		// Steps that are nodes have scores of their own.
		ep = coretest.Episode(coretest.Task("t", "q", ""), "a")
		second := ep.Append(core.Node{Parent: 2, Actor: "solver", Role: core.RoleAssistant, Content: "b"})
		ep.Append(core.Node{Parent: second, Actor: "solver", Role: core.RoleAssistant, Content: "c"})
		got, j = verified(t, v, err, ep)
		same(t, how, got, want)
		of := byAttempt(j)
		same(t, how+", by node", []float64{of[2].Value, of[3].Value}, 0.75, 0.25)
	}
	if _, err := newRewardModel(t.Context(), coretest.NewHost(coretest.Samples("7")), RewardModelConfig{Seat: "solver", Steps: "least"}); err == nil || !strings.Contains(err.Error(), "step by step") {
		t.Errorf("an actor that values nothing: %v", err)
	}
}

func TestRewardModelOfStepsConforms(t *testing.T) {
	coretest.Verifier(t, func(h *coretest.Host) (core.Verifier, error) {
		h.Actors["solver"] = &stepper{value: func(text string) float64 { return float64(len(text)%5) - 2 }}
		return newRewardModel(t.Context(), h, RewardModelConfig{Seat: "solver", Steps: "product"})
	})
}

// Attempts whose steps are kept are written down once more below the task, where
// every step has its value, and are attempts no more often than before.
func TestStepsAreKept(t *testing.T) {
	replies := map[string][]string{"a\n": {"#### 7", "#### 7", "#### 8", "#### 7"}, "a\nb\n": {"#### 8"}, "a\nb\nc\n": {"#### 8"}}
	for _, c := range []struct {
		most  int
		texts []string
		want  []float64
	}{
		{0, []string{"a\n", "b\n", "c\n", "#### 7"}, []float64{0.75, 0, 0, 1}},
		{2, []string{"a\nb\n", "c\n#### 7"}, []float64{0, 1}},
		{3, []string{"a\n", "b\n", "c\n#### 7"}, []float64{0.75, 0, 1}},
	} {
		h, _ := completing(t, "exact", replies)
		x := Exploring{By: of("exact"), Completions: 4, Above: 0.5, AtMost: c.most, Keep: true}
		v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: x})
		ep := coretest.Episode(coretest.Task("t", "q", "7"), "a\nb\nc\n#### 7")
		_, j := verified(t, v, err, ep)
		ep.Nodes, ep.Scores = append(ep.Nodes, j.Nodes...), j.Scores
		s, _ := ep.ScoreOf("step_values", 2)
		steps := ep.Path(s.Via)[1:]
		if len(ep.Leaves()) != 1 || len(steps) != len(c.texts) {
			t.Fatalf("%d at most: %d attempts, %d steps", c.most, len(ep.Leaves()), len(steps))
		}
		for k, r := range steps {
			if v, ok := ep.ScoreOf("step_values", r); !ok || ep.Node(r).Content != c.texts[k] || v.Value != c.want[k] {
				t.Errorf("%d at most: step %q has %+v, want %q with %v", c.most, ep.Node(r).Content, v, c.texts[k], c.want[k])
			}
		}
	}
	// The first error, too: what comes before it is right.
	h, _ := completing(t, "exact", replies)
	v, err := newFirstError(t.Context(), h, FirstErrorConfig{Exploring{By: of("exact"), Completions: 4, Above: 0.5, Keep: true}})
	_, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", "7"), "a\nb\nc\n#### 8", "a\n#### 7"))
	var got []float64
	for _, s := range j.Scores {
		if int(s.Nodes[0]) > 3 {
			got = append(got, s.Value)
		}
	}
	same(t, "steps of both", got, 1, 0, 0, 0, 1, 1)
}

// What a head makes of the task alone is the value of all attempts at it.
func TestPIKByHead(t *testing.T) {
	calls := 0
	h := rewarding(func(path []core.Node) (float64, error) {
		calls++
		if len(path) != 1 || path[0].Role != core.RoleUser {
			t.Errorf("the head sees %+v", path)
		}
		if path[0].Content == "easy" {
			return math.Log(3), nil
		}
		return -math.Log(3), nil
	})
	v, err := newPIK(t.Context(), h, PIKConfig{Head: true})
	if err != nil {
		t.Fatal(err)
	}
	js, err := v.(core.BatchVerifier).VerifyBatch(t.Context(), []*core.Episode{
		coretest.Episode(coretest.Task("1", "easy", ""), "7", "8"), coretest.Episode(coretest.Task("2", "hard", ""), "7", "8"),
	})
	if err != nil || calls != 2 {
		t.Fatalf("%d calls (%v)", calls, err)
	}
	for i, want := range []float64{0.75, 0.25} {
		if len(js[i].Scores) != 2 || js[i].Usage.Calls != 1 {
			t.Errorf("task %d: %+v", i, js[i])
		}
		for _, s := range js[i].Scores {
			closeTo(t, "value", s.Value, want)
		}
	}
	if v, err = newPIK(t.Context(), nanoHost(t), PIKConfig{Head: true}); err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "1"), nil)
	if err != nil || !j.Scores[0].Abstain || !strings.Contains(j.Scores[0].Rationale, "no reward head yet") {
		t.Errorf("without a head: %+v (%v)", j, err)
	}
}
