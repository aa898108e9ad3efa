package lesson

import (
	"testing"

	"pawl/world"
)

// pupils gives the first n labelled tasks of a world to pupils with chance of their own.
func pupils(t *testing.T, name string, level, n int) []*pupil {
	t.Helper()
	rules, _ := world.RulesOf(name)
	w, err := world.Open(name, world.Options{Split: "labelled", Dialect: world.Compact, Level: level, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var out []*pupil
	for i := range n {
		task := w.Task(i)
		judge, err := rules.Judge(task.Reference)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &pupil{name: name, rules: rules, task: task, judge: judge, r: world.Random("slip", 1, uint64(i))})
	}
	return out
}

// A slip is wrong, and near a right completion: at most one character is
// exchanged, left out or written twice.
func TestSlips(t *testing.T) {
	lengths := map[int]int{}
	for _, p := range pupils(t, "copy", 2, 300) {
		s, v, err := p.slip()
		right := p.task.Ref().Solution
		if s == right && v.Right {
			continue // the character was exchanged for itself
		}
		if err != nil || v.Right || p.judge(s).Right || s == right {
			t.Fatalf("slip %q of %q: %+v, %v", s, right, v, err)
		}
		same := 0
		for same < min(len(s), len(right)) && s[same] == right[same] {
			same++
		}
		tail := 0
		for tail < min(len(s), len(right))-same && s[len(s)-1-tail] == right[len(right)-1-tail] {
			tail++
		}
		if same+tail < len(right)-1 || len(s) > len(right)+1 {
			t.Fatalf("slip %q of %q differs by more than a character", s, right)
		}
		lengths[len(s)-len(right)]++
	}
	if lengths[-1] < 30 || lengths[0] < 60 || lengths[1] < 30 {
		t.Errorf("left out, exchanged, written twice: %v", lengths)
	}
}

// A stray play is judged as what it is, right or wrong, and both happen.
func TestStrayPlays(t *testing.T) {
	right := 0
	const n = 300
	for _, p := range pupils(t, "bandit", 1, n) {
		_, v, err := p.slip()
		if err != nil {
			t.Fatal(err)
		}
		if v.Right {
			right++
		}
	}
	if right == 0 || right > n/2 {
		t.Errorf("%d of %d stray plays are right", right, n)
	}
}
