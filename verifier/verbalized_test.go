package verifier

import (
	"fmt"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// stating is a model that is 90% sure of a 7 and 40% of an 8, says no number of
// a 9, and after a critique halves what it said.
func stating() *coretest.Batch {
	return &coretest.Batch{Scripted: &coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		q := r.Path[0].Content
		switch {
		case strings.Contains(q, "probability of 90%"):
			return "That was rash.\n#### 45%", nil
		case strings.Contains(q, "probability of 40%"):
			return "I cannot tell.", nil
		case strings.Contains(q, "Earlier"):
			return "", fmt.Errorf("another number: %s", q)
		case strings.Contains(q, "seven"):
			return "Fine.\n#### 90%", nil
		case strings.Contains(q, "eight"):
			return "#### 0.4", nil
		}
		return "#### quite sure", nil
	}}}
}

func TestVerbalized(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "seven", "eight", "nine")
	actor := stating()
	v, err := newVerbalized(t.Context(), coretest.NewHost(actor), VerbalizedConfig{})
	j := judgedBy(t, v, err, ep)
	closeTo(t, "seven", j.Scores[0].Value, 0.9)
	closeTo(t, "eight", j.Scores[1].Value, 0.4)
	closeTo(t, "confidence in eight", j.Scores[1].Confidence, 0.6)
	if s := j.Scores[2]; !s.Abstain || !strings.Contains(s.Rationale, "no single percentage") {
		t.Errorf("nine: %+v", s)
	}
	if actor.Calls != 1 || j.Usage.Calls != 3 || len(j.Nodes) != 3 || j.Nodes[2].Content != "#### quite sure" {
		t.Errorf("%d batches, usage %+v, %d nodes", actor.Calls, j.Usage, len(j.Nodes))
	}
}

// The critique is shown the number, and what it says counts; where it says
// nothing, nothing is known.
func TestVerbalizedCritique(t *testing.T) {
	ep := coretest.Episode(coretest.Task("t", "q", ""), "seven", "eight", "nine")
	actor := stating()
	v, err := newVerbalized(t.Context(), coretest.NewHost(actor), VerbalizedConfig{Critique: true})
	j := judgedBy(t, v, err, ep)
	closeTo(t, "seven", j.Scores[0].Value, 0.45)
	for i := 1; i < 3; i++ {
		if !j.Scores[i].Abstain {
			t.Errorf("attempt %d: %+v", i, j.Scores[i])
		}
	}
	if actor.Calls != 2 || j.Usage.Calls != 5 {
		t.Errorf("%d batches, usage %+v", actor.Calls, j.Usage)
	}
}

// Of uncertainty the value is what is left of 1, before a critique and after; the
// critique is shown what was stated, and the question is another.
func TestVerbalizedUncertainty(t *testing.T) {
	actor := &coretest.Batch{Scripted: &coretest.Scripted{Reply: func(r core.Request, _ int) (string, error) {
		q := r.Path[0].Content
		switch {
		case strings.Contains(q, "uncertainty of 30%"):
			return "More readings than I saw.\n#### 55%", nil
		case strings.Contains(q, "Earlier"), !strings.Contains(q, "uncertain you are about a problem"):
			return "", fmt.Errorf("another question: %s", q)
		}
		return "Uncertainty: 30%", nil
	}}}
	for critique, want := range map[bool]float64{false: 0.7, true: 0.45} {
		v, err := newVerbalized(t.Context(), coretest.NewHost(actor), VerbalizedConfig{About: "question", Critique: critique})
		j := judgedBy(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "seven"))
		closeTo(t, "the value", j.Scores[0].Value, want)
		closeTo(t, "the confidence", j.Scores[0].Confidence, max(want, 1-want))
	}
}
