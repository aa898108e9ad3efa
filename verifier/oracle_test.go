package verifier

import (
	"context"
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world/chain"
)

var testContext = context.Background()

func TestOracle(t *testing.T) {
	w, err := chain.New(chain.Config{})
	if err != nil {
		t.Fatal(err)
	}
	task := w.Task(0)
	ref := task.Ref()
	ep := coretest.Episode(task, ref.Solution, ref.Answer, "nonsense", "")
	for _, c := range []struct {
		steps bool
		want  []float64
	}{{false, []float64{1, 1, 0, 0}}, {true, []float64{1, 0, 0, 0}}} {
		v, _ := newOracle(testContext, nil, OracleConfig{Steps: c.steps})
		j, err := v.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("steps %v: %v, %v; want %v", c.steps, values(j), err, c.want)
		}
		if j.Scores[2].Rationale == "" {
			t.Error("a wrong attempt without a reason")
		}
	}
	j, err := oracle{}.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "7"), "7"), nil)
	if err != nil || !j.Scores[0].Abstain {
		t.Errorf("a task of no world: %+v, %v", j, err)
	}
	broken := task
	broken.Reference = coretest.Reference(map[string]any{"world": "chain"})
	if _, err := (oracle{}).Verify(t.Context(), coretest.Episode(broken, "7"), nil); err == nil {
		t.Error("a damaged reference is judged")
	}
}

func TestTargetsOutsideTheEpisode(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "7")
	for name, v := range map[string]core.Verifier{"oracle": oracle{}, "exact": exact{}, "majority_vote": majorityVote{}} {
		for _, at := range [][]core.Ref{{0}, {3}, {-1}} {
			if _, err := v.Verify(t.Context(), ep, at); err == nil {
				t.Errorf("%s judges node %v of an episode of two", name, at)
			}
		}
	}
}
