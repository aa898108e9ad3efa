package verifier

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// By hand: of two judgements the one that wins has strength s, the other -s,
// where 1/2 - c(s) + 1 - c(2s) = 0 for the logistic c.
func TestRatings(t *testing.T) {
	c := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	got := strengths([][]float64{{0.5, 1}, {0, 0.5}})
	s := math.Log(got[0] / (1 - got[0]))
	if math.Abs(1.5-c(s)-c(2*s)) > 1e-9 || math.Abs(got[0]+got[1]-1) > 1e-9 || got[0] < 0.6 {
		t.Errorf("strengths %v", got)
	}
	nan := math.NaN()
	shares := winShares([][]float64{{0.5, 1, nan}, {0, 0.5, nan}, {nan, nan, 0.5}})
	same(t, "win shares", shares, 1, 0, nan)
	// The better judgement's grade counts, and equals share.
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a")
	for i, says := range []string{"judgement b", "judgement a", "judgement a"} {
		r := ep.Append(core.Node{Parent: ep.Root(), Actor: "judge", Content: says})
		ep.Scores = append(ep.Scores, core.Score{By: "grade", Nodes: []core.Ref{2}, Value: []float64{1, 0, 0.2}[i], Via: r})
	}
	h := coretest.NewHost(judgeBy(func(asked string) string {
		return map[bool]string{true: "#### A", false: "#### B"}[strings.Index(asked, "judgement b") < strings.Index(asked, "judgement a")]
	}))
	v, err := newMetaJudge(t.Context(), h, MetaJudgeConfig{})
	values, j := verified(t, v, err, ep)
	same(t, "weighted", values, (1*1+0.25*0+0.25*0.2)/1.5) // win shares 1, 1/4, 1/4
	ratings := byAttempt(j)
	if ratings[3].Value != 1 || ratings[4].Value != 0.25 || ratings[5].Value != 0.25 {
		t.Errorf("judgements are rated %+v", j.Scores)
	}
	v, err = newMetaJudge(t.Context(), h, MetaJudgeConfig{Value: "best", Rating: "elo"})
	values, _ = verified(t, v, err, ep)
	same(t, "best", values, 1)
	values, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a"))
	same(t, "no judgement", values, none)
}

// By hand: log-odds ln 9 - 2 ln 1.5 = ln 4.
func TestJuries(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Actors = map[string]core.Actor{"x": coretest.Samples("#### yes"), "y": coretest.Samples("#### no"), "z": coretest.Samples("#### no"), "mute": coretest.Samples("?")}
	ep := coretest.Episode(coretest.Task("t", "q", ""), "a")
	v, err := newJury(t.Context(), h, JuryConfig{Seats: []string{"x", "y", "z", "mute"}, Weights: "given", Accuracies: []float64{0.9, 0.6, 0.6, 0.9}})
	got, j := verified(t, v, err, ep)
	same(t, "given", got, 0.8)
	if s := j.Scores[0]; math.Abs(s.Confidence-0.8) > 1e-9 || s.Rationale != "x yes (0.90), y no (0.60), z no (0.60)" {
		t.Errorf("%+v", s)
	}
	v, err = newJury(t.Context(), h, JuryConfig{Seats: []string{"x", "y", "z"}})
	got, _ = verified(t, v, err, ep)
	same(t, "equal", got, 0.25) // one against two of odds 3
	v, err = newJury(t.Context(), h, JuryConfig{Seats: []string{"mute"}})
	got, _ = verified(t, v, err, ep)
	same(t, "nobody votes", got, none)
	h.Actors["solver"] = coretest.Samples("#### yes")
	v, err = newJury(t.Context(), h, JuryConfig{Seats: []string{"solver", "y"}, Recuse: true})
	got, _ = verified(t, v, err, ep)
	same(t, "recused", got, 0.25)
	h.Builder = nested(t, map[string]core.Verifier{"given": given{0.2, 0.7, none}})
	v, err = newJury(t.Context(), h, JuryConfig{Of: []core.Spec{{Name: "given"}}, AtLeast: 0.5, Weights: "given", Accuracies: []float64{0.9}, Prior: 0.1})
	got, _ = verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "a", "b", "c"))
	same(t, "verifiers", got, 1.0/82, 0.5, none) // odds 1/9 times 1/9, and 1/9 times 9
	for _, c := range []JuryConfig{{}, {Seats: []string{"x"}, Weights: "given"}, {Seats: []string{"x"}, Accuracies: []float64{0.5}}, {Seats: []string{"x"}, Weights: "given", Accuracies: []float64{1}}} {
		if c.Validate() == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

// By hand: values that follow length exactly all become that of the mean length.
func TestLengthIsControlled(t *testing.T) {
	control := func(c LengthControlConfig, values given, texts ...string) []float64 {
		t.Helper()
		v, err := newLengthControl(t.Context(), valued(values), c)
		got, _ := verified(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), texts...))
		return got
	}
	texts := []string{"a", "aa", "aaa", "aaaa"}
	same(t, "linear", control(LengthControlConfig{}, given{0.1, 0.2, 0.3, 0.4}, texts...), 0.25, 0.25, 0.25, 0.25)
	same(t, "a known slope", control(LengthControlConfig{Slope: 10}, given{0.1, 0.2}, "a", "aaa"), 0.2, 0.1)
	same(t, "cut to the scale", control(LengthControlConfig{Slope: 100}, given{0.1, 0.2}, "a", "aaa"), 1, 0)
	same(t, "too few", control(LengthControlConfig{}, given{0.1, 0.2}, "a", "aaa"), 0.1, 0.2)
	same(t, "one length", control(LengthControlConfig{}, given{0.1, 0.2, 0.3, 0.4}, "a", "b", "c", "d"), 0.1, 0.2, 0.3, 0.4)
	same(t, "abstentions stay", control(LengthControlConfig{}, given{0.1, 0.2, 0.3, 0.4, none}, append(texts, "aaaaaaaa")...), 0.25, 0.25, 0.25, 0.25, none)
	same(t, "words", control(LengthControlConfig{Measure: "words"}, given{0.1, 0.2, 0.3, 0.4}, "w", "w w", "w w w", "w w w w"), 0.25, 0.25, 0.25, 0.25)
	same(t, "tokens", control(LengthControlConfig{Measure: "tokens"}, given{0.1, 0.2, 0.3, 0.4}, texts...), 0.25, 0.25, 0.25, 0.25)
	// Log-odds of ∓ln 3 at two lengths either side of the mean: all are even.
	same(t, "logistic", control(LengthControlConfig{Scale: "logistic"}, given{0.25, 0.75, 0.25, 0.75}, "a", "aaa", "b", "bbb"), 0.5, 0.5, 0.5, 0.5)
	same(t, "a known logistic slope", control(LengthControlConfig{Scale: "logistic", Slope: 100 * math.Log(3)}, given{0.5, 0.5}, "a", "aaa"), 0.75, 0.25)
}

// Whatever judges add to an episode, its attempts stay what they were.
func TestKeptJudgementsAreNoAttempts(t *testing.T) {
	for name, f := range forms {
		h := coretest.NewHost(&coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
			asked := r.Path[0].Content
			if f.first != "" && !strings.Contains(asked, "#### yes\n#### no") {
				return f.first, nil
			}
			v, _, _ := f.verdict(asked)
			return "#### " + v, nil
		}})
		v, err := f.build(h, Judging{Keep: true})
		if err != nil {
			t.Fatal(err)
		}
		ep := material(false)
		before := ep.Leaves()
		for _, at := range [][]core.Ref{nil, {2}, {}} {
			j, err := v.Verify(t.Context(), ep, at)
			if err != nil {
				t.Fatal(err)
			}
			all := *ep
			all.Nodes = append(slices.Clone(ep.Nodes), j.Nodes...)
			all.Scores = append(slices.Clone(ep.Scores), j.Scores...)
			if after := all.Leaves(); !slices.Equal(before, after) {
				t.Errorf("%s at %v: the attempts are %v, were %v", name, at, after, before)
			}
		}
	}
}
