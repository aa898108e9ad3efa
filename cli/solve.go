package cli

import (
	"context"
	"fmt"
	"strings"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/task"
)

type solveCmd struct {
	Question    []string `arg:"" optional:"" help:"The question; several words are joined. An empty one (\"\") starts from the begin token."`
	Recipe      string   `help:"Answer with the inference half of a recipe: sample, verify, answer. Without it the model is asked once." placeholder:"NAME"`
	Model       string   `help:"Who answers: run, run:ID, embedded:DIR, or embedded, the model in the binary." default:"run" placeholder:"MODEL"`
	Tasks       string   `help:"Answer every task of a file, JSONL or Parquet, or of a task source such as addition or {addition: {n: 9}}; prints completion rows." placeholder:"FILE"`
	SkipBad     int      `help:"Pass over up to N bad rows of the file." placeholder:"N"`
	Temperature *float64 `help:"Sampling temperature (default: the recipe's, or 0, which is greedy)." placeholder:"T"`
	MaxTokens   int      `help:"Longest attempt, in tokens (default: the recipe's, or 256)." placeholder:"N"`
	N           int      `short:"n" help:"Attempts of a model that is asked without a recipe (default: 1); they differ where --temperature is above 0." placeholder:"N"`
	steerFlags
	Seed uint64 `help:"Seed of the samples." default:"1" placeholder:"N"`
	JSON bool   `help:"Print one JSON document; JSON lines with --tasks."`
}

func (cmd *solveCmd) Run(ctx context.Context, a *app, c *console) error {
	model, err := pawl.ParseModel(cmd.Model)
	if err != nil {
		return &pawl.InputError{Err: err}
	}
	steering, err := cmd.steering()
	if err != nil {
		return err
	}
	tasks, err := cmd.tasks(ctx, c)
	if err != nil {
		return err
	}
	p, err := a.openFor(c, model)
	if err != nil {
		return err
	}
	defer p.Close()
	o := pawl.SolveOptions{Recipe: cmd.Recipe, Model: model, Temperature: cmd.Temperature, MaxTokens: cmd.MaxTokens, N: cmd.N, Steering: steering, Seed: cmd.Seed}
	view := newRunView(c, true)
	o.Observe = func(e loop.Event) {
		if e.Shape != "" || len(tasks) > 1 && c.tty {
			view.observe(e)
		}
	}
	defer c.clear()
	cut, of := 0, 0
	err = p.Solve(ctx, tasks, o, func(s pawl.Solution) error {
		k, n := cmd.cut(s)
		cut, of = cut+k, of+n
		return cmd.print(c, s)
	})
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

// completionRow is how attempts are exchanged; see task.Completions.
type completionRow struct {
	ID         string `json:"id"`
	Completion string `json:"completion"`
	Sample     int    `json:"sample"`
	Abstained  bool   `json:"abstained,omitempty"`
	Finish     string `json:"finish,omitempty"`
}

func (cmd *solveCmd) print(c *console, s pawl.Solution) error {
	switch {
	case cmd.Tasks != "":
		attempts, finishes := []string{s.Completion}, []string{s.Finish}
		if cmd.Recipe == "" && s.Attempts != nil {
			attempts, finishes = s.Attempts, s.Finishes
		}
		for i, text := range attempts {
			if err := c.row(completionRow{ID: s.ID, Completion: text, Sample: i, Abstained: s.Abstained, Finish: finishes[i]}); err != nil {
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
