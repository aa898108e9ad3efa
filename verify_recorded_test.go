package pawl

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The publisher's verdicts on 1,319 solutions each of two systems, one by one
// (openai/grade-school-math, example_model_solutions.jsonl).
func TestVerifyGSM8K(t *testing.T) {
	dir := recordedData(t, "gsm8k", "openai/grade-school-math (MIT)")
	p := inMemory(t)
	for name, right := range map[string]int{"6b-finetuning": 286, "6b-verification": 515} {
		o := VerifyOptions{Verifier: "exact", Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, name+".jsonl")}
		rows, s, err := verified(t.Context(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.N != 1319 || s.Tasks != 1319 || s.Right != right || s.Abstained != 0 || !s.Binary() || s.Metrics[0].Value != float64(right)/1319 || len(s.Metrics) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		f, err := os.Open(o.Completions)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		for i := 0; in.Scan(); i++ {
			var published struct {
				ID      string
				Correct bool
			}
			if err := json.Unmarshal(in.Bytes(), &published); err != nil {
				t.Fatal(err)
			}
			if got := rows[i].Scores[0]; rows[i].ID != published.ID || (got.Value == 1) != published.Correct || got.Abstain {
				t.Errorf("%s: %+v, published %+v", name, rows[i], published)
			}
		}
	}
}

// GPT-4's 10,000 answers to 100 games of 24 (princeton-nlp/tree-of-thought-llm).
func TestVerifyGame24(t *testing.T) {
	dir := recordedData(t, "game24", "princeton-nlp/tree-of-thought-llm (MIT)")
	o := VerifyOptions{Verifier: "oracle", Tasks: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, "gpt-4-direct.jsonl")}
	_, s, err := verified(t.Context(), inMemory(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if s.N != 10000 || s.Tasks != 100 || s.Right != 734 || s.Solved != 33 {
		t.Errorf("%+v", s)
	}
	var names []string
	for _, m := range s.Metrics {
		names = append(names, fmt.Sprintf("%s %.3f n%d", m.Name, m.Value, m.N))
	}
	if got := strings.Join(names, ", "); got != "accuracy 0.073 n100, pass@1 0.073 n100, pass@10 0.179 n100, pass@100 0.330 n100" {
		t.Errorf("%s", got)
	}
}

func recordedData(t *testing.T, name, source string) string {
	t.Helper()
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skipf("PAWL_DATA is not set; it would hold %s, from %s", name, source)
	}
	return filepath.Join(dir, name)
}
