package evaluate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pawl/core"
)

// valued has one attempt for each pair of a value and whether it is right; a
// value below 0 abstains.
func valued(id string, values []float64, right ...bool) *core.Episode {
	ep := core.NewEpisode(core.Task{ID: id, Prompt: []core.Node{{Role: core.RoleUser, Content: "?"}}}, 1)
	for i, v := range values {
		r := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: "x"})
		y := 0.0
		if right[i] {
			y = 1
		}
		ep.Scores = append(ep.Scores, core.Score{By: "vote", Nodes: []core.Ref{r}, Value: max(v, 0), Abstain: v < 0}, core.Score{By: "oracle", Nodes: []core.Ref{r}, Value: y})
	}
	return ep
}

// The four predictions of stats, over three tasks, and one that nobody values.
func fourValued() []*core.Episode {
	return []*core.Episode{
		valued("a", []float64{0.9, 0.6}, true, true), valued("b", []float64{0.9}, false), valued("c", []float64{0.2, -1}, false, true),
	}
}

func TestConfidentMetrics(t *testing.T) {
	vote := []any{"score", "vote"}
	for _, c := range []struct {
		name string
		with []any
		want map[string]float64
	}{
		{"ece", []any{"bins", 2}, map[string]float64{"ece": 0.1/2 + 0.4/2}},
		{"ece", []any{"bins", 5, "equal", "width"}, map[string]float64{"ece": 0.4*2/4 + 0.4/4 + 0.2/4}},
		{"brier", nil, map[string]float64{"brier": 0.255, "brier_reliability": 0.13, "brier_resolution": 0.125}},
		{"brier", []any{"by", "oracle"}, map[string]float64{"brier": 0.255, "brier_reliability": 0.13, "brier_resolution": 0.125}},
		{"auroc", nil, map[string]float64{"auroc": 2.5 / 4}},
		{"risk_coverage", []any{"count", "attempts", "risk", 0.4}, map[string]float64{"aurc": (0.5 + 0.5 + 1.0/3 + 0.5) / 4, "coverage@0.4": 0.75}},
		// The best of each task: 0.9 right, 0.9 wrong, 0.2 wrong.
		{"risk_coverage", nil, map[string]float64{"aurc": (0.5 + 0.5 + 2.0/3) / 3, "coverage@0.05": 0}},
		{"auroc", []any{"count", "answers"}, map[string]float64{"auroc": 1.5 / 2}},
	} {
		m := decoded(t, c.name, settings(append(vote[:2:2], c.with...)...))
		got := measure(t, m, fourValued()...)
		expect(t, got, c.want)
		for _, e := range got {
			if e.N != 3 {
				t.Errorf("%s counts %d tasks", e.Name, e.N)
			}
		}
		if got := measure(t, m); len(got) != 0 {
			t.Errorf("%s of nothing: %+v", c.name, got)
		}
		// What is right is known of none: there is no figure.
		blind := valued("a", []float64{0.5}, true)
		blind.Scores[1].Abstain = true
		if got := measure(t, m, blind); len(got) != 0 {
			t.Errorf("%s of what cannot be judged: %+v", c.name, got)
		}
	}
	if got := measure(t, decoded(t, "auroc", settings(vote...)), valued("a", []float64{0.5, 0.6}, true, true)); len(got) != 0 {
		t.Errorf("nothing to tell apart: %+v", got)
	}
}

func TestConfidentMetricsRefuse(t *testing.T) {
	broken := errors.New("torn segment")
	alone := valued("a", []float64{0.5}, true)
	alone.Scores = alone.Scores[:1]
	bare := valued("a", []float64{0.5}, true)
	bare.Scores = bare.Scores[1:]
	for _, name := range []string{"ece", "brier", "auroc", "risk_coverage"} {
		m := decoded(t, name, settings("score", "vote"))
		if _, err := m.Measure(context.Background(), func(yield func(*core.Episode, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
			t.Errorf("%s: a broken source gives %v", name, err)
		}
		if _, err := m.Measure(context.Background(), source(alone)); err == nil || !strings.Contains(err.Error(), `nothing but "vote" itself has judged attempt 2`) {
			t.Errorf("%s: judged by itself: %v", name, err)
		}
		if got, err := m.Measure(context.Background(), source(bare)); err == nil && name != "risk_coverage" || len(got) > 0 {
			t.Errorf("%s: without a value: %v, %v", name, got, err)
		}
		high := valued("a", []float64{0.5, 3}, true, false)
		_, err := m.Measure(context.Background(), source(high))
		if probability := name == "ece" || name == "brier"; probability != (err != nil) || err != nil && !strings.Contains(err.Error(), "no probability") {
			t.Errorf("%s: a value of 3: %v", name, err)
		}
	}
	if err := (Confident{Score: "vote", Judged: Judged{By: "vote"}}).Validate(); err == nil {
		t.Error("a verifier may be held against itself")
	}
}
