package core_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func numbered(n int) coretest.TaskList {
	var l coretest.TaskList
	for i := range n {
		l = append(l, coretest.Task(fmt.Sprint(i), "q", ""))
	}
	return l
}

func id(t core.Task) (string, error) { return t.ID, nil }

// However the stretches end, what is made of them comes in order, and only of
// the first n.
func TestMapTasksInOrder(t *testing.T) {
	coretest.NoLeaks(t)
	for _, n := range []int{0, 1, 255, 256, 257, 5000} {
		got := 0
		slowly := func(t core.Task) (string, error) {
			if len(t.ID)%2 == 0 { // some take longer
				runtime.Gosched()
			}
			return t.ID, nil
		}
		for x, err := range core.MapTasks(t.Context(), numbered(5000), n, slowly) {
			if err != nil || x != fmt.Sprint(got) {
				t.Fatalf("of %d: %q comes at place %d (%v)", n, x, got, err)
			}
			got++
		}
		if got != n {
			t.Errorf("of %d tasks %d come", n, got)
		}
	}
}

// The first error ends it, behind all that came before; and whoever stops early
// leaves no reader behind.
func TestMapTasksEnds(t *testing.T) {
	coretest.NoLeaks(t)
	broken := errors.New("broken")
	got := 0
	for _, err := range core.MapTasks(t.Context(), numbered(3000), 3000, func(t core.Task) (string, error) {
		if len(t.ID) == 4 {
			return "", fmt.Errorf("task %s: %w", t.ID, broken)
		}
		return t.ID, nil
	}) {
		if err != nil {
			if !errors.Is(err, broken) || err.Error() != "task 1000: broken" || got != 1000 {
				t.Errorf("after %d tasks: %v", got, err)
			}
			got = -1
			continue
		}
		if got < 0 {
			t.Fatal("it goes on after an error")
		}
		got++
	}
	for range core.MapTasks(t.Context(), numbered(3000), 3000, id) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range core.MapTasks(ctx, numbered(10), 10, id) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: %v", last)
	}
}

type bursting struct{ coretest.TaskList }

func (bursting) Tasks(context.Context, int) iter.Seq2[core.Task, error] { panic("burst") }

// A panic is met where it can be caught.
func TestMapTasksPanics(t *testing.T) {
	coretest.NoLeaks(t)
	defer func() {
		if v := recover(); v != "burst" {
			t.Errorf("recovered %v", v)
		}
	}()
	for range core.MapTasks(t.Context(), bursting{numbered(9)}, 9, id) {
		t.Error("something came")
	}
	t.Error("it went on")
}
