package verifier

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestSimilarity(t *testing.T) {
	one := quiz("q", map[string]any{"answer": "The cat sat on the mat."})
	two := quiz("q", map[string]any{"references": []string{"It rains.", "The cat sat on the mat."}})
	for _, c := range []struct {
		metric string
		task   core.Task
		text   string
		want   float64
	}{
		{"exact", one, "the cat, sat on the mat", 1},
		{"exact", one, "a dog", 0},
		{"f1", one, "cat sat", 2 * 1 * 0.5 / 1.5},                    // of cat sat on mat
		{"rouge_l", one, "the mat sat", 2 * (2. / 3) * (1. / 3) / 1}, // the .. mat or the .. sat: 2 of 3, 2 of 6
		{"bleu", one, "The cat sat on the mat.", 1},
		{"chrf", one, "The cat sat on the mat.", 1},
		{"chrf++", one, " The cat sat on the mat.\n", 1},
		{"f1", two, "it rains", 1},
		{"rouge_l", two, "It rains", 1},
		{"bleu", two, "The cat sat on the mat.", 1},
		{"f1", quiz("q", map[string]any{"solution": "x y"}), "x y", 1},
		{"f1", quiz("q", nil), "x", -1},
		{"f1", quiz("q", map[string]any{"references": []string{" "}}), "x", -1},
		{"f1", quiz("q", map[string]any{"references": "x"}), "x", -1},
		{"rouge_l", one, strings.Repeat("a ", longestText), -1},
		{"rouge_l", quiz("q", map[string]any{"answer": strings.Repeat("a", longestText+1)}), "a", -1},
	} {
		v, err := newSimilarity(t.Context(), nil, SimilarityConfig{Metric: c.metric})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(c.task, c.text), nil)
		if err != nil || len(j.Scores) != 1 || math.Abs(values(j)[0]-c.want) > 1e-12 || j.Scores[0].Rationale == "" {
			t.Errorf("%s of %.40q: %+v, %v; want %v", c.metric, c.text, j, err, c.want)
		}
	}
	j, err := similarity{SimilarityConfig{Metric: "f1", AtLeast: 0.6}}.Verify(t.Context(), coretest.Episode(one, "cat sat", "cat sat mat", ""), nil)
	if err != nil || !slices.Equal(values(j), []float64{1, 1, 0}) {
		t.Errorf("at least 0.6: %v, %v", values(j), err)
	}
	if _, err := newSimilarity(t.Context(), nil, SimilarityConfig{Metric: "meteor"}); err == nil {
		t.Error("a metric that does not exist is taken")
	}
}
