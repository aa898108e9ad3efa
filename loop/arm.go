package loop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"pawl/core"
	"pawl/recipe"
)

// arm is the run itself or one control: the same base, tasks, seeds, steps and
// gate; only what the control's keys replace differs.
//
// A control is judged by the gate but not held back by it: each of its rounds
// continues from its last candidate. Gains too small to be proven add up, and
// losses are not undone, so a control may end above or below where a gate would
// have left it; its rows in the report show which.
type arm struct {
	run       *Run
	name      string // "" for the run itself
	updates   []stage
	base      map[string]core.Policy
	incumbent map[string]core.Policy
	states    map[string][]byte // of Stateful selectors, by stage and policy
	gated     bool
}

func (a *arm) label() string {
	if a == nil {
		return ""
	}
	return a.name
}

// stage is one stage of a round with the control's replacements applied.
type stage struct {
	index   int
	steps   int
	sample  core.Spec
	verify  []core.Spec
	updates []recipe.Update
}

func stageUpdates(p *recipe.Plan, control string) []stage {
	var out []stage
	for i, s := range p.StagesFor(control) {
		out = append(out, stage{index: i, steps: s.Steps, sample: s.Sample, verify: s.Verify, updates: s.Updates})
	}
	return out
}

// changes names what a control does otherwise than the run itself. What it does
// not name is the same: steps, rates and batches are in optimize.
func (a *arm) changes() []string {
	own, all := a.updates, stageUpdates(a.run.Plan, "")
	found := map[string]bool{"stages": len(own) != len(all)}
	for i, s := range own[:min(len(own), len(all))] {
		t := all[i]
		found["stages"] = found["stages"] || s.steps != t.steps || len(s.updates) != len(t.updates)
		found["sample"] = found["sample"] || !same(s.sample, t.sample)
		found["verify"] = found["verify"] || !slices.EqualFunc(s.verify, t.verify, same)
		for j, u := range s.updates[:min(len(s.updates), len(t.updates))] {
			found["select"] = found["select"] || !same(u.Select, t.updates[j].Select)
			found["optimize"] = found["optimize"] || !same(u.Optimize, t.updates[j].Optimize)
		}
	}
	rule, usual := a.run.Plan.AnswerOf(a.name), a.run.Plan.Answer
	found["answer"] = rule.By != usual.By || rule.AbstainBelow != usual.AbstainBelow
	names := []string{}
	for _, name := range []string{"stages", "sample", "verify", "select", "optimize", "answer"} {
		if found[name] {
			names = append(names, name)
		}
	}
	return names
}

// same compares specs by what they mean, wherever they were written.
func same(a, b core.Spec) bool { return bytes.Equal(canonical(a), canonical(b)) }

// rounds runs every round of the arm and files its rows in the report.
func (a *arm) rounds(ctx context.Context, report *Report) error {
	a.states = map[string][]byte{}
	control := Control{Changes: a.changes()}
	for round := 1; round <= a.run.Plan.Rounds && len(a.updates) > 0; round++ {
		row, candidate, err := a.round(ctx, round)
		if a.name == "" && errors.Is(err, ErrNotHere) && len(row.Examples) > 0 {
			report.Stopped = err.Error()
			report.Rounds = append(report.Rounds, row)
			a.run.emit(Event{Round: round, Stage: "round", Row: &row})
			return err
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if row.Gate.Outcome == core.Promote || !a.gated {
			a.incumbent = candidate
		}
		a.run.emit(Event{Arm: a.name, Round: round, Stage: "round", Row: &row, Changes: control.Changes})
		if a.name == "" {
			report.Rounds = append(report.Rounds, row)
			continue
		}
		control.Verdicts = append(control.Verdicts, row.Gate.Outcome)
		control.Rounds = append(control.Rounds, row)
		report.Controls[a.name] = control
	}
	return nil
}

// round is all stages, then one gate over all policies together.
func (a *arm) round(ctx context.Context, round int) (Round, map[string]core.Policy, error) {
	row := Round{Round: round}
	candidate := maps.Clone(a.incumbent)
	pass := 0
	for _, s := range a.updates {
		for range s.steps {
			next, err := a.pass(ctx, round, pass, s, candidate, &row)
			if err != nil {
				return row, nil, err
			}
			candidate = next
			pass++
		}
	}
	return row, candidate, a.gate(ctx, round, candidate, &row)
}

// pass samples once and updates every lane of the stage from those samples.
func (a *arm) pass(ctx context.Context, round, pass int, s stage, team map[string]core.Policy, row *Round) (map[string]core.Policy, error) {
	r := a.run
	tasks, err := r.drawTasks(ctx, trainSet, (round-1)*a.passes()+pass)
	if err != nil {
		return nil, err
	}
	drawn := r.sampling(a, round, fmt.Sprintf("sample %d", pass), team, s.sample, s.verify, tasks)
	selected := make([]selection, len(s.updates))
	for i, u := range s.updates {
		sel, err := a.selectExamples(ctx, round, pass, s, u, team, drawn)
		if err != nil {
			return nil, err
		}
		row.Kept += sel.Kept
		row.Examples = append(row.Examples, sel.Examples)
		row.Seconds += sel.Seconds
		selected[i] = sel
	}
	if drawn.drawn && a.gated && row.Kept == 0 {
		return nil, r.nothingKept(ctx, drawn)
	}
	next := maps.Clone(team)
	var here error // that there was nothing to train
	for i, u := range s.updates {
		if next[u.Policy], err = a.optimize(ctx, round, pass, s, u, team, selected[i], row); err != nil && !errors.Is(err, ErrNotHere) {
			return nil, err
		}
		here = errors.Join(here, err)
		if err := a.labels(ctx, drawn, selected[i], row); err != nil {
			return nil, err
		}
	}
	if drawn.drawn {
		if err := a.observe(ctx, drawn, row); err != nil {
			return nil, err
		}
	}
	return next, here
}

func (a *arm) passes() int {
	n := 0
	for _, s := range a.updates {
		n += s.steps
	}
	return n
}
