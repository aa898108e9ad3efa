package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/stats"
	_ "pawl/verifier"
)

// try is an attempt in tests: its answer, and what the oracle says of it.
type try struct {
	answer string
	right  bool
}

// episode has one attempt for each try, judged by "oracle".
func episode(id string, tries ...try) *core.Episode {
	ep := core.NewEpisode(core.Task{ID: id, Prompt: []core.Node{{Role: core.RoleUser, Content: "?"}}}, 1)
	for _, a := range tries {
		content := "" // gives no answer
		if a.answer != "" {
			content = "#### " + a.answer
		}
		r := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: content})
		s := core.Score{By: "oracle", Nodes: []core.Ref{r}}
		if a.right {
			s.Value = 1
		}
		ep.Scores = append(ep.Scores, s)
		ep.Usage.Add(core.Usage{Calls: 1, PromptTokens: 2, CompletionTokens: 10})
	}
	return ep
}

func source(eps ...*core.Episode) core.Episodes {
	return func(yield func(*core.Episode, error) bool) {
		for _, ep := range eps {
			if !yield(ep, nil) {
				return
			}
		}
	}
}

// decoded builds a metric as a recipe would.
func decoded(t testing.TB, name string, settings registry.Value) core.Metric {
	t.Helper()
	v := registry.Value{Form: registry.Map, Fields: []registry.Member{{Key: name, Value: settings}}}
	spec, problems := registry.Default.Decode(core.KindMetric, v, "test")
	if len(problems) > 0 {
		t.Fatal(registry.Problems(problems))
	}
	h := coretest.NewHost(nil)
	h.Builder = registry.Default.Build
	m, err := registry.Make[core.Metric](context.Background(), registry.Default, h, spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func measure(t testing.TB, m core.Metric, eps ...*core.Episode) []core.Estimate {
	t.Helper()
	out, err := m.Measure(context.Background(), source(eps...))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out {
		if !(e.Low <= e.Value+1e-12 && e.Value <= e.High+1e-12) || math.IsInf(e.Low, 0) || math.IsInf(e.High, 0) || e.N < 1 || e.Method == "" {
			t.Errorf("an interval that does not hold its value, or is not finite: %+v", e)
		}
	}
	return out
}

// expect compares names and values.
func expect(t testing.TB, got []core.Estimate, want map[string]float64) {
	t.Helper()
	found := map[string]float64{}
	for _, e := range got {
		found[e.Name] = math.Round(e.Value*1e9) / 1e9
	}
	for k, v := range want {
		want[k] = math.Round(v*1e9) / 1e9
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

// settings makes a map of settings.
func settings(pairs ...any) registry.Value {
	v := registry.Value{Form: registry.Map}
	for i := 0; i < len(pairs); i += 2 {
		var w registry.Value
		switch x := pairs[i+1].(type) {
		case []int:
			w.Form = registry.List
			for _, n := range x {
				w.Items = append(w.Items, registry.Scalar(fmt.Sprint(n)))
			}
		case registry.Value:
			w = x
		default:
			w = registry.Scalar(fmt.Sprint(x))
		}
		v.Fields = append(v.Fields, registry.Member{Key: pairs[i].(string), Value: w})
	}
	return v
}

var none registry.Value

// Three tasks: 3 of 4 right, 1 of 4 right with a common wrong answer, none.
func threeTasks() []*core.Episode {
	return []*core.Episode{
		episode("a", try{"5", true}, try{"5", true}, try{"7", false}, try{"5.0", true}),
		episode("b", try{"1", false}, try{"1", false}, try{"2", true}, try{"", false}),
		episode("c", try{"8", false}, try{"9", false}, try{"8", false}, try{"9", false}),
	}
}

func TestAccuracy(t *testing.T) {
	e := measure(t, decoded(t, "accuracy", none), threeTasks()...)
	expect(t, e, map[string]float64{"accuracy": 4.0 / 12})
	if e[0].N != 3 {
		t.Errorf("%d tasks, want 3", e[0].N)
	}
	// One attempt a task: Wilson's interval.
	single := measure(t, decoded(t, "accuracy", none), episode("a", try{"1", true}), episode("b", try{"1", false}))
	if i := stats.Wilson(1, 2, 0.95); single[0].Method != "wilson" || single[0].Low != i.Low || single[0].High != i.High {
		t.Errorf("%+v", single)
	}
	// Attempts of one task in several episodes are one task.
	split := measure(t, decoded(t, "accuracy", none), episode("a", try{"1", true}), episode("a", try{"2", false}), episode("b", try{"1", true}))
	if split[0].N != 2 || math.Abs(split[0].Value-2.0/3) > 1e-12 {
		t.Errorf("%+v", split)
	}
}

func TestAccuracyOfAnswers(t *testing.T) {
	m := decoded(t, "accuracy", settings("count", "answers"))
	eps := threeTasks()
	eps[0].Answer = eps[0].Leaves()[0]
	eps[1].Answer = eps[1].Leaves()[0]
	expect(t, measure(t, m, eps...), map[string]float64{"accuracy": 1.0 / 3}) // c abstains
	eps[0].Answer, eps[1].Answer = 0, 0
	expect(t, measure(t, m, eps...), map[string]float64{"accuracy": 0})
}

func TestUnjudged(t *testing.T) {
	failed := core.NewEpisode(core.Task{ID: "f"}, 1)
	failed.Err = "the server is gone"
	unlabelled := episode("u", try{"1", false}, try{"2", false})
	for i := range unlabelled.Scores {
		unlabelled.Scores[i].Abstain = true
	}
	for _, name := range []string{"accuracy", "pass_at_k", "maj_at_k"} {
		m := decoded(t, name, none)
		// A failed episode is wrong; a task without reference is left out.
		got := measure(t, m, episode("a", try{"1", true}), failed, unlabelled)
		if last := got[len(got)-1]; last.N != 2 || last.Value != 0.5 {
			t.Errorf("%s: %+v", name, got)
		}
		// Where nothing can be known there is no figure.
		if got := measure(t, m, failed, unlabelled); len(got) != 0 {
			t.Errorf("%s of unlabelled tasks: %+v", name, got)
		}
		if got := measure(t, m); len(got) != 0 {
			t.Errorf("%s of nothing: %+v", name, got)
		}
	}
}

func TestErrors(t *testing.T) {
	bare := episode("a", try{"1", true})
	bare.Scores = nil
	broken := errors.New("torn segment")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"accuracy", "pass_at_k", "maj_at_k", "distinct_answers", "entropy", "tokens", "label_accuracy"} {
		m := decoded(t, name, none)
		if _, err := m.Measure(context.Background(), func(yield func(*core.Episode, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
			t.Errorf("%s: a broken source gives %v", name, err)
		}
		if _, err := m.Measure(cancelled, source(threeTasks()...)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled gives %v", name, err)
		}
	}
	if _, err := decoded(t, "accuracy", none).Measure(context.Background(), source(bare)); err == nil || !strings.Contains(err.Error(), "task a: no verifier has judged attempt 2") {
		t.Errorf("unjudged: %v", err)
	}
	if _, err := decoded(t, "pass_at_k", settings("by", "exact")).Measure(context.Background(), source(threeTasks()...)); err == nil || !strings.Contains(err.Error(), `attempt 2 has no score by "exact"`) {
		t.Errorf("unjudged: %v", err)
	}
	if err := (PassAtK{K: []int{4, 0}}).Validate(); err == nil || !strings.Contains(err.Error(), "k is 0") {
		t.Errorf("k 0: %v", err)
	}
	h := coretest.NewHost(nil)
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return struct{}{}, nil }
	if _, err := newEntropy(context.Background(), h, Entropy{}); err == nil || !strings.Contains(err.Error(), "majority_vote does not read answers") {
		t.Errorf("a verifier without answers: %v", err)
	}
}

func TestPassAtK(t *testing.T) {
	got := measure(t, decoded(t, "pass_at_k", settings("k", []int{4, 1, 2, 8})), threeTasks()...)
	expect(t, got, map[string]float64{
		"pass@1": (0.75 + 0.25 + 0) / 3,
		"pass@2": (1 + 0.5 + 0) / 3,
		"pass@4": 2.0 / 3,
		"pass@8": 2.0 / 3, // four more attempts, all wrong: 8 of 8 drawn
	})
	expect(t, measure(t, decoded(t, "pass_at_k", none), threeTasks()...), map[string]float64{"pass@1": 1.0 / 3, "pass@4": 2.0 / 3})
}

func TestMajAtK(t *testing.T) {
	// All four: a is won, b goes to the wrong answer, c ties between wrong ones.
	expect(t, measure(t, decoded(t, "maj_at_k", none), threeTasks()...), map[string]float64{"maj@4": 1.0 / 3})
	// Pairs of a: three of six are 5,5; in three 5 and 7 tie. Pairs of b: 1,1
	// once; 1,2 twice; 1 and none twice; 2 and none once.
	expect(t, measure(t, decoded(t, "maj_at_k", settings("k", []int{2})), threeTasks()...), map[string]float64{"maj@2": (3.0/6 + 1.0/6) / 3})
	expect(t, measure(t, decoded(t, "maj_at_k", settings("k", []int{2}, "ties", "share")), threeTasks()...), map[string]float64{"maj@2": (4.5/6 + 2.0/6) / 3})
	// Two answers may both be right; one attempt then is accuracy.
	both := episode("d", try{"1", true}, try{"2", true}, try{"3", false}, try{"2", true})
	expect(t, measure(t, decoded(t, "maj_at_k", settings("k", []int{1, 4})), both), map[string]float64{"maj@1": 0.75, "maj@4": 1})
}

func TestDiversity(t *testing.T) {
	expect(t, measure(t, decoded(t, "distinct_answers", none), threeTasks()...), map[string]float64{"distinct_answers": 2})
	// Pairs: a differs in 3 of 6; b gives two answers in 2 of 6, one in 4;
	// c differs in 4 of 6.
	expect(t, measure(t, decoded(t, "distinct_answers", settings("k", 2)), threeTasks()...), map[string]float64{"distinct_answers": (9.0/6 + 8.0/6 + 10.0/6) / 3})
	h := func(ps ...float64) (h float64) {
		for _, p := range ps {
			h -= p * math.Log2(p)
		}
		return h
	}
	expect(t, measure(t, decoded(t, "entropy", none), threeTasks()...), map[string]float64{"entropy": (h(0.75, 0.25) + h(2.0/3, 1.0/3) + 1) / 3})
	// A verifier of the recipe's choice reads the answers.
	whole := settings("vote", settings("exact", settings("extract", "text")))
	expect(t, measure(t, decoded(t, "distinct_answers", whole), threeTasks()[0]), map[string]float64{"distinct_answers": 3})
}

func TestTokens(t *testing.T) {
	expect(t, measure(t, decoded(t, "tokens", none), threeTasks()...), map[string]float64{"tokens": 48})
	expect(t, measure(t, decoded(t, "tokens", settings("count", "completion")), episode("a", try{"1", true}), episode("b")), map[string]float64{"tokens": 5})
}

func TestLabelAccuracy(t *testing.T) {
	eps := threeTasks()
	for _, ep := range eps {
		own := len(ep.Scores)
		v, err := registry.Make[core.Verifier](context.Background(), registry.Default, nil, core.Spec{Kind: core.KindVerifier, Name: "majority_vote"})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(context.Background(), ep, nil)
		if err != nil {
			t.Fatal(err)
		}
		// The votes come first, the oracle's report last, as in a run.
		ep.Scores = append(j.Scores, ep.Scores[:own]...)
	}
	// a: three labels, all right. b: "1" has half of the votes, both wrong. c: a tie.
	want := map[string]float64{"label_accuracy": 0.6, "label_coverage": 2.0 / 3}
	got := measure(t, decoded(t, "label_accuracy", none), eps...)
	expect(t, got, want)
	if got[0].N != 2 || got[1].N != 3 {
		t.Errorf("%+v", got)
	}
	expect(t, measure(t, decoded(t, "label_accuracy", settings("by", "oracle", "kept", 0.7)), eps...), map[string]float64{"label_accuracy": 1, "label_coverage": 1.0 / 3})
	// Without anyone who knows, coverage alone.
	for _, ep := range eps {
		ep.Scores = ep.Scores[:4]
	}
	expect(t, measure(t, decoded(t, "label_accuracy", none), eps...), map[string]float64{"label_coverage": 2.0 / 3})
	spec := core.Spec{Kind: core.KindMetric, Name: "label_accuracy", Config: LabelAccuracy{Label: "exact", Judged: Judged{By: "exact"}}}
	if _, err := registry.Default.Build(context.Background(), nil, spec); err == nil || !strings.Contains(err.Error(), "cannot be judged by itself") {
		t.Errorf("judged by itself: %v", err)
	}
}

// The order of tasks matters to no value, and measuring twice gives the same
// bits.
func TestOrderAndRepeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var eps []*core.Episode
		for i := range rapid.IntRange(1, 6).Draw(t, "tasks") {
			var tries []try
			for range rapid.IntRange(1, 6).Draw(t, "attempts") {
				a := rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "answer")
				tries = append(tries, try{a, a == "1"})
			}
			eps = append(eps, episode(fmt.Sprint(i), tries...))
		}
		back := make([]*core.Episode, len(eps))
		for i, ep := range eps {
			back[len(eps)-1-i] = ep
		}
		name := rapid.SampledFrom([]string{"accuracy", "pass_at_k", "maj_at_k", "distinct_answers", "entropy", "tokens"}).Draw(t, "metric")
		h := coretest.NewHost(nil)
		h.Builder = registry.Default.Build
		m, err := registry.Make[core.Metric](context.Background(), registry.Default, h, core.Spec{Kind: core.KindMetric, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := m.Measure(context.Background(), source(eps...))
		again, _ := m.Measure(context.Background(), source(eps...))
		b, _ := m.Measure(context.Background(), source(back...))
		if diff := cmp.Diff(a, again); diff != "" || len(a) != len(b) {
			t.Fatalf("measured twice: %s", diff)
		}
		for i := range a {
			if math.Abs(a[i].Value-b[i].Value) > 1e-12 || a[i].N != b[i].N {
				t.Fatalf("%+v, reversed %+v", a[i], b[i])
			}
		}
	})
}
