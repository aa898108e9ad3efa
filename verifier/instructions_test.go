package verifier

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/verifier/instruction"
)

func ptr(n int) *int { return &n }

func TestInstructions(t *testing.T) {
	cfg := InstructionsConfig{Rules: instruction.Rules{Words: &instruction.Count{AtMost: ptr(3)}, NoCommas: true, Include: []string{"moon"}}}
	task := coretest.Task("t", "Write.", "")
	for _, c := range []struct {
		partial, loose bool
		text           string
		want           float64
		why            string
	}{
		{false, false, "the moon", 1, ""},
		{true, false, "the moon", 1, ""},
		{false, false, "the moon rises, slowly", 0, "words: has 4, not at most 3; 1 of 3 are kept"},
		{true, false, "the moon rises, slowly", 1. / 3, "words"},
		{true, false, "the sun", 2. / 3, `include: has no "moon"`},
		{true, false, "a, b, c, d", 0, "words"},
		{false, false, "", 0, "words: is empty"},
		{true, false, " \n", 0, "words: is empty"},
		{false, false, "Sure, here it is:\nthe moon", 0, "words"},
		{false, true, "Sure, here it is:\nthe moon", 1, ""},
	} {
		cfg.Partial, cfg.Loose = c.partial, c.loose
		v, err := newInstructions(t.Context(), nil, cfg)
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(task, c.text), nil)
		if err != nil || len(j.Scores) != 1 || math.Abs(values(j)[0]-c.want) > 1e-12 || !strings.Contains(j.Scores[0].Rationale, c.why) || c.why == "" && j.Scores[0].Rationale != "" {
			t.Errorf("%q: %+v, %v; want %v, %q", c.text, j, err, c.want, c.why)
		}
	}
}

func TestInstructionsOfTheTask(t *testing.T) {
	public := quiz("q", map[string]any{"instructions": map[string]any{
		"instruction_id_list": []string{"punctuation:no_comma", "length_constraints:number_words"}, "kwargs": []any{map[string]any{}, map[string]any{"relation": "less than", "num_words": 3}}}})
	french := quiz("q", map[string]any{"instructions": map[string]any{"language": "fr", "no_commas": true}})
	for name, c := range map[string]struct {
		cfg  InstructionsConfig
		task core.Task
		text string
		want float64
	}{
		"kept":                          {InstructionsConfig{}, public, "one two", 1},
		"broken":                        {InstructionsConfig{}, public, "one two three", 0},
		"the share":                     {InstructionsConfig{Partial: true}, public, "one two three", 0.5},
		"the recipe's as well":          {InstructionsConfig{Rules: instruction.Rules{Case: "upper"}}, public, "one two", 0},
		"the recipe's alone":            {InstructionsConfig{Rules: instruction.Rules{Case: "upper"}}, coretest.Task("t", "q", "7"), "ONE", 1},
		"the prompt again":              {InstructionsConfig{Rules: instruction.Rules{RepeatsPrompt: true}}, coretest.Task("t", "Say it.", ""), "Say it. It.", 1},
		"a language that may be":        {InstructionsConfig{}, french, "bonjour", -1},
		"a language, and one is broken": {InstructionsConfig{}, french, "bonjour, bonsoir", 0},
		"a language, and the share":     {InstructionsConfig{Partial: true}, french, "bonjour, bonsoir", -1},
		"a language that cannot be":     {InstructionsConfig{}, french, "привет", 0},
		"none":                          {InstructionsConfig{}, coretest.Task("t", "q", "7"), "x", -1},
		"an unknown one":                {InstructionsConfig{}, quiz("q", map[string]any{"instructions": map[string]any{"rhyme": true}}), "x", -1},
		"a damaged row":                 {InstructionsConfig{}, core.Task{ID: "t", Prompt: french.Prompt, Reference: []byte(`7`)}, "x", -1},
	} {
		j, err := instructions{c.cfg}.Verify(t.Context(), coretest.Episode(c.task, c.text), nil)
		if err != nil || !slices.Equal(values(j), []float64{c.want}) || c.want == -1 && j.Scores[0].Rationale == "" {
			t.Errorf("%s: %+v, %v; want %v", name, j, err, c.want)
		}
	}
	if _, err := newInstructions(t.Context(), nil, InstructionsConfig{Rules: instruction.Rules{Words: &instruction.Count{}}}); err == nil {
		t.Error("a count without bounds is taken")
	}
}
