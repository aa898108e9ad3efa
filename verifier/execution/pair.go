package execution

import (
	"context"
	"runtime"
)

// pairs bounds who holds one sandboxed process and waits for a second. A
// sandbox has at least one more place than there are processors, so that one of
// them always gets it; without a bound all could hold one and wait for ever.
var pairs = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))

func pair(ctx context.Context) (release func(), err error) {
	select {
	case pairs <- struct{}{}:
		return func() { <-pairs }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
