package loop

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
)

// Attempt plays tasks and judges the attempts outside of any round: for
// answering and measuring. Nothing is recorded as a step. Episodes go to sink
// in task order, Answer set by the recipe's rule; an error of sink ends it, and
// so does a task that cannot be played: its answer would pass for an abstention.
func (r *Run) Attempt(ctx context.Context, team map[string]core.Policy, sample core.Spec, verify []core.Spec, tasks []core.Task, sink func(*core.Episode) error) error {
	return r.AttemptAll(ctx, team, sample, verify, tasks, func(ep *core.Episode) error {
		if ep.Err != "" {
			return fmt.Errorf("sampling with %s: %s", sample.Label(), Failure(ep))
		}
		return sink(ep)
	})
}

// AttemptAll is Attempt, but a task that cannot be played reaches sink as a
// failed episode, as in gate and audit; it is an error only where none of the
// first 250 tasks, or of the next, can be played.
func (r *Run) AttemptAll(ctx context.Context, team map[string]core.Policy, sample core.Spec, verify []core.Spec, tasks []core.Task, sink func(*core.Episode) error) (err error) {
	defer recoverInto(&err)
	answer, err := r.answer(ctx, "", team)
	if err != nil {
		return err
	}
	alive := false
	for from := 0; from < len(tasks); from += chunkTasks {
		s := r.sampling(nil, 0, "solve", team, sample, verify, tasks[from:min(from+chunkTasks, len(tasks))])
		s.alive = alive
		eps, err := s.draw(ctx, s.tasks)
		if err != nil {
			return err
		}
		for _, ep := range eps {
			if ep.Err == "" {
				alive, ep.Answer = true, answer.Pick(ep)
			}
			if err := sink(ep); err != nil {
				return err
			}
		}
		r.emit(Event{Stage: "solve", Progress: core.Progress{Stage: "solve", Done: from + len(eps), Total: len(tasks)}})
	}
	return ctx.Err()
}

// Failure is why a failed episode failed, its task named once: the error of a
// sampler names it by itself.
func Failure(ep *core.Episode) string {
	if rest, ok := strings.CutPrefix(ep.Err, "task "+ep.Task.ID+": "); ok && strings.Contains(rest, ep.Task.ID) {
		return rest
	}
	return ep.Err
}

// TaskList gives a whole finite task set of the recipe by name.
func (r *Run) TaskList(ctx context.Context, set string) ([]core.Task, error) {
	return r.allTasks(ctx, set)
}

// Draw gives the first tasks of a set: as many as it takes a round.
func (r *Run) Draw(ctx context.Context, set string) ([]core.Task, error) {
	return r.drawTasks(ctx, set, 0)
}

// Value is what an answered episode counts by the recipe's measure.
func (r *Run) Value(ep *core.Episode) float64 { return r.worth(ep, r.Plan.Measure.By()) }

// Unjudged gives the reason for which the verifier of the recipe's measure has
// no verdict on any attempt of a judged episode; ok is false where it has one.
// Value is 0 then, which says nothing about the policy.
func (r *Run) Unjudged(ep *core.Episode) (reason string, ok bool) {
	for _, leaf := range ep.Leaves() {
		s, scored := ep.ScoreOf(r.Plan.Measure.By(), leaf)
		if !scored || !s.Abstain {
			return "", false
		}
		reason = s.Rationale
	}
	return reason, reason != ""
}

// Metrics measures judged episodes with the recipe's metrics.
func (r *Run) Metrics(ctx context.Context, team map[string]core.Policy, eps []*core.Episode) ([]core.Estimate, error) {
	return r.metrics(ctx, &host{run: r, stage: "observe", team: team}, eps)
}

// Judge adds the judgements of further verifiers to episodes.
func (r *Run) Judge(ctx context.Context, team map[string]core.Policy, verify []core.Spec, eps []*core.Episode) error {
	return r.judge(ctx, &host{run: r, stage: "observe", team: team}, verify, eps)
}
