package cli

import (
	"cmp"
	"fmt"
	"slices"

	"pawl"
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

// options are the worlds that the model of the binary knows, at their default
// difficulty, or what the flags make of them.
func (f worldFlags) options(c *console, p *pawl.Pawl) (pawl.EnvironmentOptions, error) {
	if f.Level < 0 || f.Level > 5 {
		return pawl.EnvironmentOptions{}, usagef("measuring in worlds: --level %d: there are 1 to 5", f.Level)
	}
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
	if len(levels) == 0 && slices.Contains(world.Names(), f.World) { // one that the model of the binary does not know
		const middle = 3
		levels[f.World] = cmp.Or(f.Level, middle)
	}
	if len(levels) == 0 {
		return pawl.EnvironmentOptions{}, usagef("measuring in worlds: no world named %q; pawl components lists them", f.World)
	}
	return pawl.EnvironmentOptions{
		Worlds: levels, Sizes: sizes, Tasks: f.N, Samples: f.Samples, Seed: f.Seed,
		Observe: func(name string, done, total int) {
			line := fmt.Sprintf("  %s, world %d of %d", name, done+1, total)
			if c.tty {
				c.live(line)
			} else {
				c.note("%s", line)
			}
		},
	}, nil
}
