package verifier

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
)

// verified judges ep and gives the value of each attempt, NaN for an abstention.
func verified(t *testing.T, v core.Verifier, err error, ep *core.Episode) ([]float64, core.Judgement) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	scores := byAttempt(j)
	var values []float64
	for _, r := range ep.Leaves() {
		s, ok := scores[r]
		if !ok || s.Abstain {
			s.Value = math.NaN()
		}
		values = append(values, s.Value)
	}
	return values, j
}

func same(t *testing.T, what string, got []float64, want ...float64) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && (math.Abs(got[i]-want[i]) < 1e-9 || math.IsNaN(want[i]) && math.IsNaN(got[i]))
	}
	if !ok {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

var none = math.NaN()

func TestGradesAreCombined(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a")
	for how, want := range map[string]float64{"mean": 3.2, "median": 4, "vote": 3} { // of 1 and 5, which tie
		h := coretest.NewHost(coretest.Samples("#### 1", "#### 5", "#### 4", "#### 5", "perhaps", "#### 1"))
		v, err := newGrade(t.Context(), h, GradeConfig{Samples: 6, Combine: how, Judging: Judging{Keep: true}})
		got, j := verified(t, v, err, ep)
		same(t, how, got, want/5)
		// Each of the five grades is a score and a node before the last.
		if len(j.Scores) != 6 || len(j.Nodes) != 5 || j.Scores[1].Value != 1 || j.Scores[1].Via != 4 || j.Scores[5].Via != 0 {
			t.Errorf("%s: %+v", how, j.Scores)
		}
	}
}

// By hand: grades 2 and 4 have three parts and one of the probability, so 2.5.
func TestExpectedGrade(t *testing.T) {
	o := &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		p := map[string]float64{"#### 2": 0.3, "#### 4": 0.1}[path[1].Content]
		return []float32{float32(math.Log(max(p, 1e-30)))}, nil
	}}
	v, err := newGrade(t.Context(), coretest.NewHost(o), GradeConfig{Expected: true})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
	if math.Abs(got[0]-0.5) > 1e-6 {
		t.Errorf("%v, want 0.5", got)
	}
	if c := (GradeConfig{Expected: true, Samples: 2}); c.Validate() == nil {
		t.Error("samples of what is not drawn pass")
	}
}

func TestReferenceIsShownOnDemand(t *testing.T) {
	h := coretest.NewHost(coretest.Samples("#### 5"))
	v, err := newGrade(t.Context(), h, GradeConfig{Reference: true})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", "forty-two"), "a"))
	same(t, "with a reference", got, 1)
	if asked := h.Actors["solver"].(*coretest.Scripted).Requests()[0].Path[0].Content; !strings.Contains(asked, "<reference>\nforty-two\n</reference>") {
		t.Errorf("it is asked:\n%s", asked)
	}
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
	same(t, "without one", got, none)
}

// shownIn lists the solutions of a prompt in the order shown.
func shownIn(asked string) (all []string) {
	for _, part := range strings.Split(asked, "<solution>\n")[1:] {
		text, _, _ := strings.Cut(part, "\n</solution>")
		all = append(all, text)
	}
	return all
}

// best prefers the text that comes last in the alphabet; of "tie" texts the
// first shown; "mute" texts leave it speechless.
func best(asked string) string {
	s := shownIn(asked)
	switch {
	case strings.HasPrefix(s[0], "mute") || strings.HasPrefix(s[1], "mute"):
		return "I cannot say."
	case strings.HasPrefix(s[0], "tie") && strings.HasPrefix(s[1], "tie"):
		return "#### A"
	}
	return prompt.SayChoice(prompt.Chat, map[bool]int{true: 0, false: 1}[s[0] > s[1]])
}

// By hand, of a judge for whom "b" has log-odds 1 over "a", and the first place 0.5
// over the second: shown first b has sigma(1.5), shown second sigma(0.5).
func TestLettersAreProbabilities(t *testing.T) {
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	o := &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		shown, odds := shownIn(path[0].Content), 0.5
		switch {
		case shown[0] == "mute" || shown[1] == "mute":
			return nil, nil
		case shown[0] > shown[1]:
			odds++
		default:
			odds--
		}
		p := map[string]float64{"#### A": sigma(odds), "#### B": 1 - sigma(odds)}[path[1].Content]
		return []float32{float32(math.Log(p / 2))}, nil // half of the probability is elsewhere
	}}
	build := func(swap bool) (core.Verifier, error) {
		return newCompare(t.Context(), coretest.NewHost(o), CompareConfig{By: "letter", Duelling: Duelling{Swap: swap}})
	}
	v, err := build(true)
	got, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b"))
	b := (sigma(1.5) + sigma(0.5)) / 2
	if math.Abs(got[1]-b) > 1e-6 || math.Abs(got[0]+got[1]-1) > 1e-12 {
		t.Errorf("shares %v, want %v of b", got, b)
	}
	var pairs []float64
	for _, s := range j.Scores {
		if len(s.Nodes) == 2 {
			pairs = append(pairs, s.Value)
		}
	}
	if len(pairs) != 2 || math.Abs(pairs[0]-(1-sigma(0.5))) > 1e-6 || math.Abs(pairs[1]-sigma(1.5)) > 1e-6 || len(j.Nodes) != 0 || j.Usage.Calls != 2 {
		t.Errorf("pairs %v, %d nodes, %+v", pairs, len(j.Nodes), j.Usage)
	}
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b", "mute"))
	if math.Abs(got[1]-b) > 1e-6 || !math.IsNaN(got[2]) {
		t.Errorf("beside what cannot be put: %v", got)
	}
	if c := (CompareConfig{By: "letter"}); len(c.Needs()) != 1 || (CompareConfig{}).Needs() != nil {
		t.Error("log-probabilities are needed for letters alone")
	}
	// Without the exchange the place decides as well.
	v, err = build(false)
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b"))
	if near := func(x float64) bool { return math.Abs(got[1]-x) < 1e-6 }; !near(sigma(1.5)) && !near(sigma(0.5)) {
		t.Errorf("without the exchange: %v", got)
	}
}

// By hand: b beats a and the two c's beat both; the c's are equal words, a tie.
func TestWinShares(t *testing.T) {
	h := coretest.NewHost(judgeBy(best))
	build := func(c CompareConfig) (core.Verifier, error) { return newCompare(t.Context(), h, c) }
	both := CompareConfig{Duelling: Duelling{Swap: true}}
	v, err := build(both)
	got, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b", "c", "c"))
	same(t, "win shares", got, 0, 1.0/3, 2.5/3, 2.5/3)
	pairs := 0
	for _, s := range j.Scores {
		if len(s.Nodes) == 2 {
			pairs++
		}
	}
	if n := len(h.Actors["solver"].(*coretest.Batch).Requests()); n != 6 || j.Usage.Calls != 6 || pairs != 10 {
		// a-b, a-c and b-c in both orders; five pairs of different words have two scores each.
		t.Errorf("%d questions, %d calls, %d pair scores", n, j.Usage.Calls, pairs)
	}
	got, j = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "tie a", "tie b", "a"))
	same(t, "orders that differ", got, 0.75, 0.75, 0)
	if s := byAttempt(j)[2]; !strings.Contains(s.Rationale, "wins 1 and ties 1; in 1 the verdicts") {
		t.Errorf("%q", s.Rationale)
	}
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "mute", "a", "b"))
	same(t, "pairs without a verdict", got, none, 0, 1)
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
	same(t, "an attempt alone", got, none)
}

func TestPairsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k, seed := rapid.IntRange(0, 30).Draw(t, "n"), rapid.IntRange(0, 12).Draw(t, "k"), rapid.Uint64().Draw(t, "seed")
		met := make([]int, n)
		seen := map[[2]int]bool{}
		for _, p := range (Duelling{Opponents: k}).pairs(n, seed) {
			if p[0] >= p[1] || seen[p] {
				t.Fatalf("pair %v", p)
			}
			seen[p] = true
			met[p[0]]++
			met[p[1]]++
		}
		want := max(n-1, 0)
		if even := (k + 1) / 2 * 2; k > 0 && even < want {
			want = even
		}
		for i, m := range met {
			if m != want {
				t.Errorf("%d of %d meets %d, want %d", i, n, m, want)
			}
		}
	})
}

// A judge that ranks by place alone says nothing over an order and its reverse;
// one that ranks by worth is followed. Attempts of equal words share a place.
func TestRankingsAreAveraged(t *testing.T) {
	first := coretest.NewHost(judgeBy(func(asked string) string {
		order := make([]int, len(shownIn(asked)))
		for i := range order {
			order[i] = i
		}
		return prompt.SayRanking(prompt.Chat, order)
	}))
	ep := coretest.Episode(coretest.Task("t", "q", ""), "b", "c", "a", "c", "d")
	v, err := newRank(t.Context(), first, RankConfig{Orders: 2})
	got, _ := verified(t, v, err, ep)
	same(t, "by place", got, 0.5, 0.5, 0.5, 0.5, 0.5)
	worth := coretest.NewHost(judgeBy(func(asked string) string {
		s := shownIn(asked)
		order := make([]int, len(s))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return strings.Compare(s[j], s[i]) })
		return prompt.SayRanking(prompt.Chat, order)
	}))
	v, err = newRank(t.Context(), worth, RankConfig{Orders: 3, Judging: Judging{Keep: true}})
	got, j := verified(t, v, err, ep)
	same(t, "by worth", got, 1.0/3, 2.0/3, 0, 2.0/3, 1) // d, c, b, a
	if len(j.Nodes) != 3 || len(j.Scores) != 5+3*3 || !slices.Equal(j.Scores[0].Nodes, []core.Ref{6, 3}) || j.Scores[0].Value != 1 {
		t.Errorf("%+v", j)
	}
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "a"))
	same(t, "equal words", got, 0.5, 0.5)
}

func TestChecklists(t *testing.T) {
	mind := judgeBy(func(asked string) string {
		if !strings.Contains(asked, "<criterion>") {
			return "- Is it short?\n- Is it true?\n- Is it green?"
		}
		_, criterion, _ := strings.Cut(asked, "<criterion>\n")
		criterion, _, _ = strings.Cut(criterion, "\n")
		if strings.Contains(criterion, "green") {
			return "Hard to say."
		}
		return prompt.SayYesNo(prompt.Chat, strings.Contains(shownIn(asked)[0], strings.TrimSuffix(strings.Fields(criterion)[2], "?")))
	})
	h := coretest.NewHost(mind)
	ep := coretest.Episode(coretest.Task("t", "q", ""), "short and true", "short", "neither", "short")
	v, err := newChecklist(t.Context(), h, ChecklistConfig{Judging: Judging{Keep: true}})
	got, j := verified(t, v, err, ep)
	same(t, "shares", got, 1, 0.5, 0, 0.5)
	if s := byAttempt(j)[3]; !strings.Contains(s.Rationale, "meets 1 of 2 (1 without a verdict); not: Is it true?") {
		t.Errorf("%q", s.Rationale)
	}
	if n := len(mind.Requests()); n != 1+3*3 { // the list, and three questions about three texts
		t.Errorf("%d questions", n)
	}
	// Judged again, the list is not written anew.
	ep.Nodes, ep.Scores = append(ep.Nodes, j.Nodes...), append(ep.Scores, j.Scores...)
	again, _ := verified(t, v, err, ep)
	same(t, "judged again", again, got...)
	if n := len(mind.Requests()); n != 10+9 {
		t.Errorf("%d questions after the second time", n)
	}
	if !strings.HasPrefix(j.Nodes[1].Content, "- [x] Is it short?\n- [ ] Is it true?\n- [?] Is it green?") {
		t.Errorf("kept is %q", j.Nodes[1].Content)
	}
	v, err = newChecklist(t.Context(), h, ChecklistConfig{From: "given", Questions: []string{"Is it true?"}})
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "short", "true"))
	same(t, "given", got, 0, 1)
	task := coretest.Task("t", "q", "")
	task.Reference = json.RawMessage(`{"checklist": ["Is it short?", "Is it true?"]}`)
	v, err = newChecklist(t.Context(), h, ChecklistConfig{From: "reference"})
	got, _ = verified(t, v, err, coretest.Episode(task, "short"))
	same(t, "of the reference", got, 0.5)
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", "1"), "short"))
	same(t, "a reference without one", got, none)
	v, err = newChecklist(t.Context(), coretest.NewHost(coretest.Samples("I'd rather not.")), ChecklistConfig{})
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "short"))
	same(t, "no checklist", got, none)
}

func TestConstitutions(t *testing.T) {
	principles := []string{"It is kind.", "It is brief.", "It is true."}
	mind := judgeBy(func(asked string) string {
		_, p, _ := strings.Cut(asked, "<criterion>\nIt is ")
		p, _, _ = strings.Cut(p, ".")
		return prompt.SayYesNo(prompt.Chat, strings.Contains(shownIn(asked)[0], p))
	})
	h := coretest.NewHost(mind)
	v, err := newConstitution(t.Context(), h, ConstitutionConfig{Principles: principles})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "kind and true", "rude"))
	same(t, "verdicts", got, 2.0/3, 0)
	// One is drawn for a task, the same for all its attempts, and all get their turn.
	v, err = newConstitution(t.Context(), h, ConstitutionConfig{Principles: principles, Draw: 1})
	drawn := map[string]int{}
	for i := range 30 {
		got, _ := verified(t, v, err, coretest.Episode(coretest.Task(fmt.Sprint(i), "q", ""), "kind", "brief", "true"))
		key := fmt.Sprint(got)
		if got[0]+got[1]+got[2] != 1 {
			t.Errorf("attempts are held to different principles: %s", key)
		}
		drawn[key]++
	}
	if len(drawn) != 3 {
		t.Errorf("drawn: %v", drawn)
	}
	v, err = newConstitution(t.Context(), coretest.NewHost(judgeBy(best)), ConstitutionConfig{Principles: principles, How: "pairs", Duelling: Duelling{Swap: true}})
	got, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b", "c"))
	same(t, "pairs", got, 0, 0.5, 1)
	if j.Usage.Calls != 6 {
		t.Errorf("%d calls", j.Usage.Calls)
	}
	for _, c := range []ConstitutionConfig{{}, {Principles: []string{" "}}, {Principles: []string{"a", "a"}}} {
		if c.Validate() == nil {
			t.Errorf("%v pass", c.Principles)
		}
	}
}

// A step is wrong where it says so. Attempt 2 of three nodes, of which two are
// shared with attempt 3.
func TestSteps(t *testing.T) {
	each := judgeBy(func(asked string) string {
		lines := strings.Split(shownIn(asked)[0], "\n")
		return prompt.SayYesNo(prompt.Chat, !strings.Contains(lines[len(lines)-1], "wrong"))
	})
	tree := core.NewEpisode(coretest.Task("t", "q", ""), 1)
	add := func(parent core.Ref, text string) core.Ref {
		return tree.Append(core.Node{Parent: parent, Actor: "solver", Role: core.RoleAssistant, Content: text})
	}
	a := add(1, "one")
	b := add(a, "two is wrong")
	add(b, "three")
	add(b, "three, wrong")
	for value, want := range map[string][]float64{"least": {0, 0}, "mean": {2.0 / 3, 1.0 / 3}, "product": {0, 0}, "last": {1, 0}} {
		v, err := newStepwise(t.Context(), coretest.NewHost(each), StepwiseConfig{Ask: "each", Value: value})
		got, j := verified(t, v, err, tree)
		same(t, value, got, want...)
		if s := byAttempt(j); s[a].Value != 1 || s[b].Value != 0 || len(j.Scores) != 4 || j.Usage.Calls != 4 {
			t.Errorf("%s: steps are scored %+v in %d calls", value, j.Scores, j.Usage.Calls)
		}
	}
	// The first wrong step of three lines is the second; blank lines are no steps.
	v, err := newStepwise(t.Context(), coretest.NewHost(coretest.Samples("#### 2")), StepwiseConfig{Value: "mean"})
	got, j := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "one\n\ntwo\nthree", "one", ""))
	same(t, "first", got, 1.0/3, none, 0)
	if s := j.Scores[0]; !strings.Contains(s.Rationale, "step 2 of 3 is the first that is wrong: two") {
		t.Errorf("%q", s.Rationale)
	}
	// With probabilities the product is that of P(yes).
	o := &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		p := 0.2
		if strings.HasSuffix(path[1].Content, "yes") {
			p = 0.6
		}
		return []float32{float32(math.Log(p))}, nil
	}}
	v, err = newStepwise(t.Context(), coretest.NewHost(o), StepwiseConfig{Ask: "each", Probability: true, Value: "product"})
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "one\ntwo"))
	if math.Abs(got[0]-0.75*0.75) > 1e-6 {
		t.Errorf("%v, want 0.5625", got)
	}
}

func TestCritiquesOfCritiques(t *testing.T) {
	actor := &coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		asked := r.Path[0].Content
		n := strings.Count(asked, "<remark>")
		if strings.Contains(asked, "#### yes") {
			return fmt.Sprintf("There are %d.\n#### no", n), nil
		}
		return fmt.Sprintf("critique after %d", n), nil
	}}
	h := coretest.NewHost(actor)
	v, err := newRecursiveCritique(t.Context(), h, RecursiveCritiqueConfig{Order: 3, Judging: Judging{Keep: true}})
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a")
	got, j := verified(t, v, err, ep)
	same(t, "verdict", got, 0)
	var path []string
	for i, n := range j.Nodes {
		path = append(path, n.Content)
		if want := core.Ref(len(ep.Nodes) + i); i > 0 && n.Parent != want || i == 0 && n.Parent != 1 {
			t.Errorf("node %d hangs below %d", i, n.Parent)
		}
	}
	if want := []string{"critique after 0", "critique after 1", "critique after 2", "There are 3.\n#### no"}; !slices.Equal(path, want) || j.Scores[0].Via != 6 || j.Usage.Calls != 4 {
		t.Errorf("%q, %+v", path, j.Scores)
	}
}
