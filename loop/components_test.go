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
	"pawl/registry"
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
		if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "components_test.go:") {
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

// Judges' own nodes are appended, and Via points at them, whoever judged before.
func TestJudgesNodes(t *testing.T) {
	judge := func(name string) func(core.Host) core.Verifier {
		return func(core.Host) core.Verifier {
			return verifierFunc(func(_ context.Context, ep *core.Episode, _ []core.Ref) (core.Judgement, error) {
				var j core.Judgement
				next := core.Ref(len(ep.Nodes))
				for _, leaf := range ep.Leaves() {
					ask := core.Node{Actor: name, Role: core.RoleUser, Content: "judge " + ep.Node(leaf).Content}
					say := core.Node{Actor: name, Role: core.RoleAssistant, Content: name + " on " + ep.Node(leaf).Content, Parent: next + 1}
					j.Nodes = append(j.Nodes, ask, say)
					next += 2
					j.Scores = append(j.Scores, core.Score{By: "whoever", Nodes: []core.Ref{leaf}, Value: 1, Via: next})
				}
				j.Usage = core.Usage{Calls: 5}
				return j, nil
			})
		}
	}
	hooked(t, "kind", judge("kind"))
	hooked(t, "strict", judge("strict"))
	seen := 0
	hooked(t, "look", func(core.Host) core.Selector {
		return selectorFunc(func(_ context.Context, in core.Episodes) (core.Examples, error) {
			var exs []*core.Example
			for ep, err := range in {
				if err != nil {
					return nil, err
				}
				if n := len(ep.Leaves()); n != 5 {
					return nil, fmt.Errorf("%d attempts, not 5: judges' turns count", n)
				}
				for _, s := range ep.Scores {
					want := s.By + " on " + ep.Node(s.Nodes[0]).Content
					if got := ep.Node(s.Via).Content; got != want {
						return nil, fmt.Errorf("a score is by way of %q, want %q", got, want)
					}
					seen++
				}
				if ep.Usage.Calls != 1+5+5 {
					return nil, fmt.Errorf("%d calls are counted", ep.Usage.Calls)
				}
				exs = append(exs, &core.Example{Episode: ep, Leaves: ep.Leaves()[:1], Labels: []float64{1}})
			}
			return coretest.Examples(exs...), nil
		})
	})
	l := newLedger()
	r, _ := newRun(t, l, "verify:  [majority_vote]", "verify: [{hook: {name: kind, as: kind}}, {hook: {name: strict, as: strict}}]", "answer:  {by: majority_vote}", "",
		"select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {hook: {name: look}}", "rounds:  3", "rounds: 1")
	r.Controls = []string{}
	report := do(t, r)
	if seen != 20*5*2 {
		t.Errorf("%d scores were seen", seen)
	}
	// Examples carry their own path and no more.
	for _, ex := range examplesOf(t, l, report.Rounds[0]) {
		if len(ex.Episode.Nodes) != 2 || len(ex.Episode.Scores) != 0 {
			t.Errorf("an example has %d nodes and %d scores", len(ex.Episode.Nodes), len(ex.Episode.Scores))
		}
	}
}

// A selector's memory outlives rejection, comes back after a kill, and what it
// replays does not count as new, even on the same tasks.
func TestRememberedExamples(t *testing.T) {
	hooked(t, "never", func(core.Host) core.Gate {
		return gateFunc(func(_ context.Context, trial core.Trial) (core.Verdict, error) {
			return core.Verdict{Outcome: core.Reject, N: len(trial.Items), Reason: "never"}, nil
		})
	})
	mix := "select: {mix: {new: {filter: {by: majority_vote, at_least: 0.5}}, anchors: {demonstrations: {tasks: labelled}}, keep: -1}}"
	for _, take := range []string{"20", "0"} { // other tasks each round, and the same
		l := newLedger()
		build := func() *Run {
			r, _ := newRun(t, l, "take: 20", "take: "+take, "select:   {filter: {by: majority_vote, at_least: 0.5}}", mix, "gate:    {paired: {alpha: 0.05}}", "gate: {hook: {name: never}}")
			r.Controls = []string{}
			return r
		}
		report := do(t, build())
		kept := 0
		for i, row := range report.Rounds {
			kept += row.Kept
			if n := len(examplesOf(t, l, row)); n != 40+kept || row.Kept == 0 {
				t.Errorf("take %s, round %d: %d examples, want 40 labelled ones, %d old and %d new", take, i+1, n, kept-row.Kept, row.Kept)
			}
			if row.Gate.Outcome != core.Reject || row.Gate.Incumbent != report.Rounds[0].Gate.Incumbent {
				t.Errorf("take %s, round %d: %+v", take, i+1, row.Gate)
			}
		}
		if !reflect.DeepEqual(report.Policy, build().Initial["solver"]) || report.Promoted != 0 {
			t.Errorf("take %s: the final policy is not the base", take)
		}
		if again := do(t, build()); !reflect.DeepEqual(again, report) {
			t.Errorf("take %s: resumed, the report differs", take)
		}
	}
}

// forgetful is a Stateful selector whose state is what it is told, "" for none.
type forgetful struct {
	t      *testing.T
	got    *[]string
	states []string
	was    string
}

func (f *forgetful) Select(_ context.Context, in core.Episodes) (core.Examples, error) {
	var exs []*core.Example
	for ep, err := range in {
		if err != nil {
			return nil, err
		}
		exs = append(exs, &core.Example{Episode: ep, Leaves: ep.Leaves()[:1], Labels: []float64{1}})
	}
	*f.got = append(*f.got, f.was)
	return coretest.Examples(exs...), nil
}

func (f *forgetful) State() ([]byte, error) {
	if s := f.states[len(*f.got)-1]; s != "" {
		return []byte(s), nil
	}
	return nil, nil
}

func (f *forgetful) Restore(b []byte) error { f.was = string(b); return nil }

func TestStateMayBeForgotten(t *testing.T) {
	var got []string
	hooked(t, "forget", func(core.Host) core.Selector {
		return &forgetful{t: t, got: &got, states: []string{"one", "", "three"}}
	})
	r, _ := newRun(t, newLedger(), "select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {hook: {name: forget}}")
	r.Controls = []string{}
	do(t, r)
	if !slices.Equal(got, []string{"", "one", ""}) {
		t.Errorf("the rounds began with the states %q", got)
	}
}

// Each lane learns from its own base, and tries candidates in its own place.
func TestLanes(t *testing.T) {
	type call struct {
		base, solver, critic core.Policy
		tried                int
	}
	calls := map[string]call{}
	for _, lane := range []string{"solver", "critic"} {
		hooked(t, "lane-"+lane, func(h core.Host) core.Optimizer {
			return optimizerFunc(func(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
				all := h.Policies()
				d, err := h.Put(ctx, []byte("1"))
				if err != nil {
					return nil, err
				}
				candidate := p.With(core.PartWeights, d)
				eps, err := h.Try(ctx, candidate, "probe")
				if err != nil {
					return nil, err
				}
				c := call{base: all["base"], solver: all["solver"], critic: all["critic"]}
				for _, ep := range eps {
					for _, leaf := range ep.Leaves() {
						if ep.Node(leaf).Content == rightAnswer(ep.Node(1).Content) {
							c.tried++
						}
					}
				}
				calls[lane] = c
				if _, err := h.Try(ctx, candidate, "gate"); err == nil {
					return nil, errors.New("the gate's tasks may be tried on")
				}
				return candidate, nil
			})
		})
	}
	r, s := newRun(t, newLedger(),
		"policies: {solver: {from: base}}", "policies: {solver: {from: base}, critic: {from: base}}",
		"labelled: {}", "labelled: {}\n  probe: {}",
		`updates:
  - policy: solver
    select:   {filter: {by: majority_vote, at_least: 0.5}}
    optimize: {teach: {gain: 0.6}}`,
		`updates:
  - {policy: critic, select: {filter: {by: majority_vote}}, optimize: {hook: {name: lane-critic}}}
  - {policy: solver, select: {filter: {by: majority_vote}}, optimize: {hook: {name: lane-solver}}}`,
		`controls:
  labelled: {solver: {select: {demonstrations: {tasks: labelled}}}}
  "null":   {solver: {select: first}}`, "", "rounds:  3", "rounds: 1")
	solver, critic := s.policy(t, 0.5), s.policy(t, 0.25)
	r.Initial = map[string]core.Policy{"solver": solver, "critic": critic}
	report := do(t, r)
	for lane, base := range r.Initial {
		c := calls[lane]
		if !reflect.DeepEqual(c.base, base) || !reflect.DeepEqual(c.solver, solver) || !reflect.DeepEqual(c.critic, critic) {
			t.Errorf("lane %s: base %v, in force %v and %v", lane, c.base, c.solver, c.critic)
		}
	}
	// 40 tasks, five attempts: all right if the candidate plays the solver's seat.
	if calls["solver"].tried != 200 || calls["critic"].tried == 200 {
		t.Errorf("tried as solver %d attempts are right, as critic %d", calls["solver"].tried, calls["critic"].tried)
	}
	if len(report.Policies) != 2 || !reflect.DeepEqual(report.Policies["critic"], s.policy(t, 1)) || len(report.Rounds[0].Examples) != 2 {
		t.Errorf("the report has the policies %v and %d lists of examples", report.Policies, len(report.Rounds[0].Examples))
	}
}

// A lane that keeps nothing does not end a round in which another keeps some.
func TestNothingKeptIsSaidOfTheWholeRound(t *testing.T) {
	hooked(t, "idle", func(core.Host) core.Optimizer {
		return optimizerFunc(func(_ context.Context, p core.Policy, _ core.Examples) (core.Policy, error) { return p, nil })
	})
	r, _ := newRun(t, newLedger(),
		"policies: {solver: {from: base}}", "policies: {solver: {from: base}, critic: {from: base}}",
		"updates:\n", "updates:\n  - {policy: critic, select: {filter: {by: majority_vote, at_least: 2}}, optimize: {hook: {name: idle}}}\n")
	r.Initial["critic"] = r.Initial["solver"]
	r.Controls = []string{}
	if report := do(t, r); report.Rounds[0].Kept == 0 {
		t.Error("nothing is kept")
	}
}

// nested is a task source that is built of another set.
type nestedConfig struct {
	Of string `yaml:"of" ref:"tasks" doc:"A set."`
}

func init() {
	registry.Tasks("nested", registry.Doc{Summary: "Another set's tasks."}, func(ctx context.Context, h core.Host, c nestedConfig) (core.TaskSource, error) {
		h.Progress(core.Progress{Stage: "tasks", Note: "opening " + c.Of})
		return h.Tasks(ctx, c.Of)
	})
}

func TestTaskSourcesMayNest(t *testing.T) {
	r, _ := newRun(t, newLedger(), "train:    {take: 20}", "train: {nested: {of: probe}, take: 20}", "labelled: {}", "labelled: {}\n  probe: {}")
	delete(r.Sets, "train")
	told := false
	r.Observe = func(e Event) { told = told || e.Progress.Note == "opening probe" }
	if report := do(t, r); report.Rounds[0].Sampled != 100 || !told {
		t.Errorf("%d attempts are sampled; progress told: %v", report.Rounds[0].Sampled, told)
	}
}

func TestMapOrdered(t *testing.T) {
	item := func(i int) *core.Episode { return &core.Episode{Seed: uint64(i)} }
	for _, limit := range []int{1, 3, 100} {
		eps, err := mapOrdered(t.Context(), 20, limit, func(_ context.Context, i int) (*core.Episode, error) { return item(i), nil })
		if err != nil || len(eps) != 20 {
			t.Fatalf("%d episodes (%v)", len(eps), err)
		}
		for i, ep := range eps {
			if ep.Seed != uint64(i) {
				t.Errorf("at %d is %d", i, ep.Seed)
			}
		}
	}
	if eps, err := mapOrdered(t.Context(), 0, 4, nil); err != nil || len(eps) != 0 {
		t.Errorf("of nothing come %d episodes (%v)", len(eps), err)
	}
	// The cause is told, not the cancelling that followed from it: item 0 waits
	// until item 1 has failed.
	cause := errors.New("the cause")
	_, err := mapOrdered(t.Context(), 2, 2, func(ctx context.Context, i int) (*core.Episode, error) {
		if i == 1 {
			return nil, cause
		}
		<-ctx.Done()
		return nil, fmt.Errorf("item 0: %w", ctx.Err())
	})
	if !errors.Is(err, cause) {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := mapOrdered(ctx, 2, 2, func(ctx context.Context, i int) (*core.Episode, error) { return item(i), ctx.Err() }); !errors.Is(err, cause) {
		t.Errorf("cancelled, the error is %v", err)
	}
}

// What a draw is asked for as a whole equals what single tasks give.
func TestAttempt(t *testing.T) {
	r, _ := newRun(t, newLedger())
	tasks := numbers("train")
	var all []*core.Episode
	err := r.Attempt(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(ep *core.Episode) error {
		all = append(all, ep)
		return nil
	})
	if err != nil || len(all) != len(tasks) {
		t.Fatalf("%d answers (%v)", len(all), err)
	}
	for i, ep := range all {
		if ep.Task.ID != tasks[i].ID || ep.Answer != r.Plan.Answer.Pick(ep) || len(ep.Leaves()) != 5 {
			t.Errorf("answer %d is of %s, node %d", i, ep.Task.ID, ep.Answer)
		}
		err := r.Attempt(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks[i:i+1], func(one *core.Episode) error {
			if !reflect.DeepEqual(one, ep) {
				return fmt.Errorf("alone it is another episode")
			}
			return nil
		})
		if err != nil {
			t.Errorf("task %s: %v", ep.Task.ID, err)
		}
	}
	stop := errors.New("enough")
	if err := r.Attempt(t.Context(), r.Initial, r.Plan.Sample, r.Plan.Verify, tasks, func(*core.Episode) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the sink's error becomes %v", err)
	}
}
