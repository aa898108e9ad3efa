package selector

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("filter", registry.Doc{
		Summary: "Keeps the attempts that a verifier values highly enough.",
		Detail: "Where more than `per_task` attempts pass, those of the highest value are kept, and the earlier one of " +
			"equals. Attempts that the verifier abstains from, or has not judged, are dropped. The paper keeps at most ten " +
			"of a problem, and does not say which; where the verifier only tells right from wrong, these are the first.",
		Paper:   "Beyond Human Data: Scaling Self-Training for Problem-Solving with Language Models (Singh et al., 2023)",
		Example: "filter: {by: majority_vote, at_least: 0.5, per_task: 6}",
	}, newFilter)
}

// Filter configures filter.
type Filter struct {
	By      string  `yaml:"by" ref:"verifier" required:"true" doc:"Verifier whose score decides."`
	AtLeast float64 `yaml:"at_least" default:"0.5" doc:"Smallest value kept."`
	Limits
}

func newFilter(_ context.Context, _ core.Host, c Filter) (core.Selector, error) {
	if c.By == "" {
		return nil, errors.New("filter wants to know by which verifier")
	}
	return filter{c}, nil
}

type filter struct{ cfg Filter }

// Select yields one example per kept attempt, labelled with its value.
func (f filter) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if in == nil {
		return nil, errNoInput
	}
	return each(ctx, in, func(ep *core.Episode) []picked {
		var passed []picked
		for _, leaf := range f.cfg.attempts(ep) {
			if s, ok := ep.ScoreOf(f.cfg.By, leaf); ok && !s.Abstain && s.Value >= f.cfg.AtLeast {
				passed = append(passed, picked{leaf, s.Value})
			}
		}
		slices.SortStableFunc(passed, func(a, b picked) int { return cmp.Compare(b.label, a.label) })
		return f.cfg.apply(ep, passed)
	}), nil
}
