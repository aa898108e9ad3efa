package verifier

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world/countdown"
	"pgregory.net/rapid"
)

func puzzle(target int64, numbers ...int64) core.Task {
	return quiz("reach it", map[string]any{"numbers": numbers, "target": target})
}

func TestCountdown(t *testing.T) {
	four := puzzle(24, 4, 5, 6, 10)
	for _, c := range []struct {
		task core.Task
		text string
		want float64
	}{
		{four, "4 * (10 - 6) + 5 + 3", 0}, // a 3 too many
		{four, "(5 - (10 - 6) / 4) * 6", 0},
		{four, "(10 - 6) * 5 + 4 = 24", 1},
		{four, "(10 - 6) * 5 + 4 = 25", 1}, // what stands right of = is ignored
		{four, "(10 − 6) × 5 + 4", 1},
		{four, "Answer: (10 - 6) * 5 + 4 = 24 = 24", 1},
		{four, "answer:(10-6)*5+4", 1},
		{four, "Steps:\n10 - 6 = 4\n4 * 5 = 20\nAnswer: (10 - 6) * 5 + 4 = 24\n", 1},
		{four, "10 - 6 = 4\n4 * 5 = 20\n20 + 4 = 24", 0}, // the last line alone
		{four, "(10 - 6) * 5 + 4 = 24\nThat is it.", 0},
		{four, "-(6 - 10) * 5 + 4", 1}, // a leading minus
		{four, "4 - -5 * (10 - 6)", 1},
		{four, "24", 0}, {four, "", 0}, {four, "=", 0}, {four, "24 = (10 - 6) * 5 + 4", 0},
		{four, "(10 - 6) * 5 + 4 * 1", 0}, {four, "((10 - 6) * 5 + 4", 0}, {four, "(10 - 6) 5 + 4", 0}, {four, "(10 - 6)(5) + 4", 0},
		{puzzle(24, 1, 2, 3, 4), "12 * 3 - 4 * 3", 0},    // digits put together
		{puzzle(24, 1, 2, 12), "12 * 2 * 1", 1},          // and a number that has two
		{puzzle(24, 4, 1, 1, 1), "4! * 1 * 1 * 1", 0},    // a factorial
		{puzzle(16, 2, 4), "2 ** 4", 0},                  // powers
		{puzzle(16, 2, 4), "2 ^ 4", 0},                   //
		{puzzle(24, 3, 3, 8, 8), "8 ÷ (3 − 8 ÷ 3)", 1},   // fractions on the way
		{puzzle(24, 3, 3, 8, 8), "8 / (3 - 8 / 3.0)", 0}, // no decimals
		{puzzle(1, 1, 3, 3), "1 / 3 * 3", 1},             // exactly
		{puzzle(0, 1, 1), "1 / (1 - 1)", 0},              // nothing by zero
		{puzzle(0, 5, 5), "5 - 5", 1},                    // a target of zero
		{puzzle(24, 6, 4), "６ * 4", 0},                   // digits of another script
		{quiz("q", map[string]any{"answer": "24"}), "24", -1},
		{quiz("q", map[string]any{"numbers": []int{1}}), "1", -1},
		{quiz("q", map[string]any{"numbers": "1"}), "1", -1},
	} {
		j, err := puzzles{}.Verify(t.Context(), coretest.Episode(c.task, c.text), nil)
		if err != nil || !slices.Equal(values(j), []float64{c.want}) {
			t.Errorf("%s, %q: %v, %v; want %v", c.task.Reference, c.text, values(j), err, c.want)
		}
		if c.want != 1 && j.Scores[0].Rationale == "" {
			t.Errorf("%q: no reason", c.text)
		}
	}
}

// What the solver finds is right, and wrong for another target.
func TestCountdownTakesSolutions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(1, 13), 2, 4).Draw(t, "numbers")
		target := rapid.Int64Range(0, 40).Draw(t, "target")
		s, ok := countdown.Solve(numbers, target)
		if !ok {
			return
		}
		s = "So\nAnswer: " + strings.NewReplacer("*", "×", "/", "÷").Replace(s) + " = 99"
		if v := countdown.Answer(numbers, target, s); !v.Right {
			t.Fatalf("%v to %d by %s: %+v", numbers, target, s, v)
		}
		if v := countdown.Answer(numbers, target+1, s); v.Right {
			t.Fatalf("%s also reaches %d", s, target+1)
		}
		if v := countdown.Answer(append(numbers, 1), target, s); v.Right {
			t.Fatalf("%s uses a 1 that it has not", s)
		}
	})
}

func FuzzCountdown(f *testing.F) {
	for _, s := range []string{"(10 - 6) * 5 + 4 = 24", "Answer:", "((((", "----5", "1/0", strings.Repeat("(", 2000), "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := countdown.Answer([]int64{4, 5, 6, 10}, 24, s)
		if v.Right && !(strings.Contains(s, "10") && strings.Contains(s, "6")) {
			t.Fatalf("%q is right without its numbers", s)
		}
	})
}

// TestCountdownOnGameOf24 judges GPT-4's 10,000 recorded answers:
// princeton-nlp/tree-of-thought-llm has 734 of them right, and 33 of the 100
// puzzles solved by any.
func TestCountdownOnGameOf24(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in princeton-nlp/tree-of-thought-llm (logs/game24)")
	}
	type task struct {
		ID      string
		Numbers []int64
		Target  int64
	}
	tasks := map[string]core.Task{}
	for _, r := range rows[task](t, filepath.Join(dir, "game24", "tasks.jsonl")) {
		tasks[r.ID] = puzzle(r.Target, r.Numbers...)
	}
	right, n, solved := 0, 0, map[string]bool{}
	for _, r := range rows[struct{ ID, Completion string }](t, filepath.Join(dir, "game24", "gpt-4-direct.jsonl")) {
		j, err := puzzles{}.Verify(t.Context(), coretest.Episode(tasks[r.ID], r.Completion), nil)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if j.Scores[0].Value == 1 {
			right++
			solved[r.ID] = true
		}
	}
	if got := fmt.Sprintf("%d of %d, %d puzzles", right, n, len(solved)); got != "734 of 10000, 33 puzzles" {
		t.Errorf("%s are right, want 734 of 10000, 33 puzzles", got)
	}
}
