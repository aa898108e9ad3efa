package verifier

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func recordedTests(t *testing.T, rows string) string {
	path := filepath.Join(t.TempDir(), "tests.jsonl")
	if err := os.WriteFile(path, []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Six programs: a and b do alike and pass three tests, c, d and e do alike and
// pass one, f is broken.
var agreeing = []string{
	"def f(x):\n    return x + 1",
	"def f(x):\n    y = x\n    return y + 1",
	"def f(x):\n    return 2",
	"def f(x):\n    return 2",
	"def f(x):\n    return [2][0]",
	"def f(x:",
}

const threeTests = `{"id": "t", "sample": 0, "completion": " f(1) == 2\nassert f(2) == 3\n"}
{"id": "t", "completion": "f(3) == 4\nassert other(1) == 1"}
{"id": "u", "completion": "f(3) == 5"}
`

func TestAgreementHandWorked(t *testing.T) {
	for _, c := range []struct {
		rank, weight string
		want         []float64
	}{
		{"consensus", "count", []float64{1, 1, 0.5, 0.5, 0.4995, 0}},                  // 2*3 and 3*1; e, written once of its set's twice, gives way by half a thousandth
		{"consensus", "root", []float64{1, 1, 0.40824829, 0.40824829, 0.40774829, 0}}, // sqrt(2)*3 and sqrt(3)
		{"plurality", "count", []float64{2.0 / 3, 2.0 / 3, 1, 1, 0.9995, 0}},
	} {
		v, err := newAgreement(t.Context(), honestHost(nil), AgreementConfig{File: recordedTests(t, threeTests), Rank: c.rank, Weight: c.weight})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), codeEpisode("", `{"entry_point": "f"}`, agreeing...), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range values(j) {
			if d := got - c.want[i]; d > 1e-6 || d < -1e-6 {
				t.Errorf("%s %s: %v, want %v", c.rank, c.weight, values(j), c.want)
				break
			}
		}
		if s := j.Scores[0]; s.Confidence != 2.0/6 || !strings.Contains(s.Rationale, "2 of 6 programs") {
			t.Errorf("%s: %+v", c.rank, s)
		}
		if one, err := v.Verify(t.Context(), codeEpisode("", `{"entry_point": "f"}`, agreeing...), []core.Ref{4}); err != nil || len(one.Scores) != 1 || one.Scores[0].Value != j.Scores[2].Value {
			t.Errorf("asked about one, all count: %+v, %v", one, err)
		}
	}
}

// One round of CodeDPO by hand, d = 0.5: of two programs one passes both tests,
// the other one. Programs: 0.5 + 0.5*2 = 1.5 and 0.5 + 0.5 = 1. In the second
// round tests count 1.5 and 1: 0.75 + 0.5*2.5 = 2 and 0.5 + 0.5*1.5 = 1.25.
func TestAgreementMutual(t *testing.T) {
	file := recordedTests(t, `{"id": "t", "completion": "f(1) == 2\nassert f(2) == 3"}`)
	for rounds, want := range map[int]float64{1: 1 / 1.5, 2: 1.25 / 2} {
		v, err := newAgreement(t.Context(), honestHost(nil), AgreementConfig{File: file, Rank: "mutual", Damping: 0.5, Rounds: rounds})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), codeEpisode("", `{"entry_point": "f"}`, agreeing[0], agreeing[2]), nil)
		if err != nil || j.Scores[0].Value != 1 || j.Scores[1].Value < want-1e-9 || j.Scores[1].Value > want+1e-9 {
			t.Errorf("%d rounds: %v, %v; want 1 and %v", rounds, values(j), err, want)
		}
	}
}

// CodeDPO's own numbers for programs that pass nothing are all (1-d)^rounds, so
// that each would be the best; they abstain instead. One test passed is enough
// for a verdict: with d = 0.5 its program has 0.5 + 0.5*1 = 1 after a round, the
// other 0.5.
func TestAgreementMutualWithoutAPass(t *testing.T) {
	for rows, want := range map[string][]float64{
		`{"id": "t", "completion": "f(1) == 7"}`: {-1, -1},
		`{"id": "t", "completion": "f(5) == 6"}`: {1, 0.5},
	} {
		v, err := newAgreement(t.Context(), honestHost(nil), AgreementConfig{File: recordedTests(t, rows), Rank: "mutual", Damping: 0.5, Rounds: 1})
		if err != nil {
			t.Fatal(err)
		}
		j, err := v.Verify(t.Context(), codeEpisode("", `{"entry_point": "f"}`, agreeing[0], agreeing[2]), nil)
		if err != nil || !slices.Equal(values(j), want) {
			t.Errorf("%s: %v, %v; want %v", rows, values(j), err, want)
		}
	}
}

func TestAgreementAsksASeat(t *testing.T) {
	tester := &coretest.Scripted{Reply: func(r core.Request, i int) (string, error) {
		if !strings.Contains(r.Path[0].Content, "Add one.") {
			t.Errorf("the seat is asked %q", r.Path[0].Content)
		}
		return []string{"```python\nassert f(1) == 2\nassert f(2) == 3\n```", "I cannot."}[i], nil
	}}
	h := honestHost(nil)
	h.Actors = map[string]core.Actor{"tester": tester}
	v, err := newAgreement(t.Context(), h, AgreementConfig{By: "tester", Samples: 2})
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), codeEpisode("Add one.", `{"entry_point": "f"}`, agreeing...), nil)
	if err != nil || !slices.Equal(values(j), []float64{1, 1, 0.75, 0.75, 0.7495, 0}) || j.Usage.Calls != 1 {
		t.Errorf("%v, %v, %+v", values(j), err, j.Usage)
	}
}

func TestAgreementAbstains(t *testing.T) {
	v, err := newAgreement(t.Context(), honestHost(nil), AgreementConfig{File: recordedTests(t, threeTests+`{"id": "w", "completion": "nothing"}`+"\n")})
	if err != nil {
		t.Fatal(err)
	}
	for id, says := range map[string]string{"v": "no tests", "w": "none of the tests", "u": "no program agrees"} {
		ep := codeEpisode("", `{"entry_point": "f"}`, "def f(x):\n    return 0")
		ep.Task.ID = id
		if j, err := v.Verify(t.Context(), ep, nil); err != nil || !j.Scores[0].Abstain || !strings.Contains(j.Scores[0].Rationale, says) {
			t.Errorf("%s: %+v, %v", id, j.Scores, err)
		}
	}
	for what, cfg := range map[string]AgreementConfig{"no tests": {}, "two sources": {File: "x", By: "y"}, "no such file": {File: "nowhere.jsonl"},
		"no rows": {File: recordedTests(t, "{}\n")}} {
		if _, err := newAgreement(t.Context(), honestHost(nil), cfg); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	if f := (AgreementConfig{File: "a"}).Files(); !slices.Equal(f, []string{"a"}) {
		t.Errorf("files %v", f)
	}
}
