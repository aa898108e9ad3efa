package verifier

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
	_ "pawl/world/addition"
)

// given is a verifier of given values: those of attempts in order; NaN abstains.
type given []float64

func (v given) Verify(_ context.Context, ep *core.Episode, _ []core.Ref) (core.Judgement, error) {
	var j core.Judgement
	for i, r := range ep.Leaves() {
		s := core.Score{By: "given", Nodes: []core.Ref{r}, Value: v[i%len(v)]}
		s.Abstain = math.IsNaN(s.Value)
		if s.Abstain {
			s.Value = 0
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

// valued is a host whose nested verifier is v.
func valued(v core.Verifier) *coretest.Host {
	h := coretest.NewHost(coretest.Samples("#### 7"))
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return v, nil }
	return h
}

// ruled gives value and confidence of every attempt, "-" for an abstention.
func ruled(t *testing.T, v core.Verifier, err error, ep *core.Episode) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range j.Scores {
		if s.Abstain {
			all = append(all, "-")
		} else {
			all = append(all, fmt.Sprintf("%.3f/%.3f", s.Value, s.Confidence))
		}
	}
	return strings.Join(all, " ")
}

func attemptsOf(answers ...string) *core.Episode {
	return coretest.Episode(coretest.Task("t", "There are 3 boxes of 4 pens. How many pens?", "12"), answers...)
}

func TestWeightedVote(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		cfg   WeightedVoteConfig
		given given
		texts []string
		want  string
	}{
		// Two votes of 0.2 against one of 0.9: 0.9 of 1.3 is 0.692.
		{WeightedVoteConfig{Power: 1}, given{0.2, 0.2, 0.9}, []string{"5", "5", "6"}, "0.000/0.308 0.000/0.308 0.692/0.692"},
		{WeightedVoteConfig{Power: 1, Losers: "share"}, given{0.2, 0.2, 0.9}, []string{"5", "5", "6"}, "0.308/0.308 0.308/0.308 0.692/0.692"},
		// Power 0 counts.
		{WeightedVoteConfig{Power: 0}, given{0.2, 0.2, 0.9}, []string{"5", "5", "6"}, "0.667/0.667 0.667/0.667 0.000/0.333"},
		// Ranks 1, 2, 3 of 3 weigh 3, 2, 1; squared 9, 4, 1.
		{WeightedVoteConfig{Weigh: "rank", Power: 2}, given{0.9, 0.5, 0.1}, []string{"5", "6", "6"}, "0.643/0.643 0.000/0.357 0.000/0.357"},
		// Equal given share ranks 1 and 2: 2.5, 2.5 and 1.
		{WeightedVoteConfig{Weigh: "rank", Power: 1}, given{0.9, 0.9, 0.1}, []string{"5", "6", "6"}, "0.000/0.417 0.583/0.583 0.583/0.583"},
		// Whoever is abstained on has no vote, and a negative value no weight.
		{WeightedVoteConfig{Power: 1}, given{nan, -3, 0.5}, []string{"5", "6", "7"}, "- 0.000/0.000 1.000/1.000"},
		{WeightedVoteConfig{Power: 1}, given{0.5, 0.5}, []string{"5", "6"}, "- -"},
		{WeightedVoteConfig{Power: 1}, given{0}, []string{"5", "6"}, "- -"},
		{WeightedVoteConfig{Power: 1}, given{1}, []string{"5", ""}, "0.500/0.500 0.000/0.000"},
	} {
		v, err := newWeightedVote(t.Context(), valued(c.given), c.cfg)
		if got := ruled(t, v, err, attemptsOf(c.texts...)); got != c.want {
			t.Errorf("%+v %v of %v: %s, want %s", c.cfg, c.given, c.texts, got, c.want)
		}
	}
}

// Equal weights are majority voting.
func TestWeightedVoteOfEqualWeights(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3", ""}), 1, 12).Draw(r, "texts")
		ep := attemptsOf(texts...)
		w, err := newWeightedVote(t.Context(), valued(given{0.3}), WeightedVoteConfig{Power: 1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := newMajorityVote(t.Context(), nil, MajorityVoteConfig{})
		if err != nil {
			t.Fatal(err)
		}
		a, b := ruled(t, w, nil, ep), ruled(t, m, nil, ep)
		if a != b {
			r.Fatalf("%q: %s, majority %s", texts, a, b)
		}
	})
}

func TestCollectiveVote(t *testing.T) {
	ep := attemptsOf("5", "5", "5", "6", "6", "8")
	for i, seat := range []string{"one", "one", "one", "two", "two", "two"} {
		ep.Nodes[len(ep.Task.Prompt)+i].Actor = seat
	}
	// Seat one agrees with itself wholly: 3 votes of 1; seat two by 2/3: 2 of 2/3 for 6
	// and one for 8. All weight is 5.
	v, err := newCollectiveVote(t.Context(), nil, CollectiveVoteConfig{})
	want := "0.600/0.600 0.600/0.600 0.600/0.600 0.000/0.267 0.000/0.267 0.000/0.133"
	if got := ruled(t, v, err, ep); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRestrain(t *testing.T) {
	// Shares 3/4 and 1/4 under a Gaussian of width 0.5 around 1: exp(-0.125) and
	// exp(-1.125), whose shares are e/(1+e) = 0.731 and 0.269.
	v, err := newRestrain(t.Context(), nil, RestrainConfig{Centre: 1, Width: 0.5, Consensus: 0.3, Penalty: 1})
	if got := ruled(t, v, err, attemptsOf("5", "5", "5", "6")); got != "0.731/0.750 0.731/0.750 0.731/0.750 0.269/0.250" {
		t.Error(got)
	}
	if got := ruled(t, v, err, attemptsOf("5", "6", "7", "8")); got != strings.TrimSpace(strings.Repeat("-1.000/0.250 ", 4)) {
		t.Error(got)
	}
	if got := ruled(t, v, err, attemptsOf("", "")); got != "- -" {
		t.Error(got)
	}
}

func TestIntrospection(t *testing.T) {
	h := coretest.NewHost(&coretest.Batch{Scripted: coretest.Samples("#### yes", "#### yes", "#### no", "well, hm\nno idea")})
	v, err := newIntrospection(t.Context(), h, IntrospectionConfig{Times: 4})
	if got := ruled(t, v, err, attemptsOf("5")); got != "0.667/0.667" {
		t.Error(got)
	}
	v, err = newIntrospection(t.Context(), h, IntrospectionConfig{Times: 4, Agree: 0.7})
	if got := ruled(t, v, err, attemptsOf("5")); got != "-" {
		t.Errorf("verdicts that do not agree: %s", got)
	}
	h = coretest.NewHost(coretest.Samples("I cannot tell.\nReally."))
	v, err = newIntrospection(t.Context(), h, IntrospectionConfig{Times: 4})
	if got := ruled(t, v, err, attemptsOf("5")); got != "-" {
		t.Errorf("verdicts that cannot be read: %s", got)
	}
}

// knows solves the backward questions of 12 = 3 * 4 alone.
func knows(r core.Request, _ int) (string, error) {
	asked := r.Path[len(r.Path)-1].Content
	switch {
	case !strings.Contains(asked, "is 12."):
		return "#### 99", nil
	case strings.Contains(asked, "x boxes"):
		return "#### 3", nil
	}
	return "#### 4", nil
}

func TestBackward(t *testing.T) {
	h := coretest.NewHost(&coretest.Batch{Scripted: &coretest.Scripted{Reply: knows}})
	cfg := BackwardConfig{Alpha: 0.5, Samples: 2, Numbers: 4, Candidates: 4}
	// 7 has two votes of three, but no number is found from it; for 12 all four
	// are. (1/3)^0.5 * 1 against (2/3)^0.5 * (1e-8/4)^0.5.
	v, err := newBackward(t.Context(), h, cfg)
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 7", "#### 12")); got != "0.000/0.000 0.000/0.000 1.000/1.000" {
		t.Error(got)
	}
	cfg.Alpha = 1 // votes alone
	v, err = newBackward(t.Context(), h, cfg)
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 7", "#### 12")); got != "0.667/0.667 0.667/0.667 0.000/0.333" {
		t.Error(got)
	}
	cfg.Candidates = 1
	v, err = newBackward(t.Context(), h, cfg)
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 7", "#### 12", "")); got != "1.000/1.000 1.000/1.000 - 0.000/0.000" {
		t.Error(got)
	}
	if got := ruled(t, v, err, coretest.Episode(coretest.Task("t", "How many?", "12"), "#### 7")); got != "-" {
		t.Errorf("a problem without numbers: %s", got)
	}
}

func TestMaskNumbers(t *testing.T) {
	path := []core.Node{{Role: core.RoleSystem, Content: "Use 2 lines."}, {Role: core.RoleUser, Content: "Of 1,200 pens at 3.50 each, 12-9 are red."}}
	masked, hidden := maskNumbers(path, 3)
	want := []string{"Of x pens at 3.50 each, 12-9 are red.", "Of 1,200 pens at x each, 12-9 are red.", "Of 1,200 pens at 3.50 each, x-9 are red."}
	if len(masked) != 3 || strings.Join(hidden, " ") != "1,200 3.50 12" {
		t.Fatalf("%v %v", masked, hidden)
	}
	for i := range want {
		if masked[i][1].Content != want[i] || masked[i][0].Content != path[0].Content {
			t.Errorf("%+v", masked[i])
		}
	}
	if path[1].Content != "Of 1,200 pens at 3.50 each, 12-9 are red." {
		t.Error("the prompt was changed")
	}
}

// rewrites answers the question in other words with 12, and the question itself
// with 7.
func rewrites(r core.Request, i int) (string, error) {
	asked := r.Path[len(r.Path)-1].Content
	switch {
	case strings.Contains(asked, "in other words"):
		return "<problem>Four pens lie in each of three boxes. How many are there?</problem>", nil
	case strings.HasPrefix(asked, "Four pens"):
		return []string{"#### 12", "#### 12", "#### 7", "#### 12"}[i%4], nil
	}
	return "#### 7", nil
}

func TestCrossView(t *testing.T) {
	h := coretest.NewHost(&coretest.Batch{Scripted: &coretest.Scripted{Reply: rewrites}})
	v, err := newCrossView(t.Context(), h, CrossViewConfig{Samples: 4})
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 12", "")); got != "0.000/0.750 1.000/0.750 0.000/1.000" {
		t.Error(got)
	}
	v, err = newCrossView(t.Context(), h, CrossViewConfig{Samples: 1, Rewrite: "world"})
	if got := ruled(t, v, err, attemptsOf("#### 7")); got != "-" {
		t.Errorf("a task of no world: %s", got)
	}
	var asked string
	h = coretest.NewHost(&coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) { asked = r.Path[0].Content; return "21", nil }})
	v, err = newCrossView(t.Context(), h, CrossViewConfig{Samples: 1, Rewrite: "world"})
	sum := coretest.Task("s", "12+9=", "21")
	sum.Reference = coretest.Reference(map[string]any{"world": "addition"})
	if got := ruled(t, v, err, coretest.Episode(sum, "21", "20")); got != "1.000/1.000 0.000/1.000" || asked != "9+12=" {
		t.Errorf("%s, asked %q", got, asked)
	}
}

func TestFollowUp(t *testing.T) {
	// Whoever is asked says yes to Lyon after "Lyon it is", and to all after "Paris".
	says := func(r core.Request, _ int) (string, error) {
		asked := r.Path[0].Content
		if strings.Contains(asked, "Paris is nice") || strings.Contains(asked, "problem: Lyon") {
			return "#### yes", nil
		}
		return "#### no", nil
	}
	h := coretest.NewHost(&coretest.Batch{Scripted: &coretest.Scripted{Reply: says}})
	v, err := newFollowUp(t.Context(), h, FollowUpConfig{Most: 6})
	ep := coretest.Episode(quiz("Where?\nA. Paris\nB. Lyon\nC. Nice", map[string]any{"answer": "B"}), "Lyon it is.\nAnswer: B", "Paris is nice.\nAnswer: A", "hm")
	if got := ruled(t, v, err, ep); got != "1.000/0.000 0.333/0.000 0.000/0.000" {
		t.Error(got)
	}
}
