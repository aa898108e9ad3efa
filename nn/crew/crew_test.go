package crew

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// Every task runs once, whatever the workers and the pauses between phases, and
// no worker has two at a time.
func TestEveryTaskRunsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Crew
		for range rapid.IntRange(1, 20).Draw(t, "phases") {
			total := rapid.IntRange(0, 40).Draw(t, "tasks")
			c.Size(rapid.IntRange(1, 5).Draw(t, "workers"))
			runs, busy := make([]atomic.Int32, total), make([]atomic.Bool, c.Workers())
			slow := rapid.IntRange(0, 300).Draw(t, "slow")
			c.Run(total, func(worker, i int) {
				if !busy[worker].CompareAndSwap(false, true) {
					t.Errorf("worker %d has two tasks", worker)
				}
				if i == slow {
					time.Sleep(500 * time.Microsecond)
				}
				runs[i].Add(1)
				busy[worker].Store(false)
			})
			for i := range runs {
				if n := runs[i].Load(); n != 1 {
					t.Fatalf("task %d of %d ran %d times", i, total, n)
				}
			}
			if rapid.Bool().Draw(t, "pause") {
				time.Sleep(time.Duration(rapid.IntRange(1, 400).Draw(t, "microseconds")) * time.Microsecond)
			}
		}
	})
}

func TestTasksAreTakenInOrder(t *testing.T) {
	var c Crew
	c.Size(1)
	var got []int
	c.Run(5, func(_, i int) { got = append(got, i) })
	c.Size(2)
	first := make(chan int, 100)
	c.Run(100, func(_, i int) { first <- i })
	for i, v := range got {
		if v != i {
			t.Errorf("alone: task %d came at place %d", v, i)
		}
	}
	// Two workers: a task may be overtaken by those after it, by one place each
	// time its worker loses its core, but the first is never last.
	if v := <-first; v > 1 {
		t.Errorf("with two workers task %d was done first", v)
	}
}

// A helper that never gets a core does not hold a phase up.
func TestNobodyWaitsForALateHelper(t *testing.T) {
	var c Crew
	c.Size(2)
	c.helpers[0].at.Store(true) // as if it were on its way
	n := 0
	c.Run(10, func(worker, _ int) {
		if worker != 0 {
			t.Error("a task ran on a helper that is not there")
		}
		n++
	})
	if n != 10 {
		t.Errorf("%d tasks of 10 ran", n)
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	var c Crew
	c.Size(3)
	func() {
		defer func() {
			if v := recover(); v == nil || !strings.Contains(v.(string), "task 7") {
				t.Errorf("recovered %v, want the panic of task 7", v)
			}
		}()
		c.Run(50, func(_, i int) {
			if i == 7 {
				panic("task 7")
			}
		})
	}()
	var n atomic.Int32
	c.Run(50, func(_, _ int) { n.Add(1) })
	if n.Load() != 50 {
		t.Errorf("after a panic %d tasks of 50 ran", n.Load())
	}
}

// A helper that ends a phase and loses its core before it looks whether the
// caller sleeps may wake it in a later phase, in which others are at work.
func TestAnEarlierPhaseDoesNotEndALaterOne(t *testing.T) {
	var c Crew
	c.Size(2)
	release, returned := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(returned)
		var taken atomic.Int32
		c.Run(2, func(worker, _ int) {
			if worker != 0 {
				taken.Add(1)
				<-release
			}
			for worker == 0 && taken.Load() == 0 { // leave one to the helper
				runtime.Gosched()
			}
		})
	}()
	asleep := func() bool {
		select {
		case <-returned:
			return false
		default:
			return c.asleep.Load()
		}
	}
	for !asleep() {
		runtime.Gosched()
	}
	if c.asleep.CompareAndSwap(true, false) { // as the late helper does
		c.done <- struct{}{}
	}
	for !asleep() {
		select {
		case <-returned:
			t.Fatal("the phase ended while a task was under way")
		default:
			runtime.Gosched()
		}
	}
	close(release)
	<-returned
}

// A task that ends its goroutine, as t.FailNow does, is an error of the phase
// where a helper ran it, and the helper's place is taken by another.
func TestGoexitReachesTheCaller(t *testing.T) {
	var c Crew
	c.Size(2)
	for range 3 {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(v.(string), "ended its goroutine") {
					t.Errorf("recovered %v", v)
				}
			}()
			var taken atomic.Int32
			c.Run(2, func(worker, _ int) {
				if worker != 0 {
					taken.Add(1)
					runtime.Goexit()
				}
				for taken.Load() == 0 {
					runtime.Gosched()
				}
			})
		}()
	}
}

func TestHelpersEndByThemselves(t *testing.T) {
	var c Crew
	c.Size(4)
	c.Run(100, func(_, _ int) { time.Sleep(10 * time.Microsecond) })
	goleak.VerifyNone(t)
}

func BenchmarkRun(b *testing.B) {
	var c Crew
	c.Size(2)
	b.ReportAllocs()
	task := func(_, _ int) {}
	for b.Loop() {
		c.Run(8, task)
	}
}
