package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl"
	"pawl/core"
	"pawl/gate/results"
	"pawl/loop"
)

// evalCmds are the two things that are measured: policies, which is what eval does
// without a name, and verifiers.
type evalCmds struct {
	Policy    evalCmd          `cmd:"" default:"withargs" help:"Measure a policy on tasks, or summarise result files: every figure with its interval."`
	Verifiers evalVerifiersCmd `cmd:"" help:"Measure verifiers that see no answers against the oracles of the worlds."`
}

type evalCmd struct {
	Files []string `arg:"" optional:"" help:"Result files to summarise; without any, a policy is measured."`
	By    string   `help:"Which score of the files, where rows have several." placeholder:"NAME"`
	Model string   `help:"The policy to measure: run, run:ID, embedded:DIR, embedded (the model in the binary), openai:MODEL, replay:FILE or sim:NAME." default:"run" placeholder:"MODEL"`
	servedFlags
	Recipe  string `help:"Whose measure and metrics (default: the run's, or greedy decoding against the answers)." placeholder:"NAME"`
	Tasks   string `help:"Task rows, JSONL or Parquet, or a task source such as keysum or {keysum: {level: 2, n: 500}} (default: the audit set)." placeholder:"FILE"`
	Split   string `help:"Another task set of the recipe or run." default:"audit" placeholder:"SET"`
	SkipBad int    `help:"Pass over up to N bad rows of the file." placeholder:"N"`
	steerFlags
	Worlds bool `help:"Measure in the synthetic worlds, as answerer and as verifier; what --model embedded does without --recipe and --tasks."`
	worldFlags
	Results string `help:"Also write a result row for every task, as pawl gate reads them." placeholder:"FILE"`
	JSON    bool   `help:"Print one JSON document."`
}

func (cmd *evalCmd) Run(ctx context.Context, a *app, c *console) error {
	if len(cmd.Files) > 0 {
		if cmd.given() {
			return usagef("summarising result files: nothing is sampled, so that --min-p, --regex, --grammar, --schema and --logit-bias have no place here")
		}
		return cmd.files(ctx, c)
	}
	model, err := cmd.parse(cmd.Model)
	if err != nil {
		return err
	}
	worlds := cmd.Worlds || model.Kind == pawl.ModelRecipe && cmd.Recipe == "" && cmd.Tasks == ""
	if err := cmd.misplaced(worlds); err != nil {
		return err
	}
	steering, err := cmd.steering()
	if err != nil {
		return err
	}
	p, err := a.openFor(c, model, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	if worlds {
		return cmd.environments(ctx, c, p, model)
	}
	if cmd.Recipe == "" {
		if err := unlearnt(c, p, model, pawl.SourceName(cmd.Tasks)); err != nil {
			return err
		}
	}
	view := newRunView(c, true)
	o := pawl.EvalOptions{Recipe: cmd.Recipe, Model: model, Tasks: cmd.Tasks, Set: cmd.Split, SkipBad: cmd.SkipBad, Steering: steering, Seed: cmd.Seed}
	o.Observe = func(e loop.Event) {
		e.Stage = "measure"
		view.observe(e)
	}
	ev, err := p.Eval(ctx, o)
	if err != nil {
		return err
	}
	for _, row := range ev.Skipped {
		c.note("skipped: %v", row)
	}
	if cmd.Results != "" {
		if err := pawl.SaveRows(cmd.Results, ev.Results); err != nil {
			return err
		}
	}
	if cmd.JSON {
		return c.document(ev)
	}
	c.clear()
	fmt.Fprintf(c.out, "%s on %d tasks (%s), 95%% intervals\n", ev.Model, ev.N, ev.Tasks)
	for _, e := range ev.Metrics {
		fmt.Fprintln(c.out, estimateLine(e))
	}
	if ev.Failed > 0 {
		fmt.Fprintf(c.out, "%s could not be attempted, and counted as wrong; the first: %s\n", counted(ev.Failed, "task"), ev.Failure)
	}
	return nil
}

// Defaults of the flags that measure in worlds.
const (
	worldTasks   = 300
	worldSamples = 16
)

// misplaced refuses flags that would do nothing: a figure of something else
// than what was asked for would be believed.
func (cmd *evalCmd) misplaced(worlds bool) error {
	switch {
	case worlds && (cmd.Recipe != "" || cmd.Tasks != "" || cmd.Split != "audit" || cmd.SkipBad != 0 || cmd.Results != "" || cmd.given()):
		return usagef("measuring in worlds: --recipe, --tasks, --split, --skip-bad, --results and the flags that steer replies have no place here; leave them out, or --worlds")
	case !worlds && (cmd.World != "" || cmd.Level != 0 || cmd.N != worldTasks || cmd.Samples != worldSamples):
		return usagef("measuring tasks: --world, --level, -n and --samples are about worlds; add --worlds, or name tasks such as --tasks '{copy: {level: 2, n: 50}}'")
	}
	return cmd.check()
}

// estimateLine is a figure with its interval, unit and the tasks behind it.
func estimateLine(e core.Estimate) string {
	line := fmt.Sprintf("  %-28s %s", e.Name, share(e.Value, e.Low, e.High))
	if e.Unit != "" {
		line += " " + e.Unit
	}
	return line + fmt.Sprintf(", n %d", e.N)
}

// fileFigures is what --json prints of a result file.
type fileFigures struct {
	File     string          `json:"file"`
	Format   string          `json:"format"`
	By       string          `json:"by"`
	N        int             `json:"n"`
	Accuracy *float64        `json:"accuracy,omitempty"`
	Low      *float64        `json:"low,omitempty"`
	High     *float64        `json:"high,omitempty"`
	Metrics  []core.Estimate `json:"metrics"`
	Notes    []string        `json:"notes,omitempty"`
}

// files summarises result files.
func (cmd *evalCmd) files(ctx context.Context, c *console) error {
	var all []fileFigures
	for _, path := range cmd.Files {
		r, err := results.Read(path, results.Options{By: cmd.By})
		if err != nil {
			return inputError(ctx, err)
		}
		f := fileFigures{File: path, Format: r.Format, By: r.By, N: len(r.Items), Metrics: r.Estimates(), Notes: r.Notes}
		if e := f.Metrics[0]; e.Name == "accuracy" {
			f.Accuracy, f.Low, f.High = &e.Value, &e.Low, &e.High
		}
		all = append(all, f)
	}
	if cmd.JSON {
		if len(all) == 1 {
			return c.document(all[0])
		}
		return c.document(all)
	}
	for _, f := range all {
		fmt.Fprintf(c.out, "%s: %d answers (%s, %s), 95%% intervals\n", f.File, f.N, f.Format, f.By)
		for _, e := range f.Metrics {
			fmt.Fprintln(c.out, estimateLine(e))
		}
		if len(f.Notes) > 0 {
			c.note("note: %s", strings.Join(f.Notes, "\nnote: "))
		}
	}
	return nil
}
