package verifier

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
)

func TestWeightedVoteRaisesAndTies(t *testing.T) {
	for _, c := range []struct {
		cfg   WeightedVoteConfig
		given given
		want  string
	}{
		// Squares of 0.6, 0.6 and 0.9 are 0.36, 0.36 and 0.81: two votes no longer win.
		{WeightedVoteConfig{Power: 2}, given{0.6, 0.6, 0.9}, "0.000/0.471 0.000/0.471 0.529/0.529"},
		// Roots of ranks weigh 2 and √2, √3.
		{WeightedVoteConfig{Weigh: "rank", Power: 0.5}, given{0.1, 0.2, 0.3}, "0.582/0.582 0.582/0.582 0.000/0.418"},
		// 0.1 + 0.2 is not 0.3 in binary, and a tie all the same.
		{WeightedVoteConfig{Power: 1}, given{0.1, 0.2, 0.3}, "- - -"},
	} {
		v, err := newWeightedVote(t.Context(), valued(c.given), c.cfg)
		if got := ruled(t, v, err, attemptsOf("5", "5", "6")); got != c.want {
			t.Errorf("%+v %v: %s, want %s", c.cfg, c.given, got, c.want)
		}
	}
}

func TestRestrainIsShaped(t *testing.T) {
	// Shares 3/4 and 1/4 are 0 and 1 widths from 3/4: 1 against exp(-1/2).
	v, err := newRestrain(t.Context(), nil, RestrainConfig{Centre: 0.75, Width: 0.5, Consensus: 0.25, Penalty: 0.5})
	if got := ruled(t, v, err, attemptsOf("5", "5", "5", "6")); got != "0.622/0.750 0.622/0.750 0.622/0.750 0.378/0.250" {
		t.Error(got)
	}
	// A quarter is as much as is asked for, a fifth is not.
	if got := ruled(t, v, nil, attemptsOf("5", "6", "7", "8")); got != strings.TrimSpace(strings.Repeat("0.250/0.250 ", 4)) {
		t.Error(got)
	}
	if got := ruled(t, v, nil, attemptsOf("5", "6", "7", "8", "9")); got != strings.TrimSpace(strings.Repeat("-0.500/0.200 ", 5)) {
		t.Error(got)
	}
}

func TestIntrospectionThatMostlyDenies(t *testing.T) {
	h := coretest.NewHost(&coretest.Batch{Scripted: coretest.Samples("#### yes", "#### no", "#### no", "#### no")})
	v, err := newIntrospection(t.Context(), h, IntrospectionConfig{Times: 4, Agree: 0.7})
	if got := ruled(t, v, err, attemptsOf("5")); got != "0.250/0.750" {
		t.Error(got)
	}
}

// Of two hidden numbers asked for twice, 7 brings back one of four and 12 three:
// (2/3)^0.25 (1/4)^0.75 is 0.319 and (1/3)^0.25 (3/4)^0.75 is 0.612.
func TestBackwardMixes(t *testing.T) {
	finds := func(r core.Request, i int) (string, error) {
		asked := r.Path[len(r.Path)-1].Content
		boxes, right := strings.Contains(asked, "x boxes"), strings.Contains(asked, "is 12.")
		switch {
		case boxes && (right || i == 0):
			return "#### 3", nil
		case !boxes && right && i == 0:
			return "#### 4", nil
		}
		return "#### 99", nil
	}
	h := coretest.NewHost(&coretest.Batch{Scripted: &coretest.Scripted{Reply: finds}})
	v, err := newBackward(t.Context(), h, BackwardConfig{Alpha: 0.25, Samples: 2, Numbers: 4, Candidates: 4, Losers: "share"})
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 7", "#### 12")); got != "0.343/0.343 0.343/0.343 0.657/0.657" {
		t.Error(got)
	}
}

// Of three wordings one says 12 in three of four answers, one 7 in all, and one
// is undecided, which leaves two.
func TestCrossViewOfSeveralWordings(t *testing.T) {
	answers := map[string][]string{"one": {"12", "12", "7", "12"}, "two": {"7", "7", "7", "7"}, "three": {"7", "12", "7", "12"}}
	reply := func(r core.Request, i int) (string, error) {
		asked := r.Path[len(r.Path)-1].Content
		if strings.Contains(asked, "in other words") {
			return "<problem>" + []string{"one", "two", "three"}[i%3] + "</problem>", nil
		}
		return "#### " + answers[asked][i%4], nil
	}
	h := coretest.NewHost(&coretest.Batch{Scripted: &coretest.Scripted{Reply: reply}})
	v, err := newCrossView(t.Context(), h, CrossViewConfig{Views: 3, Samples: 4})
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 12", "#### 9")); got != "0.500/0.875 0.500/0.875 0.000/0.875" {
		t.Error(got)
	}
}

// Asked by probabilities, a model that gives every answer 0.45 denies them all:
// two of three questions agree with each attempt.
func TestFollowUpByProbability(t *testing.T) {
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		if path[1].Content == prompt.SayYesNo(prompt.Chat, true) {
			return logs(0.45), nil
		}
		return logs(0.55), nil
	}})
	v, err := newFollowUp(t.Context(), h, FollowUpConfig{Most: 6})
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 12", "#### 9")); got != "0.667/0.000 0.667/0.000 0.667/0.000" {
		t.Error(got)
	}
}

func TestMCDropoutUnset(t *testing.T) {
	seeds := map[uint64]bool{}
	h := coretest.NewHost(&coretest.Reader{Tokens: func(_ []core.Node, r core.Reading) ([]coretest.Token, error) {
		seeds[r.Seed] = true
		if r.Dropout != 0.1 {
			t.Errorf("dropout %v", r.Dropout)
		}
		return []coretest.Token{{Probs: []float64{0.5, 0.5}}}, nil
	}})
	v, err := newMCDropout(t.Context(), h, MCDropoutConfig{})
	if got := ruled(t, v, err, attemptsOf("5")); got != "0.500/0.500" || len(seeds) != 10 {
		t.Errorf("%s of %d models, want 10 as in the paper", got, len(seeds))
	}
}

func TestErrorsWeighByWhatIsWorst(t *testing.T) {
	h := coretest.NewHost(coretest.Samples(`[{"span": "4", "severity": "minor"}, {"span": "8", "severity": "major"}]`))
	v, err := newErrorSpans(t.Context(), h, ErrorSpansConfig{Minor: 2, Major: 3, Critical: 25, Worst: 10})
	if got := ruled(t, v, err, attemptsOf("3 + 4 = 8")); got != "0.500/0.000" {
		t.Error(got)
	}
}

// A judge of judgements that always prefers the first shown says nothing: the
// value is the mean grade. One that prefers by worth is weighed by strengths.
func TestMetaJudgeOfPlaceAndWorth(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a")
	for i, says := range []string{"judgement b", "judgement a", "judgement c"} {
		r := ep.Append(core.Node{Parent: ep.Root(), Actor: "judge", Content: says})
		ep.Scores = append(ep.Scores, core.Score{By: "grade", Nodes: []core.Ref{2}, Value: []float64{1, 0, 0.2}[i], Via: r})
	}
	v, err := newMetaJudge(t.Context(), coretest.NewHost(coretest.Samples("#### A")), MetaJudgeConfig{})
	got, j := verified(t, v, err, ep)
	same(t, "by place", got, 0.4)
	ratings := byAttempt(j)
	same(t, "ratings by place", []float64{ratings[3].Value, ratings[4].Value, ratings[5].Value}, 0.5, 0.5, 0.5)
	// c beats b beats a.
	worth := func(asked string) string {
		first := asked[strings.Index(asked, "judgement "):]
		second := first[1+strings.Index(first[1:], "judgement "):]
		return prompt.SayChoice(prompt.Chat, map[bool]int{true: 0, false: 1}[first[:11] > second[:11]])
	}
	v, err = newMetaJudge(t.Context(), coretest.NewHost(judgeBy(worth)), MetaJudgeConfig{Rating: "elo"})
	got, _ = verified(t, v, err, ep)
	s := strengths([][]float64{{0.5, 1, 0}, {0, 0.5, 0}, {1, 1, 0.5}})
	if math.Abs(s[0]-0.5) > 1e-9 || math.Abs(s[1]+s[2]-1) > 1e-9 || !(s[2] > 0.7) {
		t.Errorf("strengths %v", s)
	}
	same(t, fmt.Sprint("by strengths ", s), got, (0.5*1+s[2]*0.2)/1.5)
}

// Two jurors who agree: by Dawid and Skene's model with a prior of n votes an
// accuracy is a = (3n/4 + p) / (n + 1), where p is the odds a^2 to (1-a)^2.
func TestFittedJurors(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Actors = map[string]core.Actor{"x": coretest.Samples("#### yes"), "y": coretest.Samples("#### yes")}
	for _, trust := range []float64{1, 8} {
		v, err := newJury(t.Context(), h, JuryConfig{Seats: []string{"x", "y"}, Weights: "fitted", Trust: trust})
		got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
		p := got[0]
		a := math.Sqrt(p) / (math.Sqrt(p) + math.Sqrt(1-p))
		if !(math.Abs(a-(0.75*trust+p)/(trust+1)) < 1e-6) || !(p > 0.9) {
			t.Errorf("a prior of %v votes: %v, of an accuracy of %v", trust, p, a)
		}
	}
}

// A verifier votes for what has just the value that is asked for.
func TestVerifiersVoteFrom(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Builder = nested(t, map[string]core.Verifier{"given": given{0.5, 0.499}})
	v, err := newJury(t.Context(), h, JuryConfig{Of: []core.Spec{{Name: "given"}}, AtLeast: 0.5})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b"))
	same(t, "votes", got, 0.75, 0.25)
}

// Log-odds of 0.8 tanh((length - 3) / sd) are of length alone: all become even.
// Values of 0 and 1 of two attempts count as a quarter and three.
func TestLengthIsControlledByTanh(t *testing.T) {
	lengths, sd := []float64{1, 2, 3, 6}, math.Sqrt(3.5)
	var values given
	var texts []string
	for _, n := range lengths {
		values = append(values, 1/(1+math.Exp(-0.8*math.Tanh((n-3)/sd))))
		texts = append(texts, strings.Repeat("a", int(n)))
	}
	v, err := newLengthControl(t.Context(), valued(values), LengthControlConfig{Scale: "logistic"})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), texts...))
	same(t, "by tanh", got, 0.5, 0.5, 0.5, 0.5)
	v, err = newLengthControl(t.Context(), valued(given{0, 1}), LengthControlConfig{Scale: "logistic", Slope: 100 * math.Log(3)})
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "aaa"))
	same(t, "at the ends", got, 0.5, 0.5)
}

// The attempt's own answer is asked about, however many others come before it.
func TestFollowUpAsksAboutTheOwnAnswer(t *testing.T) {
	var asked []string
	h := coretest.NewHost(&coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		_, q, _ := strings.Cut(r.Path[0].Content, "the answer to the problem: ")
		q, _, _ = strings.Cut(q, "\n")
		asked = append(asked, q)
		return prompt.SayYesNo(prompt.Chat, q == "9"), nil
	}})
	v, err := newFollowUp(t.Context(), h, FollowUpConfig{Most: 2})
	// Of 7: is it 7, is it 8; so of 8; of 9: is it 7, is it 9.
	if got := ruled(t, v, err, attemptsOf("#### 7", "#### 8", "#### 9")); got != "0.500/0.000 0.500/0.000 1.000/0.000" {
		t.Error(got)
	}
	if got := strings.Join(asked, " "); got != "7 8 7 8 7 9" {
		t.Errorf("asked about %s", got)
	}
}

// Answers to a view are drawn alike whichever tasks are judged with it.
func TestCrossViewIsOfOneTask(t *testing.T) {
	ep := attemptsOf("#### 7")
	other := coretest.Episode(coretest.Task("u", "Another one?", "1"), "#### 1")
	var seeds []map[uint64]bool
	for _, eps := range [][]*core.Episode{{ep}, {other, ep}} {
		actor := &coretest.Batch{Scripted: &coretest.Scripted{Reply: rewrites}}
		v, err := newCrossView(t.Context(), coretest.NewHost(actor), CrossViewConfig{Views: 2, Samples: 4})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.(core.BatchVerifier).VerifyBatch(t.Context(), eps); err != nil {
			t.Fatal(err)
		}
		of := map[uint64]bool{}
		for _, r := range actor.Requests() {
			of[r.Seed] = true
		}
		seeds = append(seeds, of)
	}
	if len(seeds[0]) != 3 || len(seeds[1]) != 6 { // a question in other words, and two views
		t.Errorf("%d and %d seeds", len(seeds[0]), len(seeds[1]))
	}
	for s := range seeds[0] {
		if !seeds[1][s] {
			t.Errorf("with another task before it, none is drawn by %d", s)
		}
	}
}

// Of two chains of critiques one ends in yes.
func TestCritiquesAreCounted(t *testing.T) {
	said := 0
	h := coretest.NewHost(&coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		if !strings.Contains(r.Path[0].Content, "#### yes") {
			return "A critique.", nil
		}
		said++
		return prompt.SayYesNo(prompt.Chat, said == 1), nil
	}})
	v, err := newRecursiveCritique(t.Context(), h, RecursiveCritiqueConfig{Order: 1, Samples: 2})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
	same(t, "chains", got, 0.5)
}

// What is accepted is worth more than the bound, not just as much.
func TestStepValuesAbove(t *testing.T) {
	h := coretest.NewHost(coretest.Samples("#### 7"))
	h.Builder = nested(t, map[string]core.Verifier{"given": given{0.5, 0.501}})
	v, err := newStepValues(t.Context(), h, StepValuesConfig{Exploring: Exploring{By: of("given"), Completions: 1, Above: 0.5}})
	got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "one\ntwo"))
	same(t, "the attempt, then its completion", got, 0) // 0.5 for the attempt, 0.501 for what goes on from its first step
}
