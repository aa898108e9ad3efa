package results

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/stats"
)

// files writes results for a test and reads them back.
func files(t *testing.T, by string, contents ...string) []*Results {
	t.Helper()
	var out []*Results
	for i, c := range contents {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%c.jsonl", 'a'+i))
		if err := os.WriteFile(path, []byte(c), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Read(path, Options{By: by})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func rows(field string, values ...float64) string {
	var b strings.Builder
	for i, v := range values {
		fmt.Fprintf(&b, "{\"id\": %d, %q: %v}\n", i, field, v)
	}
	return b.String()
}

// Two 6B systems on GSM8K, as their publisher judged them (openai/grade-school-math,
// example_model_solutions.jsonl).
func TestCompareGSM8K(t *testing.T) {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the files come from github.com/openai/grade-school-math")
	}
	read := func(name string) *Results {
		r, err := Read(filepath.Join(dir, "gsm8k", name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := read("6b-finetuning.jsonl"), read("6b-verification.jsonl")
	c, err := Compare(a, b, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Verdict; c.IncumbentRight != 286 || c.CandidateRight != 515 || v.N != 1319 || v.Gained != 293 || v.Lost != 64 ||
		math.Abs(v.PValue/1.964437355245467e-36-1) > 1e-9 || v.Outcome != core.Promote || v.Alpha != 0.05 {
		t.Errorf("%+v", c)
	}
	if c, err = Compare(b, a, CompareOptions{}); err != nil || c.Verdict.Outcome != core.Reject || c.Verdict.PValue < 0.999999 {
		t.Errorf("exchanged: %+v, %v", c, err)
	}
	e := a.Estimates()
	if len(e) != 1 || e[0].Name != "accuracy" || math.Abs(e[0].Value-0.21683) > 1e-5 || math.Abs(e[0].Low-0.195431) > 1e-6 || e[0].N != 1319 {
		t.Errorf("%+v", e)
	}
}

func TestCompareJSON(t *testing.T) {
	r := files(t, "", rows("correct", 0, 0, 0, 0, 0, 0, 1, 1), rows("correct", 1, 1, 1, 1, 1, 1, 1, 0))
	c, err := Compare(r[0], r[1], CompareOptions{Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"n", "incumbent", "candidate", "gained", "lost", "difference", "low", "high", "p_value", "alpha", "detectable", "verdict"}
	for _, k := range want {
		if _, ok := got[k]; !ok {
			t.Errorf("no %q in %s", k, b)
		}
	}
	if len(got) != len(want) {
		t.Errorf("further keys in %s", b)
	}
	side := got["candidate"].(map[string]any)
	if got["verdict"] != "not_proven" || got["gained"] != 6.0 || got["p_value"] != 0.0625 || side["accuracy"] != 0.875 || side["high"].(float64) > 1 {
		t.Errorf("%s", b)
	}
}

func TestCompareGraded(t *testing.T) {
	r := files(t, "", rows("score", 0.5, 0.25, 0, 1), rows("score", 1, 0.5, 0, 0.75))
	c, err := Compare(r[0], r[1], CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Verdict; v.Gained != 2 || v.Lost != 1 || v.PValue != 3.0/8 || v.Outcome != core.NotProven || c.Candidate.Name != "score" {
		t.Errorf("%+v", c)
	}
}

// Several answers to a task count as one item: rows may be repeated without
// end and prove no more.
func TestCompareSamples(t *testing.T) {
	var a, b strings.Builder
	for task := range 4 {
		for s := range 10 {
			fmt.Fprintf(&a, "{\"id\": \"t%d\", \"sample\": %d, \"correct\": false}\n", task, s)
			fmt.Fprintf(&b, "{\"id\": \"t%d\", \"sample\": %d, \"correct\": %v}\n", task, s, s > 0)
		}
	}
	r := files(t, "", a.String(), b.String())
	c, err := Compare(r[0], r[1], CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Verdict; v.N != 4 || v.Gained != 4 || v.PValue != 1.0/16 || math.Abs(v.Candidate-0.9) > 1e-12 {
		t.Errorf("%+v", v)
	}
	e := r[1].Estimates()
	if len(e) != 3 || e[0].N != 4 || math.Abs(e[0].Value-0.9) > 1e-12 || e[1].Name != "pass@1" || math.Abs(e[1].Value-0.9) > 1e-12 || e[2].Name != "pass@10" || e[2].Value != 1 || e[2].Low != stats.Wilson(4, 4, 0.95).Low {
		t.Errorf("%+v", e)
	}
}

func TestCompareErrors(t *testing.T) {
	whole := rows("correct", 1, 0, 1, 0, 1, 1)
	for _, c := range []struct {
		name, a, b string
		want       []string
	}{
		{"missing", whole, rows("correct", 1, 0), []string{"4 only in the first (2, 3, 4, 5)", "--common", "the 2 that both have"}},
		{"further", rows("correct", 1), whole, []string{"5 only in the second (1, 2, 3, 4, ...)"}},
		{"disjoint", `{"id": "x", "correct": true}`, `{"id": "y", "correct": true}`, []string{"no item in common", "x", "y"}},
		{"samples", `{"id": "x", "sample": 1, "correct": true}`, `{"id": "x", "sample": 2, "correct": true}`, []string{"x (sample 1)"}},
		{"scores", whole, rows("score", 1, 0, 1, 0, 1, 1), []string{`"correct" and "score"`, "--by"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := files(t, "", c.a, c.b)
			_, err := Compare(r[0], r[1], CompareOptions{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range append(c.want, "comparing ") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v: does not say %q", err, w)
				}
			}
		})
	}
	r := files(t, "", whole, rows("correct", 0, 1))
	c, err := Compare(r[0], r[1], CompareOptions{Common: true})
	if err != nil || c.Verdict.N != 2 || c.Verdict.Gained != 1 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "4 answers") {
		t.Errorf("common: %+v, %v", c, err)
	}
}

const harnessLine = `{"doc_id": %d, "doc": {"q": 1}, "target": "4", "arguments": [], "resps": [["4"]], "filtered_resps": ["4"], "filter": %q, "metrics": ["exact_match"], "doc_hash": %q, "prompt_hash": "p", "target_hash": %q, "exact_match": %v}` + "\n"

func TestCompareHarness(t *testing.T) {
	line := func(doc int, filter, hash, target string, v any) string {
		return fmt.Sprintf(harnessLine, doc, filter, hash, target, v)
	}
	a := line(0, "strict-match", "h0", "t0", 0.0) + line(1, "strict-match", "h1", "t1", 1.0) +
		line(0, "flexible-extract", "h0", "t0", 1.0) + line(1, "flexible-extract", "h1", "t1", 1.0)
	// The other run numbers its documents differently.
	b := line(0, "strict-match", "h1", "t1", 1.0) + line(1, "strict-match", "h0", "t0", 1.0) +
		line(0, "flexible-extract", "h1", "t1", 0.0) + line(1, "flexible-extract", "h0", "t0", 0.0)
	r := files(t, "exact_match,strict-match", a, b)
	c, err := Compare(r[0], r[1], CompareOptions{})
	if err != nil || c.Verdict.N != 2 || c.Verdict.Gained != 1 || c.Verdict.Lost != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Read(r[0].File, Options{}); err == nil || !strings.Contains(err.Error(), `"exact_match,strict-match", "exact_match,flexible-extract"`) {
		t.Errorf("two filters: %v", err)
	}
	if _, err := Read(r[0].File, Options{By: "exact_match"}); err == nil || !strings.Contains(err.Error(), "several filters") {
		t.Errorf("two filters: %v", err)
	}
	r = files(t, "", line(0, "none", "h0", "t0", 1), line(0, "none", "h0", "other", 1))
	if _, err := Compare(r[0], r[1], CompareOptions{Common: true}); err == nil || !strings.Contains(err.Error(), "the reference answers of 1 items differ (0)") {
		t.Errorf("other targets: %v", err)
	}
	// Documents that occur twice are told apart by number.
	twice := line(0, "none", "h", "t", 1) + line(1, "none", "h", "t", 0)
	r = files(t, "exact_match", twice, twice)
	if c, err := Compare(r[0], r[1], CompareOptions{}); err != nil || c.Verdict.N != 2 || c.Verdict.Gained+c.Verdict.Lost != 0 {
		t.Errorf("twice: %+v, %v", c, err)
	}
}
