package pawl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	"pawl/task"
	"pawl/world"
)

// namedTasks is how many tasks a source gives that is named without a number.
const namedTasks = 200

// LoadTasks reads tasks: a file of rows; or a task source by its name, as
// "keysum", or with settings in YAML, as "{keysum: {level: 2, n: 500}}". Of a
// source that is not told otherwise it takes the first 200 tasks of the audit
// split.
func LoadTasks(ctx context.Context, what string, o task.Options) (*task.Set, error) {
	if !NamesTasks(what) {
		set, err := task.Load(ctx, what, o)
		if advice := meantSource(what); advice != "" && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w, and no task source of that name; %s", err, advice)
		}
		return set, err
	}
	spec, problems := recipe.Read("--tasks", []byte(what))
	if len(problems) > 0 {
		return nil, problems
	}
	if spec.Form == registry.Text {
		spec = registry.Object(registry.Member{Key: spec.Text})
	}
	take := 0
	if len(spec.Fields) == 1 {
		settings := &spec.Fields[0].Value
		if _, given := settings.Get("n"); !given {
			take = namedTasks
		}
		if _, given := settings.Get("split"); !given {
			audit := settings.With("split", registry.Scalar("audit"))
			with := registry.Object(registry.Member{Key: spec.Fields[0].Key, Value: audit})
			if _, problems := registry.Default.Decode(core.KindTasks, with, "--tasks"); len(problems) == 0 {
				*settings = audit
			}
		}
	}
	plan, found := recipe.Parse(registry.Default, "alone.yaml", []byte(alone))
	if len(found) > 0 {
		return nil, found
	}
	decoded, faults := registry.Default.Decode(core.KindTasks, spec, "--tasks")
	if len(faults) > 0 {
		return nil, fmt.Errorf("reading tasks: %w", registry.Problems(faults))
	}
	plan.Tasks = []recipe.TaskSet{{Name: "named", Source: decoded, Take: take}}
	list, err := (&loop.Run{Plan: plan, Registry: registry.Default}).Draw(ctx, "named")
	return &task.Set{List: list}, err
}

// meantSource says how to write the task source that a text seems to mean which
// is neither a file nor a source; "" where it seems to mean none.
func meantSource(what string) string {
	name, settings, has := strings.Cut(what, ":")
	if near := registry.Nearest(name, sourceNames()); near != "" {
		if has && !strings.HasPrefix(settings, "//") {
			return fmt.Sprintf("settings stand in braces: --tasks '{%s:%s}'", near, settings)
		}
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

func sourceNames() []string {
	var names []string
	for _, c := range registry.Default.List(core.KindTasks) {
		names = append(names, c.Name)
	}
	return names
}

// NamesTasks tells whether a text names a task source, not a file.
func NamesTasks(what string) bool {
	if strings.HasPrefix(strings.TrimSpace(what), "{") {
		return true
	}
	if _, err := os.Stat(what); err == nil {
		return false
	}
	return slices.Contains(sourceNames(), what)
}

// SourceName is the task source that a text names as LoadTasks reads it, "" for a
// file, and for a text with a mistake.
func SourceName(what string) string {
	if !NamesTasks(what) {
		return ""
	}
	v, problems := recipe.Read("--tasks", []byte(what))
	switch {
	case len(problems) > 0:
		return ""
	case v.Form == registry.Text:
		return v.Text
	case len(v.Fields) == 1:
		return v.Fields[0].Key
	}
	return ""
}

// playing is the recipe of a model that plays without one.
const playing = `
policies: {solver: {from: base}}
seats:    {solver: {policy: solver}, board: {env: world}}
sample:   {play: {env: board, turns: 1000}}
verify:   []
measure:  {sample: {play: {env: board, turns: 1000, temperature: 0}}, verify: [oracle]}
`

// planAlone is the recipe that only asks the model, as these tasks want to be
// asked: those of played worlds are played. Tasks of worlds that are named are
// measured by the oracle, which knows every right answer.
func planAlone(tasks []core.Task, named bool) (*recipe.Plan, error) {
	text := alone
	all := func(is func(core.Task) bool) bool {
		return len(tasks) > 0 && !slices.ContainsFunc(tasks, func(t core.Task) bool { return !is(t) })
	}
	if all(world.Played) {
		text = playing
	}
	plan, problems := recipe.Parse(registry.Default, "alone.yaml", []byte(text))
	if len(problems) > 0 {
		return nil, problems
	}
	if named && text == alone && all(world.HasOracle) {
		return plan, plan.Override("measure.verify", "[oracle]")
	}
	return plan, nil
}
