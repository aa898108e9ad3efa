package verifier

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func values(j core.Judgement) []float64 {
	var out []float64
	for _, s := range j.Scores {
		if s.Abstain {
			out = append(out, -1)
		} else {
			out = append(out, s.Value)
		}
	}
	return out
}

func TestExact(t *testing.T) {
	for _, c := range []struct {
		ref  core.Reference
		want []float64
	}{
		{core.Reference{Answer: "18"}, []float64{1, 0, 0, 0}},
		{core.Reference{Answer: "9 * 2 = 18\n#### 18"}, []float64{1, 0, 0, 0}},
		{core.Reference{Solution: "9 * 2 = 18\n#### 18"}, []float64{1, 0, 0, 0}},
		{core.Reference{Answer: `\boxed{19}`}, []float64{0, 1, 0, 0}},
		{core.Reference{}, []float64{-1, -1, -1, -1}},
	} {
		task := coretest.Task("t", "q", "")
		task.Reference = coretest.Reference(c.ref)
		ep := coretest.Episode(task, "so\n#### $18.00", "#### 19", "I give up", "")
		j, err := exact{}.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("reference %+v: %v, %v; want %v", c.ref, values(j), err, c.want)
		}
	}
	ep := coretest.Episode(coretest.Task("t", "q", "18"), "#### 18", "#### 19")
	j, err := exact{}.Verify(t.Context(), ep, []core.Ref{3})
	if err != nil || len(j.Scores) != 1 || j.Scores[0].Nodes[0] != 3 || j.Scores[0].Value != 0 || j.Scores[0].Rationale == "" {
		t.Errorf("one node: %+v, %v", j, err)
	}
}

// TestExactJoinsSteps judges an attempt whose steps are nodes of their own.
func TestExactJoinsSteps(t *testing.T) {
	ep := core.NewEpisode(coretest.Task("t", "q", "18"), 0)
	one := ep.Append(core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Actor: "solver", Content: "#### 18"})
	two := ep.Append(core.Node{Parent: one, Role: core.RoleAssistant, Actor: "solver", Content: "and that is certain."})
	tool := ep.Append(core.Node{Parent: one, Role: core.RoleTool, Actor: "tool", Content: "18"})
	three := ep.Append(core.Node{Parent: tool, Role: core.RoleAssistant, Actor: "solver", Content: "I take back what I said"})
	j, err := exact{}.Verify(t.Context(), ep, nil)
	if err != nil || !slices.Equal(ep.Leaves(), []core.Ref{two, three}) || !slices.Equal(values(j), []float64{1, 0}) {
		t.Errorf("%v, %v", values(j), err)
	}
}

func rows[T any](t *testing.T, path string) []T {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	var out []T
	for s.Scan() {
		var r T
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
