package selector

import (
	"fmt"
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// By hand: attempts a to e, of the values 1, 0, 1, 0.5, and one that is abstained on.
func TestPairs(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Pairs
		want []string
	}{
		"all":         {Pairs{}, []string{"a>b", "c>d", "d>b", "a>d", "c>b"}},
		"by a margin": {Pairs{Margin: 0.6}, []string{"a>b", "c>b"}},
		"two":         {Pairs{Limits: Limits{PerTask: 2}}, []string{"a>b", "c>d"}},
		"best":        {Pairs{Each: "best"}, []string{"a>b"}},
		"best, wide":  {Pairs{Each: "best", Margin: 1.5}, nil},
		"nobody's":    {Pairs{Limits: Limits{Seat: "judge"}}, nil},
	} {
		c.cfg.By = "grade"
		ep := coretest.Episode(coretest.Task("t", "q", ""), "a", "b", "c", "d", "e")
		coretest.Scored(ep, "grade", 1, 0, 1, 0.5, 0)
		ep.Scores[4].Abstain = true
		s, err := newPairs(t.Context(), coretest.NewHost(nil), c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		in, err := s.Select(t.Context(), coretest.Episodes(ep, coretest.Episode(coretest.Task("none", "q", ""))))
		if err != nil {
			t.Fatal(err)
		}
		exs, err := coretest.Collect(in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ex := range exs {
			got = append(got, fmt.Sprintf("%s>%s", ep.Node(ex.Leaves[0]).Content, ep.Node(ex.Leaves[1]).Content))
			for k, leaf := range ex.Leaves {
				if v, _ := ep.ScoreOf("grade", leaf); v.Value != ex.Labels[k] {
					t.Errorf("%s: the label of %d is %v, its value %v", name, leaf, ex.Labels[k], v.Value)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if _, err := newPairs(t.Context(), coretest.NewHost(nil), Pairs{}); err == nil {
		t.Error("pairs by nobody")
	}
}

// stepped is an episode of two attempts that step_values has cut into two steps
// each, the last of the second without a value.
func stepped() *core.Episode {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "ab", "cd")
	at := ep.Leaves()
	for i, texts := range [][]string{{"a", "b"}, {"c", "d"}} {
		first := ep.Append(core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Content: texts[0]})
		last := ep.Append(core.Node{Parent: first, Role: core.RoleAssistant, Content: texts[1]})
		ep.Scores = append(ep.Scores, core.Score{By: "step_values", Nodes: []core.Ref{first}, Value: 0.75},
			core.Score{By: "step_values", Nodes: []core.Ref{last}, Value: 0.25, Abstain: i == 1},
			core.Score{By: "step_values", Nodes: []core.Ref{at[i]}, Value: 0.25, Via: last})
	}
	return ep
}

func TestSteps(t *testing.T) {
	ep := stepped()
	s, err := newSteps(t.Context(), coretest.NewHost(nil), Steps{By: "step_values"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.Select(t.Context(), coretest.Episodes(ep))
	if err != nil {
		t.Fatal(err)
	}
	exs, err := coretest.Collect(in)
	if err != nil || len(exs) != 1 {
		t.Fatalf("%d examples (%v)", len(exs), err)
	}
	ex := exs[0]
	if text := ep.Node(ex.Leaves[0]).Content; text != "b" || ex.Labels[0] != 0.25 || !slices.Equal(ex.Signals[core.SignalSteps][0], []float32{0, 0.75, 0.25}) {
		t.Errorf("ends in %q, %+v", text, ex)
	}
	if _, err := newSteps(t.Context(), coretest.NewHost(nil), Steps{}); err == nil {
		t.Error("steps by nobody")
	}
}
