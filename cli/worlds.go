package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/registry"
	"pawl/world"
)

// worldFlags say where and how much to measure in worlds.
type worldFlags struct {
	World   string `help:"One of the worlds only." placeholder:"NAME"`
	Level   int    `help:"Another difficulty of the worlds than their default, 1 to 5." placeholder:"N"`
	N       int    `short:"n" help:"Tasks of each world." default:"300" placeholder:"N"`
	Samples int    `help:"Samples of each task of a world." default:"16" placeholder:"N"`
	Seed    uint64 `help:"Seed of the samples." default:"1" placeholder:"N"`
}

// check refuses what cannot be measured, before anything is opened.
func (f worldFlags) check() error {
	switch {
	case f.Level < 0 || f.Level > 5:
		return usagef("measuring in worlds: --level %d: there are 1 to 5", f.Level)
	case f.World != "" && !slices.Contains(world.Names(), f.World):
		advice := "there are " + strings.Join(world.Names(), ", ")
		if near := registry.Nearest(f.World, world.Names()); near != "" {
			advice = fmt.Sprintf("did you mean %q?", near)
		}
		return usagef("measuring in worlds: no world named %q; %s", f.World, advice)
	}
	return nil
}

// prepare gives what is measured where, and says so of a world that the model was
// not trained in.
func (f worldFlags) prepare(ctx context.Context, c *console, p *pawl.Pawl, model pawl.Model) (pawl.EnvironmentOptions, core.Policy, error) {
	o, err := f.options(c, p)
	if err != nil {
		return o, nil, err
	}
	if err := unlearnt(c, p, model, f.World); err != nil {
		return o, nil, err
	}
	policy, err := p.Policy(ctx, model)
	return o, policy, err
}

// options are the worlds that the model of the binary knows, at their default
// difficulty, or what the flags make of them.
func (f worldFlags) options(c *console, p *pawl.Pawl) (pawl.EnvironmentOptions, error) {
	nano, err := p.NanoLevels()
	if err != nil {
		return pawl.EnvironmentOptions{}, err
	}
	levels, sizes := nano.Levels, nano.Sizes
	if f.Level > 0 {
		sizes = nil
	}
	for name := range levels {
		if f.Level > 0 {
			levels[name] = f.Level
		}
		if f.World != "" && name != f.World {
			delete(levels, name)
		}
	}
	if len(levels) == 0 { // one that the model of the binary does not know
		const middle = 3
		levels[f.World] = cmp.Or(f.Level, middle)
	}
	return pawl.EnvironmentOptions{Worlds: levels, Sizes: sizes, Tasks: f.N, Samples: f.Samples, Seed: f.Seed, Observe: observed(c)}, nil
}

// observed shows people how far a measurement is.
func observed(c *console) func(pawl.Visit) {
	view := newRunView(c, true)
	return func(v pawl.Visit) {
		e := loop.Event{Stage: fmt.Sprintf("%s, world %d of %d", v.World, v.Index+1, v.Of)}
		if v.Part != "" {
			e.Stage += ", " + v.Part
			e.Progress = core.Progress{Done: v.Done, Total: v.Tasks}
		}
		view.observe(e)
	}
}
