package core

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// stretchTasks is how many tasks are read at a stretch.
const stretchTasks = 256

// MapTasks yields what f makes of the first n tasks of a source, in their order,
// up to the first error. Stretches of them are read at the same time, on all
// processors: generators take their time for a task. The source must start at any
// task as fast as at the first, as one with a length does, and f be safe for
// concurrent use. A panic of either is the reader's.
func MapTasks[T any](ctx context.Context, source TaskSource, n int, f func(Task) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var readers sync.WaitGroup
		defer readers.Wait()
		defer cancel()
		ahead := 2 * runtime.GOMAXPROCS(0)
		var reading []chan stretch[T] // of the stretches begun, in order
		for begun := 0; begun < n || len(reading) > 0; {
			for ; begun < n && len(reading) < ahead; begun += stretchTasks {
				from, done := begun, make(chan stretch[T], 1)
				readers.Go(func() { done <- readStretch(ctx, source, from, min(stretchTasks, n-from), f) })
				reading = append(reading, done)
			}
			s := <-reading[0]
			reading = reading[1:]
			for _, made := range s.made {
				if !yield(made, nil) {
					return
				}
			}
			if s.panicked != nil {
				panic(s.panicked)
			}
			if s.err != nil {
				var none T
				yield(none, s.err)
				return
			}
		}
	}
}

// stretch is what was made of some tasks in a row, and what ended it early.
type stretch[T any] struct {
	made     []T
	err      error
	panicked any
}

func readStretch[T any](ctx context.Context, source TaskSource, from, n int, f func(Task) (T, error)) (s stretch[T]) {
	defer func() { s.panicked = recover() }()
	for t, err := range source.Tasks(ctx, from) {
		var made T
		if err == nil {
			made, err = f(t)
		}
		if err != nil {
			s.err = err
			break
		}
		if s.made = append(s.made, made); len(s.made) == n {
			break
		}
	}
	return s
}
