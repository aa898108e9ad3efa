package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/stats/calibrate"
)

// saysRight is a verifier that knows: attempts that begin with "right" are. It
// abstains on tasks that are called unknown.
type saysRight struct{ closed *int }

func (v saysRight) Verify(_ context.Context, ep *core.Episode, _ []core.Ref) (j core.Judgement, _ error) {
	for _, r := range ep.Leaves() {
		s := core.Score{Nodes: []core.Ref{r}, Abstain: strings.HasPrefix(ep.Task.ID, "unknown")}
		if strings.HasPrefix(ep.Node(r).Content, "right") {
			s.Value = 1
		}
		j.Scores = append(j.Scores, s)
	}
	return j, nil
}

func (v saysRight) Close() error { *v.closed++; return nil }

// voted plays n tasks, three attempts each: a vote of 0.9 is right 19 times of
// 20, one of 0.3 half the time; a third attempt has no value.
func voted(n int) []*core.Episode {
	r := rand.New(rand.NewPCG(1, 1))
	eps := make([]*core.Episode, n)
	for i := range eps {
		text := func(p float64) string {
			if r.Float64() < p {
				return "right"
			}
			return "wrong"
		}
		ep := coretest.Episode(coretest.Task(fmt.Sprint(i), fmt.Sprint("task ", i), ""), text(0.95), text(0.5), "right")
		for k, leaf := range ep.Leaves() {
			ep.Scores = append(ep.Scores, core.Score{By: "vote", Nodes: []core.Ref{leaf}, Value: []float64{0.9, 0.3, 1}[k], Abstain: k == 2})
		}
		if i%4 == 3 { // only the poor attempt is there
			ep.Scores[0].Abstain = true
		}
		eps[i] = ep
	}
	return eps
}

func calibrating(h *coretest.Host, eps []*core.Episode, closed *int, c Calibrate) (core.Optimizer, error) {
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return saysRight{closed}, nil }
	h.Player = func(_ core.Policy, set string) ([]*core.Episode, error) {
		if set != "held" {
			return nil, fmt.Errorf("no set %q", set)
		}
		return eps, nil
	}
	if c.By == "" {
		c.By = "vote"
	}
	c.Tasks, c.AtLeast = "held", 0.5
	return newCalibrate(context.Background(), h, c)
}

func calibration(t *testing.T, h *coretest.Host, p core.Policy) calibrate.Calibration {
	t.Helper()
	b, err := h.Get(t.Context(), p[core.PartCalibration])
	if err != nil {
		t.Fatal(err)
	}
	c, err := calibrate.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCalibrate(t *testing.T) {
	for _, method := range []string{calibrate.Isotonic, calibrate.Platt, calibrate.Temperature, calibrate.Histogram} {
		closed := 0
		h := coretest.NewHost(nil)
		eps := voted(2000)
		eps[5].Err = "failed"
		eps[6].Task.ID = "unknown"
		eps[7].Task.Prompt, eps[9].Task.Prompt = eps[8].Task.Prompt, eps[8].Task.Prompt // one prompt answers once
		o, err := calibrating(h, eps, &closed, Calibrate{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		p := core.Policy{core.PartWeights: "w", core.PartCalibration: "old"}
		q, err := o.Optimize(t.Context(), p, examples("x"))
		if err != nil || q[core.PartWeights] != "w" || closed != 1 {
			t.Fatalf("%s: %v, %v; closed %d times", method, q, err, closed)
		}
		c := calibration(t, h, q)
		if c.By != "vote" || c.Searched+c.Tested != 1996 || c.Tested < 900 || len(c.Levels) != 2 || c.Calibrator.Method != method {
			t.Errorf("%s: %+v", method, c)
		}
		if method != calibrate.Temperature { // which has one number for two accuracies
			if high, low := c.Calibrator.Apply(0.9), c.Calibrator.Apply(0.3); high < 0.93 || high > 0.97 || low < 0.45 || low > 0.55 {
				t.Errorf("%s: 0.9 is worth %v, 0.3 %v", method, high, low)
			}
		}
		// Answers of 0.9 are wrong one time in 20, all together one in six.
		if g, err := c.Threshold(0.1, 0.95); err != nil || g.At != 0.9 {
			t.Errorf("%s: at a risk of 10%%: %+v, %v", method, g, err)
		}
		if g, err := c.Threshold(0.25, 0.95); err != nil || g.At != 0.3 {
			t.Errorf("%s: at a risk of 25%%: %+v, %v", method, g, err)
		}
		if _, err := c.Threshold(0.02, 0.95); !errors.Is(err, calibrate.ErrNoThreshold) {
			t.Errorf("%s: at a risk of 2%%: %v", method, err)
		}
		if n := h.Notes(); len(n) != 1 || !strings.Contains(n[0].Note, "expected calibration error 0.") || !strings.Contains(n[0].Note, "before") {
			t.Errorf("%s: notes %+v", method, n)
		}
	}
}

func TestCalibrateConformance(t *testing.T) {
	coretest.Optimizer(t, func(h *coretest.Host) (core.Optimizer, error) {
		return calibrating(h, voted(50), new(int), Calibrate{Method: calibrate.Isotonic})
	}, core.Policy{core.PartWeights: "w"}, lesson(3))
}

func TestCalibrateRefuses(t *testing.T) {
	if _, err := calibrating(coretest.NewHost(nil), nil, new(int), Calibrate{By: "exact"}); err == nil || !strings.Contains(err.Error(), "cannot say how often it is right itself") {
		t.Error(err)
	}
	unknown := voted(4)
	for i := range unknown {
		unknown[i].Task.ID = fmt.Sprint("unknown", i)
	}
	for want, eps := range map[string][]*core.Episode{
		"of the 0 tasks of held, 0 and 0 in the two halves": nil,
		"of the 4 tasks of held, 0 and 0 in the two halves": unknown,
	} {
		o, err := calibrating(coretest.NewHost(nil), eps, new(int), Calibrate{Method: calibrate.Isotonic})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Optimize(t.Context(), core.Policy{}, examples("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	h := coretest.NewHost(nil)
	h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return 3, nil }
	if _, err := newCalibrate(t.Context(), h, Calibrate{By: "vote"}); err == nil || !strings.Contains(err.Error(), "not a verifier") {
		t.Error(err)
	}
}

// New weights have no calibration: it was of the old ones.
func TestNewWeightsDropTheCalibration(t *testing.T) {
	p, err := train1(t, host(&recorder{}), Train{Steps: 1, Settings: Settings{Batch: 1, Rate: 1}}, core.Policy{core.PartCalibration: "old", core.PartPrompt: "kept"}, examples("ab"))
	if _, has := p[core.PartCalibration]; err != nil || has || p[core.PartPrompt] != "kept" {
		t.Errorf("%v, %v", p, err)
	}
}
