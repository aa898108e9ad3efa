package cli

import (
	"context"
	"fmt"

	"pawl"
)

type doctorCmd struct {
	JSON bool `help:"Print one JSON document."`
}

func (cmd *doctorCmd) Run(ctx context.Context, a *app, c *console) error {
	checks := pawl.Doctor(ctx, pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir})
	for _, check := range checks {
		if check.Needed && !check.OK {
			c.status = exitFailed
		}
	}
	if cmd.JSON {
		return c.document(checks)
	}
	for _, check := range checks {
		mark := "ok  "
		switch {
		case !check.OK && check.Needed:
			mark = "FAIL"
		case !check.OK:
			mark = "--  "
		}
		fmt.Fprintf(c.out, "%s %s: %s\n", mark, check.Name, check.Detail)
		if check.Hint != "" {
			fmt.Fprintf(c.out, "     hint: %s\n", check.Hint)
		}
	}
	return nil
}

type benchCmd struct {
	JSON bool `help:"Print one JSON document."`
}

func (cmd *benchCmd) Run(ctx context.Context, a *app, c *console) error {
	if !cmd.JSON {
		fmt.Fprintf(c.out, "%s\n", pawl.ThisMachine())
	}
	all, err := pawl.Bench(ctx, a.Dir, func(s pawl.Speed) {
		if !cmd.JSON {
			fmt.Fprintf(c.out, "%12s %-10s %s\n", count(int64(s.Value)), s.Unit, s.What)
		}
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(map[string]any{"machine": pawl.ThisMachine(), "speeds": all})
	}
	return nil
}
