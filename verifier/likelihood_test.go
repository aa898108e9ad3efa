package verifier

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func logs(probs ...float64) []float32 {
	var l []float32
	for _, p := range probs {
		l = append(l, float32(math.Log(p)))
	}
	return l
}

// judgedBy is what a verifier makes of the attempts of an episode.
func judgedBy(t testing.TB, v core.Verifier, err error, ep *core.Episode) core.Judgement {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closeTo(t testing.TB, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) < 1e-6) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Recorded log-probabilities need no model that could score.
func TestLikelihoodAsRecorded(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7")
	ep.Nodes[1].Logprobs = logs(1.0/2, 1.0/8)
	// Steps count together: 1/2, 1/8 and then 1/4 and 1/4.
	ep.Append(core.Node{Parent: 2, Actor: "solver", Role: core.RoleAssistant, Content: "8", Logprobs: logs(1.0/4, 1.0/16)})
	h := coretest.NewHost(coretest.Samples(""))
	for value, want := range map[string]float64{"probability": math.Pow(1.0/1024, 0.25), "perplexity": math.Pow(1024, 0.25)} {
		v, err := newLikelihood(t.Context(), h, LikelihoodConfig{Value: value})
		s := judgedBy(t, v, err, ep).Scores[0]
		closeTo(t, value, s.Value, want)
		if s.Confidence != 0 {
			t.Errorf("confidence %v", s.Confidence)
		}
	}
	v, err := newLikelihood(t.Context(), h, LikelihoodConfig{Logprobs: "anew"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), ep, nil); err == nil || !strings.Contains(err.Error(), "no log-probabilities") {
		t.Errorf("%v", err)
	}
}

func TestLikelihoodAnew(t *testing.T) {
	o := &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		switch last := path[len(path)-1]; {
		case last.Content == "long":
			return nil, &core.TooLongError{Err: errors.New("long")}
		case last.Content == "":
			return []float32{}, nil
		case last.Content == "impossible":
			return []float32{float32(math.Inf(-1))}, nil
		case last.TokenIDs == nil:
			return logs(1), nil // another seat's attempt is read as text
		}
		return logs(1.0/2, 1.0/8), nil
	}}
	h := coretest.NewHost(o)
	h.Actors["judge"] = o
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7", "long", "", "impossible")
	v, err := newLikelihood(t.Context(), h, LikelihoodConfig{Logprobs: "anew"})
	j := judgedBy(t, v, err, ep)
	closeTo(t, "by itself", j.Scores[0].Value, 0.25)
	for i, why := range map[int]string{1: "too long", 2: "no tokens"} {
		if s := j.Scores[i]; !s.Abstain || !strings.Contains(s.Rationale, why) {
			t.Errorf("attempt %d: %+v", i, s)
		}
	}
	closeTo(t, "an impossible one", j.Scores[3].Value, 0)
	if j.Usage.Calls != 3 {
		t.Errorf("usage %+v", j.Usage)
	}
	v, err = newLikelihood(t.Context(), h, LikelihoodConfig{Asking: Asking{Seat: "judge"}, Logprobs: "anew", Value: "perplexity"})
	j = judgedBy(t, v, err, ep)
	closeTo(t, "by another", j.Scores[0].Value, 1)
	if !j.Scores[3].Abstain {
		t.Errorf("an infinite perplexity: %+v", j.Scores[3])
	}
}

// The whole log-probability, and what it is over that of another seat, both read
// anew whatever was recorded.
func TestLikelihoodOverReference(t *testing.T) {
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func([]core.Node) ([]float32, error) { return logs(1.0/2, 1.0/8), nil }})
	h.Actors["base"] = &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		if path[1].Content == "long" {
			return nil, &core.TooLongError{Err: errors.New("long")}
		}
		return logs(1.0/4, 1.0/4, 1.0/4), nil
	}}
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7", "long")
	ep.Nodes[1].Logprobs = logs(1)
	v, err := newLikelihood(t.Context(), h, LikelihoodConfig{Value: "total"})
	closeTo(t, "as recorded", judgedBy(t, v, err, ep).Scores[0].Value, 0)
	v, err = newLikelihood(t.Context(), h, LikelihoodConfig{Value: "total", Logprobs: "anew"})
	closeTo(t, "in total", judgedBy(t, v, err, ep).Scores[0].Value, -math.Log(16))
	v, err = newLikelihood(t.Context(), h, LikelihoodConfig{Value: "total", Reference: "base"})
	j := judgedBy(t, v, err, ep)
	closeTo(t, "over the reference", j.Scores[0].Value, math.Log(64)-math.Log(16))
	if !j.Scores[1].Abstain || j.Usage.Calls != 2 {
		t.Errorf("what the reference cannot hold: %+v, usage %+v", j.Scores[1], j.Usage)
	}
	for _, c := range []LikelihoodConfig{{Reference: "base"}, {Against: "nothing", Value: "total"}} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := newLikelihood(t.Context(), h, LikelihoodConfig{Value: "total", Reference: "nobody"}); err == nil {
		t.Error("a reference that is not there")
	}
}

// (P - Q) / P with perplexity Q after the task and P without, cut at -1.
func TestLikelihoodAgainstNothing(t *testing.T) {
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		if with := path[0].Content == "q"; with == (path[1].Content == "to the point") {
			return logs(1.0/2, 1.0/2), nil
		}
		return logs(1.0/4, 1.0/16), nil // perplexity 8
	}})
	v, err := newLikelihood(t.Context(), h, LikelihoodConfig{Against: "nothing"})
	j := judgedBy(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "to the point", "beside it"))
	closeTo(t, "an attempt that the task makes likely", j.Scores[0].Value, 0.75) // (8 - 2) / 8
	closeTo(t, "one that it makes unlikely", j.Scores[1].Value, -1)              // (2 - 8) / 2 = -3
	if err := (LikelihoodConfig{Against: "nothing", Value: "perplexity"}).Validate(); err == nil {
		t.Error("a perplexity against nothing is taken")
	}
}
