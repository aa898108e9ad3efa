package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"pawl/core"
)

// Ledger is what Do needs of a store, written on behalf of one run. A
// *store.Lease is one.
type Ledger interface {
	// Done looks a finished step up.
	Done(ctx context.Context, key core.Key) (out core.Digest, found bool, err error)
	// Begin records the intent to work on a step, durably. Attempt 0 means
	// that the step is finished, with output done.
	Begin(ctx context.Context, key core.Key, kind string) (attempt int, done core.Digest, err error)
	// Finish records a result, durably. The first result of a key stands: out
	// is the one in force.
	Finish(ctx context.Context, key core.Key, kind string, result core.Digest, stats json.RawMessage, took time.Duration) (out core.Digest, err error)
	// Fail records that an attempt failed.
	Fail(ctx context.Context, key core.Key, attempt int, cause string) error
}

// Work does a step: it returns the digest of what it stored, and statistics
// that are kept as JSON beside it and determine nothing.
type Work func(ctx context.Context) (out core.Digest, stats any, err error)

// Steps does steps once.
type Steps struct {
	ledger Ledger
	now    func() time.Time

	mu      sync.Mutex
	flights map[core.Key]*flight
}

// flight is a step that is being done; out and err are set when ended closes.
type flight struct {
	ended chan struct{}
	out   core.Digest
	err   error
	own   bool // err is of the leader's own context: not an answer for others
}

// NewSteps does steps on a ledger.
func NewSteps(l Ledger) *Steps {
	return &Steps{ledger: l, now: time.Now, flights: map[core.Key]*flight{}}
}

type runningKey struct{}

// Running is the key of the step whose work ctx belongs to.
func Running(ctx context.Context) (core.Key, bool) {
	k, ok := ctx.Value(runningKey{}).(core.Key)
	return k, ok
}

// Do returns the output of the step, doing the work unless it is done. The key
// is the hash of all that determines the output.
//
//   - A finished key returns at once, and its work is never done again.
//   - The intent is durable before the work, the result before anyone sees it.
//   - Concurrent calls with one key share one piece of work.
//   - A failure, a panic or an empty digest is never recorded as a result.
//   - Work that ends well although ctx was cancelled meanwhile is recorded.
//
// Do does not retry: the layer that talks to the outside does.
func (s *Steps) Do(ctx context.Context, key core.Key, kind string, f Work) (core.Digest, error) {
	if k, ok := Running(ctx); ok && k == key {
		return "", fmt.Errorf("doing step %s (%s): it asks for its own result", key.Short(), kind)
	}
	for {
		if out, found, err := s.ledger.Done(ctx, key); err != nil {
			return "", fmt.Errorf("looking up step %s (%s): %w", key.Short(), kind, err)
		} else if found {
			return out, nil
		}
		fl, leader := s.join(key)
		if leader {
			s.lead(ctx, fl, key, kind, f)
			return fl.out, fl.err
		}
		select {
		case <-fl.ended:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if !fl.own {
			return fl.out, fl.err
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
	}
}

func (s *Steps) join(key core.Key) (fl *flight, leader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fl, ok := s.flights[key]; ok {
		return fl, false
	}
	fl = &flight{ended: make(chan struct{})}
	s.flights[key] = fl
	return fl, true
}

// lead does the step and lands the flight.
func (s *Steps) lead(ctx context.Context, fl *flight, key core.Key, kind string, f Work) {
	defer func() {
		s.mu.Lock()
		delete(s.flights, key)
		s.mu.Unlock()
		close(fl.ended)
	}()
	fl.out, fl.err = s.work(ctx, key, kind, f)
	fl.own = fl.err != nil && ctx.Err() != nil
}

func (s *Steps) work(ctx context.Context, key core.Key, kind string, f Work) (core.Digest, error) {
	attempt, out, err := s.ledger.Begin(ctx, key, kind)
	if err != nil || attempt == 0 {
		return out, err
	}
	start := s.now()
	out, stats, err := s.call(context.WithValue(ctx, runningKey{}, key), f)
	took := s.now().Sub(start)
	// From here on a cancelled context must not lose what was paid for.
	keep := context.WithoutCancel(ctx)
	var doc json.RawMessage
	if err == nil && stats != nil {
		if doc, err = json.Marshal(stats); err != nil {
			err = fmt.Errorf("its statistics: %w", err)
		}
	}
	if err == nil && out == "" {
		err = errors.New("it returned no digest")
	}
	if err != nil {
		err = fmt.Errorf("step %s (%s): %w", key.Short(), kind, err)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return "", err // interrupted: the outcome of the attempt stays unknown
		}
		if failed := s.ledger.Fail(keep, key, attempt, err.Error()); failed != nil {
			err = errors.Join(err, failed)
		}
		return "", err
	}
	return s.ledger.Finish(keep, key, kind, out, doc, took)
}

func (s *Steps) call(ctx context.Context, f Work) (out core.Digest, stats any, err error) {
	defer recoverInto(&err)
	return f(ctx)
}
