package cli

import (
	"context"
	"fmt"
	"slices"

	"pawl"
	"pawl/world"
)

// environments measures a policy in the worlds that the model of the binary is
// meant for.
func (cmd *evalCmd) environments(ctx context.Context, c *console, p *pawl.Pawl, model pawl.Model) error {
	o, policy, err := cmd.prepare(ctx, c, p, model)
	if err != nil {
		return err
	}
	all, err := p.Environments(ctx, policy, o)
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
	fmt.Fprintf(c.out, "%s in %s, %d tasks each, %d samples of a task, 95%% intervals\n", model, worlds, o.Tasks, o.Samples)
	fmt.Fprintf(c.out, "%-14s %-13s %-22s %7s %7s %7s %8s %-24s %6s\n", "world", "level", "greedy", "sampled", "votes", "pass", "verifies", "gap", "tokens")
	for _, e := range all {
		fmt.Fprintf(c.out, "%-14s %-13s %.3f [%.3f, %.3f]  %7s %7s %7s %8s %-24s %6.1f\n", e.Name, e.Difficulty(), e.Value, e.Low, e.High,
			figure(e.Mean), figure(e.Votes), figure(e.Pass), figure(e.Verify), gap(e), e.Tokens)
	}
	return nil
}

// unlearnt says that the model in the binary was not trained in a world: that it
// fails there tells nothing of it.
func unlearnt(c *console, p *pawl.Pawl, model pawl.Model, name string) error {
	if model.Kind != pawl.ModelRecipe || !slices.Contains(world.Names(), name) {
		return nil
	}
	nano, err := p.NanoLevels()
	if err != nil {
		return err
	}
	if _, ok := nano.Levels[name]; !ok {
		c.note("note: the model in the binary was not trained in the world %s", name)
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
