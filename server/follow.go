package server

import (
	"context"
	"fmt"
	"sync"

	"pawl"
	"pawl/core"
)

// follower answers by the policy of a run that is in force: what the run promotes, or
// what is rolled back to, is taken over between two requests, once its
// log-probabilities have been found to be served as they were trained.
type follower struct {
	s     *Server
	model pawl.Model
	run   following

	mu      sync.Mutex
	current core.Policy
	refused core.Digest // the version whose check failed last
}

// following is a [pawl.Following].
type following interface {
	InForce(ctx context.Context) (core.Policy, error)
	Probe(ctx context.Context, p core.Policy) (float64, error)
}

func (s *Server) follow(ctx context.Context, p *pawl.Pawl, m pawl.Model) (*follower, error) {
	run, err := p.Follow(ctx, m.Arg)
	if err != nil {
		return nil, err
	}
	f := &follower{s: s, model: m, run: run}
	if f.current, err = run.InForce(ctx); err != nil {
		return nil, err
	}
	return f, f.check(ctx, f.current)
}

// policy is nil for the nil follower: the model has one policy for good.
func (f *follower) policy() func(ctx context.Context) (core.Policy, error) {
	if f == nil {
		return nil
	}
	return f.inForce
}

// inForce is the policy for one request. One that is not served as it was trained is
// never answered with: the one before it stays.
func (f *follower) inForce(ctx context.Context) (core.Policy, error) {
	next, err := f.run.InForce(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		f.s.o.Note(fmt.Sprintf("following %s: %v; going on with the policy before", f.model, err))
		return f.current, nil
	}
	version := next.Version()
	if version == f.current.Version() || version == f.refused {
		return f.current, nil
	}
	if err := f.check(ctx, next); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		f.refused = version
		f.s.metrics.swaps.WithLabelValues(f.model.String(), "refused").Inc()
		f.s.o.Note(fmt.Sprintf("following %s: %v; going on with the policy before", f.model, err))
		return f.current, nil
	}
	f.s.metrics.swaps.WithLabelValues(f.model.String(), "taken").Inc()
	f.s.o.Note(fmt.Sprintf("following %s: serving policy %s in place of %s", f.model, version.Short(), f.current.Version().Short()))
	f.current, f.refused = next, ""
	return next, nil
}

// alike is how far a served log-probability may be from the trained one.
const alike = 1e-3

func (f *follower) check(ctx context.Context, p core.Policy) error {
	d, err := f.run.Probe(ctx, p)
	if err != nil {
		return fmt.Errorf("checking policy %s: %w", p.Version().Short(), err)
	}
	f.s.metrics.difference.WithLabelValues(f.model.String()).Set(d)
	if !(d <= alike) {
		return fmt.Errorf("checking policy %s: a log-probability as served is %.3g away from the one as trained, and at most %.3g is allowed", p.Version().Short(), d, alike)
	}
	return nil
}
