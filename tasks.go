package pawl

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
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
	digest  []byte // of the contents that the recipe does not determine
	skipped []error
	notes   []string
	user    bool // they come from files that the caller named
}

// labelledSet is the recipe's name for tasks with worked solutions.
const labelledSet = "labelled"

// readSets reads the caller's files and opens the recipe's other sets.
func (p *Pawl) readSets(ctx context.Context, plan *recipe.Plan, f TaskFiles) (*taskSets, error) {
	sets, err := readTaskFiles(ctx, plan, f)
	if err != nil {
		return nil, err
	}
	opener := p.player(plan, 1, nil)
	opener.Sets = sets.sources
	if sets.sources, err = opener.OpenSets(ctx); err != nil {
		return nil, err
	}
	h := core.NewHasher("sets").Bytes(sets.digest)
	for _, name := range slices.Sorted(maps.Keys(sets.sources)) {
		if s, ok := sets.sources[name].(interface{ Digest() core.Digest }); ok && !sets.user {
			h.String(name).String(string(s.Digest()))
		}
	}
	sets.digest = []byte(h.Key())
	return sets, nil
}

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
	parts, err := loadSplits(ctx, f, plan)
	if err != nil {
		return nil, err
	}
	sets.user = true
	err = task.Disjoint(ctx, task.Named{Name: "train", Source: parts["train"]},
		task.Named{Name: "gate", Source: parts["gate"]}, task.Named{Name: "audit", Source: parts["audit"]})
	if err != nil {
		return nil, err
	}
	h := core.NewHasher("user tasks")
	for _, name := range []string{"train", "gate", "audit"} {
		moved(parts[name].List)
		sets.sources[name] = parts[name]
		for _, row := range parts[name].Skipped {
			sets.skipped = append(sets.skipped, row)
		}
		h.String(name).Bytes(marshal(parts[name].List))
	}
	sets.sources[labelledSet] = taskList(worked(parts["train"].List))
	sets.digest = []byte(h.Key())
	return sets, nil
}

// moved takes the folder out of where tasks come from: a file that was moved
// is the same tasks, and finished steps on them stay finished.
func moved(tasks []core.Task) {
	for i := range tasks {
		for k, from := range tasks[i].Origin {
			tasks[i].Origin[k] = filepath.Base(from)
		}
	}
}

// teachable refuses a run that would have to pretrain on the caller's rows
// where none has a worked solution.
func (j *job) teachable() error {
	labelled, ok := j.sets.sources[labelledSet]
	if !j.sets.user || !ok || labelled.Len() != 0 {
		return nil
	}
	for _, lane := range j.plan.Policies {
		if _, given := j.initial[lane.Name]; !given && slices.Contains(loop.SetsNamed(lane.Init), labelledSet) {
			return inputf("running %s: no row of %s has a worked solution to train a first model on; give rows a solution, or a model with --model embedded:DIR", j.plan.Name, j.Tasks.Train)
		}
	}
	return nil
}

// fitText makes room for the caller's texts in a first model that is trained
// from nothing, byte by byte: its context, and how long an attempt may be.
func (j *job) fitText(ctx context.Context) error {
	if !j.sets.user || j.initial != nil {
		return nil
	}
	prompt, solution := 0, 0
	for _, name := range []string{"train", "gate", "audit"} {
		for t, err := range j.sets.sources[name].Tasks(ctx, 0) {
			if err != nil {
				return err
			}
			prompt, solution = max(prompt, len(t.Text())), max(solution, len(t.Ref().Solution))
		}
	}
	const spare = 8 // ends of lines and of the text
	longest := solution + solution/4
	for _, lane := range j.plan.Policies {
		path := "policies." + lane.Name + "." + lane.Init.Name + ".context"
		if lane.Init.Name == "" {
			continue
		}
		component, _ := registry.Plain(lane.Init).(map[string]any)
		have, _ := component["config"].(map[string]any)
		if err := j.raise(have, "context", path, (prompt+longest+spare+63)/64*64); err != nil {
			return err
		}
	}
	for _, seat := range j.plan.Seats {
		have := map[string]any{"max_tokens": seat.Options.MaxTokens}
		if seat.Options.MaxTokens > 0 {
			if err := j.raise(have, "max_tokens", "seats."+seat.Name+".max_tokens", longest); err != nil {
				return err
			}
		}
	}
	return nil
}

// raise overrides a number of the recipe that is too small, and tells.
func (j *job) raise(have map[string]any, key, path string, need int) error {
	n, err := strconv.Atoi(fmt.Sprint(have[key]))
	if _, chosen := j.Set[path]; err != nil || n >= need || chosen {
		return nil
	}
	j.sets.notes = append(j.sets.notes, fmt.Sprintf("%s is %d, in place of %d: the rows are that long", path, need, n))
	return j.plan.Override(path, strconv.Itoa(need))
}

// dropControls leaves out the controls that learn from worked solutions where
// the caller's rows have none.
func (j *job) dropControls() {
	labelled, ok := j.sets.sources[labelledSet]
	if !j.sets.user || !ok || labelled.Len() != 0 {
		return
	}
	j.Controls = slices.DeleteFunc(slices.Clone(j.Controls), func(name string) bool {
		for _, s := range j.plan.StagesFor(name) {
			for _, u := range s.Updates {
				if slices.Equal(loop.SetsNamed(u.Select), []string{labelledSet}) && u.Select.Name == "demonstrations" {
					j.sets.notes = append(j.sets.notes, fmt.Sprintf("control %s is left out: it learns from worked solutions, and no row has one", name))
					return true
				}
			}
		}
		return false
	})
}

// loadSplits reads one file in three parts, or three files.
func loadSplits(ctx context.Context, f TaskFiles, plan *recipe.Plan) (map[string]*task.Set, error) {
	if (f.Gate == "") != (f.Audit == "") {
		return nil, fmt.Errorf("reading tasks: give one file to be split, or three: --tasks, --gate-tasks and --audit-tasks")
	}
	parts := map[string]*task.Set{}
	for name, path := range map[string]string{"train": f.Train, "gate": f.Gate, "audit": f.Audit} {
		o := task.Options{SkipBad: f.SkipBad, Require: requirement(plan.MeasureNeedsReference())}
		if name == "train" && f.Gate != "" {
			o.Require = requirement(plan.TrainNeedsReference())
		}
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

// requirement is what every row of a file must have. Gate and audit compare
// with a reference answer unless the recipe measures without one; a training
// file of its own needs answers only where the recipe judges by them.
func requirement(reference bool) string {
	if reference {
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

// asked gives the tasks of all sets, as far as they are looked ahead anywhere:
// models that know tasks apart know these.
func (s *taskSets) asked(ctx context.Context) ([]core.Task, error) {
	var all []core.Task
	for _, name := range slices.Sorted(maps.Keys(s.sources)) {
		if name == labelledSet && s.user {
			continue // of train
		}
		most := mostChecked
		if s.sources[name].Len() < 0 {
			most = mostEncoded
		}
		n := 0
		for t, err := range s.sources[name].Tasks(ctx, 0) {
			if err != nil {
				return nil, err
			}
			if n++; n > most {
				break
			}
			all = append(all, t)
		}
	}
	return all, nil
}
