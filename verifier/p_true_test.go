package verifier

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
)

// opinions says yes with odds of 3 to 1 where the question holds a word, with
// 1 to 3 elsewhere, and cannot read what holds another.
func opinions(likes, tooLong string) *coretest.Opinion {
	return &coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		asked, says := path[0].Content, path[len(path)-1].Content
		if tooLong != "" && strings.Contains(asked, tooLong) {
			return nil, &core.TooLongError{Err: errors.New("long")}
		}
		p := 0.25
		if strings.Contains(asked, likes) == (says == prompt.SayYesNo(prompt.Chat, true)) {
			p = 0.75
		}
		// Two tokens, whose probabilities multiply; both verdicts share a third of all.
		return []float32{float32(math.Log(p)), float32(math.Log(1.0 / 3))}, nil
	}}
}

func TestPTrue(t *testing.T) {
	h := coretest.NewHost(opinions("seven", "far too long"))
	v, err := newPTrue(t.Context(), h, PTrueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ep := coretest.Episode(coretest.Task("t", "q", "7"), "seven", "eight", "far too long")
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.75, 0.25} {
		// 0.75/3 / (0.75/3 + 0.25/3)
		if s := j.Scores[i]; math.Abs(s.Value-want) > 1e-6 || math.Abs(s.Confidence-0.75) > 1e-6 || s.Abstain {
			t.Errorf("attempt %d: %+v, want %v", i, s, want)
		}
	}
	if s := j.Scores[2]; !s.Abstain || !strings.Contains(s.Rationale, "too long") {
		t.Errorf("a question that does not fit: %+v", s)
	}
	if j.Usage.Calls != 2 {
		t.Errorf("usage %+v", j.Usage)
	}
}

// A model behind an API that tells no log-probs of given text cannot be asked.
func TestPTrueNeedsLogprobs(t *testing.T) {
	v, err := newPTrue(t.Context(), coretest.NewHost(coretest.Samples("#### yes")), PTrueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", "7"), "7"), nil)
	if err == nil || !strings.Contains(err.Error(), "no log-probabilities") {
		t.Errorf("%v", err)
	}
}
