package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/task"
)

type solveCmd struct {
	Question []string `arg:"" optional:"" help:"The question; several words are joined. An empty one (\"\") starts from the begin token."`
	Recipe   string   `help:"Answer with the inference half of a recipe: sample, verify, answer. Without it the model is asked once." placeholder:"NAME"`
	Model    string   `help:"Who answers: run, run:ID, embedded:DIR, embedded (the model in the binary), openai:MODEL, replay:FILE (recorded completions) or sim:NAME (a simulation)." default:"run" placeholder:"MODEL"`
	servedFlags
	Tasks       string   `help:"Answer every task of a file, JSONL or Parquet, or of a task source such as addition or {addition: {n: 9}}; prints completion rows." placeholder:"FILE"`
	Out         string   `help:"Append the completion rows of --tasks to a file, each as soon as it is there; the same command goes on where it ended." placeholder:"FILE"`
	MaxErrors   *int     `help:"Tasks of --tasks that may fail before it ends (default: any number, unless none of the first 20 is answered)." placeholder:"N"`
	DryRun      bool     `name:"dry-run" help:"Forecast calls, tokens, dollars and time, and say what that assumes; ask nothing."`
	SkipBad     int      `help:"Pass over up to N bad rows of the file." placeholder:"N"`
	Temperature *float64 `help:"Sampling temperature (default: the recipe's, or 0, which is greedy)." placeholder:"T"`
	MaxTokens   int      `help:"Longest attempt, in tokens (default: the recipe's, or 256)." placeholder:"N"`
	N           int      `short:"n" help:"Attempts of a model that is asked without a recipe (default: 1); they differ where --temperature is above 0." placeholder:"N"`
	steerFlags
	Seed uint64 `help:"Seed of the samples." default:"1" placeholder:"N"`
	JSON bool   `help:"Print one JSON document; JSON lines with --tasks, a summary with --out."`
}

func (cmd *solveCmd) Run(ctx context.Context, a *app, c *console) error {
	model, err := cmd.parse(cmd.Model)
	if err != nil {
		return err
	}
	if cmd.Tasks == "" && (cmd.Out != "" || cmd.MaxErrors != nil) {
		return usagef("solving: --out and --max-errors are about --tasks; leave them out, or give --tasks FILE")
	}
	steering, err := cmd.steering()
	if err != nil {
		return err
	}
	tasks, err := cmd.tasks(ctx, c)
	if err != nil {
		return err
	}
	p, err := a.openFor(c, model, cmd.Prices)
	if err != nil {
		return err
	}
	defer p.Close()
	o := pawl.SolveOptions{Recipe: cmd.Recipe, Model: model, Temperature: cmd.Temperature, MaxTokens: cmd.MaxTokens, N: cmd.N, Steering: steering, Seed: cmd.Seed}
	if cmd.DryRun {
		f, err := p.ForecastSolve(ctx, tasks, o, cmd.Out)
		if err != nil {
			return err
		}
		return c.forecast(f, cmd.JSON)
	}
	view := newRunView(c, true)
	o.Observe = func(e loop.Event) {
		if e.Shape != "" || len(tasks) > 1 && (c.tty || cmd.Out != "") {
			view.observe(e)
		}
	}
	defer c.clear()
	cut, of := 0, 0
	each := func(s pawl.Solution) error {
		k, n := cmd.cut(s)
		cut, of = cut+k, of+n
		return cmd.print(c, s)
	}
	if cmd.Tasks == "" {
		err = p.Solve(ctx, tasks, o, each)
	} else {
		err = cmd.file(ctx, c, p, tasks, o, each)
	}
	if err == nil && cut > 0 {
		const advice = "; --max-tokens allows more, as far as the model's context goes"
		if of == 1 {
			c.note("hint: the token limit cut the answer: it is not complete" + advice)
		} else {
			c.note("hint: the token limit cut %d of %d answers: they are not complete"+advice, cut, of)
		}
	}
	return err
}

// shownFailures is how many failed tasks are named.
const shownFailures = 5

// file answers the tasks of a file, and tells what became of them.
func (cmd *solveCmd) file(ctx context.Context, c *console, p *pawl.Pawl, tasks []core.Task, o pawl.SolveOptions, each func(pawl.Solution) error) error {
	failed := 0
	sum, err := p.SolveFile(ctx, tasks, o, pawl.SolveFileOptions{
		Out: cmd.Out, MaxErrors: cmd.MaxErrors, Each: each,
		Note: func(text string) { c.note("note: %s", text) },
		Failed: func(id string, err error) {
			if failed++; failed <= shownFailures {
				c.note("failed: %s: %v", id, err)
			}
		},
	})
	c.clear()
	if sum == nil {
		return err
	}
	if cmd.Out != "" {
		c.note("%s: %d of %d tasks (%d before, %d now), %d failed, %s tokens, %s", cmd.Out, sum.Before+sum.Answered, sum.Tasks, sum.Before, sum.Answered, sum.Failed, count(sum.Usage.Tokens()), clock(time.Duration(sum.Seconds*float64(time.Second))))
		if cmd.JSON {
			err = errors.Join(err, c.document(sum))
		}
	}
	switch {
	case errors.Is(err, context.Canceled) && cmd.Out != "":
		c.note("interrupted: what was answered is kept\nhint: the same command goes on")
		return &quiet{exitInterrupted}
	case err == nil && sum.Failed > 0:
		advice := "the same command with --out FILE keeps what succeeds and tries the others again"
		if cmd.Out != "" {
			advice = "the same command tries them again"
		}
		c.note("%s could not be answered; the first: %s\nhint: %s", counted(sum.Failed, "task"), sum.Failure, advice)
		c.status = exitFailed
	}
	return err
}

// cut counts what the token limit cut of what a solution shows: the answer, or,
// where there is none or nobody chose it, the attempts.
func (cmd *solveCmd) cut(s pawl.Solution) (cut, of int) {
	if cmd.Recipe != "" && !s.Abstained {
		s.Finishes = nil
	}
	return s.Cut()
}

// tasks are the question or the file's.
func (cmd *solveCmd) tasks(ctx context.Context, c *console) ([]core.Task, error) {
	switch {
	case cmd.Tasks != "" && len(cmd.Question) > 0:
		return nil, usagef("solving: both a question and --tasks are given; choose one")
	case cmd.Tasks == "" && len(cmd.Question) == 0:
		return nil, usagef("solving: there is nothing to solve; give a question, or --tasks FILE")
	case cmd.Tasks == "":
		text := strings.Join(cmd.Question, " ")
		return []core.Task{{ID: "question", Prompt: []core.Node{{Role: core.RoleUser, Content: text}}}}, nil
	}
	set, err := pawl.LoadTasks(ctx, cmd.Tasks, task.Options{SkipBad: cmd.SkipBad})
	if err != nil {
		return nil, inputError(ctx, err)
	}
	for _, row := range set.Skipped {
		c.note("skipped: %v", row)
	}
	return set.List, nil
}

func (cmd *solveCmd) print(c *console, s pawl.Solution) error {
	switch {
	case cmd.Out != "":
		return nil // it is in the file
	case cmd.Tasks != "":
		for _, row := range s.Rows(cmd.Recipe) {
			if err := c.row(row); err != nil {
				return err
			}
		}
		return nil
	case s.Abstained && !cmd.JSON:
		c.note("no answer: the recipe abstains, its attempts do not agree enough")
		c.status = exitFailed
		return nil
	case cmd.JSON:
		if s.Abstained {
			c.status = exitFailed
		}
		return c.document(s)
	case cmd.Recipe == "" && s.Attempts != nil:
		for _, text := range s.Attempts {
			fmt.Fprintln(c.out, text)
		}
		return nil
	}
	_, err := fmt.Fprintln(c.out, s.Completion)
	return err
}
