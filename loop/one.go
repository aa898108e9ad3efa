package loop

import (
	"context"
	"fmt"

	"pawl/core"
)

// One plays one task with the recipe's sampler, judges the attempts with the
// verifiers that need no reference, and answers by the recipe's rule. c reaches the
// sampler as it is. Nothing is recorded as a step. A task that cannot be played is
// an error.
func (r *Run) One(ctx context.Context, team map[string]core.Policy, c core.Call, t core.Task) (ep *core.Episode, err error) {
	defer recoverInto(&err)
	h := &host{run: r, stage: "sample", team: team}
	built, err := h.Build(ctx, r.Plan.Sample)
	if err != nil {
		return nil, fmt.Errorf("building sampler %s: %w", r.Plan.Sample.Label(), err)
	}
	if ep, err = built.(core.Sampler).Sample(ctx, c, t); err != nil {
		return nil, fmt.Errorf("sampling with %s: %w", r.Plan.Sample.Label(), err)
	}
	ep.Seed = c.Seed
	return ep, r.Conclude(ctx, team, ep)
}

// Conclude judges the attempts of an episode as One does, and answers.
func (r *Run) Conclude(ctx context.Context, team map[string]core.Policy, ep *core.Episode) (err error) {
	defer recoverInto(&err)
	answer, err := r.answer(ctx, "", team)
	if err != nil {
		return err
	}
	specs := r.Plan.Inference()
	if len(specs) > 0 {
		r.emit(Event{Stage: "verify", Progress: core.Progress{Stage: "verify", Total: len(ep.Leaves())}})
	}
	if err := r.judge(ctx, &host{run: r, stage: "verify", team: team}, specs, []*core.Episode{ep}); err != nil {
		return err
	}
	ep.Answer = answer.Pick(ep)
	return nil
}
