package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl"
)

type doctorCmd struct {
	Model   string `help:"Ask a model that others serve, openai:NAME, what it can do: about a dozen calls of a few tokens each, which cost what they cost there." placeholder:"MODEL"`
	BaseURL string `name:"base-url" help:"Where it is served; see pawl solve." placeholder:"URL"`
	JSON    bool   `help:"Print one JSON document."`
}

func (cmd *doctorCmd) Run(ctx context.Context, a *app, c *console) error {
	if cmd.Model != "" || cmd.BaseURL != "" {
		return cmd.probe(ctx, c)
	}
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

// probe asks a model what it can do.
func (cmd *doctorCmd) probe(ctx context.Context, c *console) error {
	if cmd.Model == "" {
		return usagef("probing %s: no model is named; add --model openai:NAME", cmd.BaseURL)
	}
	model, err := servedFlags{BaseURL: cmd.BaseURL}.parse(cmd.Model)
	if err != nil {
		return err
	}
	found, err := pawl.ProbeModel(ctx, model)
	if err != nil {
		return err
	}
	if !found.Answers {
		c.status = exitFailed
	}
	if cmd.JSON {
		return c.document(found)
	}
	fmt.Fprintf(c.out, "%s at %s (%s, server of kind %s): %s, %s\n", found.Model, found.At, found.Endpoint, found.Kind, counted(found.Calls, "call"), counted(int(found.Tokens), "token"))
	for _, a := range found.Abilities {
		line := fmt.Sprintf("%-12s %s", a.State, a.Name)
		if a.Detail != "" {
			line += ": " + a.Detail
		}
		fmt.Fprintln(c.out, line)
	}
	if len(found.Models) > 0 && !found.Answers {
		fmt.Fprintf(c.out, "the server lists: %s\n", strings.Join(found.Models, ", "))
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
