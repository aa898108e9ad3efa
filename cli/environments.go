package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"pawl"
	"pawl/world"
)

// environments measures a policy in the worlds that the model of the binary is
// meant for.
func (cmd *evalCmd) environments(ctx context.Context, c *console, p *pawl.Pawl, model pawl.Model) error {
	nano, err := p.NanoLevels()
	if err != nil {
		return err
	}
	levels, sizes := nano.Levels, nano.Sizes
	if cmd.Level > 0 {
		sizes = nil
	}
	for name := range levels {
		if cmd.Level > 0 {
			levels[name] = cmd.Level
		}
		if cmd.World != "" && name != cmd.World {
			delete(levels, name)
		}
	}
	if len(levels) == 0 && slices.Contains(world.Names(), cmd.World) { // one that the model of the binary does not know
		const middle = 3
		levels[cmd.World] = cmp.Or(cmd.Level, middle)
	}
	if len(levels) == 0 {
		return usagef("measuring environments: no world named %q; pawl components lists them", cmd.World)
	}
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return err
	}
	all, err := p.Environments(ctx, policy, pawl.EnvironmentOptions{
		Worlds: levels, Sizes: sizes, Tasks: cmd.N, Samples: cmd.Samples, Seed: cmd.Seed,
		Observe: func(name string, done, total int) {
			line := fmt.Sprintf("  %s, world %d of %d", name, done+1, total)
			if c.tty {
				c.live(line)
			} else {
				c.note("%s", line)
			}
		},
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(struct {
			Environments []pawl.Environment `json:"environments"`
		}{all})
	}
	c.clear()
	worlds := "1 world"
	if len(all) != 1 {
		worlds = fmt.Sprintf("%d worlds", len(all))
	}
	fmt.Fprintf(c.out, "%s in %s, %d tasks each, %d samples of a task, 95%% intervals\n", model, worlds, cmd.N, cmd.Samples)
	fmt.Fprintf(c.out, "%-14s %-13s %-22s %7s %7s %7s %8s %-24s %6s\n", "world", "level", "greedy", "sampled", "votes", "pass", "verifies", "gap", "tokens")
	for _, e := range all {
		fmt.Fprintf(c.out, "%-14s %-13s %.3f [%.3f, %.3f]  %7s %7s %7s %8s %-24s %6.1f\n", e.Name, e.Difficulty(), e.Value, e.Low, e.High,
			figure(e.Mean), figure(e.Votes), figure(e.Pass), figure(e.Verify), gap(e), e.Tokens)
	}
	return nil
}

func figure(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *x)
}

func gap(e pawl.Environment) string {
	switch {
	case e.Gap == nil:
		return "-"
	case e.GapLow == nil:
		return fmt.Sprintf("%+.3f", *e.Gap)
	}
	return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", *e.Gap, *e.GapLow, *e.GapTop)
}
