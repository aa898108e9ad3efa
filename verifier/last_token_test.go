package verifier

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// beta (log P - reference), after the attempt as it was sampled.
func TestLastToken(t *testing.T) {
	after := map[string]float64{"right": -13, "wrong": -23, "lost": -28, "better": -8}
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		if len(path) != 3 || path[2].Content != " ~" || path[2].TokenIDs != nil {
			t.Errorf("asked of %+v", path)
		}
		said := path[1]
		if len(said.TokenIDs) != len(said.Content)+1 || said.Role != core.RoleAssistant {
			t.Errorf("the attempt is %+v", said)
		}
		if said.Content == "long" {
			return nil, &core.TooLongError{Err: errors.New("long")}
		}
		return []float32{float32(after[said.Content] + 1), -1}, nil // a token of two parts
	}})
	ep := coretest.Episode(coretest.Task("t", "q", ""), "right", "wrong", "lost", "better", "long")
	cfg := LastTokenConfig{Token: " ~", Reference: -23}
	v, err := newLastToken(t.Context(), h, cfg)
	for i, want := range []float64{1, 0, -0.5, 1.5} {
		closeTo(t, ep.Nodes[i+1].Content, judgedBy(t, v, err, ep).Scores[i].Value, want)
	}
	if s := judgedBy(t, v, err, ep).Scores[4]; !s.Abstain {
		t.Errorf("a long attempt: %+v", s)
	}
	cfg.Clip = true
	v, err = newLastToken(t.Context(), h, cfg)
	for i, want := range []float64{1, 0, 0, 1} {
		closeTo(t, ep.Nodes[i+1].Content+", cut", judgedBy(t, v, err, ep).Scores[i].Value, want)
	}
}

// With two texts: 3/8 and 1/8 after the attempt as text.
func TestRefineOrStop(t *testing.T) {
	h := coretest.NewHost(&coretest.Opinion{Logprobs: func(path []core.Node) ([]float32, error) {
		if path[1].TokenIDs != nil {
			t.Errorf("ids, which may end the turn, stay: %+v", path[1])
		}
		if path[2].Content == "done" {
			return logs(3.0 / 8), nil
		}
		return logs(1.0 / 8), nil
	}})
	cfg := RefineOrStopConfig{Stop: "done"}
	if len(cfg.Needs()) != 0 {
		t.Errorf("it needs %v", cfg.Needs())
	}
	v, err := newRefineOrStop(t.Context(), h, cfg)
	s := judgedBy(t, v, err, coretest.Episode(coretest.Task("t", "q", ""), "7")).Scores[0]
	closeTo(t, "value", s.Value, 0.75)
	closeTo(t, "confidence", s.Confidence, 0.75)
}

// Without a text for it, stopping is the end token that the attempt has.
func TestRefineOrEnd(t *testing.T) {
	reader := &coretest.Reader{Tokens: func(path []core.Node, _ core.Reading) ([]coretest.Token, error) {
		last := path[len(path)-1]
		if len(path) == 3 { // what follows the attempt without its end token
			if n := path[1]; len(n.TokenIDs) != len(n.Content) || last.Content != "[refine]" {
				t.Errorf("asked of %+v", path)
			}
			return []coretest.Token{{Text: last.Content, Probs: []float64{1.0 / 5, 4.0 / 5}}}, nil
		}
		end := coretest.Token{Probs: []float64{3.0 / 5, 2.0 / 5}}
		if last.Content == "cut" {
			end.Text = ";"
		}
		return []coretest.Token{{Text: last.Content, Probs: []float64{1, 0}}, end}, nil
	}}
	ep := coretest.Episode(coretest.Task("t", "q", ""), "7", "cut", "too far", "rival's")
	ep.Nodes[3].Finish, ep.Nodes[4].Actor = "length", "rival"
	if needs := (RefineOrStopConfig{}).Needs(); !reflect.DeepEqual(needs, []string{"embedded"}) {
		t.Errorf("it needs %v", needs)
	}
	v, err := newRefineOrStop(t.Context(), coretest.NewHost(reader), RefineOrStopConfig{})
	j := judgedBy(t, v, err, ep)
	closeTo(t, "value", j.Scores[0].Value, 0.75) // 3/5 against 1/5
	for i, why := range map[int]string{1: "end token", 2: "not sampled", 3: "not sampled"} {
		if s := j.Scores[i]; !s.Abstain || !strings.Contains(s.Rationale, why) {
			t.Errorf("%s: %+v", ep.Nodes[i+1].Content, s)
		}
	}
}

func TestOdds(t *testing.T) {
	closeTo(t, "one of two tokens", odds(logs(0.5, 0.5), logs(0.25, 0.25)), 0.8)
	closeTo(t, "far apart", odds([]float32{0}, []float32{-2000}), 1)
	if p := odds([]float32{float32(math.Inf(-1))}, []float32{float32(math.Inf(-1))}); !math.IsNaN(p) {
		t.Errorf("neither is possible: %v", p)
	}
}
