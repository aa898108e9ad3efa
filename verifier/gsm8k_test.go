package verifier

import (
	"os"
	"path/filepath"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// TestGSM8K holds both verifiers of final answers to the publisher's own
// verdict on every solution of two systems: none differs, and none is an
// abstention.
func TestGSM8K(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in openai/grade-school-math (example_model_solutions)")
	}
	type row struct {
		ID, Question, Answer, Completion string
		Correct                          bool
	}
	tasks := map[string]core.Task{}
	for _, r := range rows[row](t, filepath.Join(dir, "gsm8k", "tasks.jsonl")) {
		tasks[r.ID] = coretest.Task(r.ID, r.Question, r.Answer)
	}
	for file, want := range map[string]int{"6b-finetuning.jsonl": 286, "6b-verification.jsonl": 515} {
		solutions := rows[row](t, filepath.Join(dir, "gsm8k", file))
		if len(solutions) != 1319 {
			t.Errorf("%s has %d solutions, want 1319", file, len(solutions))
		}
		for name, v := range map[string]core.Verifier{"exact": exact{}, "mathematics": mathematics{}} {
			right := 0
			for _, r := range solutions {
				j, err := v.Verify(t.Context(), coretest.Episode(tasks[r.ID], r.Completion), nil)
				if err != nil {
					t.Fatal(err)
				}
				s := j.Scores[0]
				right += int(s.Value)
				if got := s.Value == 1; s.Abstain || got != r.Correct {
					t.Errorf("%s, %s %s: judged %v, published %v (%s)", name, file, r.ID, got, r.Correct, s.Rationale)
				}
			}
			if right != want {
				t.Errorf("%s, %s: %d are right, want %d", name, file, right, want)
			}
		}
	}
}
