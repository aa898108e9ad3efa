package loop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"

	"github.com/google/go-cmp/cmp"
)

// lucky counts the prompts of a set that a policy of the given skill gets
// right when it decodes greedily.
func lucky(set string, skill float64) float64 {
	n := 0
	for _, t := range numbers(set) {
		if float64(core.NewHasher("luck").String(t.Prompt[0].Content).Seed())/(1<<64) < skill {
			n++
		}
	}
	return float64(n) / float64(numbers(set).Len())
}

func examplesOf(t *testing.T, l *ledger, row Round) []*core.Example {
	t.Helper()
	b, err := l.Get(t.Context(), row.Examples[0])
	if err != nil {
		t.Fatal(err)
	}
	exs, err := core.DecodeExamples(b)
	if err != nil {
		t.Fatal(err)
	}
	return exs
}

// A whole run, checked against what can be worked out without the loop.
func TestRunByHand(t *testing.T) {
	l := newLedger()
	r, s := newRun(t, l)
	report := do(t, r)
	if len(report.Rounds) != 3 || report.Run != "test" || report.Recipe != "page" || report.Seed != 1 {
		t.Fatalf("the report is of %s, %s, seed %d, %d rounds", report.Run, report.Recipe, report.Seed, len(report.Rounds))
	}
	skill, promoted, tokens := 0.5, 0, int64(0)
	for _, row := range report.Rounds {
		right, all := 0, 0
		for _, ex := range examplesOf(t, l, row) {
			all++
			if ex.Episode.Node(ex.Leaves[0]).Content == rightAnswer(ex.Episode.Node(1).Content) {
				right++
			}
		}
		share := float64(right) / float64(all)
		if row.Sampled != 100 || row.Kept != all || row.Labels == nil || *row.Labels != share || row.Failed != 0 {
			t.Errorf("round %d: %d sampled, %d kept, labels %v; want 100, %d, %v", row.Round, row.Sampled, row.Kept, row.Labels, all, share)
		}
		candidate := min(1, skill+0.6*(share-0.5))
		if g := row.Gate; g.N != 100 || g.Incumbent != lucky("gate", skill) || g.Candidate != lucky("gate", candidate) {
			t.Errorf("round %d: the gate compares %v with %v on %d tasks; want %v, %v", row.Round, g.Candidate, g.Incumbent, g.N, lucky("gate", candidate), lucky("gate", skill))
		}
		if row.GateLow >= row.Gate.Candidate || row.GateHigh < row.Gate.Candidate {
			t.Errorf("round %d: the candidate is %v, between %v and %v", row.Round, row.Gate.Candidate, row.GateLow, row.GateHigh)
		}
		if row.Gate.Outcome == core.Promote {
			skill = candidate
			promoted++
		}
		if row.Seconds != 1111 { // a sampling, a selection, a training and a measurement of the candidate
			t.Errorf("round %d took %v s", row.Round, row.Seconds)
		}
		tokens += row.Tokens
	}
	if promoted == 0 || promoted == 3 || report.Promoted != promoted {
		t.Errorf("%d of 3 candidates are promoted, the report says %d", promoted, report.Promoted)
	}
	if got := s.policy(t, skill); !reflect.DeepEqual(report.Policy, got) || report.Policies != nil {
		t.Errorf("the final policy is %v, want %v", report.Policy, got)
	}
	if report.Seconds != 3333 {
		t.Errorf("the rounds took %v s", report.Seconds)
	}
	for name, want := range map[string]float64{"base": lucky("audit", 0.5), "final": lucky("audit", skill)} {
		if a := report.Audit[name]; a.Accuracy != want || a.N != 100 || a.Low > want || a.High < want {
			t.Errorf("the audit of %s is %+v, want %v", name, a, want)
		}
	}
	if d := report.Advantage; d == nil || d.Over != "labelled" || d.N != 100 || d.Difference-(report.Audit["final"].Accuracy-report.Audit["labelled"].Accuracy) > 1e-12 {
		t.Errorf("the advantage is %+v", d)
	}
	var over []string
	for _, g := range report.Gains {
		over = append(over, g.Over)
	}
	if !slices.Equal(over, []string{"base", "labelled", "null"}) {
		t.Errorf("gains are stated over %v", over)
	}
	for name, c := range report.Controls {
		if len(c.Verdicts) != 3 || len(c.Rounds) != 3 {
			t.Errorf("control %s has %d verdicts and %d rounds", name, len(c.Verdicts), len(c.Rounds))
		}
		// A control is not held back: the next round starts from its candidate.
		for i := 1; i < len(c.Rounds); i++ {
			if c.Rounds[i].Gate.Incumbent != c.Rounds[i-1].Gate.Candidate {
				t.Errorf("control %s: round %d starts from %v, the round before ended at %v", name, i+1, c.Rounds[i].Gate.Incumbent, c.Rounds[i-1].Gate.Candidate)
			}
		}
	}
	// The items of an audit are there for whoever wants to look.
	b, err := l.Get(t.Context(), report.Audit["final"].Items)
	if err != nil {
		t.Fatal(err)
	}
	var items []measured
	if err := json.Unmarshal(b, &items); err != nil || len(items) != 100 || items[0].ID != "audit-0" {
		t.Errorf("the items are %.80s (%v)", b, err)
	}
}

// Steps are lazy and shared: the labelled control never samples, and the null
// control's first sampling is the real arm's.
func TestControlsSampleNoMoreThanTheyMust(t *testing.T) {
	for _, c := range []struct {
		controls []string
		asked    int // attempts at tasks of the training set
		usage    int // rounds' worth of samples in the usage
	}{{[]string{}, 300, 3}, {[]string{"labelled"}, 300, 3}, {[]string{"null"}, 500, 5}, {nil, 500, 5}} {
		l := newLedger()
		r, s := newRun(t, l)
		r.Controls = c.controls
		report := do(t, r)
		if got := s.asked("train"); got != c.asked {
			t.Errorf("controls %v: %d attempts are sampled, want %d", c.controls, got, c.asked)
		}
		if s.asked("labelled") != 0 {
			t.Errorf("controls %v: labelled tasks are sampled", c.controls)
		}
		measured := s.asked("gate") + s.asked("audit") // one attempt a call
		if got := report.Usage.Calls; got != 20*c.usage+measured || measured < 600 {
			t.Errorf("controls %v: usage counts %d calls, want %d and %d of measuring", c.controls, got, 20*c.usage, measured)
		}
		if n, ok := report.Controls["null"]; ok {
			if first := n.Rounds[0]; first.Sampled != 100 || first.Tokens != report.Rounds[0].Tokens || first.Kept != 100 {
				t.Errorf("the null control's first round is %+v", first)
			}
		}
		if n, ok := report.Controls["labelled"]; ok {
			if first := n.Rounds[0]; first.Sampled != 0 || first.Tokens != 0 || first.Kept != 0 || first.Labels != nil {
				t.Errorf("the labelled control's first round is %+v", first)
			}
		}
	}
}

func TestSameSeedSameReport(t *testing.T) {
	run := func(change func(*Run)) *Report {
		r, _ := newRun(t, newLedger())
		if change != nil {
			change(r)
		}
		return do(t, r)
	}
	want := run(nil)
	for what, change := range map[string]func(*Run){
		"again": nil, "one at a time": func(r *Run) { r.Parallel = 1 }, "many at once": func(r *Run) { r.Parallel = 16 },
		"anew": func(r *Run) { r.Salt = "2" }, "another name": func(r *Run) { r.ID = want.Run },
	} {
		if d := cmp.Diff(want, run(change)); d != "" {
			t.Errorf("%s: the report differs:\n%s", what, d)
		}
	}
	other := run(func(r *Run) { r.Seed = 2 })
	if reflect.DeepEqual(other.Policy, want.Policy) && other.Rounds[0].Examples[0] == want.Rounds[0].Examples[0] {
		t.Error("another seed gives the same run")
	}
	unlike := run(func(r *Run) { r.Models.(*skills).identity = "skills/2" })
	if d := cmp.Diff(want, unlike); d != "" {
		t.Errorf("the name of the engine enters results, not only keys:\n%s", d)
	}
}

// A policy from another begins as that does, given or made.
func TestPoliciesFromPolicies(t *testing.T) {
	l := newLedger()
	r, s := newRun(t, l, "policies: {solver: {from: base}}", "policies: {solver: {from: base}, twin: {from: solver}, third: {from: twin}}")
	want := s.policy(t, 0.5)
	team, err := r.basePolicies(t.Context())
	if err != nil || len(team) != 3 {
		t.Fatalf("%v (%v)", team, err)
	}
	for name, p := range team {
		if p.Version() != want.Version() {
			t.Errorf("%s begins as %v", name, p)
		}
	}
	r.Initial["twin"] = s.policy(t, 0.25)
	if team, err = r.basePolicies(t.Context()); err != nil || team["third"].Version() != r.Initial["twin"].Version() {
		t.Errorf("third begins as %v (%v)", team["third"], err)
	}
	delete(r.Initial, "solver")
	if _, err := r.basePolicies(t.Context()); err == nil || !strings.Contains(err.Error(), "give a model with --model") {
		t.Errorf("error %v", err)
	}
}

// Finished steps are done once in a ledger, but anew under a salt.
func TestStepsAreReusedUnlessSalted(t *testing.T) {
	l := newLedger()
	r, s := newRun(t, l)
	want := do(t, r)
	acts, steps := s.acts, len(l.done)
	again, s2 := newRun(t, l)
	if d := cmp.Diff(want, do(t, again)); d != "" {
		t.Errorf("a finished run ends otherwise:\n%s", d)
	}
	if s2.acts != 0 || len(l.done) != steps {
		t.Errorf("a finished run asks its actors %d times and does %d steps", s2.acts, len(l.done)-steps)
	}
	salted, s3 := newRun(t, l)
	salted.Salt = "fresh"
	if d := cmp.Diff(want, do(t, salted)); d != "" {
		t.Errorf("a fresh run ends otherwise:\n%s", d)
	}
	if s3.acts != acts || len(l.done) != 2*steps {
		t.Errorf("a fresh run asks %d times and does %d steps, the first asked %d times and did %d", s3.acts, len(l.done)-steps, acts, steps)
	}
	for what, change := range map[string]func(*Run){
		"another engine": func(r *Run) { r.Models.(*skills).identity = "skills/2" },
		"another seed":   func(r *Run) { r.Seed = 9 },
	} {
		r, s := newRun(t, l)
		change(r)
		if do(t, r); s.acts == 0 {
			t.Errorf("%s: steps of others are taken for its own", what)
		}
	}
}

// The reference answers of unlabelled tasks are reported on, and nothing else.
// What steers a seat names its samples: no result of another seat is found.
func TestSteeringNamesSamples(t *testing.T) {
	l := newLedger()
	r, s := newRun(t, l)
	do(t, r)
	acts := s.acts
	for _, change := range []string{"min_p: 0.1", "regex: '[0-9]+'", "regex: '[0-9]*'", "schema: {type: integer}", `grammar: 'root ::= "1"'`, "logit_bias: {1: 2}", "logit_bias: {'1': 2}", "stop: [x]"} {
		r, s := newRun(t, l, "temperature: 1", "temperature: 1, "+change)
		if do(t, r); s.acts != acts {
			t.Errorf("with %s actors are asked %d times, not %d", change, s.acts, acts)
		}
	}
}

func TestGarbageReferencesChangeNoPolicy(t *testing.T) {
	run := func(spoil func(i int, task *core.Task)) *Report {
		r, _ := newRun(t, newLedger())
		tasks := numbers("train")
		for i := range tasks {
			spoil(i, &tasks[i])
		}
		r.Sets["train"] = tasks
		return do(t, r)
	}
	want := run(func(int, *core.Task) {})
	for what, spoil := range map[string]func(int, *core.Task){
		"garbage":  func(_ int, t *core.Task) { t.Reference = coretest.Reference(core.Reference{Answer: "garbage"}) },
		"swapped":  func(i int, t *core.Task) { t.Reference = numbers("train")[(i+7)%40].Reference },
		"no JSON":  func(_ int, t *core.Task) { t.Reference = json.RawMessage(`7`) },
		"left out": func(_ int, t *core.Task) { t.Reference = nil },
	} {
		got := run(spoil)
		if !reflect.DeepEqual(got.Policy, want.Policy) || !reflect.DeepEqual(got.Audit, want.Audit) {
			t.Errorf("%s: the final policy or its audit changes", what)
		}
		for i, row := range got.Rounds {
			old := want.Rounds[i]
			if row.Gate != old.Gate || row.Kept != old.Kept {
				t.Errorf("%s: round %d keeps %d (%v), it kept %d (%v)", what, i+1, row.Kept, row.Gate.Outcome, old.Kept, old.Gate.Outcome)
			}
			if row.Labels != nil && *row.Labels == *old.Labels {
				t.Errorf("%s: round %d reports labels as before", what, i+1)
			}
			if unknown := what == "no JSON" || what == "left out"; unknown != (row.Labels == nil) {
				t.Errorf("%s: round %d reports labels %v", what, i+1, row.Labels)
			}
		}
	}
}

// Every decision is filed, once, the base first; what is promoted is filed with
// the policy that is then in force.
func TestDecisionsAreFiledOnce(t *testing.T) {
	l := newLedger()
	r, s := newRun(t, l)
	report := do(t, r)
	if len(l.filed) != 1+3+3+3 {
		t.Fatalf("%d decisions are filed, want the base's and three for each of three arms", len(l.filed))
	}
	base := l.filed[0]
	if base.Verdict.Outcome != Base || base.Arm != "" || base.Round != 0 || !reflect.DeepEqual(base.Policies["solver"], s.policy(t, 0.5)) {
		t.Errorf("the first decision is %+v", base)
	}
	force := base.Policies["solver"]
	for i, p := range l.filed[1:4] {
		if p.Arm != "" || p.Round != i+1 || p.Verdict != report.Rounds[i].Gate {
			t.Errorf("decision %d is %+v", i+1, p)
		}
		if p.Parent != core.Digest(teamVersion(map[string]core.Policy{"solver": force})) || p.Candidate != core.Digest(teamVersion(p.Policies)) {
			t.Errorf("decision %d is about others than its policies", i+1)
		}
		if p.Verdict.Outcome == core.Promote {
			force = p.Policies["solver"]
		}
	}
	if !reflect.DeepEqual(force, report.Policy) {
		t.Error("the archive's policy in force is not the report's")
	}
	again, _ := newRun(t, l)
	do(t, again)
	if len(l.filed) != 10 {
		t.Errorf("resumed, the run files %d decisions more", len(l.filed)-10)
	}
}

// Set sizes and take: new tasks each round, from the front again at the end.
func TestTasksAreDrawnInTurn(t *testing.T) {
	for _, c := range []struct {
		take, rounds string
		want         [][2]int // first task and how many, each round
	}{
		{"20", "3", [][2]int{{0, 20}, {20, 20}, {0, 20}}},
		{"15", "4", [][2]int{{0, 15}, {15, 15}, {30, 15}, {5, 15}}},
		{"40", "2", [][2]int{{0, 40}, {0, 40}}},
		{"0", "2", [][2]int{{0, 40}, {0, 40}}},
		{"99", "2", [][2]int{{0, 40}, {0, 40}}},
	} {
		var drawn [][]string
		hooked(t, "see", func(core.Host) core.Selector {
			return selectorFunc(func(_ context.Context, in core.Episodes) (core.Examples, error) {
				var ids []string
				var exs []*core.Example
				for ep, err := range in {
					if err != nil {
						return nil, err
					}
					ids = append(ids, ep.Task.ID)
					exs = append(exs, &core.Example{Episode: ep, Leaves: ep.Leaves()[:1], Labels: []float64{1}})
				}
				drawn = append(drawn, ids)
				return coretest.Examples(exs...), nil
			})
		})
		r, _ := newRun(t, newLedger(), "take: 20", "take: "+c.take, "rounds:  3", "rounds: "+c.rounds,
			"select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {hook: {name: see}}")
		r.Controls = []string{}
		do(t, r)
		for i, w := range c.want {
			var want []string
			for k := range w[1] {
				want = append(want, numbers("train")[(w[0]+k)%40].ID)
			}
			if !slices.Equal(drawn[i], want) {
				t.Errorf("take %s, round %d: drawn are %v, want %v", c.take, i+1, drawn[i], want)
			}
		}
	}
}

func TestSetsThatCannotBeDrawn(t *testing.T) {
	twice := append(numbers("train"), numbers("train")[3])
	for what, c := range map[string]struct {
		set    string
		source core.TaskSource
		want   string
	}{
		"two tasks of one id":      {"train", twice, `two have the id "train-3"`},
		"two gate tasks of one id": {"gate", twice, `two have the id "train-3"`},
		"an empty set":             {"train", coretest.TaskList{}, "the set is empty"},
		"an endless gate":          {"gate", endless{numbers("gate")}, "it is endless"},
		"an endless set, no take":  {"train", endless{numbers("train")}, "say how many a round with take"},
		"no set":                   {"train", nil, "it is not given"},
	} {
		r, _ := newRun(t, newLedger(), "take: 20", "take: 0")
		r.Sets[c.set] = c.source
		if c.source == nil {
			delete(r.Sets, c.set)
			c.want = "train"
		}
		if _, err := r.Do(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	r, _ := newRun(t, newLedger())
	r.Sets["train"] = endless{numbers("train")}
	if report := do(t, r); len(report.Rounds) != 3 {
		t.Errorf("an endless set with take gives %d rounds", len(report.Rounds))
	}
}

// endless repeats a list under new ids.
type endless struct{ coretest.TaskList }

func (endless) Len() int { return -1 }

func (e endless) Tasks(_ context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := first; ; i++ {
			t := e.TaskList[i%len(e.TaskList)]
			t.ID = fmt.Sprintf("%s-%d", t.ID, i)
			if !yield(t, nil) {
				return
			}
		}
	}
}

func TestNothingKept(t *testing.T) {
	r, s := newRun(t, newLedger(), "select:   {filter: {by: majority_vote, at_least: 0.5}}", "select: {filter: {by: exact, at_least: 1}}", "verify:  [majority_vote]", "verify: [exact]", "answer:  {by: majority_vote}", "")
	r.Initial["solver"] = s.policy(t, 0)
	report, err := r.Do(t.Context())
	if !errors.Is(err, ErrNothingKept) || !strings.Contains(err.Error(), "none of 100 attempts on 20 tasks got a score above zero") {
		t.Errorf("a base that is never right: %v", err)
	}
	if report == nil || len(report.Rounds) != 0 || report.Policy != nil {
		t.Errorf("the report claims %+v", report)
	}
	r, _ = newRun(t, newLedger(), "at_least: 0.5", "at_least: 1.5")
	if _, err = r.Do(t.Context()); !errors.Is(err, ErrNothingKept) || !strings.Contains(err.Error(), "lower its threshold") {
		t.Errorf("a threshold that none reaches: %v", err)
	}
}

func TestBudget(t *testing.T) {
	// A round samples some 1100 tokens, and so does a policy's measurement.
	for _, c := range []struct {
		tokens string
		rounds int
	}{{"1000", 0}, {"3000", 0}, {"5000", 1}} {
		r, s := newRun(t, newLedger(), "rounds:  3", "rounds: 3\nbudget: {tokens: "+c.tokens+"}")
		report, err := r.Do(t.Context())
		if !errors.Is(err, ErrBudget) || !strings.Contains(err.Error(), c.tokens+" allowed") {
			t.Errorf("%s tokens last for ever: %v", c.tokens, err)
		}
		if len(report.Rounds) != c.rounds {
			t.Errorf("%d rounds are within %s tokens, want %d", len(report.Rounds), c.tokens, c.rounds)
		}
		if s.asked("audit") != 0 {
			t.Errorf("%s tokens: the audit is sampled beyond the budget", c.tokens)
		}
	}
	r, _ := newRun(t, newLedger(), "rounds:  3", "rounds: 3\nbudget: {tokens: 50000}")
	do(t, r)
}
