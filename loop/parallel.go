package loop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"pawl/core"
)

// mapOrdered runs f for 0..n-1 on at most limit goroutines and gives the
// results in order. The first error cancels what has not ended, and the error
// of the lowest index is returned, those that the cancelling caused aside.
func mapOrdered(ctx context.Context, n, limit int, f func(ctx context.Context, i int) (*core.Episode, error)) ([]*core.Episode, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make([]*core.Episode, n)
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(limit, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && inner.Err() == nil; i = int(next.Add(1)) - 1 {
				out[i], errs[i] = guarded(inner, i, f)
				if errs[i] != nil {
					cancel()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var first error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return out, first
}

func guarded(ctx context.Context, i int, f func(ctx context.Context, i int) (*core.Episode, error)) (ep *core.Episode, err error) {
	defer recoverInto(&err)
	return f(ctx, i)
}

// panicError is a component's panic: a bug, and so never a failed episode.
type panicError struct {
	value any
	at    string // where, as file:line
}

func (e *panicError) Error() string {
	if e.at == "" {
		return fmt.Sprintf("panic: %v", e.value)
	}
	return fmt.Sprintf("panic at %s: %v", e.at, e.value)
}

// recoverInto makes a panic of the deferring function its error.
func recoverInto(err *error) {
	if v := recover(); v != nil {
		*err = &panicError{v, panicSite(string(debug.Stack()))}
	}
}

// panicSite finds in a stack trace the line that panicked: the file below the
// last frame of the runtime's own panic.
func panicSite(stack string) string {
	_, below, found := strings.Cut(stack, "\npanic(")
	lines := strings.Split(below, "\n")
	for i := 2; found && i+1 < len(lines); i += 2 {
		if strings.HasPrefix(lines[i], "runtime.") { // nil maps, indices and the like panic through helpers
			continue
		}
		at, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
		return at[strings.LastIndexByte(at, '/')+1:]
	}
	return ""
}
