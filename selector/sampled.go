package selector

import (
	"context"
	"iter"

	"pawl/core"
)

// sampled offers the tasks of episodes as a task source of unknown length.
type sampled struct{ in core.Episodes }

func (s sampled) Len() int { return -1 }

func (s sampled) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		i := 0
		for ep, err := range s.in {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(core.Task{}, err)
				return
			}
			if i++; i > first && !yield(ep.Task, nil) {
				return
			}
		}
	}
}
