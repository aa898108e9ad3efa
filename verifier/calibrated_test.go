package verifier

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

const votesAreHalf = `{"by":"majority_vote","calibrator":{"method":"isotonic","knots":[{"score":0,"p":0.1},{"score":1,"p":0.5}]},"levels":[],"searched":0,"tested":0}`

// calibratedHost has a policy with a calibration, and builds votes.
func calibratedHost(t testing.TB, h *coretest.Host, content string) *coretest.Host {
	t.Helper()
	h.Builder = func(ctx context.Context, h core.Host, s core.Spec) (any, error) {
		if s.Name == "p_true" {
			return newPTrue(ctx, h, PTrueConfig{})
		}
		return newMajorityVote(ctx, h, MajorityVoteConfig{})
	}
	d, err := h.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	h.Named = map[string]core.Policy{"solver": {core.PartCalibration: d}, "base": {core.PartCalibration: "another"}, "critic": {}}
	return h
}

func of(name string) core.Spec { return core.Spec{Kind: core.KindVerifier, Name: name} }

func TestCalibrated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calibration.json")
	if err := os.WriteFile(file, []byte(votesAreHalf), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]CalibratedConfig{
		"the policy that has one": {}, "that policy": {Policy: "solver"}, "a file": {File: file},
	} {
		c.Of = of("majority_vote")
		v, err := newCalibrated(t.Context(), calibratedHost(t, coretest.NewHost(nil), votesAreHalf), c)
		if err != nil {
			t.Fatal(err)
		}
		if g, ok := v.(core.GroupVerifier); !ok || !g.Grouped() {
			t.Errorf("%s: a calibrated vote is no vote", name)
		}
		ep := coretest.Episode(coretest.Task("t", "q", ""), "#### 7", "#### 7", "#### 7", "#### 8")
		j, err := v.Verify(t.Context(), ep, nil)
		if err != nil || len(j.Scores) != 4 {
			t.Fatalf("%s: %+v, %v", name, j, err)
		}
		// Three of four votes are worth 0.1 + 0.75 * 0.4.
		for i, want := range []core.Score{{Value: 0.4, Confidence: 0.6}, {Value: 0.4, Confidence: 0.6}, {Value: 0.4, Confidence: 0.6}, {Value: 0.1, Confidence: 0.9}} {
			s := j.Scores[i]
			if d := s.Value - want.Value; d > 1e-12 || d < -1e-12 || s.Confidence-want.Confidence > 1e-12 || s.By != "calibrated" || s.Abstain {
				t.Errorf("%s: attempt %d: %+v", name, i, s)
			}
		}
		if !strings.HasPrefix(j.Scores[0].Rationale, "majority_vote has the value 0.750: ") {
			t.Errorf("%s: %q", name, j.Scores[0].Rationale)
		}
		tie, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "#### 7", "#### 8"), nil)
		if err != nil || !tie.Scores[0].Abstain || !strings.Contains(tie.Scores[0].Rationale, "tie") {
			t.Errorf("%s: %+v, %v", name, tie, err)
		}
	}
}

func TestCalibratedWithoutACalibration(t *testing.T) {
	h := calibratedHost(t, coretest.NewHost(nil), votesAreHalf)
	for _, policy := range []string{"", "critic"} {
		if policy == "" {
			h.Named = map[string]core.Policy{"critic": {}}
		} else {
			h = calibratedHost(t, coretest.NewHost(nil), votesAreHalf)
		}
		v, err := newCalibrated(t.Context(), h, CalibratedConfig{Of: of("majority_vote"), Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "q", ""), "#### 7"), nil)
		if err != nil || !j.Scores[0].Abstain || j.Scores[0].Value != 0 || j.Scores[0].Rationale != "no policy has a calibration of majority_vote yet" {
			t.Errorf("%+v, %v", j, err)
		}
	}
}

func TestCalibratedRefuses(t *testing.T) {
	two := calibratedHost(t, coretest.NewHost(nil), votesAreHalf)
	two.Named["critic"] = core.Policy{core.PartCalibration: "its own"}
	wrong := coretest.NewHost(nil)
	calibratedHost(t, wrong, votesAreHalf)
	broken := calibratedHost(t, coretest.NewHost(nil), `{"by":"majority_vote"}`)
	for want, c := range map[string]struct {
		h *coretest.Host
		c CalibratedConfig
	}{
		"policy critic and policy solver have": {two, CalibratedConfig{Of: of("majority_vote")}},
		`is of the values of "majority_vote"`:  {wrong, CalibratedConfig{Of: of("p_true")}},
		"no calibration method":                {broken, CalibratedConfig{Of: of("majority_vote")}},
		"no such file":                         {wrong, CalibratedConfig{Of: of("majority_vote"), File: "/nowhere/at/all"}},
		"from a file or of a policy":           {wrong, CalibratedConfig{Of: of("majority_vote"), File: "f", Policy: "solver"}},
	} {
		_, err := newCalibrated(t.Context(), c.h, c.c)
		if want == "policy critic and policy solver have" {
			want = "the calibration of policy critic and policy solver have different calibrations"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if f := (CalibratedConfig{File: "a"}).Files(); len(f) != 1 || f[0] != "a" {
		t.Errorf("files %v", f)
	}
}
