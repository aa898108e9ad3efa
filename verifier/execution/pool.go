package execution

import (
	"context"
	"sync"

	"pawl/core"
)

// Pool keeps the processes of one task's test program between candidates, as
// many as candidates are judged at once. It is safe for concurrent use.
type Pool struct {
	Box      core.Sandbox
	Prompt   string
	Entry    string
	Test     string
	Programs int // that are to be judged, at most
	Limits   Limits

	once sync.Once
	idle chan *Tests
}

// Check runs the test against p, twice where the first verdict is in doubt.
// Errors are the sandbox's or the context's.
func (o *Pool) Check(ctx context.Context, p Program) (Verdict, error) {
	v, err := o.check(ctx, p)
	if err == nil && v.Doubt {
		v, err = o.check(ctx, p)
	}
	return v, err
}

func (o *Pool) check(ctx context.Context, p Program) (Verdict, error) {
	t, err := o.take(ctx)
	if err != nil {
		return Verdict{}, err
	}
	v, again, err := t.Check(ctx, o.Box, p)
	if !again {
		t.Close()
		return v, err
	}
	o.idle <- t
	return v, err
}

// take waits for a process of the pool's own as well as for a place for a new
// one: two pools with one place each would wait for each other otherwise.
func (o *Pool) take(ctx context.Context) (*Tests, error) {
	o.once.Do(func() { o.idle = make(chan *Tests, cap(pairs)) })
	select {
	case t := <-o.idle:
		return t, nil
	default:
	}
	select {
	case t := <-o.idle:
		return t, nil
	case pairs <- struct{}{}:
		return start(ctx, o.Box, o.Prompt, o.Entry, o.Test, o.Programs, o.Limits)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends the processes; none may be in use.
func (o *Pool) Close() {
	o.once.Do(func() { o.idle = make(chan *Tests) })
	for {
		select {
		case t := <-o.idle:
			t.Close()
		default:
			return
		}
	}
}
