package lesson_test

import (
	"testing"

	"pawl/core"
	"pawl/lesson"
	_ "pawl/std"
	"pawl/world"
)

// Of lessons, each own reply is right, and Task is a pure function.
func TestRepliesAreRight(t *testing.T) {
	l, err := lesson.New(lesson.Config{Split: "labelled", N: 3000, Seed: 7, Longest: 320})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]string]int{}
	for i := range l.Len() {
		task, err := l.Task(i)
		if err != nil {
			t.Fatal(err)
		}
		name, role, _ := lesson.Of(task)
		seen[[2]string{name, role}]++
		if rules, _ := world.RulesOf(name); role == "solve" && rules.Play != nil {
			continue // the last move of a play is no whole transcript
		}
		if v, err := world.Check(task, task.Ref().Solution); err != nil || !v.Right {
			t.Errorf("%s, %v: %q replies %q: %+v, %v", task.ID, task.Origin, task.Text(), task.Ref().Solution, v, err)
		}
	}
	for _, name := range world.Names() {
		if seen[[2]string{name, "solve"}] == 0 {
			t.Errorf("lessons: none solves %s", name)
		}
	}
	if again, err := l.Task(1234); err != nil || again.Text() != must(l.Task(1234)).Text() {
		t.Error("a lesson depends on when it is made")
	}
}

func must(t core.Task, err error) core.Task {
	if err != nil {
		panic(err)
	}
	return t
}

// Sizes make other tasks at the world's own level, and at no other.
func TestSizes(t *testing.T) {
	lessons := func(level int, sizes map[string]map[string]int) map[string]bool {
		l, err := lesson.New(lesson.Config{
			Split: "gate", N: 200, Seed: 7, Longest: 400, Worlds: map[string]int{"reverse": level}, Sizes: sizes, Roles: map[string]float64{"solve": 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]bool{}
		for i := range l.Len() {
			all[must(l.Task(i)).Text()] = true
		}
		return all
	}
	plain, long := lessons(2, nil), lessons(2, map[string]map[string]int{"reverse": {"length": 14}})
	same, longest := 0, 0
	for text := range long {
		longest = max(longest, len(text))
		if plain[text] {
			same++
		}
	}
	if same == 0 || same == len(long) || longest < 14 {
		t.Errorf("%d of %d lessons are as without sizes, the longest has %d bytes", same, len(long), longest)
	}
	for _, sizes := range []map[string]map[string]int{{"maze": {"width": 3}}, {"reverse": {"widht": 3}}} {
		if _, err := lesson.New(lesson.Config{Split: "gate", N: 1, Longest: 400, Worlds: map[string]int{"reverse": 2}, Sizes: sizes}); err == nil {
			t.Errorf("sizes %v are accepted", sizes)
		}
	}
}
