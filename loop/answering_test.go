package loop

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/recipe"
	"pawl/stats/calibrate"
)

// kept stores a calibration of a verifier whose values of 0.6 and more were
// wrong once among 100 answers, all of them 30 times among 200.
func kept(t *testing.T, l *ledger, by string) (core.Digest, []byte) {
	t.Helper()
	b, err := json.Marshal(calibrate.Calibration{
		By: by, Calibrator: calibrate.Calibrator{Method: calibrate.Platt, Slope: 1}, Searched: 200, Tested: 200,
		Levels: []calibrate.Level{{At: 0.6, Searched: 100, SearchedWrong: 1, Tested: 100, TestedWrong: 1}, {At: 0, Searched: 200, SearchedWrong: 30, Tested: 200, TestedWrong: 30}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.Put(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return d, b
}

func risky(t *testing.T, l *ledger, below string) (*Run, *skills) {
	t.Helper()
	return newRun(t, l, "answer:  {by: majority_vote}", "answer:  {by: majority_vote, abstain_below: {"+below+"}}")
}

func TestARiskNamesItsThreshold(t *testing.T) {
	l := newLedger()
	part, content := kept(t, l, "majority_vote")
	file := filepath.Join(t.TempDir(), "calibration.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for below, want := range map[string]float64{"risk: 0.1": 0.6, "risk: 0.3": 0, "risk: 0.1, file: " + file: 0.6} {
		r, _ := risky(t, l, below)
		team := map[string]core.Policy{"solver": r.Initial["solver"]}
		if !strings.Contains(below, "file") {
			team["solver"] = team["solver"].With(core.PartCalibration, part)
		}
		answered, abstained := 0, 0
		err := r.Attempt(t.Context(), team, r.Plan.Sample, r.Plan.Verify, numbers("train"), func(ep *core.Episode) error {
			best, s, ok := ep.Best("majority_vote")
			if should := ok && s.Value >= want; should != (ep.Answer != 0) || should && ep.Answer != best {
				t.Errorf("%s: the answer of task %s is %d, with the value %v", below, ep.Task.ID, ep.Answer, s.Value)
			}
			if ep.Answer == 0 {
				abstained++
			} else {
				answered++
			}
			return nil
		})
		if err != nil || answered == 0 || want > 0 && abstained == 0 {
			t.Errorf("%s: %d answers, %d abstentions, %v", below, answered, abstained, err)
		}
	}
}

// Without a threshold nothing is answered, and it is said why.
func TestARiskThatCannotBeKeptIsAnError(t *testing.T) {
	l := newLedger()
	part, _ := kept(t, l, "majority_vote")
	other, _ := kept(t, l, "exact")
	for want, c := range map[string]struct {
		below string
		part  core.Digest
	}{
		"answering with at most 5% wrong: the answers are not calibrated: no policy has a calibration; let the optimizer calibrate": {"risk: 0.05", ""},
		"at most 1% wrong: the answers are not calibrated: the calibration of policy solver: no threshold is shown to keep":         {"risk: 0.01", part},
		`is of the values of "exact", and "majority_vote" answers`:                                                                  {"risk: 0.05", other},
		"no such file": {"risk: 0.05, file: /nowhere/at/all", part},
	} {
		r, _ := risky(t, l, c.below)
		team := map[string]core.Policy{"solver": r.Initial["solver"].With(core.PartCalibration, c.part)}
		err := r.Attempt(t.Context(), team, r.Plan.Sample, r.Plan.Verify, numbers("train"), func(*core.Episode) error {
			return errors.New("there is an answer")
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A run that answers at a risk: what has no calibration answers nothing, and so
// has the value 0; a stage that calibrates, after the one that trains, makes
// the candidate answer, and is gated with it.
func TestARunCalibrates(t *testing.T) {
	r, _ := newRun(t, newLedger(),
		"answer:  {by: majority_vote}", "answer:  {by: majority_vote, abstain_below: {risk: 0.3, confidence: 0.8}}",
		"measure: {sample: greedy, verify: [exact]}\n", "",
		`updates:
  - policy: solver
    select:   {filter: {by: majority_vote, at_least: 0.5}}
    optimize: {teach: {gain: 0.6}}`,
		`stages:
  - updates: [{policy: solver, select: {filter: {by: majority_vote, at_least: 0.5}}, optimize: {teach: {gain: 0.6}}}]
  - updates: [{policy: solver, select: {demonstrations: {tasks: labelled}}, optimize: {calibrate: {by: majority_vote, tasks: probe}}}]`,
		"  labelled: {}", "  labelled: {}\n  probe: {}",
		`controls:
  labelled: {solver: {select: {demonstrations: {tasks: labelled}}}}
  "null":   {solver: {select: first}}`, "", "rounds:  3", "rounds: 1")
	r.Initial["solver"] = r.Initial["solver"].With(core.PartCalibration, "")
	report := do(t, r)
	if report.Audit["base"].Accuracy != 0 {
		t.Errorf("the base has no calibration, and %v of its answers are right", report.Audit["base"].Accuracy)
	}
	if report.Promoted != 1 || report.Policy[core.PartCalibration] == "" || report.Audit["final"].Accuracy < 0.5 {
		t.Errorf("promoted %d, %v of the answers right, policy %v", report.Promoted, report.Audit["final"].Accuracy, report.Policy)
	}
}

// What is answered determines what is measured: another rule is another step.
func TestMeasurementsKnowTheirRule(t *testing.T) {
	l := newLedger()
	keys := map[core.Key]bool{}
	for _, below := range []float64{0, 0.5, 1} {
		r, _ := newRun(t, l, "measure: {sample: greedy, verify: [exact]}\n", "")
		r.Plan.Answer.AbstainBelow = recipe.Abstain{Value: below}
		_, key, err := (&arm{run: r}).measurement(t.Context(), "audit", auditSet, r.Initial)
		if err != nil {
			t.Fatal(err)
		}
		keys[key] = true
	}
	if len(keys) != 3 {
		t.Errorf("three rules make %d measurements", len(keys))
	}
}

// A control that answers whatever its votes is measured so beside a run that
// abstains, is no yardstick, and both say what was answered and how much of it was
// wrong.
func TestAControlAnswersByItsOwnRule(t *testing.T) {
	r, _ := newRun(t, newLedger(),
		"answer:  {by: majority_vote}", "answer:  {by: majority_vote, abstain_below: 0.7}",
		"measure: {sample: greedy, verify: [exact]}\n", "",
		`controls:
  labelled: {solver: {select: {demonstrations: {tasks: labelled}}}}
  "null":   {solver: {select: first}}`, "controls: {all_of_them: {solver: {answer: {by: majority_vote}}}}", "rounds:  3", "rounds: 1")
	report := do(t, r)
	base, all := report.Audit["base"], report.Audit["all_of_them"]
	if base.Answered == nil || base.Answered.N == 0 || base.Answered.N >= base.N {
		t.Fatalf("base: %+v", base.Answered)
	}
	if got := float64(base.Answered.N) / float64(base.N) * (1 - base.Answered.Risk); math.Abs(got-base.Accuracy) > 1e-9 {
		t.Errorf("of %d tasks %d are answered, %v wrong, and %v are right", base.N, base.Answered.N, base.Answered.Risk, base.Accuracy)
	}
	if all.Answered != nil && all.Answered.N <= base.Answered.N {
		t.Errorf("without a threshold %+v of %d are answered, with one %+v", all.Answered, all.N, base.Answered)
	}
	if got := report.Controls["all_of_them"].Changes; !slices.Equal(got, []string{"answer"}) {
		t.Errorf("it differs by %v", got)
	}
	if report.Advantage == nil || report.Advantage.Over != "base" {
		t.Errorf("the yardstick is %+v", report.Advantage)
	}
}
