package lesson_test

import (
	"strings"
	"testing"

	"pawl/lesson"
	_ "pawl/std"
	"pawl/world"
)

// Lessons in finding a hidden number are asked for by name; any way that leads to the
// number is right, and another number is wrong.
func TestRecover(t *testing.T) {
	l, err := lesson.New(lesson.Config{Split: "labelled", N: 200, Seed: 3, Longest: 320, Worlds: map[string]int{"chain": 3, "functable": 2, "copy": 2}, Roles: map[string]float64{"recover": 1}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i := range l.Len() {
		task := must(l.Task(i))
		name, role, _ := lesson.Of(task)
		seen[name]++
		if role != "recover" || !strings.HasSuffix(task.Text(), " ?x") || strings.Count(strings.TrimSuffix(task.Text(), " ?x"), "x") != 1 {
			t.Errorf("%s: %q asks for no number", task.ID, task.Text())
		}
		reply := task.Ref().Solution
		number := reply[strings.LastIndexByte(reply, ';')+1:]
		for text, right := range map[string]bool{reply: true, number: true, "1;2;" + number: true, reply + "0": false, number + ";": false, "": false} {
			if v, err := world.Check(task, text); err != nil || v.Right != right {
				t.Errorf("%q replies %q: %+v, %v", task.Text(), text, v, err)
			}
		}
	}
	if seen["chain"] == 0 || seen["functable"] == 0 || seen["copy"] != 0 {
		t.Errorf("lessons in %v", seen)
	}
	if l, err := lesson.New(lesson.Config{Split: "labelled", N: 500, Seed: 3, Longest: 320}); err != nil {
		t.Error(err)
	} else {
		for i := range l.Len() {
			if _, role, _ := lesson.Of(must(l.Task(i))); role == "recover" {
				t.Fatal("a lesson in a role that nobody named")
			}
		}
	}
}
