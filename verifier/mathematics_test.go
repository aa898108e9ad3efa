package verifier

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func TestMathematics(t *testing.T) {
	for _, c := range []struct {
		cfg  MathematicsConfig
		ref  core.Reference
		said []string
		want []float64
	}{
		{MathematicsConfig{}, core.Reference{Answer: `\frac{x+1}{2}`}, []string{`so \boxed{\tfrac x2+\tfrac12}`, `\boxed{\frac{x-1}{2}}`, `\boxed{\text{half of it}}`, ""}, []float64{1, 0, -1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "9 * 2 = 18\n#### 18"}, []string{"#### $18.00", "The answer is 36/2.", "19"}, []float64{1, 1, 0}},
		{MathematicsConfig{}, core.Reference{Solution: `thus \boxed{[2,5)}`}, []string{`\boxed{2 \le x < 5}`, `\boxed{(2,5)}`}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{}, []string{"5"}, []float64{-1}},
		{MathematicsConfig{Extract: Extract{From: "line"}}, core.Reference{Answer: "X"}, []string{"so\nX", "so\nx"}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "0.33"}, []string{`\boxed{1/3}`}, []float64{0}},
		{MathematicsConfig{Tolerance: 0.02}, core.Reference{Answer: "0.33"}, []string{`\boxed{1/3}`, `\boxed{2/5}`}, []float64{1, 0}},
		{MathematicsConfig{}, core.Reference{Answer: "1, 2"}, []string{`\boxed{2, 1}`}, []float64{1}},
		{MathematicsConfig{Order: true}, core.Reference{Answer: "1, 2"}, []string{`\boxed{2, 1}`}, []float64{0}},
	} {
		task := coretest.Task("t", "q", "")
		task.Reference = coretest.Reference(c.ref)
		ep := coretest.Episode(task, c.said...)
		j, err := mathematics{c.cfg}.Verify(t.Context(), ep, nil)
		if err != nil || !slices.Equal(values(j), c.want) {
			t.Errorf("reference %+v, %q: %v, %v; want %v", c.ref, c.said, values(j), err, c.want)
		}
		for _, s := range j.Scores {
			if (s.Abstain || s.Value == 0) && s.Rationale == "" {
				t.Errorf("%q is not 1 without a reason", c.said)
			}
		}
	}
}

func TestMathematicsAnswer(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", "1"), `\boxed{\frac{2}{4}}`, "The answer is 50%.", `\boxed{x = 0.5}`, `\boxed{\sqrt 2}`, "")
	var got []string
	for _, r := range ep.Leaves() {
		got = append(got, mathematics{}.Answer(ep, r))
	}
	if want := []string{"1/2", "50", "1/2", `\sqrt 2`, ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMathematicsOnGSM8K agrees with the publisher's own verdict on every
// solution.
func TestMathematicsOnGSM8K(t *testing.T) {
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
		right, n := 0, 0
		for _, r := range rows[row](t, filepath.Join(dir, "gsm8k", file)) {
			j, err := mathematics{}.Verify(t.Context(), coretest.Episode(tasks[r.ID], r.Completion), nil)
			if err != nil {
				t.Fatal(err)
			}
			n++
			s := j.Scores[0]
			right += int(s.Value)
			if got := s.Value == 1; s.Abstain || got != r.Correct {
				t.Errorf("%s %s: judged %v, published %v (%s)", file, r.ID, got, r.Correct, s.Rationale)
			}
		}
		if right != want || n != 1319 {
			t.Errorf("%s: %d of %d right, want %d of 1319", file, right, n, want)
		}
	}
}

func TestMathematicsIsBounded(t *testing.T) {
	for _, answer := range []string{strings.Repeat("(", 1<<20), strings.Repeat("9^", 2000) + "9", strings.Repeat("1,", 1<<19), `\boxed{` + strings.Repeat("{", 1<<20)} {
		j, err := mathematics{MathematicsConfig{Extract: Extract{From: "text"}}}.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "7"), answer), nil)
		if err != nil || j.Scores[0].Value != 0 || len(j.Scores[0].Rationale) > 4000 {
			t.Errorf("%.20q: %v, %v", answer, values(j), err)
		}
	}
}
