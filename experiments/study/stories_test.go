package study

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl"
)

// What the experiment tells rest-em makes a valid recipe with one control.
func TestStoryPlan(t *testing.T) {
	p, err := pawl.Open(pawl.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	plan, err := Setup{Recipe: "rest-em", Set: storyPlan()}.Plan(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Controls) != 1 || plan.Controls[0].Name != "null" || plan.Rounds != 1 {
		t.Errorf("controls %v, %d rounds", plan.Controls, plan.Rounds)
	}
}

func TestBeginnings(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; it would hold stories260k/, karpathy's stories260K (MIT) as a Hugging Face folder")
	}
	model, files, err := prepareStories(t.Context(), filepath.Join(dir, "stories260k"), t.TempDir())
	if err != nil || model.Arg == "" {
		t.Fatalf("%+v: %v", model, err)
	}
	var all []string
	for path, n := range map[string]int{files.Train: storySets.Train, files.Gate: storySets.Gate, files.Audit: storySets.Audit} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		if len(lines) != n {
			t.Errorf("%s has %d beginnings, want %d", path, len(lines), n)
		}
		for _, l := range lines {
			_, prompt, _ := strings.Cut(l, `"prompt":`)
			all = append(all, strings.ToLower(prompt))
		}
	}
	slices.Sort(all)
	if n := len(all); len(slices.Compact(all)) != n {
		t.Errorf("%d beginnings are not all different", n)
	}
}

func TestStoriesMarkdown(t *testing.T) {
	arms := []Arm{{Name: "base", Accuracy: 0.1, N: 2}, {Name: "final", Accuracy: 0.5, N: 2}, {Name: "null", Accuracy: 0.2, N: 2}}
	for i := range arms {
		arms[i].items = []item{{"a", 0}, {"b", float64(i % 2)}}
	}
	trial := Trial{Seed: 1, Arms: arms, Rounds: []Round{{Kept: 3, Sampled: 9, Verdict: "not_proven"}}}
	trial.compare()
	if trial.Pair("final", "null") == nil || trial.Pair("null", "base") == nil {
		t.Fatalf("pairs %+v", trial.Pairs)
	}
	s := Stories{Kind: KindStories, Words: storyWords, Limit: storyLimit, Tasks: storySets, Study: Study{Trials: []Trial{trial}}}
	text := s.Markdown()
	for _, want := range []string{"happy, play, friends", "| 1 | 0.100 [", "3 of 9 | not proven |", "| all | 0.100 | 0.500 | 0.200 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
