package pawl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	"pawl/task"
	"pawl/world"
)

// tasks measures verifiers on tasks that the caller names: on samples of the policy,
// or on recorded completions.
func (c *court) tasks(ctx context.Context) ([]VerifierRow, error) {
	set, err := LoadTasks(ctx, c.o.From, task.Options{Require: "answer"})
	if err != nil {
		return nil, given(ctx, err)
	}
	if c.jury.plan, err = measurable(set.List, c.o.From); err != nil {
		return nil, err
	}
	b := &bench{name: cmp.Or(SourceName(c.o.From), filepath.Base(c.o.From))}
	if c.o.Completions != "" {
		err = c.recorded(ctx, set.List, b)
	} else {
		err = c.drawn(ctx, set.List, b)
	}
	if err != nil {
		return nil, err
	}
	if err := c.truth(ctx, b); err != nil {
		return nil, err
	}
	return c.hear(ctx, b, func(part string) { c.told(b, part, 0, len(b.eps)) })
}

func (c *court) told(b *bench, part string, done, of int) {
	if c.o.Observe != nil {
		c.o.Observe(Visit{World: b.name, Of: 1, Part: part, Done: done, Tasks: of})
	}
}

// measurable is the recipe by whose measure Eval would tell which attempts at the
// tasks are right; the oracle's where no answer is written down.
func measurable(tasks []core.Task, from string) (*recipe.Plan, error) {
	if i := slices.IndexFunc(tasks, world.Played); i >= 0 {
		return nil, inputf("measuring verifiers on %s: task %s is of the world %s, which is played turn by turn; measure it with --world %s", from, tasks[i].ID, tasks[i].Ref().World, tasks[i].Ref().World)
	}
	plan, err := planAlone(tasks, NamesTasks(from))
	if err != nil {
		return nil, err
	}
	unanswered := func(t core.Task) bool { return t.Ref().Answer == "" }
	if plan.Measure.By() == "oracle" || !slices.ContainsFunc(tasks, unanswered) {
		return plan, nil
	}
	if i := slices.IndexFunc(tasks, func(t core.Task) bool { return !world.HasOracle(t) }); i >= 0 {
		if i = slices.IndexFunc(tasks, func(t core.Task) bool { return unanswered(t) && !world.HasOracle(t) }); i >= 0 {
			return nil, inputf("measuring verifiers on %s: task %s has neither an answer nor an oracle, so that nothing tells which attempts are right; add its answer", from, tasks[i].ID)
		}
		return nil, inputf("measuring verifiers on %s: some tasks have an answer only, others an oracle only; measure them apart", from)
	}
	return plan, plan.Override("measure.verify", "[oracle]")
}

// drawn are samples of the policy.
func (c *court) drawn(ctx context.Context, tasks []core.Task, b *bench) error {
	if c.o.EnvironmentOptions.Tasks < 1 {
		return inputf("measuring verifiers on %s: %d tasks: at least 1 is needed", c.o.From, c.o.EnvironmentOptions.Tasks)
	}
	if c.o.Samples > mostSamples {
		return inputf("measuring verifiers on %s: %d samples of a task: %d are possible", c.o.From, c.o.Samples, mostSamples)
	}
	tasks = tasks[:min(len(tasks), c.o.EnvironmentOptions.Tasks)]
	if err := c.p.expressible(ctx, c.jury.team, map[string]core.TaskSource{"to measure": taskList(tasks)}); err != nil {
		return err
	}
	for path, value := range map[string]string{"sample.repeat.n": fmt.Sprint(c.o.Samples), "sample.repeat.temperature": fmt.Sprint(c.o.heat())} {
		if err := c.jury.plan.Override(path, value); err != nil {
			return err
		}
	}
	player := c.p.player(c.jury.plan, c.o.Seed, func(loop.Event) {})
	err := player.AttemptAll(ctx, c.jury.team, c.jury.plan.Sample, nil, tasks, func(ep *core.Episode) error {
		if ep.Err != "" {
			return inputf("measuring verifiers on %s: task %s cannot be attempted: %s", c.o.From, ep.Task.ID, loop.Failure(ep))
		}
		ep.Answer = 0
		b.eps = append(b.eps, ep)
		c.told(b, "samples", len(b.eps), len(tasks))
		return nil
	})
	if unserved := (*core.UnservedError)(nil); errors.As(err, &unserved) {
		return inputf("measuring verifiers on %s: %w", c.o.From, unserved)
	}
	return err
}

// recorded are completions of a file, all of the tasks that have any. They are held
// together: verifiers look at all attempts of a task.
func (c *court) recorded(ctx context.Context, tasks []core.Task, b *bench) error {
	v := &Verification{VerifyOptions: VerifyOptions{Tasks: c.o.From, Completions: c.o.Completions}, tasks: tasks, at: map[string]int{}}
	for i, t := range tasks {
		v.at[t.ID] = i
	}
	eps := make([]*core.Episode, len(tasks))
	_, err := v.each(ctx, func(row task.Completion) error {
		ep := eps[v.at[row.ID]]
		if ep == nil {
			ep = core.NewEpisode(tasks[v.at[row.ID]], c.o.Seed)
			eps[v.at[row.ID]], b.eps = ep, append(b.eps, ep)
		}
		ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: row.Text})
		return nil
	})
	if err != nil {
		return given(ctx, err)
	}
	if c.jury.team["solver"] == nil {
		return c.modelless(ctx)
	}
	return nil
}

// modelless leaves out the verifiers that ask a model, where those that apply were
// asked for, and refuses them where they were named.
func (c *court) modelless(ctx context.Context) error {
	alone := func(spec core.Spec) error {
		host := newVerifyHost(c.p, &Verification{spec: spec})
		host.Why = "completions are recorded, and no model is named"
		built, err := registry.Make[core.Verifier](ctx, registry.Default, host, spec)
		if c, ok := built.(io.Closer); ok && err == nil {
			err = c.Close()
		}
		if err != nil {
			return inputf("measuring verifiers: %w; name one with --model, or verifiers that ask none", err)
		}
		return nil
	}
	if c.against != nil {
		if err := alone(*c.against); err != nil {
			return err
		}
	}
	var verifiers []string
	var specs []core.Spec
	for k, spec := range c.specs {
		if err := alone(spec); err == nil {
			verifiers, specs = append(verifiers, c.verifiers[k]), append(specs, spec)
		} else if c.o.Verifiers != nil {
			return err
		}
	}
	c.verifiers, c.specs = verifiers, specs
	return nil
}

// truth tells which attempts are right: those that the measure gives 1. One that it
// cannot read is wrong, as it is for Eval; where it reads none, nothing is measured.
func (c *court) truth(ctx context.Context, b *bench) error {
	player := c.p.player(c.jury.plan, c.o.Seed, func(loop.Event) {})
	if err := player.Judge(ctx, c.jury.team, c.jury.plan.Measure.Verify, b.eps); err != nil {
		return err
	}
	by, judged, why := c.jury.plan.Measure.By(), false, ""
	for _, ep := range b.eps {
		var right []bool
		for _, at := range ep.Leaves() {
			s, scored := ep.ScoreOf(by, at)
			if scored && s.Abstain {
				why = s.Rationale
			}
			judged = judged || scored && !s.Abstain
			right = append(right, scored && !s.Abstain && s.Value == 1)
		}
		ep.Scores = nil
		b.right = append(b.right, right)
	}
	if !judged {
		return inputf("measuring verifiers on %s: %s abstains on every attempt: %s", c.o.From, by, why)
	}
	return nil
}
