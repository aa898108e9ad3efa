package pawl

import (
	"context"
	"fmt"
	"iter"

	"pawl/core"
	"pawl/recipe"
	"pawl/task"
)

// TaskFiles are a user's tasks, JSONL or Parquet. One file is split by a hash
// of the normalised prompt into train, gate and audit; three may be given.
type TaskFiles struct {
	Train, Gate, Audit string
	SkipBad            int // rows that may be bad before it is an error
}

// taskSets are task sets that replace a recipe's.
type taskSets struct {
	sources map[string]core.TaskSource
	digest  []byte // of the contents
	skipped []error
}

// labelledSet is the recipe's name for tasks with worked solutions.
const labelledSet = "labelled"

func readTaskFiles(ctx context.Context, plan *recipe.Plan, f TaskFiles) (*taskSets, error) {
	sets := &taskSets{sources: map[string]core.TaskSource{}}
	if f.Train == "" {
		if f.Gate != "" || f.Audit != "" {
			return nil, fmt.Errorf("reading tasks: files for gate or audit need one for training too; give --tasks FILE")
		}
		if missing := plan.Missing(); len(missing) > 0 {
			return nil, fmt.Errorf("running %s: its task set %s comes from you; give --tasks FILE", plan.Name, missing[0])
		}
		return sets, nil
	}
	parts, err := loadSplits(ctx, f, requirement(plan))
	if err != nil {
		return nil, err
	}
	h := core.NewHasher("user tasks")
	for _, name := range []string{"train", "gate", "audit"} {
		sets.sources[name] = parts[name]
		for _, row := range parts[name].Skipped {
			sets.skipped = append(sets.skipped, row)
		}
		h.String(name).Bytes(marshal(parts[name].List))
	}
	sets.sources[labelledSet] = taskList(worked(parts["train"].List))
	sets.digest = []byte(h.Key())
	return sets, task.Disjoint(ctx, task.Named{Name: "train", Source: parts["train"]},
		task.Named{Name: "gate", Source: parts["gate"]}, task.Named{Name: "audit", Source: parts["audit"]})
}

// loadSplits reads one file in three parts, or three files.
func loadSplits(ctx context.Context, f TaskFiles, require string) (map[string]*task.Set, error) {
	if (f.Gate == "") != (f.Audit == "") {
		return nil, fmt.Errorf("reading tasks: give one file to be split, or three: --tasks, --gate-tasks and --audit-tasks")
	}
	parts := map[string]*task.Set{}
	for name, path := range map[string]string{"train": f.Train, "gate": f.Gate, "audit": f.Audit} {
		o := task.Options{SkipBad: f.SkipBad, Require: require}
		if f.Gate == "" {
			path, o.Split = f.Train, name
		}
		set, err := task.Load(ctx, path, o)
		if err != nil {
			return nil, err
		}
		if f.Gate == "" && name != "train" {
			set.Skipped = nil // the same rows as train's
		}
		parts[name] = set
	}
	return parts, nil
}

// requirement is what every row must have: gate and audit compare with a
// reference answer unless the recipe measures without one.
func requirement(plan *recipe.Plan) string {
	if plan.MeasureNeedsReference() {
		return "answer"
	}
	return "nothing"
}

// worked are the tasks that have a worked solution.
func worked(tasks []core.Task) []core.Task {
	var out []core.Task
	for _, t := range tasks {
		if t.Ref().Solution != "" {
			out = append(out, t)
		}
	}
	return out
}

// taskList is a task source in memory.
type taskList []core.Task

func (l taskList) Len() int { return len(l) }

func (l taskList) Tasks(_ context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for _, t := range l[min(first, len(l)):] {
			if !yield(t, nil) {
				return
			}
		}
	}
}
