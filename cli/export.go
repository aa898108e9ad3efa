package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"pawl"
)

type exportCmd struct {
	To         string `arg:"" optional:"" help:"Where to: a folder for a policy, or a file with --format gguf; a file for rows, which go to standard output without one."`
	Out        string `help:"The same as TO." placeholder:"PATH"`
	Model      string `help:"What to export: run, run:ID, embedded:DIR, or embedded, the model in the binary." default:"run" placeholder:"MODEL"`
	Format     string `help:"Form of a policy: hf, a Hugging Face folder, or gguf, one file for llama.cpp." default:"hf" placeholder:"FORMAT"`
	Dtype      string `help:"Type of a policy's weights: f32, f16 or bf16." default:"f32" placeholder:"TYPE"`
	Recipe     string `help:"Take the task set of a recipe, in place of a run's." placeholder:"NAME"`
	Tasks      string `help:"Export a task set (audit, gate, train, ...) as JSON lines: id, prompt, answer, solution, and the whole reference." placeholder:"SET"`
	AuditTasks bool   `help:"Export the sealed audit tasks; short for --tasks audit."`
	Rows       string `help:"Export the examples that a run selected, in TRL's form: sft (prompt, completion) or preference (prompt, chosen, rejected)." placeholder:"FORM"`
	Round      int    `help:"Round of --rows (default: the last)." placeholder:"N"`
	JSON       bool   `help:"Print what was written as one JSON document."`
}

func (cmd *exportCmd) Run(ctx context.Context, a *app, c *console) error {
	model, err := pawl.ParseModel(cmd.Model)
	if err != nil {
		return &pawl.InputError{Err: err}
	}
	if cmd.To != "" && cmd.Out != "" && cmd.To != cmd.Out {
		return usagef("exporting: both %s and --out %s say where to; give one", cmd.To, cmd.Out)
	}
	if cmd.To == "" {
		cmd.To = cmd.Out
	}
	if cmd.AuditTasks && cmd.Tasks == "" {
		cmd.Tasks = "audit"
	}
	switch {
	case cmd.Tasks != "" && cmd.Rows != "":
		return usagef("exporting: both tasks and training rows are asked for; choose one")
	case cmd.Rows != "" && cmd.Rows != pawl.RowsSFT && cmd.Rows != pawl.RowsPreference:
		return usagef("exporting examples: there is no form %q; use --rows sft or --rows preference", cmd.Rows)
	}
	p, err := a.openFor(c, model, "")
	if err != nil {
		return err
	}
	defer p.Close()
	switch {
	case cmd.Tasks != "":
		if model.Kind != pawl.ModelRun && cmd.Recipe == "" {
			return usagef("exporting tasks: a model has none; name a run with --model run:ID, or a recipe with --recipe")
		}
		rows, err := p.TaskRows(ctx, runID(model, cmd.Recipe), cmd.Recipe, cmd.Tasks)
		if err != nil {
			return err
		}
		return exportRows(c, cmd, rows)
	case cmd.Rows != "":
		if model.Kind != pawl.ModelRun {
			return usagef("exporting examples: they are a run's; name it with --model run:ID")
		}
		rows, err := p.TrainingRows(ctx, model.Arg, cmd.Round, cmd.Rows)
		if err != nil {
			return err
		}
		return exportRows(c, cmd, rows)
	}
	return cmd.policy(ctx, c, p, model)
}

// runID is the run whose task set is meant; "" with a recipe means the
// recipe's own.
func runID(m pawl.Model, recipe string) string {
	if recipe != "" {
		return ""
	}
	return m.Arg
}

func exportRows[T any](c *console, cmd *exportCmd, rows []T) error {
	if cmd.To == "" || cmd.To == "-" {
		return pawl.WriteRows(c.out, rows)
	}
	if err := pawl.SaveRows(cmd.To, rows); err != nil {
		return err
	}
	if cmd.JSON {
		return c.document(map[string]any{"file": cmd.To, "rows": len(rows)})
	}
	_, err := fmt.Fprintf(c.out, "%s: %d rows\n", cmd.To, len(rows))
	return err
}

func (cmd *exportCmd) policy(ctx context.Context, c *console, p *pawl.Pawl, m pawl.Model) error {
	if cmd.To == "" {
		return usagef("exporting a policy: name the folder to write, as in pawl export DIR, or the file with --format gguf")
	}
	policy, err := p.Policy(ctx, m)
	if err != nil {
		return &pawl.InputError{Err: err}
	}
	if st, err := os.Stat(cmd.To); err == nil && st.IsDir() && cmd.Format == pawl.FormatGGUF {
		cmd.To = filepath.Join(cmd.To, "model.gguf")
	}
	if err := p.Export(ctx, policy, cmd.To, pawl.ExportOptions{Format: cmd.Format, Dtype: cmd.Dtype}); err != nil {
		return err
	}
	if cmd.JSON {
		what := "folder"
		if cmd.Format == pawl.FormatGGUF {
			what = "file"
		}
		return c.document(map[string]any{what: cmd.To, "policy": policy})
	}
	as := ""
	if cmd.Dtype != "f32" {
		as = " as " + cmd.Dtype
	}
	_, err = fmt.Fprintf(c.out, "%s: weights %s%s\n", cmd.To, policy["weights"], as)
	return err
}
