package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/gate/results"
	"pawl/loop"
	"pgregory.net/rapid"
)

// Rows come in the order of the file, whatever order they are judged in; what
// `correct` says is not looked at; pawl gate reads them.
func TestVerifyRows(t *testing.T) {
	coretest.NoLeaks(t)
	dir := t.TempDir()
	o := verifyFiles(t, dir, 3, []string{"t1/0 #### 1", "t1/7 #### 2", "t0/0 #### 0", "t2/0 none", "t1/1 #### 1"})
	o.Verifier = "exact"
	p := inMemory(t)
	rows, s, err := verified(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s/%d %v", r.ID, r.Sample, r.Scores[0].Value))
	}
	if want := "t1/0 1 t1/7 0 t0/0 1 t2/0 0 t1/1 1"; strings.Join(got, " ") != want {
		t.Errorf("rows %v, want %s", got, want)
	}
	if s.N != 5 || s.Tasks != 3 || s.Right != 3 || s.Solved != 2 || s.Metrics[0].N != 3 || s.Judged != 5 {
		t.Errorf("%+v", s)
	}
	b, err := json.Marshal(rows[1])
	if want := `{"id":"t1","sample":7,"scores":[{"by":"exact","value":0,"confidence":1,"abstain":false,"rationale":"answers \"2\"; the reference is \"1\""}]}`; err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
	path := filepath.Join(dir, "rows.jsonl")
	f, err := CreateRows(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := f.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is there before it is whole")
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f.Drop()
	read, err := results.Read(path, results.Options{})
	if err != nil || len(read.Items) != 5 || read.By != "exact" || read.Items[1].Sample != "7" || read.Items[0].Value != 1 {
		t.Errorf("%+v, %v", read, err)
	}
	if c, err := results.Compare(read, read, results.CompareOptions{}); err != nil || c.Verdict.N != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A verifier that compares attempts is shown all of a task's, wherever they
// stand in the file; others are shown a few at a time.
func TestVerifyGroups(t *testing.T) {
	most := atomic.Int64{}
	name := rig(t, func(_ context.Context, attempts []string, at int) (core.Score, error) {
		for n := most.Load(); int64(len(attempts)) > n && !most.CompareAndSwap(n, int64(len(attempts))); n = most.Load() {
		}
		return core.Score{Value: float64(len(attempts)), Rationale: strings.Join(attempts, "+") + " at " + fmt.Sprint(at)}, nil
	})
	p := inMemory(t)
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		const tasks = 4
		var completions []string
		of := map[int][]string{}
		for i, task := range rapid.SliceOfN(rapid.IntRange(0, tasks-1), 1, 60).Draw(rt, "tasks") {
			text := fmt.Sprint("c", i)
			completions = append(completions, fmt.Sprintf("t%d/%d %s", task, len(of[task]), text))
			of[task] = append(of[task], text)
		}
		o := verifyFiles(rt, base, tasks, completions)
		o.Verifier = "rigged_by_tests: {group: true, name: " + name + "}"
		rows, s, err := verified(t.Context(), p, o)
		if err != nil || len(rows) != len(completions) || s.N != len(rows) {
			rt.Fatalf("%d rows of %d, %v", len(rows), len(completions), err)
		}
		for i, r := range rows {
			var task int
			if _, err := fmt.Sscanf(r.ID, "t%d", &task); err != nil {
				rt.Fatal(err)
			}
			want := strings.Join(of[task], "+") + " at " + fmt.Sprint(r.Sample)
			if at := fmt.Sprintf("%s/%d", r.ID, r.Sample); !strings.HasPrefix(completions[i], at+" ") || r.Scores[0].Rationale != want {
				rt.Fatalf("row %d is %+v of %s; want %s", i, r, completions[i], want)
			}
		}
	})
	// One that compares nothing never sees more than a piece.
	var completions []string
	for i := range 100 {
		completions = append(completions, fmt.Sprintf("t0/%d x", i))
	}
	o := verifyFiles(t, t.TempDir(), 1, completions)
	o.Verifier = "rigged_by_tests: " + name
	most.Store(0)
	if _, s, err := verified(t.Context(), p, o); err != nil || s.N != 100 || most.Load() != pieceRows {
		t.Errorf("%+v, %v, %d attempts at once", s, err, most.Load())
	}
}

// What is wrong with what was given is told with its place, and nothing is kept.
func TestVerifyRefuses(t *testing.T) {
	good := []string{"t0/0 x", "t1/0 y"}
	for _, c := range []struct {
		name   string
		change func(o *VerifyOptions)
		want   string
	}{
		{"no such verifier", func(o *VerifyOptions) { o.Verifier = "exakt" }, `no verifier named "exakt"; did you mean "exact"?`},
		{"no such setting", func(o *VerifyOptions) { o.Verifier = "exact: {extrakt: boxed}" }, "extrakt"},
		{"no such value", func(o *VerifyOptions) { o.Set = map[string]string{"extract": "all"} }, "extract"},
		{"two verifiers", func(o *VerifyOptions) {
			o.Verifier, o.Set = "{exact: {}, oracle: {}}", map[string]string{"extract": "boxed"}
		}, "there is no one name"},
		{"no verifier", func(o *VerifyOptions) { o.Verifier = "" }, "verifier"},
		{"no tasks", func(o *VerifyOptions) { o.Tasks = "nowhere.jsonl" }, "nowhere.jsonl"},
		{"no completions", func(o *VerifyOptions) { o.Completions = "nowhere.jsonl" }, "nowhere.jsonl"},
		{"negative", func(o *VerifyOptions) { o.SkipBad = -1 }, "may not be negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := verifyFiles(t, t.TempDir(), 2, good)
			o.Verifier = "exact"
			c.change(&o)
			if _, err := PrepareVerify(t.Context(), o); err == nil || !IsInput(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	dir := t.TempDir()
	o := verifyFiles(t, dir, 2, []string{"t0/0 x", "t7/0 y", "t1/0 z"})
	o.Verifier = "exact"
	if _, err := PrepareVerify(t.Context(), o); err == nil || !strings.Contains(err.Error(), `completions.jsonl:2: id: no task of `+o.Tasks+` has the id "t7"`) {
		t.Errorf("unknown id: %v", err)
	}
	o.SkipBad = 1
	rows, s, err := verified(t.Context(), inMemory(t), o)
	if err != nil || len(rows) != 2 || s.N != 2 {
		t.Errorf("one bad row tolerated: %v, %v", rows, err)
	}
	o = verifyFiles(t, dir, 2, good)
	o.Verifier = "rigged_actor_by_tests"
	if _, _, err := verified(t.Context(), inMemory(t), o); err == nil || !IsInput(err) || !strings.Contains(err.Error(), `asking the seat "judge": recorded completions are judged without any model or recipe`) {
		t.Errorf("a verifier that asks a model: %v", err)
	}
	// The verifier's own nonsense, and its panic, are errors that name the task.
	for what, judge := range map[string]func(context.Context, []string, int) (core.Score, error){
		"NaN":     func(context.Context, []string, int) (core.Score, error) { return core.Score{Value: math.NaN()}, nil },
		"panic":   func(context.Context, []string, int) (core.Score, error) { panic("planned panic") },
		"planned": func(context.Context, []string, int) (core.Score, error) { return core.Score{}, errors.New("planned") },
	} {
		o.Verifier = "rigged_by_tests: " + rig(t, judge)
		if _, _, err := verified(t.Context(), inMemory(t), o); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "verifying task t0 with rigged_by_tests") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A sink that cannot take rows ends it; what was judged is durable.
	o.Verifier = "exact"
	v, err := PrepareVerify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p, full := inMemory(t), errors.New("no space left")
	if _, err := p.Verify(t.Context(), v, func(ScoreRow) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if s, err := p.Verify(t.Context(), v, func(ScoreRow) error { return nil }); err != nil || s.Judged != 0 || s.N != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Progress counts to the end, one event at a time.
func TestVerifyTells(t *testing.T) {
	o := verifyFiles(t, t.TempDir(), 2, []string{"t0/0 x", "t1/0 y"})
	o.Verifier = "exact"
	var last core.Progress
	o.Observe = func(e loop.Event) { last = e.Progress }
	if _, _, err := verified(t.Context(), inMemory(t), o); err != nil || last.Done != 2 || last.Total != 2 {
		t.Errorf("%+v, %v", last, err)
	}
}
