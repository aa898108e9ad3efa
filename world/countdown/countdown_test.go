package countdown

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/worldtest"
	"pgregory.net/rapid"
)

func puzzle(target int64, numbers ...int64) core.Task {
	r := reference{Numbers: numbers, Target: target}
	r.World = "countdown"
	return world.NewTask("countdown", "t", "", r)
}

func TestCountdownHandWorked(t *testing.T) {
	task := puzzle(24, 3, 8, 3, 8)
	for _, c := range []struct {
		text  string
		right bool
	}{
		{"8 / (3 - 8 / 3) = 24", true}, // needs fractions
		{"Answer: 8/(3-8/3)", true},
		{"Let me think.\nanswer: 8 ÷ (3 − 8 ÷ 3) = 24", true},
		{"8/(3-8/3) = 25", true}, // what stands right of = is ignored
		{"3 * 8 = 24", false},    // not all numbers
		{"8 * 3 * (8 / 8) = 24", false},
		{"(8 + 8) * 3 / 3 = 24", false},
		{"8 / (3 - 9 / 3)", false}, // divides by zero
		{"8 / (3 - 8 / 3", false},
		{"24", false},
		{"", false},
		{"((((((((", false},
	} {
		v, err := world.Check(task, c.text)
		if err != nil || v.Right != c.right || v.Valid != c.right {
			t.Errorf("%q: %+v, %v; want right %v", c.text, v, err, c.right)
		}
	}
	task = puzzle(24, 4, 5, 6, 10)
	for _, c := range []struct {
		text  string
		right bool
		wrong int
	}{
		{"10 - 6 = 4\n4 * 5 = 20\n20 + 4 = 24", true, 0},
		{"10-6=4,4*5=20,20+4=24", true, 0},
		{"First 10 - 6 = 4\n4 * 5 = 20", false, 1},
		{"10 - 6 = 4\n4 * 5 = 21\n21 + 4 = 25", false, 2},
		{"10 - 6 = 4\n4 * 5 = 20\n20 + 6 = 26", false, 3},
		{"10 - 6 = 4\n4 * 5 = 20", false, 3},
		{"10 - 6 = 4\n4 * 5 = 20\n20 - 4 = 16", false, 3},
		{"6 - 10 = -4\n5 - -4 = 9\n9 + 4 = 13", false, 3}, // negative values are legal
		{"5 / 4 = 1\n1 + 6 = 7\n7 + 10 = 17", false, 1},
	} {
		v, err := world.Check(task, c.text)
		if err != nil || v.Right != c.right || v.FirstWrong != c.wrong {
			t.Errorf("%q: %+v, %v; want right %v, first wrong %d", c.text, v, err, c.right, c.wrong)
		}
	}
}

func TestSolveAgreesWithTheOracle(t *testing.T) {
	if s, ok := Solve([]int64{3, 3, 8, 8}, 24); !ok {
		t.Error("3 3 8 8 has a solution")
	} else if v, err := world.Check(puzzle(24, 3, 3, 8, 8), s); err != nil || !v.Right {
		t.Errorf("Solve gives %s: %+v, %v", s, v, err)
	}
	if s, ok := Solve([]int64{1, 1, 1, 1}, 24); ok {
		t.Errorf("1 1 1 1 solved by %s", s)
	}
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(1, 12), 2, 3).Draw(t, "numbers")
		target := rapid.Int64Range(0, 40).Draw(t, "target")
		s, ok := Solve(numbers, target)
		if !ok {
			return
		}
		if v, err := world.Check(puzzle(target, numbers...), s); err != nil || !v.Right {
			t.Fatalf("%v -> %d by %s: %+v, %v", numbers, target, s, v, err)
		}
		if v, _ := world.Check(puzzle(target+1, numbers...), s); v.Right {
			t.Fatalf("%s accepted for %d and %d", s, target, target+1)
		}
	})
}

// TestCountdownOracleAgainstBruteForce asks about every two-step text over
// small values and compares with what an independent enumeration reaches.
func TestCountdownOracleAgainstBruteForce(t *testing.T) {
	numbers, target := []int64{2, 3, 4}, int64(10)
	legal := map[string]bool{}
	for _, p := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		a, b, c := numbers[p[0]], numbers[p[1]], numbers[p[2]]
		for _, op1 := range "+-*/" {
			r, ok := wholeResult(byte(op1), a, b)
			for _, op2 := range "+-*/" {
				if s, ok2 := wholeResult(byte(op2), r, c); ok && ok2 && s == target {
					legal[fmt.Sprintf("%d%c%d=%d,%d%c%d=%d", a, op1, b, r, r, op2, c, s)] = true
				}
				if s, ok2 := wholeResult(byte(op2), c, r); ok && ok2 && s == target {
					legal[fmt.Sprintf("%d%c%d=%d,%d%c%d=%d", a, op1, b, r, c, op2, r, s)] = true
				}
			}
		}
	}
	if len(legal) < 4 {
		t.Fatalf("only %d solutions of 2 3 4 -> 10", len(legal))
	}
	judge, err := world.Oracle(puzzle(target, numbers...))
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for a := int64(1); a <= 5; a++ {
		for b := int64(1); b <= 5; b++ {
			for _, op1 := range "+-*/" {
				r, ok := wholeResult(byte(op1), a, b)
				if !ok {
					continue
				}
				for c := int64(1); c <= 5; c++ {
					for _, op2 := range "+-*/" {
						for _, pair := range [][2]int64{{r, c}, {c, r}} {
							text := fmt.Sprintf("%d%c%d=%d,%d%c%d=%d", a, op1, b, r, pair[0], op2, pair[1], target)
							v := judge(text)
							if v.Right != legal[text] {
								t.Fatalf("%s: %+v; brute force says %v", text, v, legal[text])
							}
							if v.Right {
								accepted++
							}
						}
					}
				}
			}
		}
	}
	if accepted < len(legal) {
		t.Errorf("accepted %d of %d solutions", accepted, len(legal))
	}
}

func wholeResult(op byte, a, b int64) (int64, bool) {
	switch op {
	case '+':
		return a + b, true
	case '-':
		return a - b, true
	case '*':
		return a * b, true
	}
	if b == 0 || a%b != 0 {
		return 0, false
	}
	return a / b, true
}

func TestCountdownTasksKeepTheirLimits(t *testing.T) {
	w, err := New(Config{Numbers: 4, Max: 30, Target: 60})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		var ref reference
		if err := world.Decode(w.Task(i).Reference, &ref); err != nil {
			t.Fatal(err)
		}
		if ref.Target < 1 || ref.Target > 60 || len(ref.Numbers) != 4 {
			t.Fatalf("task %d: %+v", i, ref)
		}
		for _, n := range ref.Numbers {
			if n < 1 || n > 30 {
				t.Fatalf("task %d: %+v", i, ref)
			}
		}
		if _, ok := Solve(ref.Numbers, ref.Target); !ok {
			t.Fatalf("task %d cannot be solved: %+v", i, ref)
		}
	}
}

// TestGameOf24Recorded judges GPT-4's recorded answers to 100 puzzles:
// princeton-nlp/tree-of-thought-llm has 7.3% of the samples right and 33
// puzzles with a right one.
func TestGameOf24Recorded(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in princeton-nlp/tree-of-thought-llm (game24)")
	}
	tasks := map[string]core.Task{}
	eachLine(t, filepath.Join(dir, "game24", "tasks.jsonl"), func(line []byte) {
		var row struct {
			ID      string
			Numbers []int64
			Target  int64
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		tasks[row.ID] = puzzle(row.Target, row.Numbers...)
	})
	right, n, solved := 0, 0, map[string]bool{}
	eachLine(t, filepath.Join(dir, "game24", "gpt-4-direct.jsonl"), func(line []byte) {
		var row struct{ ID, Completion string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		v, err := world.Check(tasks[row.ID], row.Completion)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if v.Right {
			right++
			solved[row.ID] = true
		}
	})
	if got := fmt.Sprintf("%.1f%%", 100*float64(right)/float64(n)); got != "7.3%" || len(solved) != 33 {
		t.Errorf("%d of %d right (%s), %d puzzles solved; want 7.3%% and 33", right, n, got, len(solved))
	}
}

func eachLine(t *testing.T, path string, do func([]byte)) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); line != "" {
			do([]byte(line))
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

// Tasks are parts of recorded runs: their content may never change.
func TestTasksNeverChange(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{}, "dfdfdac6e4be25b8"},
		{Config{Split: "audit", Numbers: 4, Max: 30, Target: 60, Seed: 1}, "36df4296e6d2d78c"},
		{Config{Split: "gate", Numbers: 6, Max: 1000, Target: 20, Seed: 7}, "890825bb8ebdda91"},
		{Config{Split: "search", Seed: 1, Dialect: world.Chat}, "398e877559df8ab8"},
	} {
		w, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := worldtest.Digest(w); got != c.want {
			t.Errorf("%+v: the first tasks have digest %s, want %s", c.config, got, c.want)
		}
	}
}
