package pawl

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/gate/results"
	"pawl/loop"
	"pawl/registry"
	"pgregory.net/rapid"
)

// rigged is a verifier whose judgements tests decide, by the completion.
type riggedConfig struct {
	Name  string `yaml:"name" required:"true" inline:"true" doc:"Of the test's function."`
	Group bool   `yaml:"group" doc:"Whether it wants all attempts of a task."`
}

var riggedBy = map[string]func(ctx context.Context, attempts []string, at int) (core.Score, error){}

func init() {
	registry.Verifier("rigged_by_tests", registry.Doc{Summary: "Judges as a test says."}, func(_ context.Context, _ core.Host, c riggedConfig) (core.Verifier, error) {
		return rigged{c, riggedBy[c.Name]}, nil
	})
	registry.Verifier("rigged_actor_by_tests", registry.Doc{Summary: "Asks a seat."}, func(_ context.Context, h core.Host, _ struct{}) (core.Verifier, error) {
		_, err := h.Actor("judge")
		return nil, err
	})
}

type rigged struct {
	cfg   riggedConfig
	judge func(ctx context.Context, attempts []string, at int) (core.Score, error)
}

func (r rigged) Grouped() bool { return r.cfg.Group }

func (r rigged) Verify(ctx context.Context, ep *core.Episode, _ []core.Ref) (j core.Judgement, err error) {
	var texts []string
	for _, leaf := range ep.Leaves() {
		texts = append(texts, ep.Node(leaf).Content)
	}
	for i, leaf := range ep.Leaves() {
		s, err := r.judge(ctx, texts, i)
		if err != nil {
			return j, err
		}
		s.Nodes = []core.Ref{leaf}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// rig names a judgement for the time of a test.
func rig(t *testing.T, judge func(ctx context.Context, attempts []string, at int) (core.Score, error)) string {
	name := "r" + fmt.Sprint(len(riggedBy)) + "of" + fmt.Sprintf("%x", t.Name())
	riggedBy[name] = judge
	t.Cleanup(func() { delete(riggedBy, name) })
	return name
}

// verifyFiles writes tasks t0.. and the given completions, "task/sample text".
func verifyFiles(t interface{ Fatal(...any) }, dir string, tasks int, completions []string) VerifyOptions {
	var a, b strings.Builder
	for i := range tasks {
		fmt.Fprintf(&a, "{\"id\":\"t%d\",\"question\":\"q%d\",\"answer\":\"%d\"}\n", i, i, i)
	}
	for _, c := range completions {
		at, text, _ := strings.Cut(c, " ")
		id, sample, _ := strings.Cut(at, "/")
		fmt.Fprintf(&b, "{\"id\":%q,\"sample\":%s,\"completion\":%q,\"correct\":[\"never read\"]}\n", id, sample, text)
	}
	o := VerifyOptions{Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, "completions.jsonl")}
	if err := errors.Join(os.WriteFile(o.Tasks, []byte(a.String()), 0o600), os.WriteFile(o.Completions, []byte(b.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	return o
}

// verified runs a verification to its end, or to an error.
func verified(ctx context.Context, p *Pawl, o VerifyOptions) ([]ScoreRow, *VerifySummary, error) {
	v, err := PrepareVerify(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	var rows []ScoreRow
	s, err := p.Verify(ctx, v, func(r ScoreRow) error {
		rows = append(rows, r)
		return nil
	})
	return rows, s, err
}

func opened(t *testing.T, dir string) *Pawl {
	t.Helper()
	p, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func inMemory(t *testing.T) *Pawl {
	t.Helper()
	p, err := Open(Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// The publisher's verdicts on 1,319 solutions each of two systems, one by one
// (openai/grade-school-math, example_model_solutions.jsonl).
func TestVerifyGSM8K(t *testing.T) {
	dir := recordedData(t, "gsm8k", "openai/grade-school-math (MIT)")
	p := inMemory(t)
	for name, right := range map[string]int{"6b-finetuning": 286, "6b-verification": 515} {
		o := VerifyOptions{Verifier: "exact", Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, name+".jsonl")}
		rows, s, err := verified(t.Context(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.N != 1319 || s.Tasks != 1319 || s.Right != right || s.Abstained != 0 || !s.Binary() || s.Metrics[0].Value != float64(right)/1319 || len(s.Metrics) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		f, err := os.Open(o.Completions)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		for i := 0; in.Scan(); i++ {
			var published struct {
				ID      string
				Correct bool
			}
			if err := json.Unmarshal(in.Bytes(), &published); err != nil {
				t.Fatal(err)
			}
			if got := rows[i].Scores[0]; rows[i].ID != published.ID || (got.Value == 1) != published.Correct || got.Abstain {
				t.Errorf("%s: %+v, published %+v", name, rows[i], published)
			}
		}
	}
}

// GPT-4's 10,000 answers to 100 games of 24 (princeton-nlp/tree-of-thought-llm).
func TestVerifyGame24(t *testing.T) {
	dir := recordedData(t, "game24", "princeton-nlp/tree-of-thought-llm (MIT)")
	o := VerifyOptions{Verifier: "oracle", Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, "gpt-4-direct.jsonl")}
	_, s, err := verified(t.Context(), inMemory(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.N != 10000 || s.Tasks != 100 || s.Right != 734 || s.Solved != 33 {
		t.Errorf("%+v", s)
	}
	var names []string
	for _, m := range s.Metrics {
		names = append(names, fmt.Sprintf("%s %.3f n%d", m.Name, m.Value, m.N))
	}
	if got := strings.Join(names, ", "); got != "accuracy 0.073 n100, pass@1 0.073 n100, pass@10 0.179 n100, pass@100 0.330 n100" {
		t.Errorf("%s", got)
	}
}

func recordedData(t *testing.T, name, source string) string {
	t.Helper()
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skipf("PAWL_DATA is not set; it would hold %s, from %s", name, source)
	}
	return filepath.Join(dir, name)
}

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

// A piece of work that ends early, by an error or an interruption, at any row:
// the same command goes on, judges nothing that is durable again, and comes to
// the same rows as one that was never stopped.
func TestVerifyGoesOn(t *testing.T) {
	for _, grouped := range []bool{false, true} {
		t.Run(fmt.Sprint("grouped ", grouped), func(t *testing.T) {
			coretest.NoLeaks(t)
			var completions []string
			for i := range 90 {
				completions = append(completions, fmt.Sprintf("t%d/%d c%d", i/3%10, i/30*3+i%3, i))
			}
			o := verifyFiles(t, t.TempDir(), 10, completions)
			judged := make([]atomic.Int32, len(completions))
			var stop atomic.Int64
			var cancel context.CancelFunc
			planned := errors.New("the planned failure")
			var how error
			name := rig(t, func(ctx context.Context, attempts []string, at int) (core.Score, error) {
				var i int
				if _, err := fmt.Sscanf(attempts[at], "c%d", &i); err != nil {
					return core.Score{}, err
				}
				if int64(i) == stop.Load() {
					if how == context.Canceled {
						cancel()
						<-ctx.Done()
						return core.Score{}, ctx.Err()
					}
					return core.Score{}, how
				}
				judged[i].Add(1)
				return core.Score{Value: float64(i) / 100, Rationale: strings.Join(attempts, " ")}, nil
			})
			o.Verifier = fmt.Sprintf("rigged_by_tests: {group: %v, name: %s}", grouped, name)
			stop.Store(-1)
			want, _, err := verified(t.Context(), inMemory(t), o)
			if err != nil {
				t.Fatal(err)
			}
			if grouped { // else attempts are seen in pieces, which a resume cuts alike
				for i := range want {
					if strings.Count(want[i].Scores[0].Rationale, "c") != 9 {
						t.Fatalf("row %d was judged by %s", i, want[i].Scores[0].Rationale)
					}
				}
			}
			dir := t.TempDir()
			for i := range judged {
				judged[i].Store(0)
			}
			durable := 0
			for k, at := range []int64{4, 40, 41, 89, -1} {
				how = []error{planned, context.Canceled}[k%2]
				stop.Store(at)
				ctx, c := context.WithCancel(t.Context())
				cancel = c
				p := opened(t, dir)
				before := make([]int32, len(judged))
				for i := range judged {
					before[i] = judged[i].Load()
				}
				rows, s, err := verified(ctx, p, o)
				c()
				if at >= 0 && !errors.Is(err, how) || at < 0 && err != nil {
					t.Fatalf("stopped at %d: %v", at, err)
				}
				if len(rows) < durable || s.N != len(rows) || s.Judged != len(rows)-durable || at < 0 && len(rows) != len(want) {
					t.Fatalf("stopped at %d: %d rows, %d were durable, %+v", at, len(rows), durable, s)
				}
				for i := range rows {
					if !slices.Equal(rows[i].Scores, want[i].Scores) || rows[i].ID != want[i].ID || rows[i].Sample != want[i].Sample {
						t.Errorf("row %d is %+v, of an unbroken run %+v", i, rows[i], want[i])
					}
				}
				if !grouped {
					for i := range durable {
						if judged[i].Load() != before[i] {
							t.Errorf("row %d was durable and is judged again", i)
						}
					}
				}
				durable = len(rows)
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
			}
			total := int32(0)
			for i := range judged {
				total += judged[i].Load()
			}
			// Once more, and all is there; afresh, and all is done anew.
			p := opened(t, dir)
			if rows, s, err := verified(t.Context(), p, o); err != nil || s.Judged != 0 || len(rows) != len(want) {
				t.Errorf("again: %+v, %v", s, err)
			}
			o.Fresh = true
			if rows, s, err := verified(t.Context(), p, o); err != nil || s.Judged != len(want) || len(rows) != len(want) {
				t.Errorf("afresh: %+v, %v", s, err)
			}
			// Other contents are another job.
			o.Fresh = false
			o.Set = map[string]string{"group": fmt.Sprint(!grouped)}
			if _, s, err := verified(t.Context(), p, o); err != nil || s.Judged != len(want) {
				t.Errorf("other settings: %+v, %v", s, err)
			}
		})
	}
}

// Rows that the verifier failed to judge are asked about again, by the same
// command once it is through, and no others are.
func TestVerifyAsksAgain(t *testing.T) {
	var broken atomic.Bool
	var asked atomic.Int64
	name := rig(t, func(_ context.Context, attempts []string, at int) (core.Score, error) {
		asked.Add(1)
		if broken.Load() && strings.HasPrefix(attempts[at], "bad") {
			return core.Score{Abstain: true, Rationale: core.NotJudged + "it is broken"}, nil
		}
		return core.Score{Value: 1}, nil
	})
	o := verifyFiles(t, t.TempDir(), 4, []string{"t0/0 a", "t1/0 bad", "t2/0 b", "t3/0 bad", "t3/1 c"})
	o.Verifier = "rigged_by_tests: " + name
	p := inMemory(t)
	broken.Store(true)
	for _, step := range []struct {
		broken                          bool
		asked                           int64
		judged, right, unjudged, absent int
	}{{true, 5, 5, 3, 2, 2}, {true, 3, 2, 3, 2, 2}, {false, 3, 2, 5, 0, 0}, {false, 0, 0, 5, 0, 0}} {
		broken.Store(step.broken)
		asked.Store(0)
		rows, s, err := verified(t.Context(), p, o)
		// t3's two attempts are one piece: both are asked about, one is taken.
		if err != nil || asked.Load() != step.asked || s.Judged != step.judged || s.Right != step.right || s.Unjudged != step.unjudged || s.Abstained != step.absent || len(rows) != 5 {
			t.Errorf("%+v: %d asked, %+v, %v", step, asked.Load(), s, err)
		}
		if step.unjudged > 0 && s.Reason != "it is broken" {
			t.Errorf("the reason is %q", s.Reason)
		}
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
