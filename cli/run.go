package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"pawl"
)

// taskFlags name a user's task files.
type taskFlags struct {
	Tasks      string `help:"Task rows, JSONL or Parquet. One file is split by prompt into train, gate and audit." placeholder:"FILE"`
	GateTasks  string `help:"Tasks of the gate, where --tasks is for training alone." placeholder:"FILE"`
	AuditTasks string `help:"Tasks of the audit, where --tasks is for training alone." placeholder:"FILE"`
	SkipBad    int    `help:"Pass over up to N bad rows, and list them." placeholder:"N"`
}

func (f taskFlags) files() pawl.TaskFiles {
	return pawl.TaskFiles{Train: f.Tasks, Gate: f.GateTasks, Audit: f.AuditTasks, SkipBad: f.SkipBad}
}

type runCmd struct {
	Recipe string `arg:"" optional:"" help:"Name of a recipe, or a path to one (default: quickstart)."`
	Seed   uint64 `help:"Seed of everything random (default: the recipe's)." placeholder:"N"`
	Model  string `help:"Where policies start: embedded (what the recipe makes, or the model in the binary), embedded:DIR, run run:ID, openai:MODEL, replay:FILE or sim:NAME." default:"embedded" placeholder:"MODEL"`
	servedFlags
	Rounds   *int     `help:"Rounds, in place of the recipe's." placeholder:"N"`
	Controls string   `help:"Controls to run beside: all, none, or names with commas." default:"all" placeholder:"NAMES"`
	Set      []string `help:"Change a value of the recipe: updates[0].optimize.train.steps=200. May be repeated." sep:"none" placeholder:"PATH=VALUE"`
	DryRun   bool     `name:"dry-run" help:"Forecast calls, tokens, dollars and time, and say what that assumes; ask and train nothing."`
	Fresh    bool     `help:"Start over, beside an earlier run of the same recipe."`
	JSON     bool     `help:"Print one JSON document."`
	taskFlags
}

func (cmd *runCmd) Run(ctx context.Context, a *app, c *console) error {
	o, err := cmd.options()
	if err != nil {
		return err
	}
	if _, err := os.Stat(cmp.Or(a.Dir, pawl.DefaultDir)); errors.Is(err, os.ErrNotExist) {
		if err := pawl.Preflight(ctx, pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir}, o); err != nil {
			return err
		}
	}
	if cmd.DryRun {
		return cmd.forecast(ctx, a, c, o)
	}
	p, err := a.openPriced(c, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	view := newRunView(c, cmd.JSON)
	o.Observe = view.observe
	result, err := p.Run(ctx, o)
	return finishRun(ctx, c, view, p, result, err, cmd.JSON)
}

// forecast opens what there is, and makes nothing.
func (cmd *runCmd) forecast(ctx context.Context, a *app, c *console, o pawl.RunOptions) error {
	p, err := a.lookPriced(c, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	f, err := p.ForecastRun(ctx, o)
	if err != nil {
		return err
	}
	return c.forecast(f, cmd.JSON)
}

func (cmd *runCmd) options() (pawl.RunOptions, error) {
	o := pawl.RunOptions{Recipe: cmd.Recipe, Seed: cmd.Seed, Tasks: cmd.files(), Fresh: cmd.Fresh, Set: map[string]string{}}
	var err error
	if o.Model, err = cmd.parse(cmd.Model); err != nil {
		return o, err
	}
	if cmd.Rounds != nil {
		o.Set["rounds"] = strconv.Itoa(*cmd.Rounds)
	}
	for _, s := range cmd.Set {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return o, &pawl.InputError{Err: fmt.Errorf("reading --set %q: it has no value; write PATH=VALUE", s)}
		}
		o.Set[path] = value
	}
	o.Controls = controlNames(cmd.Controls)
	return o, nil
}

// controlNames reads --controls: nil is all.
func controlNames(s string) []string {
	switch s {
	case "all", "":
		return nil
	case "none":
		return []string{}
	}
	var names []string
	for name := range strings.SplitSeq(s, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

// open opens the data directory; damage that was survived is told.
func (a *app) open(c *console) (*pawl.Pawl, error) { return a.openPriced(c, "") }

// openPriced is open with a table of prices, "" for the data directory's.
func (a *app) openPriced(c *console, prices string) (*pawl.Pawl, error) {
	return pawl.Open(pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir, Prices: prices, Warn: func(m string) { c.note("warning: %s", m) }})
}

// look opens the data directory for a command that starts nothing: where there
// is none, it makes none.
func (a *app) look(c *console) (*pawl.Pawl, error) { return a.lookPriced(c, "") }

// lookPriced is look with a table of prices.
func (a *app) lookPriced(c *console, prices string) (*pawl.Pawl, error) {
	if _, err := os.Stat(cmp.Or(a.Dir, pawl.DefaultDir)); errors.Is(err, os.ErrNotExist) {
		return pawl.Open(pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir, Prices: prices, Memory: true})
	}
	return a.openPriced(c, prices)
}

// openFor opens the data directory if the model is in it, or if answers are kept
// there, those of models that others serve; a folder needs none.
func (a *app) openFor(c *console, m pawl.Model, prices string) (*pawl.Pawl, error) {
	switch {
	case m.Kind == pawl.ModelFolder:
		return pawl.Open(pawl.Options{Dir: a.Dir, Recipes: a.RecipesDir, Memory: true})
	case m.Kind == pawl.ModelOpenAI:
		return a.openPriced(c, prices)
	}
	return a.look(c)
}

// finishRun prints what a run came to and decides the exit status.
func finishRun(ctx context.Context, c *console, view *runView, p *pawl.Pawl, result *pawl.RunResult, err error, asJSON bool) error {
	c.clear()
	if result == nil {
		return err
	}
	for _, row := range result.Skipped {
		c.note("skipped: %v", row)
	}
	page := ""
	if result.Report != nil && len(result.Report.Rounds) > 0 {
		var werr error
		if page, werr = p.WriteReport(context.WithoutCancel(ctx), result, err); werr != nil {
			c.note("warning: %v", werr)
		}
	}
	if err != nil && asJSON && result.Report != nil {
		result.Report.Error = err.Error()
		if derr := c.document(result.Report); derr != nil {
			return errors.Join(err, derr)
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		c.note("interrupted: what was finished is kept\nhint: the same command continues, and so does: pawl runs resume %s%s", result.Run.ID, view.dirFlag(p))
		return &quiet{exitInterrupted}
	case err != nil:
		return err
	}
	var text io.Writer = c.out
	if asJSON {
		text = c.err
	}
	if result.Finished {
		fmt.Fprintf(text, "run %s had finished before, nothing was done; pawl run with --fresh starts over\n", result.Run.ID)
		view.replay(result.Report)
	}
	view.end(text, result.Report)
	if page != "" {
		fmt.Fprintf(text, "report %s\n", page)
	}
	// A recipe that only makes a policy has no rounds, and nothing to promote.
	if result.Report.Promoted == 0 && len(result.Report.Rounds) > 0 && result.Report.Stopped == "" {
		c.status = exitNotPromoted
	}
	if asJSON {
		return c.document(result.Report)
	}
	return nil
}
