package recipe

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
)

func episode(task core.Task, texts ...string) *core.Episode {
	ep := core.NewEpisode(task, 1)
	for i, text := range texts {
		leaf := ep.Append(core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Actor: "solver", Content: text})
		ep.Scores = append(ep.Scores, core.Score{By: "vote", Nodes: []core.Ref{leaf}, Value: 1 / float64(i+3), Abstain: text == "pass"})
	}
	return ep
}

func TestCheckComparesWhatIsExpected(t *testing.T) {
	p := mustParse(t, "sample: {repeat: {n: 3}}\nverify: [{majority_vote: {as: vote}}]\nupdates: [{policy: solver, select: first, optimize: train}]\n"+`
tests:
  - task: {prompt: "1+1", answer: 2}
    sets: {labelled: [{prompt: "2+2", solution: "4"}, {id: x, prompt: "3+3", reference: {answer: "6", world: sums}}]}
    with: {sample.repeat.n: 2}
    solver: [a]
    expect: {answer: a, kept: [a, b], dropped: [c], chosen: a, rejected: b, labels: [1, 0], scores: {vote: [0.333, 0.25, 0.2]}, calls: 3, abstain: false}
`)
	test := p.Tests[0]
	task, sets := test.Tasks()
	if task.ID != "test" || task.Ref().Answer != "2" || task.Text() != "1+1" {
		t.Errorf("task %+v", task)
	}
	if l := sets["labelled"]; len(l) != 2 || l[0].ID != "labelled-0" || l[0].Ref().Solution != "4" || l[1].ID != "x" || l[1].Ref().World != "sums" {
		t.Errorf("sets %+v", sets)
	}
	if q, err := p.ForTest(test); err != nil || field(t, q.Sample, "N") != 2 || field(t, p.Sample, "N") != 3 {
		t.Errorf("the plan of the test: %+v, %v", q, err)
	}
	ep := episode(task, "a", " b\n", "c")
	ep.Answer = 2
	old := episode(sets["labelled"][0], "4")
	good := Outcome{Episode: ep, Calls: 3, Examples: []*core.Example{
		{Episode: old, Leaves: []core.Ref{2}, Labels: []float64{1}},
		{Episode: ep, Leaves: []core.Ref{2, 3}, Labels: []float64{1, 0}},
	}}
	if diff := test.Check(good); len(diff) > 0 {
		t.Errorf("a good outcome: %q", diff)
	}
	swapped := good
	swapped.Examples = []*core.Example{{Episode: ep, Leaves: []core.Ref{3, 2}, Labels: []float64{1, 0}}}
	nothing := Outcome{Episode: episode(task), Calls: 0}
	abstained := *ep
	abstained.Answer = 0
	for name, c := range map[string]struct {
		o    Outcome
		want string
	}{
		"swapped":   {swapped, `chosen: want "a", got "b"|kept: want ["a" "b"], got ["b" "a"]|rejected: want "b", got "a"`},
		"nothing":   {nothing, `abstain: want false, got true|answer: want a, got nothing (abstained)|calls: want 3, got 0|chosen, rejected: no example with two paths was selected|dropped: want ["c"], got []|kept: want ["a" "b"], got []|labels: want [1 0], got []|scores of vote: want [0.333 0.25 0.2], got []`},
		"abstained": {Outcome{Episode: &abstained, Calls: 3, Examples: good.Examples}, `abstain: want false, got true|answer: want a, got nothing (abstained)`},
	} {
		if got := strings.Join(test.Check(c.o), "|"); got != c.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	loose := Test{}
	if got := loose.Check(Outcome{Episode: ep, Unused: 2}); len(got) != 1 || got[0] != "2 scripted replies were never asked for" {
		t.Errorf("replies left over: %q", got)
	}
	// A derived episode numbers its nodes anew; what it holds was kept.
	derived := core.NewEpisode(task, 1)
	derived.Append(core.Node{Parent: 1, Content: "c"})
	c := "c"
	kept := Test{Expect: Expect{Kept: &[]string{c}, Dropped: &[]string{"a", "b"}}}
	if got := kept.Check(Outcome{Episode: ep, Examples: []*core.Example{{Episode: derived, Leaves: []core.Ref{2}, Labels: []float64{1}}}}); len(got) > 0 {
		t.Errorf("a derived episode: %q", got)
	}
	pass := episode(task, "a", "pass")
	if got := (Test{Expect: Expect{Scores: map[string][]float64{"vote": {0.333}}}}).Check(Outcome{Episode: pass}); len(got) > 0 {
		t.Errorf("abstained scores count: %q", got)
	}
}

func TestPick(t *testing.T) {
	ep := episode(core.Task{ID: "t", Prompt: []core.Node{{Content: "?"}}}, "pass", "b", "c", "d")
	ep.Scores[0].Value, ep.Scores[1].Value, ep.Scores[2].Value, ep.Scores[3].Value = 0.9, 0.2, 0.6, 0.6
	for _, c := range []struct {
		a    Answer
		want core.Ref
	}{
		{Answer{By: "vote"}, 4}, // the first attempt abstains, two are equal
		{Answer{By: "vote", AbstainBelow: Abstain{Value: 0.6}}, 4},                               // as much as asked for is enough
		{Answer{By: "vote", AbstainBelow: Abstain{Value: 0.61}}, 0},                              // nobody is sure enough
		{Answer{By: "vote", AbstainBelow: Abstain{Risk: 0.05, Confidence: 0.95}}, 0},             // nothing tells which value keeps it
		{Answer{By: "vote", AbstainBelow: Abstain{Risk: 0.05, Confidence: 0.95}}.Above(0.5), 4},  // until it is found
		{Answer{By: "vote", AbstainBelow: Abstain{Risk: 0.05, Confidence: 0.95}}.Above(0.61), 0}, // and this is below it
		{Answer{By: "other"}, 0},
		{Answer{By: "other", Else: "vote"}, 4}, // which is asked where the first says nothing
		{Answer{By: "vote", Else: "other"}, 4},
		{Answer{By: "other", Else: "another"}, 0},
		{Answer{}, 2},
	} {
		if got := c.a.Pick(ep); got != c.want {
			t.Errorf("%+v picks %d, not %d", c.a, got, c.want)
		}
	}
	if got := (Answer{}).Pick(episode(core.Task{})); got != 0 {
		t.Errorf("no attempt gives the answer %d", got)
	}
}

func TestPlayReportsWhatCannotBePlayed(t *testing.T) {
	p := mustParse(t, "sample: greedy\nmetrics: [accuracy]\ntests: [{expect: {}}, {with: {sample.greedy.off: 3}, expect: {}}]")
	for i, want := range []string{"building sampler greedy at test.yaml:1:9: a fixture builds nothing", `unknown key "off"`} {
		if _, err := p.Play(t.Context(), p.Tests[i]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("test %d: %v", i, err)
		}
	}
}

func TestScriptsGiveRepliesInTheOrderOfAsking(t *testing.T) {
	s := &script{seat: "solver", replies: []string{"a", "b", "c"}}
	var got []string
	for _, n := range []int{1, 2, 4} {
		nodes, err := s.Act(t.Context(), core.Request{N: n})
		if err != nil || len(nodes) != n {
			t.Fatalf("%d nodes, %v", len(nodes), err)
		}
		for _, x := range nodes {
			got = append(got, x.Content)
		}
	}
	if strings.Join(got, "") != "abcabca" || s.asked != 7 {
		t.Errorf("%v after %d", got, s.asked)
	}
	if _, err := (&script{seat: "judge"}).Act(t.Context(), core.Request{N: 1}); err == nil || !strings.Contains(err.Error(), "seat judge") {
		t.Errorf("a seat without replies: %v", err)
	}
}

// What is picked has the greatest value and reaches the threshold; where nothing
// does, where nothing is judged, and where a risk has no threshold, nothing is.
func TestNoBareGuessIsPicked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ep := coretest.Episode(coretest.Task("t", "q", ""), slices.Repeat([]string{"a guess"}, rapid.IntRange(0, 5).Draw(t, "attempts"))...)
		best := -1.0
		for _, leaf := range ep.Leaves() {
			switch rapid.IntRange(0, 2).Draw(t, "judged") {
			case 1:
				ep.Scores = append(ep.Scores, core.Score{By: "v", Nodes: []core.Ref{leaf}, Abstain: true, Value: 1})
			case 2:
				v := float64(rapid.IntRange(0, 4).Draw(t, "value")) / 4
				ep.Scores = append(ep.Scores, core.Score{By: "v", Nodes: []core.Ref{leaf}, Value: v})
				best = max(best, v)
			}
		}
		at := float64(rapid.IntRange(0, 4).Draw(t, "threshold")) / 4
		rule := Answer{By: "v", AbstainBelow: Abstain{Risk: 0.05, Confidence: 0.95}}
		if picked := rule.Pick(ep); picked != 0 {
			t.Fatalf("without a threshold %d is picked", picked)
		}
		picked := rule.Above(at).Pick(ep)
		if (picked != 0) != (best >= at && best >= 0) {
			t.Fatalf("of values up to %v at %v, %d is picked", best, at, picked)
		}
		if s, ok := ep.ScoreOf("v", picked); picked != 0 && (!ok || s.Abstain || s.Value != best) {
			t.Fatalf("%d is picked, of %+v, where %v is the greatest", picked, s, best)
		}
	})
}
