package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// Pool bounds how many tasks run at once. It may be shared: the goroutine that
// calls Map works itself, and the pool lends it up to Size-1 helpers, so that
// nested calls of Map never wait for each other.
type Pool struct{ helpers chan struct{} }

// NewPool makes a pool of the given size; less than 1 is the number of CPUs.
func NewPool(size int) *Pool {
	if size < 1 {
		size = runtime.GOMAXPROCS(0)
	}
	return &Pool{helpers: make(chan struct{}, size-1)}
}

// Size is how many tasks one call of Map runs at once.
func (p *Pool) Size() int { return cap(p.helpers) + 1 }

// PanicError is a panic in a task or step, turned into an error.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// errStopped is the cause of a context that another task's error cancelled.
var errStopped = errors.New("another task failed")

// Map runs f for 0..n-1 and returns the results in that order. The first error
// cancels the context of the other tasks and keeps new ones from starting; of
// several, the one with the lowest index is returned, as "name(i): error".
// Map returns when no task runs any more. A nil name stands for "task i".
func Map[T any](ctx context.Context, p *Pool, n int, name func(i int) string, f func(ctx context.Context, i int) (T, error)) ([]T, error) {
	if name == nil {
		name = func(i int) string { return fmt.Sprintf("task %d", i) }
	}
	m := &mapping{n: n, errs: map[int]error{}}
	m.ctx, m.cancel = context.WithCancelCause(ctx)
	defer m.cancel(nil)
	out := make([]T, n)
	task := func(i int) (err error) {
		defer recoverInto(&err)
		out[i], err = f(m.ctx, i)
		return err
	}
	m.work(p, task)
	m.wg.Wait()
	if i, err := m.first(); err != nil {
		return nil, fmt.Errorf("%s: %w", name(i), err)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	return out, nil
}

// mapping is one call of Map.
type mapping struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	n      int
	wg     sync.WaitGroup

	mu   sync.Mutex
	next int
	errs map[int]error
}

// work runs tasks until none is left. Before each it looks for a free helper:
// one that another call has given back may have come free.
func (m *mapping) work(p *Pool, task func(int) error) {
	for {
		i, more := m.take()
		if i < 0 {
			return
		}
		if more {
			select {
			case p.helpers <- struct{}{}:
				m.wg.Go(func() {
					defer func() { <-p.helpers }()
					m.work(p, task)
				})
			default:
			}
		}
		if err := task(i); err != nil {
			m.mu.Lock()
			m.errs[i] = err
			m.mu.Unlock()
			m.cancel(errStopped)
		}
	}
}

// take gives the next index, -1 if there is none or work has stopped.
func (m *mapping) take() (i int, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next >= m.n || m.ctx.Err() != nil {
		return -1, false
	}
	m.next++
	return m.next - 1, m.next < m.n
}

// first is the error to report: that of the lowest index that did not merely
// follow from another task's failure.
func (m *mapping) first() (index int, err error) {
	index = -1
	followed := -1
	for i, err := range m.errs {
		if errors.Is(err, context.Canceled) && context.Cause(m.ctx) == errStopped {
			if followed < 0 || i < followed {
				followed = i
			}
		} else if index < 0 || i < index {
			index = i
		}
	}
	if index < 0 {
		index = followed
	}
	return index, m.errs[index]
}

func recoverInto(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}
