package optimizer

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func sums(n int) coretest.TaskList {
	var l coretest.TaskList
	for i := range n {
		l = append(l, solved(fmt.Sprint(i), fmt.Sprintf("%d+1=", i), strings.Repeat("x", i%7+1)))
	}
	return l
}

// endless hides how long a source is, so that one reader reads it.
type endless struct{ core.TaskSource }

func (endless) Len() int { return -1 }

// However many readers there are, the rows are those of one, in its order, and
// progress goes up to the end.
func TestEncodeTasksInParts(t *testing.T) {
	coretest.NoLeaks(t)
	for _, n := range []int{1, 255, 256, 257, 999, 1000, 1001, 2500} {
		h := coretest.NewHost(nil)
		h.Coder = coder{}
		want, err := encodeTasks(t.Context(), h, nil, endless{sums(n)})
		if err != nil || len(want) != n {
			t.Fatalf("%d tasks: one reader reads %d rows (%v)", n, len(want), err)
		}
		heard := len(h.Notes())
		got, err := encodeTasks(t.Context(), h, nil, sums(n))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d tasks: many readers read other rows than one (%v)", n, err)
		}
		signs := h.Notes()[heard:]
		for i, p := range signs {
			if p.Done != min((i+1)*encodedEvery, n) || p.Total != n {
				t.Errorf("%d tasks: sign of life %d is %+v", n, i, p)
			}
		}
		if len(signs) != (n+encodedEvery-1)/encodedEvery {
			t.Errorf("%d tasks: %d signs of life", n, len(signs))
		}
	}
}

// The error is that of the first task that has one, whoever meets one first.
func TestEncodeTasksErrors(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Coder = coder{}
	l := sums(1500)
	for i := 767; i < len(l); i++ {
		l[i] = coretest.Task(fmt.Sprint(i), "1+1=", "2")
	}
	for range 20 {
		if _, err := encodeTasks(t.Context(), h, nil, l); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("task %d has no worked solution", 767)) {
			t.Fatalf("the error is %v", err)
		}
	}
	if _, err := encodeTasks(t.Context(), h, nil, coretest.TaskList{}); err != ErrNothingToLearn {
		t.Errorf("no tasks: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := encodeTasks(ctx, h, nil, sums(9)); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}
