// Package crew shares the tasks of one phase of a computation among cores.
//
// A training step has a handful of phases and a decoding step dozens, some of
// them shorter than what it takes to wake a sleeping thread. So helpers look for
// work for a while before they go, and nobody waits for a helper that has not
// come: on cores that others use too, a phase takes at worst as long as without
// helpers, and the one task that a helper lost its core with.
package crew

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Crew runs the tasks of one phase at a time, on the caller's goroutine and on
// those of its helpers. The zero Crew has no helpers. In the steady state it
// allocates nothing. One goroutine at a time may use it; a Crew that is dropped
// leaves nothing behind: helpers without work end by themselves.
type Crew struct {
	// Phase and tasks not yet taken, in the upper and lower half. A task is taken
	// by counting down; the number of the phase keeps a helper that read the state
	// of an earlier one from taking a task of a later.
	state atomic.Uint64
	left  atomic.Int64 // tasks not yet done

	// The phase under way; set before state, read only by who has taken a task.
	task  func(worker, i int)
	total int
	fault atomic.Pointer[fault]

	helpers []*helper
	use     int           // how many of them a phase may start
	asleep  atomic.Bool   // the caller, until the last task is done
	done    chan struct{} // wakes it
}

type fault struct{ value any }

type helper struct {
	at    atomic.Bool // work, or looking for it
	start func()
}

const (
	// patience is how long a helper looks for work: longer than what lies between
	// the phases of a step, short enough to cost little where one was the last.
	patience = 200 * time.Microsecond
	// spins is the number of looks between two at the clock, near a microsecond.
	spins = 512
)

// Size sets how many workers a phase may have, the caller among them: GOMAXPROCS,
// where nothing else runs. Not while Run runs.
func (c *Crew) Size(workers int) {
	c.use = max(workers-1, 0)
	for len(c.helpers) < c.use {
		h, worker := new(helper), len(c.helpers)+1
		h.start = func() { c.assist(h, worker) }
		c.helpers = append(c.helpers, h)
	}
}

// Workers is more than any worker number that a task will see: the largest size
// so far, for a helper of an earlier phase may still be at hand.
func (c *Crew) Workers() int { return len(c.helpers) + 1 }

// Run calls task(worker, i) for each i below total, taken in order, and returns
// once all have ended; no two tasks at a time have the same worker. What a task
// computes must not depend on its worker. A panic in a task is raised again in
// the caller. Run returns how long it waited for helpers, if that was longer than
// a few microseconds.
func (c *Crew) Run(total int, task func(worker, i int)) time.Duration {
	if total <= 0 {
		return 0
	}
	if c.use == 0 || total == 1 {
		for i := range total {
			task(0, i)
		}
		return 0
	}
	c.task, c.total = task, total
	c.left.Store(int64(total))
	c.state.Store((c.state.Load()>>32+1)<<32 | uint64(total))
	for _, h := range c.helpers[:min(c.use, total-1)] {
		if h.at.CompareAndSwap(false, true) {
			go h.start()
		}
	}
	for c.one(0) {
	}
	waited := c.wait()
	c.task = nil
	if f := c.fault.Swap(nil); f != nil {
		panic(f.value)
	}
	return waited
}

// one takes a task and does it; false if none is left.
func (c *Crew) one(worker int) bool {
	s := c.state.Load()
	for {
		if uint32(s) == 0 {
			return false
		}
		if c.state.CompareAndSwap(s, s-1) {
			break
		}
		s = c.state.Load()
	}
	c.do(worker, c.total-int(uint32(s)))
	return true
}

// do is task i, unless one before it has failed.
func (c *Crew) do(worker, i int) {
	ended := false
	defer func() {
		if v := recover(); v != nil {
			c.fault.CompareAndSwap(nil, &fault{fmt.Sprintf("%v\n\nin a worker of package crew:\n%s", v, debug.Stack())})
		} else if !ended {
			c.fault.CompareAndSwap(nil, &fault{"a task of package crew ended its goroutine (runtime.Goexit, as t.FailNow does); let it return"})
		}
		if c.left.Add(-1) == 0 && c.asleep.CompareAndSwap(true, false) {
			c.done <- struct{}{}
		}
	}()
	if c.fault.Load() == nil {
		c.task(worker, i)
	}
	ended = true
}

// wait is for the tasks that helpers still have: awake for as long as helpers
// are patient, then asleep, so that the helper may have this core.
func (c *Crew) wait() time.Duration {
	var begun time.Time
	for n := 1; c.left.Load() > 0; n++ {
		if n%spins != 0 {
			continue
		}
		if n == spins {
			begun = time.Now()
		} else if time.Since(begun) > patience {
			c.sleep()
		}
		runtime.Gosched()
	}
	if begun.IsZero() {
		return 0
	}
	return time.Since(begun)
}

// sleep is until a last task is done. That need not be this phase's: a helper
// that ended an earlier one may have lost its core before it looked whether the
// caller sleeps. So the caller looks again what is left.
func (c *Crew) sleep() {
	if c.done == nil {
		c.done = make(chan struct{}, 1)
	}
	c.asleep.Store(true)
	// Who finds asleep set sends; who sets left to 0 before that does not.
	if c.left.Load() > 0 || !c.asleep.CompareAndSwap(true, false) {
		<-c.done
	}
}

// assist is a helper. It says that it has gone before its last look for work, so
// that a phase which begins meanwhile either is seen here or starts it anew.
func (c *Crew) assist(h *helper, worker int) {
	gone := false
	defer func() {
		if !gone { // a task ended this goroutine
			h.at.Store(false)
		}
	}()
	for {
		var last time.Time
		for n := 1; ; n++ {
			if c.one(worker) {
				n = 0
				continue
			}
			if n%spins != 0 {
				continue
			}
			if n == spins {
				last = time.Now()
			} else if time.Since(last) > patience {
				break
			}
			runtime.Gosched()
		}
		h.at.Store(false)
		if uint32(c.state.Load()) == 0 || !h.at.CompareAndSwap(false, true) {
			gone = true
			return
		}
	}
}
