package verifier

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/stats"
)

// codeEpisode is an episode of a task that programs solve.
func codeEpisode(prompt, reference string, programs ...string) *core.Episode {
	return coretest.Episode(core.Task{ID: "t", Prompt: []core.Node{{Role: core.RoleUser, Content: prompt}}, Reference: []byte(reference)}, programs...)
}

func judged(t *testing.T, cfg CasesConfig, ep *core.Episode) core.Judgement {
	t.Helper()
	v, err := newCases(t.Context(), honestHost(nil), cfg)
	if err != nil {
		t.Fatal(err)
	}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestCases(t *testing.T) {
	const ref = `{"language": "python", "entry_point": "f", "cases": [{"input": [1], "output": 2}, {"input": [2], "output": 3}, {"input": [3], "output": [4, true]}, {"input": [0], "output": 1}]}`
	programs := []string{
		"def f(x):\n    return (4, True) if x == 3 else x + 1",
		"def f(x):\n    return [4, 1] if x == 3 else x + 1",
		"def f(x):\n    return 10 // x",
		"def f(x):\n    return float(x + 1)",
		"def g(x):\n    return x + 1",
		"I do not know.",
		"",
	}
	j := judged(t, CasesConfig{}, codeEpisode("Write f.", ref, programs...))
	if want := []float64{1, 0, 0, 0, 0, 0, 0}; !slices.Equal(values(j), want) {
		t.Errorf("%v, want %v", values(j), want)
	}
	for i, says := range []string{"", "case 3 of 4: another answer", "case 1 of 4: another answer", "case 1 of 4", "defines no function f", "SyntaxError", "defines no function f"} {
		if got := j.Scores[i].Rationale; got != says && (says == "" || !strings.Contains(got, says)) {
			t.Errorf("program %d: %q, want %q", i, got, says)
		}
	}
	shares := judged(t, CasesConfig{Grade: "share"}, codeEpisode("Write f.", ref, programs...))
	if want := []float64{1, 0.75, 0, 0, 0, 0, 0}; !slices.Equal(values(shares), want) {
		t.Errorf("shares %v, want %v", values(shares), want)
	}
	if s := judged(t, CasesConfig{Tolerance: 1e-6}, codeEpisode("", `{"entry_point": "f", "cases": [{"input": [3], "output": 0.1}]}`, "def f(x):\n    return x / 30 + 1e-9", "def f(x):\n    return 0.2")); !slices.Equal(values(s), []float64{1, 0}) {
		t.Errorf("within a tolerance: %v", values(s))
	}
}

// Feedback names the type of what went wrong and where, and holds neither the
// inputs nor the answer.
func TestCasesTellNoAnswers(t *testing.T) {
	const secret = "90210"
	for _, ref := range []string{
		`{"entry_point": "f", "cases": [{"input": ["` + secret + `"], "output": "` + secret + `"}]}`,
		`{"entry_point": "f", "test": "def check(c):\n    assert c('` + secret + `') == '` + secret + `', '` + secret + `'"}`,
	} {
		j := judged(t, CasesConfig{}, codeEpisode("", ref,
			"def f(x):\n    return 1", "def f(x):\n    return {}[x]", "def f(x):\n    raise ValueError(x)", "def f(x):\n    raise type('E' + x, (Exception,), {})(x)"))
		for i, s := range j.Scores {
			if s.Value != 0 || strings.Contains(s.Rationale, secret) || s.Rationale == "" {
				t.Errorf("program %d: %+v", i, s)
			}
		}
		if !strings.Contains(j.Scores[1].Rationale, "KeyError") || !strings.Contains(j.Scores[2].Rationale, "ValueError") {
			t.Errorf("the type of the error is not told: %q, %q", j.Scores[1].Rationale, j.Scores[2].Rationale)
		}
	}
}

func TestCasesAbstain(t *testing.T) {
	for ref, says := range map[string]string{
		``:                     "no cases and no test",
		`"18"`:                 "no cases and no test",
		`{"answer": "18"}`:     "no entry_point to call",
		`{"entry_point": "f"}`: "no cases and no test",
		`{"entry_point": "f", "language": "java", "test": "x"}`:                                "only python",
		`{"entry_point": "f", "test": "def check(c):\n    pass"}`:                              "defines no check",
		`{"entry_point": "f", "generator": "def generate(r):\n    return [1]"}`:                "no cases and no test",
		`{"entry_point": "f", "test": "def check(c):\n    assert c(lambda: 1)"}`:               "cannot be handed over",
		`{"entry_point": "f", "cases": [], "test": "import nothing_here\ndef check(c): c(1)"}`: "ModuleNotFoundError",
	} {
		j := judged(t, CasesConfig{}, codeEpisode("", ref, "def f(x):\n    return x"))
		if s := j.Scores[0]; !s.Abstain || !strings.Contains(s.Rationale, says) {
			t.Errorf("%s: %+v, want an abstention: %s", ref, s, says)
		}
	}
	v, err := newCases(t.Context(), honestHost(nil), CasesConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{`{"entry_point": "f", "cases": {"a": 1}}`, `{"entry_point": "f", "cases": [{"input": [1]}]}`} {
		if _, err := v.Verify(t.Context(), codeEpisode("", ref, "x"), nil); err == nil || !strings.Contains(err.Error(), "task t") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, err := newCases(t.Context(), coretest.NewHost(nil), CasesConfig{}); err == nil {
		t.Error("cases is made without a sandbox")
	}
}

// Inputs that are in no file: a program that knows the cases by heart passes
// these and no others.
func TestCasesFresh(t *testing.T) {
	ref := `{"entry_point": "f", "cases": [{"input": [1], "output": 2}],
		"generator": "def generate(random):\n    return [random.randrange(10 ** 6)]", "solution": "def f(x):\n    return x + 1"}`
	ep := codeEpisode("", ref, "def f(x):\n    return x + 1", "def f(x):\n    return {1: 2}.get(x)")
	if j := judged(t, CasesConfig{}, ep); !slices.Equal(values(j), []float64{1, 1}) {
		t.Errorf("without fresh inputs: %v", values(j))
	}
	j := judged(t, CasesConfig{Fresh: 5}, ep)
	if !slices.Equal(values(j), []float64{1, 0}) || !strings.Contains(j.Scores[1].Rationale, "case 2 of 6") {
		t.Errorf("with fresh inputs: %v, %q", values(j), j.Scores[1].Rationale)
	}
	v, err := newCases(t.Context(), honestHost(nil), CasesConfig{Fresh: 5})
	if err != nil {
		t.Fatal(err)
	}
	for ref, says := range map[string]string{
		`{"entry_point": "f", "generator": "def generate(r):\n    return [1]"}`:                                                           "no solution",
		`{"entry_point": "f", "generator": "def generate(r):\n    return [1]", "solution": "class P: pass\ndef f(x):\n    return [P()]"}`: "cannot be compared",
		`{"entry_point": "f", "generator": "def generate(r):\n    return 1", "solution": "def f(x): return x"}`:                           "gives no arguments",
		`{"entry_point": "f", "generator": "def generate(r):\n    return [object()]", "solution": "def f(x): return x"}`:                  "gives no arguments",
		`{"entry_point": "f", "generator": "def generate(r):\n    return [1]", "solution": "def f(x):\n    raise ValueError"}`:            "ValueError",
	} {
		if _, err := v.Verify(t.Context(), codeEpisode("", ref, "x"), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", ref, err, says)
		}
	}
}

// A sandbox that fails is no verdict.
func TestCasesWithoutPython(t *testing.T) {
	h := coretest.NewHost(nil)
	h.Box = noPython{}
	v, err := newCases(t.Context(), h, CasesConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ref := `{"entry_point": "f", "cases": [{"input": [1], "output": 2}], "test": "def check(c): c(1)"}`
	if j, err := v.Verify(t.Context(), codeEpisode("", ref, "def f(x): return 2"), nil); err == nil {
		t.Errorf("%+v", j)
	}
}

type noPython struct{ coretest.HonestBox }

func (noPython) Start(ctx context.Context, p core.Program) (core.Process, error) {
	p.Source = "import sys\nsys.exit(1)"
	return coretest.HonestBox{}.Start(ctx, p)
}

// TestCasesOnHumanEval: every reference solution passes, and of every task's
// first five samples so many as an independent run has, to a few.
func TestCasesOnHumanEval(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in openai/human-eval and microsoft/CodeT")
	}
	box := strictBox(t)
	h := coretest.NewHost(nil)
	h.Box = box
	v, err := newCases(t.Context(), h, CasesConfig{Running: Running{Timeout: 3 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID, Prompt, Test, Solution, Completion string
		EntryPoint                             string `json:"entry_point"`
	}
	samples := map[string][]string{}
	const each = 4
	for _, r := range rows[row](t, filepath.Join(dir, "humaneval", "codegen-16b.jsonl")) {
		if len(samples[r.ID]) < each {
			samples[r.ID] = append(samples[r.ID], r.Completion)
		}
	}
	var first, best []float64
	for _, r := range rows[row](t, filepath.Join(dir, "humaneval", "tasks.jsonl")) {
		reference, _ := json.Marshal(map[string]string{"language": "python", "entry_point": r.EntryPoint, "test": r.Test})
		j, err := v.Verify(t.Context(), codeEpisode(r.Prompt, string(reference), append([]string{r.Solution}, samples[r.ID]...)...), nil)
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		if s := j.Scores[0]; s.Value != 1 {
			t.Errorf("%s: the reference solution does not pass: %+v", r.ID, s)
		}
		right := 0
		for _, s := range j.Scores[1:] {
			right += int(s.Value)
		}
		first, best = append(first, stats.PassAtK(each, right, 1)), append(best, stats.PassAtK(each, right, each))
	}
	// The share of all samples is 22.8%; of these 656 it has a standard error of 1.6.
	if p := 100 * stats.Mean(first); p < 18 || p > 28 {
		t.Errorf("pass@1 is %.1f%% of %d samples", p, each*len(first))
	}
	t.Logf("pass@1 %.1f%%, pass@%d %.1f%%", 100*stats.Mean(first), each, 100*stats.Mean(best))
}
