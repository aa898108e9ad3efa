package loop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"pawl/core"
)

// AttemptEach plays and judges tasks for whoever wants every answer as soon as it
// is there: episodes reach sink in task order, each when those before it have, with
// the error of one that could not be played or judged, which ends nothing; only
// sink's own error does, an interruption, the budget, and a bug. Where the actors
// serve many tasks at once, and so ask for chunks, it is AttemptAll, unless
// others serve the models.
func (r *Run) AttemptEach(ctx context.Context, team map[string]core.Policy, sample core.Spec, verify []core.Spec, tasks []core.Task, sink func(*core.Episode, error) error) (err error) {
	defer recoverInto(&err)
	s := r.sampling(nil, 0, "solve", team, sample, verify, tasks)
	h := &host{run: r, stage: s.stage, team: team}
	built, err := h.Build(ctx, sample)
	if err != nil {
		return fmt.Errorf("building sampler %s: %w", sample.Label(), err)
	}
	if _, batch := built.(core.BatchSampler); batch && !r.Served {
		return r.AttemptAll(ctx, team, sample, verify, tasks, func(ep *core.Episode) error {
			if ep.Err != "" {
				return sink(ep, fmt.Errorf("sampling with %s: %s", sample.Label(), Failure(ep)))
			}
			return sink(ep, nil)
		})
	}
	answer, err := r.answer(ctx, "", team)
	if err != nil {
		return err
	}
	judges, err := r.judges(ctx, h, verify)
	if err != nil {
		return err
	}
	defer func() {
		for _, j := range judges {
			err = closeAfter(j.Verifier, err)
		}
	}()
	one := func(ctx context.Context, i int) (*core.Episode, error) {
		ep, err := built.(core.Sampler).Sample(ctx, core.Call{Seed: s.seed(tasks[i])}, tasks[i])
		if err != nil {
			return core.NewEpisode(tasks[i], s.seed(tasks[i])), fmt.Errorf("sampling with %s: %w", sample.Label(), err)
		}
		ep.Seed = s.seed(tasks[i])
		for _, j := range judges {
			if err := r.judgeWith(ctx, j.Verifier, j.label, []*core.Episode{ep}); err != nil {
				return ep, err
			}
		}
		ep.Answer = answer.Pick(ep)
		return ep, nil
	}
	return r.ordered(ctx, len(tasks), one, sink)
}

// judge is a verifier that was built.
type judge struct {
	core.Verifier
	label string
}

// judges builds verifiers; the caller closes them.
func (r *Run) judges(ctx context.Context, h *host, specs []core.Spec) (all []judge, err error) {
	for _, spec := range specs {
		built, err := h.Build(ctx, spec)
		if err != nil {
			for _, j := range all {
				err = closeAfter(j.Verifier, err)
			}
			return nil, fmt.Errorf("building verifier %s: %w", spec.Label(), err)
		}
		all = append(all, judge{built.(core.Verifier), spec.Label()})
	}
	return all, nil
}

// closeAfter closes what needs it.
func closeAfter(v core.Verifier, err error) error {
	if c, ok := v.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

// aheadOf is how many tasks may be done beyond one that is not, for each that runs
// at a time: what a slow one holds back, and memory.
const aheadOf = 8

// ordered runs one for 0..n-1 on a bounded number of goroutines and hands results
// on in order, each as soon as it can be.
func (r *Run) ordered(ctx context.Context, n int, one func(ctx context.Context, i int) (*core.Episode, error), sink func(*core.Episode, error) error) error {
	type result struct {
		ep  *core.Episode
		err error
	}
	limit := r.Parallel
	if limit == 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	limit = min(limit, max(n, 1))
	inner, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	results := make([]chan result, n)
	for i := range results {
		results[i] = make(chan result, 1)
	}
	room, work := make(chan struct{}, limit*aheadOf), make(chan int)
	for range limit {
		workers.Go(func() {
			for i := range work {
				ctx, used := tallied(inner)
				ep, err := guarded(ctx, i, one)
				if ep != nil {
					used.over(&ep.Usage)
				}
				results[i] <- result{ep, err}
			}
		})
	}
	workers.Go(func() {
		defer close(work)
		for i := range n {
			select {
			case room <- struct{}{}:
			case <-inner.Done():
				return
			}
			select {
			case work <- i:
			case <-inner.Done():
				return
			}
		}
	})
	for i := range n {
		var got result
		select {
		case got = <-results[i]:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if got.err != nil && (fatal(ctx, got.err) || got.ep == nil) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return got.err
		}
		if err := sink(got.ep, got.err); err != nil {
			return err
		}
		<-room
		r.emit(Event{Stage: "solve", Progress: core.Progress{Stage: "solve", Done: i + 1, Total: n}})
	}
	return ctx.Err()
}
