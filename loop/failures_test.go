package loop

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// A component's panic ends the run with an error that says where it was.
func TestPanicsBecomeErrors(t *testing.T) {
	boom := func(first bool) {
		if first {
			panic("boom")
		}
	}
	once := func() func() bool {
		var mu sync.Mutex
		n := 0
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			n++
			return n == 3
		}
	}
	for what, change := range map[string][]string{
		"sampler":   {"sample:  {repeat: {n: 5}}", "sample: {hook: {name: boom-sampler}}"},
		"verifier":  {"verify:  [majority_vote]", "verify: [majority_vote, {hook: {name: boom-verifier}}]"},
		"selector":  {"select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {hook: {name: boom-selector}}"},
		"optimizer": {"optimize: {teach: {gain: 0.6}}", "optimize: {hook: {name: boom-optimizer}}"},
		"gate":      {"gate:    {paired: {alpha: 0.05}}", "gate: {hook: {name: boom-gate}}"},
		"metric":    {"metrics: [tokens]", "metrics: [{hook: {name: boom-metric}}]"},
	} {
		third := once() // of 20 tasks at once one is enough
		hooked(t, "boom-sampler", func(core.Host) core.Sampler {
			return samplerFunc(func(_ context.Context, c core.Call, task core.Task) (*core.Episode, error) {
				boom(third())
				return core.NewEpisode(task, c.Seed), nil
			})
		})
		hooked(t, "boom-verifier", func(core.Host) core.Verifier {
			return verifierFunc(func(context.Context, *core.Episode, []core.Ref) (core.Judgement, error) {
				boom(third())
				return core.Judgement{}, nil
			})
		})
		hooked(t, "boom-selector", func(core.Host) core.Selector {
			return selectorFunc(func(context.Context, core.Episodes) (core.Examples, error) { panic("boom") })
		})
		hooked(t, "boom-optimizer", func(core.Host) core.Optimizer {
			return optimizerFunc(func(context.Context, core.Policy, core.Examples) (core.Policy, error) { panic("boom") })
		})
		hooked(t, "boom-gate", func(core.Host) core.Gate {
			return gateFunc(func(context.Context, core.Trial) (core.Verdict, error) { panic("boom") })
		})
		hooked(t, "boom-metric", func(core.Host) core.Metric {
			return metricFunc(func(context.Context, core.Episodes) ([]core.Estimate, error) { panic("boom") })
		})
		r, _ := newRun(t, newLedger(), change...)
		report, err := r.Do(t.Context())
		if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "failures_test.go:") {
			t.Errorf("a %s that panics: %v", what, err)
		}
		if report == nil || len(report.Rounds) != 0 {
			t.Errorf("a %s that panics: the report claims a round", what)
		}
	}
}

// failing makes tasks fail by their prompts.
func failing(prompts ...string) func(string) error {
	return func(prompt string) error {
		if slices.Contains(prompts, prompt) {
			return errors.New("the line is dead")
		}
		return nil
	}
}

// batching gives skills' actors the batch interface, in which one bad request
// fails all.
type batching struct{ *skills }

func (b batching) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	a, err := b.skills.Actor(ctx, p, seat, o)
	return batchActor{a}, err
}

type batchActor struct{ core.Actor }

func (b batchActor) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	out := make([][]core.Node, len(rs))
	for i, r := range rs {
		var err error
		if out[i], err = b.Act(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A task that cannot be played is a failed episode, which the report counts;
// where nothing can be played, the run ends.
func TestFailedTasks(t *testing.T) {
	healthy, _ := newRun(t, newLedger())
	want := do(t, healthy)
	for what, batch := range map[string]bool{"one by one": false, "in batches": true} {
		l := newLedger()
		start := func(fail func(string) error) *Run {
			r, s := newRun(t, l)
			s.fail = fail
			if batch {
				r.Models = batching{s}
			}
			return r
		}
		if _, err := start(func(string) error { return errors.New("the line is dead") }).Do(t.Context()); err == nil || !strings.Contains(err.Error(), "the line is dead") {
			t.Errorf("%s, a dead line: %v", what, err)
		}
		if l.steps("sample") != 0 {
			t.Errorf("%s, a dead line: its samples are kept", what)
		}
		report := do(t, start(failing("2003", "2007", "3001")))
		row, old := report.Rounds[0], want.Rounds[0]
		if row.Failed != 2 || !strings.Contains(row.Failure, "train-3: ") || !strings.Contains(row.Failure, "the line is dead") {
			t.Errorf("%s: two tasks fail, the report counts %d (%q)", what, row.Failed, row.Failure)
		}
		if row.Sampled != old.Sampled-10 || row.Kept > old.Kept || row.Kept < old.Kept-10 || row.Gate.N != 100 {
			t.Errorf("%s: %d sampled, %d kept, without failures %d and %d", what, row.Sampled, row.Kept, old.Sampled, old.Kept)
		}
		for i, ex := range examplesOf(t, l, row) {
			if id := ex.Episode.Task.ID; id == "train-3" || id == "train-7" {
				t.Errorf("%s: example %d is of %s, which failed", what, i, id)
			}
		}
		// The failure is on record: a resumed run meets it again, not the actor.
		if again := do(t, start(failing("2003", "2007", "3001"))); !reflect.DeepEqual(again, report) {
			t.Errorf("%s: resumed, the report differs", what)
		}
	}
	// Answering is not measuring: there a failure is an error.
	r, s := newRun(t, newLedger())
	s.fail = failing("2003")
	err := r.Attempt(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, numbers("train")[:5], func(*core.Episode) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "the line is dead") {
		t.Errorf("a task that cannot be answered: %v", err)
	}
	// Measuring goes on, and counts it.
	var failed []string
	err = r.AttemptAll(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, numbers("train")[:5], func(ep *core.Episode) error {
		if ep.Err != "" {
			failed = append(failed, ep.Task.ID+": "+Failure(ep))
		} else if len(ep.Leaves()) == 0 {
			t.Errorf("task %s has no attempt", ep.Task.ID)
		}
		return nil
	})
	if err != nil || len(failed) != 1 || !strings.HasPrefix(failed[0], "train-3: ") || !strings.Contains(failed[0], "the line is dead") {
		t.Errorf("of five tasks one cannot be measured: %q (%v)", failed, err)
	}
}

// Only a whole chunk of failures, or nothing but failures, ends a run.
func TestWhatCountsAsADeadActor(t *testing.T) {
	big := make(coretest.TaskList, 2*chunkTasks+1)
	for i := range big {
		big[i] = coretest.Task(fmt.Sprintf("t%d", i), fmt.Sprint(i), "")
	}
	for _, c := range []struct {
		what   string
		fails  func(i int) bool
		failed int // -1: the run ends
	}{
		{"the last task, alone in its chunk", func(i int) bool { return i == 2*chunkTasks }, 1},
		{"every other task", func(i int) bool { return i%2 == 1 }, chunkTasks},
		{"the whole second chunk", func(i int) bool { return i >= chunkTasks && i < 2*chunkTasks }, -1},
		{"all but the last task", func(i int) bool { return i != 2*chunkTasks }, -1},
	} {
		r, s := newRun(t, newLedger())
		s.fail = func(prompt string) error {
			var i int
			fmt.Sscan(prompt, &i)
			if c.fails(i) {
				return errors.New("the line is dead")
			}
			return nil
		}
		eps, err := r.sampling(nil, 1, "sample 0", r.Initial, r.Plan.Sample, nil, big).all(t.Context())
		if c.failed < 0 {
			if err == nil {
				t.Errorf("%s: the run goes on", c.what)
			}
			continue
		}
		n := 0
		for i, ep := range eps {
			if (ep.Err != "") != c.fails(i) || ep.Task.ID != big[i].ID || ep.Seed == 0 {
				t.Errorf("%s: episode %d is %+v", c.what, i, ep)
			}
			if ep.Err != "" {
				n++
			}
		}
		if err != nil || n != c.failed {
			t.Errorf("%s: %d tasks fail, want %d (%v)", c.what, n, c.failed, err)
		}
	}
}
