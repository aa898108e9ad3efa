package pawl_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl"
	"pawl/core"
	"pawl/loop"
)

func TestParseModel(t *testing.T) {
	for text, want := range map[string]pawl.Model{
		"":                   {Kind: pawl.ModelRecipe},
		"embedded":           {Kind: pawl.ModelRecipe},
		"embedded:some/dir":  {Kind: pawl.ModelFolder, Arg: "some/dir"},
		"embedded:C:\\model": {Kind: pawl.ModelFolder, Arg: "C:\\model"},
		"run":                {Kind: pawl.ModelRun},
		"run:quickstart-1":   {Kind: pawl.ModelRun, Arg: "quickstart-1"},
	} {
		got, err := pawl.ParseModel(text)
		if err != nil || got.Kind != want.Kind || got.Arg != want.Arg {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"embedded:", "run:", "gpt", "vendor:gpt", "Run"} {
		if got, err := pawl.ParseModel(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, got)
		}
	}
}

// open opens a data directory in memory, and beside the recipes of the tests.
func open(t *testing.T, dir string) *pawl.Pawl {
	t.Helper()
	p, err := pawl.Open(pawl.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

const tiny = "cli/testdata/tiny.yaml"

// What resuming needs is kept with the run: the same seeds, settings, files.
func TestResumeNeedsNothingButTheRun(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	set := map[string]string{"rounds": "1", "tasks.train.take": "20"}
	o := pawl.RunOptions{Recipe: tiny, Seed: 3, Set: set, Controls: []string{"null"}}

	stopping, stop := context.WithCancel(ctx)
	o.Observe = func(e loop.Event) {
		if e.Arm == "final" {
			stop()
		}
	}
	first := open(t, dir)
	result, err := first.Run(stopping, o)
	if !errors.Is(err, context.Canceled) || result.Run.Status != "interrupted" {
		t.Fatalf("interrupted run: %v, status %s", err, result.Run.Status)
	}
	first.Close()

	p := open(t, dir)
	resumed, err := p.Resume(ctx, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resumed.Finished || len(resumed.Report.Controls) != 1 || len(resumed.Report.Rounds) != 1 {
		t.Errorf("resumed: finished %v, %d controls, %d rounds; want false, 1, 1", resumed.Finished, len(resumed.Report.Controls), len(resumed.Report.Rounds))
	}
	o.Observe = nil
	whole, err := open(t, t.TempDir()).Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := whole.Report.Policy.Version(), resumed.Report.Policy.Version(); a != b || whole.Run.ID != resumed.Run.ID {
		t.Errorf("resumed run %s comes to %s, unbroken run %s to %s", resumed.Run.ID, b, whole.Run.ID, a)
	}
	if got := p.CommandOf(ctx, resumed.Run); got != "pawl run tiny --seed 3 --set rounds=1 --set tasks.train.take=20 --controls null" {
		t.Errorf("the command is %s", got)
	}
	again, err := p.Resume(ctx, "", nil)
	if err != nil || !again.Finished {
		t.Errorf("resuming a finished run: finished %v, %v", again.Finished, err)
	}
}

// A run whose task file has changed is not continued: it would be another run.
func TestResumeNoticesChangedFiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	file := filepath.Join(dir, "tasks.jsonl")
	write := func(extra string) {
		var b strings.Builder
		for a := range 10 {
			for c := range 10 {
				b.WriteString(`{"question":"` + string(rune('0'+a)) + "+" + string(rune('0'+c)) + `?","answer":"7","solution":"7"}` + "\n")
			}
		}
		if err := os.WriteFile(file, []byte(b.String()+extra), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	p := open(t, filepath.Join(dir, "data"))
	o := pawl.RunOptions{Recipe: "rest-em", Tasks: pawl.TaskFiles{Train: file}, Controls: []string{}, Set: map[string]string{
		"rounds": "1", "policies.solver.pretrain.steps": "2", "policies.solver.pretrain.width": "16", "sample.repeat.n": "1",
		"updates[0].optimize.train.steps": "2", "updates[0].select.filter.at_least": "0",
	}}
	if _, err := p.Run(ctx, o); err != nil {
		t.Fatal(err)
	}
	if again, err := p.Resume(ctx, "", nil); err != nil || !again.Finished {
		t.Fatalf("unchanged: %v", err)
	}
	write(`{"question":"one more?","answer":"7","solution":"7"}` + "\n")
	if _, err := p.Resume(ctx, "", nil); !pawl.IsInput(err) || !strings.Contains(err.Error(), "have changed since") {
		t.Errorf("changed: %v", err)
	}
}

// The report tells a bad policy that was put in force from a good one: rolling
// back changes what answers and nothing else.
func TestRollback(t *testing.T) {
	ctx := context.Background()
	p := open(t, t.TempDir())
	result, err := p.Run(ctx, pawl.RunOptions{Recipe: tiny, Controls: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	id := result.Run.ID
	answers := func() core.Digest {
		t.Helper()
		m, err := pawl.ParseModel("run:" + id)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := p.Policy(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		return policy.Version()
	}
	final := answers()
	if final != result.Report.Policy.Version() {
		t.Fatalf("in force is %s, the report says %s", final, result.Report.Policy.Version())
	}
	for _, version := range []string{"", "", "base"} {
		before := answers()
		done, err := p.Rollback(ctx, id, version)
		if version == "base" && before == answers() {
			if !strings.Contains(err.Error(), "in force already") {
				t.Errorf("to the base, twice: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if after := answers(); after == before || after != done.Policies["solver"].Version() {
			t.Errorf("rolling back to %q: in force was %s, is %s, the row says %s", version, before, after, done.Policies["solver"].Version())
		}
	}
	if _, err := p.Rollback(ctx, id, "0123"); !pawl.IsInput(err) {
		t.Errorf("to a version that never was: %v", err)
	}
	if again, err := p.Run(ctx, pawl.RunOptions{Recipe: tiny, Controls: []string{}}); err != nil || again.Report.Policy.Version() != final {
		t.Errorf("the report after rollbacks: %v", err)
	}
}
