package openai

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Timeouts bound a call, each in its own way.
type Timeouts struct {
	Connect   time.Duration // until there is a connection, encrypted where it is to be
	FirstByte time.Duration // from then on until the reply begins; of an answer that is not streamed, until it is complete
	Idle      time.Duration // between one piece of the reply and the next
	Total     time.Duration // all of it: what comes drop by drop is never idle
}

// DefaultTimeouts suit long answers of slow models.
var DefaultTimeouts = Timeouts{Connect: 10 * time.Second, FirstByte: 5 * time.Minute, Idle: time.Minute, Total: 30 * time.Minute}

// or fills in what is missing.
func (t Timeouts) or(d Timeouts) Timeouts {
	for _, p := range []struct{ mine, other *time.Duration }{{&t.Connect, &d.Connect}, {&t.FirstByte, &d.FirstByte}, {&t.Idle, &d.Idle}, {&t.Total, &d.Total}} {
		if *p.mine <= 0 {
			*p.mine = *p.other
		}
	}
	return t
}

// TimeoutError is a call that a timeout ended.
type TimeoutError struct {
	What  string // "connect", "first byte", "idle", "total"
	After time.Duration
}

func (e *TimeoutError) Error() string {
	switch e.What {
	case "connect":
		return fmt.Sprintf("no connection within %v", e.After)
	case "first byte":
		return fmt.Sprintf("the reply did not begin within %v", e.After)
	case "idle":
		return fmt.Sprintf("the reply stopped: nothing came for %v", e.After)
	}
	return fmt.Sprintf("the reply was not complete within %v", e.After)
}

// clock ends a call's context when one of its timeouts is up. One timer serves
// the phases, which follow each other, another the whole.
type clock struct {
	cancel context.CancelCauseFunc
	total  *time.Timer

	mu    sync.Mutex
	phase *time.Timer
	what  string
	limit time.Duration
}

// newClock starts the first phase; callers stop it.
func newClock(ctx context.Context, t Timeouts) (context.Context, *clock) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &clock{cancel: cancel, what: "connect", limit: t.Connect}
	c.total = time.AfterFunc(t.Total, func() { cancel(&TimeoutError{"total", t.Total}) })
	c.phase = time.AfterFunc(t.Connect, c.late)
	return ctx, c
}

func (c *clock) late() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel(&TimeoutError{c.what, c.limit})
}

// enter begins a phase.
func (c *clock) enter(what string, limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.what, c.limit = what, limit
	c.phase.Reset(limit)
}

// beat is a sign of life.
func (c *clock) beat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase.Reset(c.limit)
}

func (c *clock) stop() {
	c.phase.Stop()
	c.total.Stop()
	c.cancel(nil)
}

// body is a reply's, read under a clock. Its errors say which timeout ended it.
type body struct {
	from  io.ReadCloser
	ctx   context.Context
	clock *clock
	left  int64 // bytes that may still come
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if n > 0 {
		b.clock.beat()
	}
	if err != nil && err != io.EOF {
		err = why(b.ctx, err)
	}
	return n, err
}

func (b *body) Close() error {
	b.clock.stop()
	return b.from.Close()
}

// why is what ended a call: a timeout, its caller, else err itself.
func why(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
