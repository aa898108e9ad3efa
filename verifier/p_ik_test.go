package verifier

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/prompt"
)

// The task is asked about once, whatever was tried, and all attempts get what is
// said of it.
func TestPIK(t *testing.T) {
	asked := 0
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		asked++
		q, says := path[0].Content, path[1].Content
		switch {
		case strings.Contains(q, "7"):
			t.Errorf("an attempt is shown: %s", q)
		case strings.Contains(q, "long"):
			return nil, &core.TooLongError{Err: errors.New("long")}
		}
		if strings.Contains(q, "easy") == (says == prompt.SayYesNo(prompt.Chat, true)) {
			return logs(0.6), nil
		}
		return logs(0.2), nil
	}})
	v, err := newPIK(t.Context(), h, PIKConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var eps []*core.Episode
	for _, task := range []string{"easy", "hard", "long"} {
		eps = append(eps, coretest.Episode(coretest.Task(task, task, ""), "7", "77"))
	}
	js, err := v.(core.BatchVerifier).VerifyBatch(t.Context(), eps)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.75, 0.25} {
		for _, s := range js[i].Scores {
			closeTo(t, eps[i].Task.ID, s.Value, want)
			closeTo(t, "confidence", s.Confidence, 0.75)
		}
		if len(js[i].Scores) != 2 || js[i].Usage.Calls != 1 {
			t.Errorf("%s: %+v", eps[i].Task.ID, js[i])
		}
	}
	if !js[2].Scores[0].Abstain || js[2].Usage.Calls != 0 {
		t.Errorf("a task that does not fit: %+v", js[2])
	}
}

// Shown attempts are the others of the same seat, the first ones, before the
// one in question.
func TestPTrueShows(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "first", "second", "third", "fourth")
	ep.Nodes[2].Actor = "rival"
	var shown []string
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		shown = nil
		for _, part := range strings.Split(path[0].Content, "<solution>")[1:] {
			shown = append(shown, strings.Fields(part)[0])
		}
		return logs(0.5), nil
	}})
	v, err := newPTrue(t.Context(), h, PTrueConfig{Shown: 2})
	if err != nil {
		t.Fatal(err)
	}
	if g, ok := v.(core.GroupVerifier); !ok || !g.Grouped() {
		t.Error("it does not say that it compares attempts")
	}
	for r, want := range map[core.Ref]string{2: "[third fourth first]", 3: "[second]", 5: "[first third fourth]"} {
		if _, err := v.Verify(t.Context(), ep, []core.Ref{r}); err != nil || fmt.Sprint(shown) != want {
			t.Errorf("for attempt %d it shows %v, want %s (%v)", r, shown, want, err)
		}
	}
	plain, err := newPTrue(t.Context(), h, PTrueConfig{})
	if _, grouped := plain.(core.GroupVerifier); err != nil || grouped {
		t.Errorf("without others it compares attempts (%v)", err)
	}
}

func TestDisagreement(t *testing.T) {
	for _, c := range []struct {
		p                          []float64
		mean, deviation, surprised float64
	}{
		{[]float64{0.5, 0.5}, 0.5, 0, 0},
		{[]float64{0.8, 0.8, 0.8}, 0.8, 0, 0},
		{[]float64{1, 0}, 0.5, 0.5, math.Ln2},
		// ln 2 - (-0.9 ln 0.9 - 0.1 ln 0.1) = 0.693147 - 0.325083
		{[]float64{0.9, 0.1}, 0.5, 0.4, 0.368064},
	} {
		mean, deviation, information := disagreement(c.p)
		closeTo(t, fmt.Sprint("mean of ", c.p), mean, c.mean)
		closeTo(t, fmt.Sprint("deviation of ", c.p), deviation, c.deviation)
		closeTo(t, fmt.Sprint("information of ", c.p), information, c.surprised)
	}
}

// Readings of two models alternate between sure and unsure of what holds a 7;
// of others all say the same.
func TestMCDropout(t *testing.T) {
	seeds := map[uint64]int{}
	reader := &coretest.Reader{Tokens: func(path []core.Node, r core.Reading) ([]coretest.Token, error) {
		if r.Dropout != 0.25 {
			t.Errorf("dropout %v", r.Dropout)
		}
		if _, ok := seeds[r.Seed]; !ok {
			seeds[r.Seed] = len(seeds)
		}
		p := 0.8
		if strings.Contains(path[0].Content, "7") {
			p = []float64{0.9, 0.1}[seeds[r.Seed]%2]
		}
		if path[1].Content != prompt.SayYesNo(prompt.Chat, true) {
			p = 1 - p
		}
		return []coretest.Token{{Probs: []float64{p / 2, 1 - p/2}}}, nil
	}}
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7", "8")
	cfg := MCDropoutConfig{Readings: 4, Dropout: 0.25}
	v, err := newMCDropout(t.Context(), coretest.NewHost(reader), cfg)
	j := judgedBy(t, v, err, ep)
	closeTo(t, "the disputed one", j.Scores[0].Value, 0.5)
	closeTo(t, "the other", j.Scores[1].Value, 0.8)
	closeTo(t, "confidence", j.Scores[1].Confidence, 0.8)
	if len(seeds) != 4 || j.Usage.Calls != 8 {
		t.Errorf("%d models are asked, usage %+v", len(seeds), j.Usage)
	}
	cfg.Value = "certainty"
	v, err = newMCDropout(t.Context(), coretest.NewHost(reader), cfg)
	j = judgedBy(t, v, err, ep)
	closeTo(t, "certainty of the disputed one", j.Scores[0].Value, 0.325083/math.Ln2)
	closeTo(t, "certainty of the other", j.Scores[1].Value, 1)
	if len(seeds) != 4 {
		t.Error("a second judgement asks other models")
	}
}
