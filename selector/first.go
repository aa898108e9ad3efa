package selector

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("first", registry.Doc{
		Summary: "Takes the first attempts at every task, right or wrong: the unfiltered control.",
		Paper:   "Collapse of Self-trained Language Models (Herel and Mikolov, 2024)",
		Example: "first: {per_task: 6}",
	}, newFirst)
}

// First configures first.
type First struct{ Limits }

func newFirst(_ context.Context, _ core.Host, c First) (core.Selector, error) { return first{c}, nil }

type first struct{ cfg First }

// Select yields one example per attempt taken, labelled 1. It reads no scores.
func (f first) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if in == nil {
		return nil, errNoInput
	}
	return each(ctx, in, func(ep *core.Episode) []picked {
		var all []picked
		for _, leaf := range f.cfg.attempts(ep) {
			all = append(all, picked{leaf, 1})
		}
		return f.cfg.apply(ep, all)
	}), nil
}
