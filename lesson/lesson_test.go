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
