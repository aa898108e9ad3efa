package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pawl/loop"
	"pawl/store"
)

// child is the program as a process of its own.
type child struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func newChild(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(self, args...)}
	c.Env = append(append(os.Environ(), "PAWL_TEST_CHILD=1"), env...)
	c.Stdout, c.Stderr = &c.out, &c.err
	return c
}

// status runs the child to its end.
func (c *child) status(t *testing.T) int {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c.ended(t)
}

func (c *child) ended(t *testing.T) int {
	t.Helper()
	err := c.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

// reportOf runs the tiny recipe to its end and reads its document.
func reportOf(t *testing.T, env []string, args ...string) loop.Report {
	t.Helper()
	c := newChild(t, env, append([]string{"run", "--json"}, args...)...)
	if code := c.status(t); code != exitDone && code != exitNotPromoted {
		t.Fatalf("%v: exit status %d\n%s", args, code, c.err.String())
	}
	var r loop.Report
	if err := json.Unmarshal(c.out.Bytes(), &r); err != nil {
		t.Fatalf("reading the document: %v\n%s", err, c.out.String())
	}
	return r
}

// outcome is all of a report that does not depend on time or place.
func outcome(t *testing.T, r loop.Report) string {
	t.Helper()
	r.Seconds = 0
	for i := range r.Rounds {
		r.Rounds[i].Seconds = 0
	}
	for _, c := range r.Controls {
		for i := range c.Rounds {
			c.Rounds[i].Seconds = 0
		}
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const tiny = "testdata/tiny.yaml"

// The same seed gives the same document, wherever it runs and on however many
// processors; another seed gives another policy.
func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := reportOf(t, nil, tiny, "--seed", "7", "--dir", filepath.Join(dir, "a"))
	again := reportOf(t, nil, tiny, "--seed", "7", "--dir", filepath.Join(dir, "b"))
	single := reportOf(t, []string{"GOMAXPROCS=1"}, tiny, "--seed", "7", "--dir", filepath.Join(dir, "c"))
	other := reportOf(t, nil, tiny, "--seed", "8", "--dir", filepath.Join(dir, "d"), "--controls", "none")
	want := outcome(t, first)
	if outcome(t, again) != want {
		t.Errorf("a second directory gives\n%s\nwant\n%s", outcome(t, again), want)
	}
	if outcome(t, single) != want {
		t.Errorf("one processor gives\n%s\nwant\n%s", outcome(t, single), want)
	}
	if other.Policy["weights"] == first.Policy["weights"] {
		t.Errorf("seeds 7 and 8 give the same weights %s", first.Policy["weights"])
	}
}

// Killed at random moments and started again, a run comes to the same end, does
// no step again once its result is durable, and leaves no torn file.
func TestKilledRunsComeToTheSameEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	longer := []string{tiny, "--rounds", "4", "--set", "updates[0].optimize.train.steps=400", "--set", "policies.solver.pretrain.steps=300"}
	want := outcome(t, reportOf(t, nil, append(longer, "--dir", filepath.Join(dir, "whole"))...))

	store := filepath.Join(dir, "killed")
	args := append([]string{"run", "--json"}, append(longer, "--dir", store)...)
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano()))) // the moments are no part of what is tested
	kills, most, longest := 0, 20, 130
	if raceDetector {
		most, longest = 5, 2000
	}
	for kills < most {
		c := newChild(t, nil, args...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(20+random.IntN(longest))*time.Millisecond, func() { _ = c.Process.Kill() })
		code := c.ended(t)
		timer.Stop()
		if code >= 0 { // it ended by itself
			if code != exitDone && code != exitNotPromoted {
				t.Fatalf("after %d kills: exit status %d\n%s", kills, code, c.err.String())
			}
			break
		}
		kills++
	}
	t.Logf("killed %d times", kills)
	if kills < most/4 {
		t.Fatalf("the run was killed %d times only: it is too short to show anything", kills)
	}
	if got := outcome(t, reportOf(t, nil, append(longer, "--dir", store)...)); got != want {
		t.Errorf("after %d kills the report is\n%s\nwant\n%s", kills, got, want)
	}
	nothingDoneTwice(t, store)
}

// Killed again and again, a verification goes on where it was: rows are those
// of one that was never killed, and no row whose score was durable is judged
// again.
func TestKilledVerificationsGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var tasks, completions bytes.Buffer
	const n = 400
	for i := range n {
		fmt.Fprintf(&tasks, "{\"id\":\"t%d\",\"question\":\"q\"}\n", i)
		fmt.Fprintf(&completions, "{\"id\":\"t%d\",\"completion\":\"%d\"}\n", i, i)
	}
	script := "echo call >> " + filepath.Join(dir, "calls") + "\nsleep 0.05\nwhile read -r l; do echo 1; done\n"
	for name, content := range map[string]string{"tasks.jsonl": tasks.String(), "completions.jsonl": completions.String(), "judge.sh": script} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := func(store string) []string {
		return []string{"verify", "command: {run: [sh, " + filepath.Join(dir, "judge.sh") + "], trusted: true, batch: 4}", "--json", "--dir", filepath.Join(dir, store),
			"--tasks", filepath.Join(dir, "tasks.jsonl"), "--completions", filepath.Join(dir, "completions.jsonl")}
	}
	calls := func() int {
		b, err := os.ReadFile(filepath.Join(dir, "calls"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return bytes.Count(b, []byte("\n"))
	}
	whole := newChild(t, nil, args("whole")...)
	if code := whole.status(t); code != exitDone || calls() != n/4 {
		t.Fatalf("exit status %d, %d calls\n%s", code, calls(), whole.err.String())
	}
	random := rand.New(rand.NewPCG(2, uint64(time.Now().UnixNano()))) // the moments are no part of what is tested
	kills, durable, before := 0, 0, calls()
	for {
		c := newChild(t, nil, args("killed")...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// The first comes before all can be judged; each leaves more time, so that a
		// slow machine gets to the end, too.
		moment := 300 + random.IntN(900) + 500*kills
		timer := time.AfterFunc(time.Duration(moment)*time.Millisecond, func() { _ = c.Process.Kill() })
		code := c.ended(t)
		timer.Stop()
		rows := bytes.Count(c.out.Bytes(), []byte("\n"))
		if rows < durable || !bytes.HasPrefix(whole.out.Bytes(), c.out.Bytes()[:bytes.LastIndexByte(c.out.Bytes(), '\n')+1]) {
			t.Fatalf("%d rows were durable, %d are printed, or others", durable, rows)
		}
		// What was printed once is not judged again; what was in work may be.
		if now := calls() - before; now > (n-durable+3)/4 {
			t.Errorf("%d rows were durable, and %d batches of the other %d were asked about", durable, now, n-durable)
		}
		durable, before = rows, calls()
		if code >= 0 {
			if code != exitDone || !bytes.Equal(c.out.Bytes(), whole.out.Bytes()) {
				t.Errorf("after %d kills: exit status %d, %d rows\n%s", kills, code, rows, c.err.String())
			}
			break
		}
		kills++
	}
	t.Logf("killed %d times, %d calls for %d batches", kills, calls()-n/4, n/4)
	if kills == 0 {
		t.Error("it was never killed: it is too short to show anything")
	}
}

// nothingDoneTwice looks at the ledger of finished runs.
func nothingDoneTwice(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	steps, err := s.Steps(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) == 0 {
		t.Fatal("the ledger has no steps")
	}
	for _, step := range steps {
		attempts, err := s.Attempts(ctx, step.Key)
		if err != nil {
			t.Fatal(err)
		}
		durable := step.Started.Add(time.Duration(step.Seconds * float64(time.Second)))
		for i, a := range attempts {
			if a.At.After(durable) {
				t.Errorf("%s step %s: attempt %d began at %v, after its result was durable at %v", step.Kind, step.Key.Short(), a.N, a.At, durable)
			}
			if last := i == len(attempts)-1; last != (a.Outcome == store.OutcomeDone) {
				t.Errorf("%s step %s: attempt %d of %d is %s", step.Kind, step.Key.Short(), a.N, len(attempts), a.Outcome)
			}
		}
	}
	// A collection reads everything reachable and checks it against its digest.
	r, err := s.GC(ctx, store.GCOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Damaged) > 0 {
		t.Errorf("damaged: %v", r.Damaged)
	}
	left, err := s.Checkpoints(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%d checkpoints are left of steps that finished", len(left))
	}
}

// Reference answers of the tasks that the loop learns from are for reports
// only: garbage in their place changes figures, never the policy.
func TestGarbageReferencesChangeNothing(t *testing.T) {
	if raceDetector {
		t.Skip("figures, not goroutines; it runs without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	page, err := os.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	c := newChild(t, nil, "export", "--recipe", tiny, "--tasks", "train", filepath.Join(dir, "whole.jsonl"))
	if code := c.status(t); code != exitDone {
		t.Fatalf("exporting the tasks: exit status %d\n%s", code, c.err.String())
	}
	whole, err := os.ReadFile(filepath.Join(dir, "whole.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*bytes.Buffer{"right": {}, "garbage": {}, "none": {}}
	for line := range bytes.Lines(whole) {
		var row struct {
			ID     string `json:"id"`
			Prompt string `json:"prompt"`
			Answer string `json:"answer,omitempty"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		for name, answer := range map[string]string{"right": row.Answer, "garbage": "garbage " + row.ID, "none": ""} {
			row.Answer = answer
			if err := json.NewEncoder(rows[name]).Encode(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := map[string]loop.Report{}
	for name, b := range rows {
		// The name of the file is part of where tasks come from: keep it.
		file := filepath.Join(dir, name, "train.jsonl")
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		recipe := filepath.Join(dir, name, "tiny.yaml")
		text := strings.Replace(string(page), "{chain: {split: train, numbers: 3, modulus: 8, table: 1}, take: 60}", "{jsonl: {path: "+file+"}, take: 60}", 1)
		if text == string(page) {
			t.Fatal("the recipe's task set train is not as this test knows it")
		}
		if err := os.WriteFile(recipe, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		found[name] = reportOf(t, nil, recipe, "--dir", filepath.Join(dir, name, "data"))
	}
	right := found["right"]
	if right.Rounds[1].Labels == nil || *right.Rounds[1].Labels == 0 {
		t.Fatalf("with right answers the labels' accuracy is %v: the comparison shows nothing", right.Rounds[1].Labels)
	}
	for _, name := range []string{"garbage", "none"} {
		got := found[name]
		if got.Policy["weights"] != right.Policy["weights"] {
			t.Errorf("%s: the weights are %s, want %s", name, got.Policy["weights"], right.Policy["weights"])
		}
		if outcomeOfArms(t, got) != outcomeOfArms(t, right) {
			t.Errorf("%s: audits and verdicts differ:\n%s\nwant\n%s", name, outcomeOfArms(t, got), outcomeOfArms(t, right))
		}
	}
	if l := found["garbage"].Rounds[1].Labels; l == nil || *l != 0 {
		t.Errorf("garbage: the labels' accuracy is %v, want 0", l)
	}
	if l := found["none"].Rounds[1].Labels; l != nil {
		t.Errorf("none: the labels' accuracy is %v, want unknown", *l)
	}
}

// outcomeOfArms is what training and gates came to.
func outcomeOfArms(t *testing.T, r loop.Report) string {
	t.Helper()
	verdicts := map[string][]string{}
	for name, c := range r.Controls {
		verdicts[name] = c.Verdicts
	}
	for _, row := range r.Rounds {
		verdicts[""] = append(verdicts[""], row.Gate.Outcome)
	}
	b, err := json.MarshalIndent(map[string]any{"audit": r.Audit, "policy": r.Policy, "verdicts": verdicts}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// While one process advances a run, another may read and not advance it; an
// interrupt stops it cleanly, and it can be resumed.
func TestOneProcessAdvancesARun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	args := []string{"run", tiny, "--dir", dir, "--set", "policies.solver.pretrain.steps=1000000"}
	first := newChild(t, nil, args...)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Process.Kill() }()
	waitForHolder(t, dir)

	second := newChild(t, nil, args...)
	if code := second.status(t); code != exitFailed || !strings.Contains(second.err.String(), "another process holds the lease") {
		t.Errorf("the second process: exit status %d, want %d\n%s", code, exitFailed, second.err.String())
	}
	for _, verb := range []string{"list", "show"} {
		reader := newChild(t, nil, "runs", verb, "--dir", dir, "--json")
		if code := reader.status(t); code != exitDone || !strings.Contains(reader.out.String(), `"status": "running"`) {
			t.Errorf("runs %s: exit status %d\n%s%s", verb, code, reader.out.String(), reader.err.String())
		}
	}
	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := first.ended(t); code != exitInterrupted || !strings.Contains(first.err.String(), "pawl runs resume tiny-") {
		t.Errorf("interrupted: exit status %d, want %d\n%s", code, exitInterrupted, first.err.String())
	}
	list := newChild(t, nil, "runs", "--dir", dir, "--json")
	if list.status(t); !strings.Contains(list.out.String(), `"status": "interrupted"`) {
		t.Errorf("after the interrupt: %s", list.out.String())
	}
	resumed := newChild(t, nil, "runs", "resume", "--dir", dir)
	if err := resumed.Start(); err != nil {
		t.Fatal(err)
	}
	waitForHolder(t, dir)
	if err := resumed.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := resumed.ended(t); code != exitInterrupted {
		t.Errorf("terminated: exit status %d, want %d\n%s", code, exitInterrupted, resumed.err.String())
	}
}

// waitForHolder waits until somebody advances the newest run of dir.
func waitForHolder(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "ledger.db")); err != nil {
			continue
		}
		c := newChild(t, nil, "runs", "--dir", dir, "--json")
		if c.status(t) == exitDone && strings.Contains(c.out.String(), `"pid"`) {
			return
		}
	}
	t.Fatal("nobody advances the run")
}
