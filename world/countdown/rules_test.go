package countdown

import (
	"math/rand/v2"
	"testing"

	"pawl/core"
	"pawl/world"
	"pgregory.net/rapid"
)

// Of two numbers the one step is judged as it is written.
func TestTwoNumbers(t *testing.T) {
	task := puzzle(21, 3, 7)
	for _, c := range []struct {
		text  string
		right bool
	}{
		{"3*7=21", true}, {"7 * 3 = 21", true}, {"3*7", true}, {"Answer: 3 * 7 = 21", true},
		{"3*7=22", false}, {"3+7=21", false}, {"3+7=10", false}, {"7-3=21", false}, {"3*7=21,", true}, {"3*7=21\nDone", true}, {"Well:\n3*7=21", true},
	} {
		v, err := world.Check(task, c.text)
		if err != nil || v.Right != c.right || !v.Valid && v.FirstWrong != 1 {
			t.Errorf("%q: %+v, %v; want right %v", c.text, v, err, c.right)
		}
	}
	// A first step alone is a step, not an expression that misses numbers.
	if v, _ := world.Check(puzzle(26, 3, 5, 7), "3*7=21"); v.Valid || v.FirstWrong != 2 {
		t.Errorf("one step of two: %+v", v)
	}
}

func TestSearchFindsWholeSolutions(t *testing.T) {
	// Only 8/(3-8/3) solves it, through a fraction.
	if s, ok := search([]int{3, 3, 8, 8}, 24, nil); ok {
		t.Errorf("3 3 8 8 in whole numbers by %s", compact(s))
	}
	if s, ok := search([]int{2, 2}, 1, nil); !ok || compact(s) != "2/2=1" {
		t.Errorf("2 2 -> 1 by %s", compact(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(1, 12), 2, 4).Draw(t, "numbers")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		steps := derive(numbers, 100, r)
		target := steps[len(steps)-1].result
		var given []int64
		for _, n := range numbers {
			given = append(given, int64(n))
		}
		for _, r := range []*rand.Rand{nil, r} { // what a derivation reaches, the search reaches
			s, ok := search(numbers, target, r)
			if !ok {
				t.Fatalf("%v -> %d, reached by %s, is not found", numbers, target, compact(steps))
			}
			if v, err := world.Check(puzzle(int64(target), given...), compact(s)); err != nil || !v.Valid {
				t.Fatalf("%v -> %d by %s: %+v, %v", numbers, target, compact(s), v, err)
			}
		}
		if _, found := Solve(given, int64(target)+1); !found { // nor does it find what exact fractions exclude
			if s, ok := search(numbers, target+1, nil); ok {
				t.Fatalf("%v -> %d by %s, which cannot be", numbers, target+1, compact(s))
			}
		}
	})
}

func TestPromptsThatPoseNothing(t *testing.T) {
	if task, err := read("3 5 7>26:"); err != nil || task.Ref().Answer != "26" {
		t.Errorf("3 5 7>26: %+v, %v", task, err)
	}
	for _, prompt := range []string{"3 5 7>26", "3 5 7:", "3>3:", "1 1 1>24:", "03 5>8:", "3 5>0:", "3  5>8:", "1 2 3 4 5 6 7>28:", "3 5>8:\n", " 3 5>8:"} {
		if task, err := read(prompt); err == nil {
			t.Errorf("%q poses %s", prompt, task.Reference)
		}
	}
}

func TestPlanNamesTheValues(t *testing.T) {
	text, err := plan(puzzle(16, 2, 2, 4).Reference) // 2*2=4, 4*4=16 or 2+2=4
	if err != nil || text != "4,16" && text != "8,16" {
		t.Errorf("plan %q, %v", text, err)
	}
	for name, task := range map[string]core.Task{"1 1 -> 9": puzzle(9, 1, 1), "one number": puzzle(1, 1), "negative": puzzle(1, -1, 2)} {
		if text, err := plan(task.Reference); err == nil {
			t.Errorf("%s: plan %q", name, text)
		}
	}
}
