package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("first_error", registry.Doc{
		Summary: "Finds the first step of a rejected attempt after which no sampled completion comes out right any more.",
		Detail: "Attempts that `by` accepts are worth 1 and cost no completion. The others are completed by a seat from the end of every step but the last; " +
			"the first step from which `by` accepts none of the completions is the error, the last step at the latest, since the attempt itself is rejected. " +
			"The value is the share of steps before it, and the rationale names it. Completions on which `by` abstains do not count; " +
			"where all do before an error is found, the attempt is abstained on, as it is where `by` abstains on the attempt itself. " +
			"By a vote no reference is needed: first the attempts of a task vote, then these and the completions of the rejected ones. " +
			"The paper goes on from step to step and stops at the error; here all steps are completed in one batch, which is faster of a model in this process and asks more completions of others. " +
			"An error found so is one that the seat does not recover from: of few completions, a hard step looks like a wrong one. " +
			"Steps are cut as `stepwise` cuts them; those that are nodes get scores of their own, 1 before the error and 0 from it on, where whole episodes are judged.",
		Paper:   "Self-Explore to Avoid the Pit: Improving the Reasoning Capabilities of Language Models with Fine-grained Rewards (Hwang et al., 2024)",
		ID:      "S266",
		Example: "first_error: {by: oracle, completions: 4}",
	}, newFirstError)
}

// FirstErrorConfig configures first_error.
type FirstErrorConfig struct {
	Exploring
}

func newFirstError(ctx context.Context, h core.Host, c FirstErrorConfig) (core.Verifier, error) {
	x, err := newExplorer(ctx, h, c.Exploring)
	if err != nil {
		return nil, fmt.Errorf("making first_error: %w", err)
	}
	f := firstError{x}
	return exploring{attempts{"first_error", "finding first errors by completions", f.judge}, x}, nil
}

type firstError struct{ *explorer }

func (f firstError) judge(ctx context.Context, items []item) ([]ruling, error) {
	// First what is rejected; only that is completed.
	before, err := f.explore(ctx, items, func(int) bool { return false })
	if err != nil {
		return nil, err
	}
	rejected := func(i int) bool {
		e := before[i]
		return e.silent == "" && e.last().judged > 0 && e.last().accepted == 0
	}
	// Attempts of one step are their own first error. Nothing is judged anew
	// where there is nothing to complete.
	after, further := before, false
	for i := range items {
		further = further || rejected(i) && len(before[i].steps) > 1
	}
	if further {
		if after, err = f.explore(ctx, items, rejected); err != nil {
			return nil, err
		}
	}
	rulings := make([]ruling, len(items))
	for i, e := range before {
		switch {
		case e.silent != "":
			rulings[i] = e.unexplored()
		case e.last().judged == 0:
			rulings[i] = silent("no verdict on the attempt: " + e.last().why)
		case !rejected(i):
			rulings[i] = f.kept(passed(e.cut), e.cut, rightUntil(len(e.steps)+1, len(e.steps)))
		default:
			rulings[i] = f.rule(after[i])
		}
		rulings[i].usage = e.usage
		if further {
			rulings[i].usage.Add(after[i].usage)
		}
	}
	return rulings, nil
}

// rule names the first error of a rejected attempt.
func (f firstError) rule(e explored) ruling {
	n := len(e.steps)
	at := func(step int, why string) ruling {
		return f.kept(errorAt(e.cut, step, why), e.cut, rightUntil(step, n))
	}
	for k, t := range e.tallies {
		switch {
		case k == n-1: // rejected, whatever the vote says with completions in it
			return at(n, "the attempt is rejected, and steps before can still come out right")
		case t.judged == 0:
			return silent(fmt.Sprintf("step %d of %d has no verdict: %s", k+1, n, t.why))
		case t.accepted == 0:
			return at(k+1, fmt.Sprintf("none of %d completions is accepted", t.judged))
		}
	}
	panic("verifier: a rejected attempt has steps")
}

// errorAt is the ruling on an attempt whose first wrong step is known, counted
// from 1: the share of steps before it.
func errorAt(c cut, step int, why string) ruling {
	n := len(c.steps)
	r := said(float64(step-1)/float64(n), 0, fmt.Sprintf("step %d of %d is the first error (%s): %s", step, n, why, quote(c.steps[step-1])))
	r.of = c.onNodes(rightUntil(step, n))
	return r
}

// passed is the ruling on an attempt without a wrong step.
func passed(c cut) ruling {
	r := said(1, 0, fmt.Sprintf("none of %d steps is an error", len(c.steps)))
	r.of = c.onNodes(rightUntil(len(c.steps)+1, len(c.steps)))
	return r
}

// rightUntil are the values of n steps of which the first wrong one is known, counted
// from 1: 1 before it, 0 from it on.
func rightUntil(step, n int) []float64 {
	values := make([]float64, n)
	for k := range values {
		values[k] = truth(k+1 < step)
	}
	return values
}
