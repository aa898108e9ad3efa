package pawl_test

import (
	"context"
	"strings"
	"testing"

	"pawl"
	"pawl/core"
	"pawl/model/embedded"
	"pawl/task"
)

// bytesModel is a folder with a small untrained model that reads any text.
func bytesModel(t *testing.T) pawl.Model {
	t.Helper()
	e := embedded.New(shelf{})
	p, err := e.NewModel(t.Context(), core.ModelShape{Width: 16, Layers: 1, Heads: 2, KVHeads: 1, Context: 200, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := e.Export(t.Context(), p, dir); err != nil {
		t.Fatal(err)
	}
	m, err := pawl.ParseModel("embedded:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shelf keeps blobs in memory.
type shelf map[core.Digest][]byte

func (s shelf) Put(_ context.Context, b []byte) (core.Digest, error) {
	s[core.Sum(b)] = b
	return core.Sum(b), nil
}

func (s shelf) Get(_ context.Context, d core.Digest) ([]byte, error) { return s[d], nil }

func TestSourceName(t *testing.T) {
	for what, want := range map[string]string{
		"addition": "addition", "{addition: {n: 7}}": "addition", "{addition: null}": "addition", " {keysum: {}}": "keysum",
		"tasks.jsonl": "", "": "", "{": "", "{a: 1, b: 2}": "",
	} {
		if got := pawl.SourceName(what); got != want {
			t.Errorf("%q names %q, not %q", what, got, want)
		}
	}
}

func TestTasksByName(t *testing.T) {
	for what, want := range map[string]int{"addition": 200, "{addition: {n: 7}}": 7, "{keysum: {level: 1, split: gate}}": 200} {
		set, err := pawl.LoadTasks(t.Context(), what, task.Options{})
		if err != nil || len(set.List) != want {
			t.Fatalf("%s: %v, %v", what, set, err)
		}
		if r := set.List[0].Ref(); r.World == "" || !strings.Contains(what, r.World) {
			t.Errorf("%s: the first task is of world %q", what, r.World)
		}
	}
	audit, err := pawl.LoadTasks(t.Context(), "{addition: {split: audit, n: 1}}", task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := pawl.LoadTasks(t.Context(), "addition", task.Options{}); err != nil || plain.List[0].ID != audit.List[0].ID {
		t.Errorf("a world by its name alone does not start with its audit tasks (%v)", err)
	}
	for what, want := range map[string]string{"{keysums: {}}": `did you mean "keysum"?`, "{keysum: {levle: 2}}": `did you mean "level"?`, "{": "", "keysum.jsonl": "no such file",
		"keysun": `did you mean "keysum"?`, "keysum: {level: 2}": "--tasks '{keysum: {level: 2}}'"} {
		if _, err := pawl.LoadTasks(t.Context(), what, task.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A played world is played and judged by its return, others by their oracle,
// without a recipe.
func TestWorldsAreMeasuredByName(t *testing.T) {
	p := open(t, t.TempDir())
	model := bytesModel(t)
	for what, name := range map[string]string{"{keysum: {level: 1, n: 6}}": "return", "{addition: {digits: 1, n: 6}}": "accuracy"} {
		ev, err := p.Eval(t.Context(), pawl.EvalOptions{Model: model, Tasks: what, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if e := ev.Metrics[0]; e.Name != name || e.N != 6 || e.Value > 0.5 || len(ev.Results) != 6 {
			t.Errorf("%s: %+v", what, ev.Metrics)
		}
	}
	set, err := pawl.LoadTasks(t.Context(), "{keysum: {level: 1, n: 2}}", task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = p.Solve(t.Context(), set.List, pawl.SolveOptions{Model: model, MaxTokens: 3, N: 2, Seed: 1}, func(s pawl.Solution) error {
		n += len(s.Attempts)
		return nil
	})
	if err != nil || n != 4 {
		t.Errorf("%d plays of 2 tasks, 2 each (%v)", n, err)
	}
}
