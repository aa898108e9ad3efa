package pawl

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/stats"
	"pawl/task"
)

// EvalOptions say what to measure on which tasks.
type EvalOptions struct {
	Recipe   string // its measure and metrics; "" takes the run's, or exact answers of greedy decoding
	Model    Model  // the zero Model is the newest run
	Tasks    string // a file of task rows or a task source, see LoadTasks; "" takes Set of the recipe or run
	Set      string // "" for audit
	SkipBad  int
	Seed     uint64
	Steering recipe.Steering // of the seats, whoever's they are
	Observe  func(loop.Event)
}

// Evaluation is what was measured of a policy.
type Evaluation struct {
	Model   string          `json:"model"`
	Recipe  string          `json:"recipe,omitempty"`
	Caveat  string          `json:"caveat,omitempty"` // what a reader of the figures must know of the model
	Tasks   string          `json:"tasks"`            // file or set
	N       int             `json:"n"`
	Policy  core.Policy     `json:"policy"`
	Metrics []core.Estimate `json:"metrics"` // the measure first; then the recipe's metrics of its own sampling
	Usage   core.Usage      `json:"usage"`
	Failed  int             `json:"failed,omitempty"`  // tasks that could not be attempted, and count as wrong
	Failure string          `json:"failure,omitempty"` // why the first of them could not
	Skipped []error         `json:"-"`
	Results []ResultRow     `json:"-"`
}

// ResultRow is one task's result, as `pawl gate` reads it.
type ResultRow struct {
	ID      string   `json:"id"`
	Correct *bool    `json:"correct,omitempty"`
	Score   *float64 `json:"score,omitempty"`
}

// Eval measures a policy on tasks: by the recipe's measure, as gate and audit
// do, and, where the recipe has metrics, on attempts of its own sampler.
func (p *Pawl) Eval(ctx context.Context, o EvalOptions) (*Evaluation, error) {
	plan, tasks, skipped, err := p.evaluated(ctx, &o)
	if err != nil {
		return nil, given(ctx, err)
	}
	if err := plan.Steer(o.Steering); err != nil {
		return nil, inputf("measuring %s: %w", o.Model, err)
	}
	policy, err := p.policyFor(ctx, o.Model, these(tasks))
	if err != nil {
		return nil, given(ctx, err)
	}
	ev := &Evaluation{Model: o.Model.String(), Recipe: plan.Name, Tasks: o.Tasks, N: len(tasks), Policy: policy, Skipped: skipped}
	if ev.Tasks == "" {
		ev.Tasks = o.Set
	}
	team := map[string]core.Policy{}
	for _, lane := range plan.Policies {
		team[lane.Name] = policy
	}
	if err := p.expressible(ctx, team, map[string]core.TaskSource{"to measure": taskList(tasks)}); err != nil {
		return nil, given(ctx, err)
	}
	if ev.Caveat, err = p.warn(ctx, team, o.Observe); err != nil {
		return nil, err
	}
	player := p.player(plan, o.Seed, o.Observe)
	player.Parallel = p.parallel(ctx, team)
	player.Served = player.Parallel > 0
	var values []float64
	unjudged, reason := 0, ""
	err = player.AttemptAll(ctx, team, plan.Measure.Sample, plan.Measure.Verify, tasks, func(ep *core.Episode) error {
		v := player.Value(ep)
		if ep.Err != "" {
			ev.Failed++
			ev.Failure = cmp.Or(ev.Failure, loop.Failure(ep))
		} else if why, ok := player.Unjudged(ep); ok {
			unjudged, reason = unjudged+1, why
		}
		values = append(values, v)
		ev.Usage.Add(ep.Usage)
		ev.Results = append(ev.Results, ResultRow{ID: ep.Task.ID, Score: &v})
		return nil
	})
	if unserved := (*core.UnservedError)(nil); errors.As(err, &unserved) {
		return nil, inputf("measuring %s: %w", o.Model, unserved)
	} else if uncalibrated(err) {
		return nil, inputf("measuring %s: %w", o.Model, err)
	} else if err != nil {
		return nil, err
	}
	if unjudged > 0 && unjudged == len(values) {
		return nil, inputf("measuring %s on %s: %s abstains on every task: %s", o.Model, ev.Tasks, plan.Measure.By(), reason)
	}
	name := "score"
	if plan.Measure.Sample.Name == "play" {
		name = "return"
	} else if !slices.ContainsFunc(values, func(v float64) bool { return v != 0 && v != 1 }) {
		name = "accuracy"
		for i := range ev.Results {
			right := *ev.Results[i].Score == 1
			ev.Results[i].Correct, ev.Results[i].Score = &right, nil
		}
	}
	ev.Metrics = append(ev.Metrics, core.Estimate(stats.MeanEstimate(name, values)))
	return ev, p.evalMetrics(ctx, player, plan, team, tasks, ev)
}

// evalMetrics adds the recipe's metrics of its own sampling, named sampled.
func (p *Pawl) evalMetrics(ctx context.Context, player *loop.Run, plan *recipe.Plan, team map[string]core.Policy, tasks []core.Task, ev *Evaluation) error {
	if len(plan.Metrics) == 0 {
		return nil
	}
	var eps []*core.Episode
	err := player.AttemptAll(ctx, team, plan.Sample, plan.Inference(), tasks, func(ep *core.Episode) error {
		ev.Usage.Add(ep.Usage)
		eps = append(eps, ep)
		return nil
	})
	if err != nil {
		return err
	}
	if err := player.Judge(ctx, team, plan.Measure.Verify, eps); err != nil {
		return err
	}
	found, err := player.Metrics(ctx, team, eps)
	for _, e := range found {
		e.Name = "sampled " + e.Name
		ev.Metrics = append(ev.Metrics, e)
	}
	return err
}

// alonePlan measures tasks that are named by what they want, whatever the
// model was trained for.
func alonePlan(ctx context.Context, o EvalOptions) (*recipe.Plan, []core.Task, []error, error) {
	set, err := LoadTasks(ctx, o.Tasks, task.Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	plan, err := planAlone(set.List, true)
	return plan, set.List, nil, err
}

func skippedRows(set *task.Set) []error {
	var skipped []error
	for _, row := range set.Skipped {
		skipped = append(skipped, row)
	}
	return skipped
}

// evaluated resolves recipe, model and tasks.
func (p *Pawl) evaluated(ctx context.Context, o *EvalOptions) (*recipe.Plan, []core.Task, []error, error) {
	o.Model = p.defaultModel(ctx, o.Model, o.Recipe)
	if o.Set == "" {
		o.Set = "audit"
	}
	var plan *recipe.Plan
	var sets *taskSets
	switch {
	case o.Recipe == "" && o.Tasks != "" && NamesTasks(o.Tasks):
		return alonePlan(ctx, *o)
	case o.Recipe == "" && o.Model.Kind == ModelRun:
		row, err := p.FindRun(ctx, o.Model.Arg)
		if err != nil {
			return nil, nil, nil, err
		}
		o.Model = Model{Kind: ModelRun, Arg: row.ID, text: "run:" + row.ID}
		j, err := p.reload(ctx, row)
		if err != nil {
			return nil, nil, nil, err
		}
		plan, sets = j.plan, j.sets
	case o.Recipe == "" && o.Tasks == "":
		return nil, nil, nil, inputf("measuring %s: on which tasks? give --tasks FILE or --recipe NAME", o.Model)
	default:
		var err error
		if plan, err = p.planOrAlone(o.Recipe); err != nil {
			return nil, nil, nil, err
		}
	}
	if o.Tasks != "" {
		set, err := LoadTasks(ctx, o.Tasks, task.Options{SkipBad: o.SkipBad, Require: requirement(plan.MeasureNeedsReference())})
		if err != nil {
			return nil, nil, nil, err
		}
		if o.Recipe == "" && o.Model.Kind != ModelRun {
			if plan, err = planAlone(set.List, false); err != nil {
				return nil, nil, nil, err
			}
		}
		return plan, set.List, skippedRows(set), nil
	}
	player := p.player(plan, o.Seed, nil)
	if sets != nil {
		player.Sets = sets.sources
	}
	tasks, err := player.TaskList(ctx, o.Set)
	return plan, tasks, nil, err
}
