package loop

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
)

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

// batchJudge judges episodes together, and holds something.
type batchJudge struct {
	verifierFunc
	batch  func([]*core.Episode) ([]core.Judgement, error)
	closed *int
}

func (b batchJudge) VerifyBatch(_ context.Context, eps []*core.Episode) ([]core.Judgement, error) {
	return b.batch(eps)
}

func (b batchJudge) Close() error {
	*b.closed++
	return nil
}

// A verifier that judges in batches gets the episodes that were played, all at
// once, and is closed, whatever came of it.
func TestJudgedInBatches(t *testing.T) {
	closed := 0
	var batch func(eps []*core.Episode) ([]core.Judgement, error)
	hooked(t, "batch", func(core.Host) core.Verifier {
		return batchJudge{batch: func(eps []*core.Episode) ([]core.Judgement, error) { return batch(eps) }, closed: &closed}
	})
	r, _ := newRun(t, newLedger(), "verify:  [majority_vote]", "verify: [{hook: {name: batch, as: majority_vote}}]")
	var eps []*core.Episode
	for i := range 3 {
		eps = append(eps, coretest.Episode(coretest.Task(fmt.Sprint("t", i), "q", ""), "a", "b"))
	}
	eps[1].Err = "it was not played"
	batch = func(eps []*core.Episode) (js []core.Judgement, err error) {
		for _, ep := range eps {
			j := core.Judgement{Usage: core.Usage{Calls: 1}}
			for _, leaf := range ep.Leaves() {
				j.Scores = append(j.Scores, core.Score{By: "whoever", Nodes: []core.Ref{leaf}, Rationale: ep.Task.ID})
			}
			js = append(js, j)
		}
		return js, nil
	}
	if err := r.Judge(t.Context(), nil, r.Plan.Verify, eps); err != nil {
		t.Fatal(err)
	}
	for i, ep := range eps {
		s, ok := ep.ScoreOf(r.Plan.Verify[0].Label(), ep.Leaves()[1])
		if ok != (i != 1) || ok && s.Rationale != ep.Task.ID || len(ep.Scores) != map[bool]int{true: 2}[ok] {
			t.Errorf("task %s: %+v", ep.Task.ID, ep.Scores)
		}
	}
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
	planned := errors.New("the planned failure")
	for _, c := range []struct {
		batch func([]*core.Episode) ([]core.Judgement, error)
		want  string
	}{
		{func([]*core.Episode) ([]core.Judgement, error) { return nil, planned }, "the planned failure"},
		{func([]*core.Episode) ([]core.Judgement, error) { return make([]core.Judgement, 1), nil }, "1 judgements of 2 episodes"},
	} {
		batch = c.batch
		if err := r.Judge(t.Context(), nil, r.Plan.Verify, eps); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	if closed != 3 {
		t.Errorf("closed %d times", closed)
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
