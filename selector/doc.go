// Package selector holds the components that turn judged attempts into
// training examples. Each is in the file of its name. What they return can be
// read again and again, and gives the same examples in the same order; the
// episodes they read are never changed.
package selector

import (
	"context"
	"errors"
	"strings"

	"pawl/core"
)

// errNoInput is what selectors say to a nil source.
var errNoInput = errors.New("selecting: there are no episodes to read")

// picked is one attempt chosen from an episode, and its label.
type picked struct {
	leaf  core.Ref
	label float64
}

// each makes a source that picks from one episode after the other, each
// attempt an example of its own.
func each(ctx context.Context, in core.Episodes, pick func(*core.Episode) []picked) core.Examples {
	return examples(ctx, in, func(ep *core.Episode) []*core.Example {
		var out []*core.Example
		for _, p := range pick(ep) {
			out = append(out, &core.Example{Episode: ep, Leaves: []core.Ref{p.leaf}, Labels: []float64{p.label}})
		}
		return out
	})
}

// examples makes a source of what is made of one episode after the other.
func examples(ctx context.Context, in core.Episodes, make func(*core.Episode) []*core.Example) core.Examples {
	return func(yield func(*core.Example, error) bool) {
		for ep, err := range in {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, ex := range make(ep) {
				if !yield(ex, nil) {
					return
				}
			}
		}
	}
}

// Limits are shared by selectors that take attempts one by one.
type Limits struct {
	Seat     string `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose attempts are taken, or any."`
	PerTask  int    `yaml:"per_task" default:"0" min:"0" doc:"Most attempts taken per task; 0 takes all."`
	Distinct bool   `yaml:"distinct" default:"false" doc:"Take attempts of equal text, spaces aside, only once per task."`
}

// attempts lists the leaves of the seat.
func (l Limits) attempts(ep *core.Episode) []core.Ref {
	seat := l.Seat
	if seat == "" {
		seat = "solver"
	}
	var out []core.Ref
	for _, leaf := range ep.Leaves() {
		if seat == "any" || ep.Node(leaf).Actor == seat {
			out = append(out, leaf)
		}
	}
	return out
}

// apply drops repetitions, then what is over the limit, first come first kept.
func (l Limits) apply(ep *core.Episode, all []picked) []picked {
	seen := map[string]bool{}
	var out []picked
	for _, p := range all {
		if l.PerTask > 0 && len(out) == l.PerTask {
			break
		}
		if l.Distinct {
			text := pathText(ep, p.leaf)
			if seen[text] {
				continue
			}
			seen[text] = true
		}
		out = append(out, p)
	}
	return out
}

// pathText is what an attempt says from the prompt on, spaces made equal.
func pathText(ep *core.Episode, leaf core.Ref) string {
	var parts []string
	for _, r := range ep.Path(leaf) {
		if r > ep.Root() {
			parts = append(parts, strings.Fields(ep.Node(r).Content)...)
		}
	}
	return strings.Join(parts, " ")
}
