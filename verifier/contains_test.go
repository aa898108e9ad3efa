package verifier

import (
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestContains(t *testing.T) {
	attempts := []string{"The Dog was happy.", "the dogs were happy", "happy-dog", "dog", "", "unhappy dog, happy doge"}
	for _, c := range []struct {
		cfg  ContainsConfig
		want []float64
	}{
		{ContainsConfig{Words: []string{"dog", "happy"}}, []float64{1, 0, 1, 0, 0, 1}},
		{ContainsConfig{Words: []string{"dog", "happy"}, Within: true}, []float64{1, 1, 1, 0, 0, 1}},
		{ContainsConfig{Words: []string{"Dog"}, Case: true}, []float64{1, 0, 0, 0, 0, 0}},
		{ContainsConfig{Words: []string{"was happy"}}, []float64{1, 0, 0, 0, 0, 0}},
		{ContainsConfig{Words: []string{"doge"}}, []float64{0, 0, 0, 0, 0, 1}},
	} {
		v, err := newContains(t.Context(), coretest.NewHost(nil), c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "dog happy", ""), attempts...), nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("%+v: %v, %v; want %v", c.cfg, values(j), err, c.want)
		}
	}
}

func TestContainsFinished(t *testing.T) {
	ep := core.NewEpisode(coretest.Task("t", "q", ""), 0)
	for _, finish := range []string{"stop", "length", ""} {
		ep.Append(core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Actor: "solver", Content: "a dog", Finish: finish})
	}
	for finished, want := range map[bool][]float64{true: {1, 0, 1}, false: {1, 1, 1}} {
		j, err := contains{ContainsConfig{Words: []string{"dog"}, Finished: finished}}.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), want) {
			t.Errorf("finished %v: %v, %v; want %v", finished, values(j), err, want)
		}
	}
	j, err := contains{ContainsConfig{Words: []string{"cat", "Dog"}}}.Verify(t.Context(), ep, []core.Ref{2})
	if err != nil || len(j.Scores) != 1 || j.Scores[0].Rationale != `does not contain ["cat"]` {
		t.Errorf("a missing word: %+v, %v", j, err)
	}
	for _, bad := range [][]string{nil, {"a", " "}} {
		if _, err := newContains(t.Context(), nil, ContainsConfig{Words: bad}); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("words %q: %v", bad, err)
		}
	}
}
