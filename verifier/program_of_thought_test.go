package verifier

import (
	"slices"
	"testing"

	"pawl/coretest"
)

func TestProgramOfThought(t *testing.T) {
	programs := []string{
		"Let us see.\n```python\nx = 9 * 2\nprint('so')\nprint(x)\n```\nSo #### 18",
		"```python\nprint(20)\n```\n#### 18",
		"```python\ndef solution():\n    return 36 / 2\n```\n#### 19",
		"```python\nans = 17 + 1\n```\nThe answer is 18.",
		"```python\nprint(1 / 0)\n```\n#### 18",
		"```python\nx = 18\n```\n#### 18",
		"#### 18",
		"import math\nprint(math.isqrt(324))",
		"",
	}
	for against, want := range map[string][]float64{
		"reference": {1, 0, 1, 1, 0, 0, 0, 1, 0},
		"claim":     {1, 0, 0, 1, 0, 0, 0, 0, -1},
	} {
		v, err := newProgramOfThought(t.Context(), honestHost(nil), ProgramOfThoughtConfig{Against: against})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "18"), programs...), nil)
		if err != nil || !slices.Equal(values(j), want) {
			t.Errorf("against %s: %v, %v; want %v", against, values(j), err, want)
		}
		if r := j.Scores[4].Rationale; r != "its program ends with ZeroDivisionError" {
			t.Errorf("a program that fails: %q", r)
		}
	}
	if needs := (ProgramOfThoughtConfig{Against: "claim"}).Needs(); len(needs) != 0 {
		t.Errorf("a claim needs %v", needs)
	}
}
