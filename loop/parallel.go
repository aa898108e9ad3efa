package loop

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"pawl/core"
)

// mapOrdered runs f for 0..n-1 on at most limit goroutines and gives the
// results in order. The error of the lowest failing index is returned, and it
// cancels what has not started.
func mapOrdered(ctx context.Context, n, limit int, f func(ctx context.Context, i int) (*core.Episode, error)) ([]*core.Episode, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make([]*core.Episode, n)
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(limit, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				out[i], errs[i] = guarded(ctx, i, f)
				if errs[i] != nil {
					cancel()
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, context.Cause(ctx)
}

func guarded(ctx context.Context, i int, f func(ctx context.Context, i int) (*core.Episode, error)) (ep *core.Episode, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("item %d: panic: %v", i, p)
		}
	}()
	return f(ctx, i)
}
