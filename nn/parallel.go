package nn

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// crew runs the tasks of one phase at a time on as many goroutines as
// GOMAXPROCS allows, the caller's among them. Tasks are taken in order and must
// not depend on which worker runs them. In the steady state it allocates
// nothing: starting a goroutine from a stored func value is free of it.
type crew struct {
	procs int
	task  func(worker, i int)
	total int
	next  atomic.Int64
	wg    sync.WaitGroup
	start []func()
	fault atomic.Pointer[fault]
}

type fault struct{ value any }

// prepare sets the number of workers for the runs to come and returns it: the
// worker numbers that tasks see are below it.
func (c *crew) prepare() int {
	c.procs = runtime.GOMAXPROCS(0)
	return c.procs
}

// run calls task(worker, i) for i below total. A panic in a task is raised
// again in the caller, once the other tasks have ended.
func (c *crew) run(total int, task func(worker, i int)) {
	n := min(max(c.procs, 1), total)
	for len(c.start) < n {
		worker := len(c.start)
		c.start = append(c.start, func() { defer c.wg.Done(); c.work(worker) })
	}
	c.task, c.total = task, total
	c.next.Store(0)
	c.wg.Add(max(n-1, 0))
	for i := 1; i < n; i++ {
		go c.start[i]()
	}
	c.work(0)
	c.wg.Wait()
	c.task = nil
	if f := c.fault.Swap(nil); f != nil {
		panic(f.value)
	}
}

func (c *crew) work(worker int) {
	defer func() {
		if v := recover(); v != nil {
			c.fault.CompareAndSwap(nil, &fault{fmt.Sprintf("%v\n\nin a worker of package nn", v)})
			c.next.Store(int64(c.total)) // the others stop at their next task
		}
	}()
	for {
		i := int(c.next.Add(1)) - 1
		if i >= c.total {
			return
		}
		c.task(worker, i)
	}
}
