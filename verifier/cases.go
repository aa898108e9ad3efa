package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/verifier/execution"
)

func init() {
	registry.Verifier("cases", registry.Doc{
		Summary: "Runs the attempt's program on the task's cases, or against its test, in the sandbox.",
		Detail: "A completion with a fenced block is that block (of several, the last that defines the entry point); one whose " +
			"first line that is not blank is indented goes on with the prompt, and ends before the first line that starts in " +
			"column 0; anything else is a whole program. The prompt is executed only where it is code. " +
			"With `cases` the program is given the inputs alone, and its answers are compared outside of the sandbox, by exact type: " +
			"a truth value is no number and 3 is not 3.0, but a tuple may stand for JSON's list. " +
			"With `test`, a program that defines check(candidate), the test runs in a sandbox of its own and reaches the " +
			"candidate through calls alone. A task with both must pass both. With `fresh`, a task whose `generator` defines " +
			"generate(random), which gives the arguments of one call, is also tried on inputs that are in no file; its solution " +
			"says what is right. What a score tells is which case failed and the type of the error, never the answer. " +
			"Abstains on tasks without cases and test, and in languages other than Python.",
		Paper:   "Evaluating Large Language Models Trained on Code (Chen et al., 2021)",
		Example: "cases: {timeout: 5s}",
		Needs:   []string{registry.NeedReference, registry.NeedSandbox},
	}, newCases)
}

// CasesConfig configures cases.
type CasesConfig struct {
	Running
	Grade     string  `yaml:"grade" enum:"all|share" default:"all" doc:"Value of an attempt: 1 where it passes all, else 0; or the share of cases that it passes."`
	Tolerance float64 `yaml:"tolerance" default:"0" min:"0" max:"1" doc:"How far numbers may be off, absolutely or relatively; 0 wants them exact."`
	Fresh     int     `yaml:"fresh" default:"0" min:"0" max:"1000" doc:"Further inputs from the task's generator, where it has one."`
}

func newCases(_ context.Context, h core.Host, c CasesConfig) (core.Verifier, error) {
	box, err := h.Sandbox()
	if err != nil {
		return nil, fmt.Errorf("making cases: %w", err)
	}
	return cases{c, box, h.Seed()}, nil
}

type cases struct {
	cfg  CasesConfig
	box  core.Sandbox
	seed uint64
}

// Verify scores each node 1 or 0, or by its share of cases, in 0..1.
func (c cases) Verify(ctx context.Context, ep *core.Episode, at []core.Ref) (core.Judgement, error) {
	at, err := targets(ep, at)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("running cases: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return core.Judgement{}, err
	}
	task, why, err := readCodeTask(ep.Task)
	if err != nil {
		return core.Judgement{}, fmt.Errorf("running cases: %w", err)
	}
	if why == "" && len(task.cases) == 0 && task.Test == "" && (task.Generator == "" || c.cfg.Fresh == 0) {
		why = "the task has no cases and no test"
	}
	if why == "" && c.cfg.Fresh > 0 && task.Generator != "" && len(at) > 0 {
		if err := c.refresh(ctx, ep.Task, &task); err != nil {
			return core.Judgement{}, fmt.Errorf("running cases: task %s: %w", ep.Task.ID, err)
		}
	}
	j := core.Judgement{Scores: make([]core.Score, len(at))}
	tests := &execution.Pool{Box: c.box, Prompt: task.prompt, Entry: task.EntryPoint, Test: task.Test, Programs: len(at), Limits: c.cfg.limits()}
	defer tests.Close()
	err = eachAtOnce(ctx, len(at), func(ctx context.Context, i int) error {
		if why != "" {
			j.Scores[i] = abstain("cases", at[i], why)
			return nil
		}
		s, err := c.judge(ctx, task, tests, task.program(attempt(ep, at[i])))
		s.By, s.Nodes = "cases", []core.Ref{at[i]}
		j.Scores[i] = s
		return err
	})
	if err != nil {
		return core.Judgement{}, fmt.Errorf("running cases: task %s: %w", ep.Task.ID, err)
	}
	if len(at) == 0 {
		j.Scores = nil
	}
	return j, nil
}

// judge runs one program on all there is.
func (c cases) judge(ctx context.Context, task codeTask, tests *execution.Pool, p execution.Program) (core.Score, error) {
	s := core.Score{Value: 1, Confidence: 1}
	if len(task.cases) > 0 {
		right, why, doubt, err := c.compare(ctx, task, p)
		if err == nil && doubt {
			right, why, _, err = c.compare(ctx, task, p)
		}
		if err != nil {
			return s, err
		}
		if s.Rationale = why; right < len(task.cases) {
			if s.Value = 0; c.cfg.Grade == "share" {
				s.Value = float64(right) / float64(len(task.cases))
			}
			return s, nil
		}
	}
	if task.Test == "" {
		return s, nil
	}
	v, err := tests.Check(ctx, p)
	switch {
	case err != nil:
		return s, err
	case v.Broken != "":
		return core.Score{Abstain: true, Rationale: v.Broken}, nil
	case !v.Pass:
		s.Value, s.Rationale = 0, v.Error
		if v.Calls > 0 {
			s.Rationale = fmt.Sprintf("call %d of the test: %s", v.Calls, v.Error)
		}
	}
	return s, nil
}

// compare counts the cases that p passes, and tells of the first that it does
// not. Unless all count, nothing is run after that one. In
// doubt, the program was perhaps ended from outside.
func (c cases) compare(ctx context.Context, task codeTask, p execution.Program) (right int, why string, doubt bool, err error) {
	calls := make([]execution.Call, len(task.cases))
	for i, k := range task.cases {
		calls[i] = k.call
	}
	note := func(i int, what string) {
		if why == "" {
			why = fmt.Sprintf("case %d of %d: %s", i+1, len(task.cases), what)
		}
	}
	each := func(i int, a execution.Answer) {
		k := task.cases[i]
		switch {
		case a.Wrong() != "":
			note(i, a.Wrong())
		case k.fresh && execution.Same(k.wanted, a.Value, c.cfg.Tolerance), !k.fresh && execution.Match(k.want, a.Value, c.cfg.Tolerance):
			right++
		default:
			note(i, "another answer")
		}
	}
	if c.cfg.Grade == "share" {
		l := c.cfg.limits()
		answers, err := execution.Outcomes(ctx, c.box, p, calls, l, l.Time/4)
		for i, a := range answers {
			each(i, a)
		}
		return right, why, false, err
	}
	candidate, err := execution.Start(ctx, c.box, p, c.cfg.limits(), 0)
	if err == nil {
		defer candidate.Close()
		done := 0
		err = candidate.Ask(calls, false, func(i int, a execution.Answer) error {
			done++
			if each(i, a); why != "" {
				return errEnough
			}
			return nil
		})
		if err == errEnough {
			return right, why, false, nil
		}
		if err != nil && execution.Blame(err) {
			note(done, err.Error())
			return right, why, execution.Doubtful(err), nil
		}
	}
	if err != nil && execution.Blame(err) {
		return 0, err.Error(), execution.Doubtful(err), nil
	}
	return right, why, false, err
}
