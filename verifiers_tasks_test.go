package pawl

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
)

// written makes files in a new folder, and gives their paths by name.
func written(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	dir, paths := t.TempDir(), map[string]string{}
	for name, content := range files {
		paths[name] = filepath.Join(dir, name)
		if err := os.WriteFile(paths[name], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

var votedFiles = map[string]string{
	"tasks.jsonl": `{"id":"a","question":"1+1","answer":"2"}
{"id":"b","question":"1+2","answer":"3"}
{"id":"c","question":"never attempted","answer":"4"}
`,
	"done.jsonl": `{"id":"b","completion":"#### 4"}
{"id":"a","completion":"#### 2"}
{"id":"b","completion":"#### 3"}
{"id":"a","completion":"#### 2"}
{"id":"a","completion":"#### 7"}
`,
	"open.jsonl":   `{"id":"a","question":"1+1"}` + "\n",
	"bandit.jsonl": `{"id":"a","prompt":"x","reference":{"world":"bandit"}}` + "\n",
}

// Of recorded completions votes are measured without a model: at task a the vote is
// right (2 of 3 say so), at b two answers tie.
func TestEvalVerifiersOnCompletions(t *testing.T) {
	f := written(t, votedFiles)
	o := VerifierOptions{From: f["tasks.jsonl"], Completions: f["done.jsonl"], Verifiers: []string{"majority_vote", "majority_vote: {ties: share}"}, Against: "majority_vote"}
	var truth [][]bool
	o.Verdicts = func(_ VerifierRow, of []Verdicts) {
		truth = nil
		for _, v := range of {
			truth = append(truth, v.Right)
		}
	}
	p := inMemory(t)
	rows, err := p.EvalVerifiers(t.Context(), nil, o)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	r := rows[0]
	if r.World != "tasks.jsonl" || r.N != 1 || r.Accuracy != 1 || r.Attempts != 3 || r.Silent != 1-3.0/5 || *r.Advantage != 0 || r.Against != "majority_vote" {
		t.Errorf("votes: %+v", r)
	}
	if r = rows[1]; r.N != 2 || r.Accuracy != 0.75 || *r.Advantage != 0 {
		t.Errorf("votes that share ties: %+v", r)
	}
	if len(truth) != 2 || len(truth[0]) != 2 || truth[0][0] || !truth[0][1] || !truth[1][0] || truth[1][2] {
		t.Errorf("what is right: %v", truth)
	}
	// Without names, those are left out that ask a model.
	o.Verifiers, o.Against, o.Verdicts = nil, "", nil
	rows, err = p.EvalVerifiers(t.Context(), nil, o)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for _, r := range rows {
		if r.Verifier == "p_true" || r.Tokens != 0 {
			t.Errorf("%s has no model to ask", r.Verifier)
		}
	}
	policy, err := p.nano(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Verifiers = []string{"p_true"}
	if rows, err = p.EvalVerifiers(t.Context(), policy, o); err != nil || len(rows) != 1 || rows[0].Tokens == 0 {
		t.Errorf("with a model: %+v, %v", rows, err)
	}
}

func TestEvalVerifiersRefusesTasks(t *testing.T) {
	f := written(t, votedFiles)
	p := inMemory(t)
	for why, o := range map[string]VerifierOptions{
		"p_true":                     {From: f["tasks.jsonl"], Completions: f["done.jsonl"], Verifiers: []string{"p_true"}},
		"--model":                    {From: f["tasks.jsonl"], Completions: f["done.jsonl"], Verifiers: []string{"majority_vote"}, Against: "likelihood"},
		"answer: is missing":         {From: f["open.jsonl"], Completions: f["done.jsonl"]},
		"played turn by turn":        {From: f["bandit.jsonl"], Completions: f["done.jsonl"]},
		"no such file":               {From: f["open.jsonl"] + "x", Completions: f["done.jsonl"]},
		"at least 2":                 {From: f["tasks.jsonl"], EnvironmentOptions: EnvironmentOptions{Tasks: 2, Samples: 1}},
		"0 tasks: at least 1":        {From: f["tasks.jsonl"], EnvironmentOptions: EnvironmentOptions{Samples: 2}},
		`no verifier named "voting"`: {From: f["tasks.jsonl"], Completions: f["done.jsonl"], Verifiers: []string{"voting"}},
	} {
		if _, err := p.EvalVerifiers(t.Context(), core.Policy(nil), o); !IsInput(err) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// Samples of named tasks are judged by the oracle, those of a file by its answers, and
// both are what the worlds' own measurement finds.
func TestEvalVerifiersOnSamples(t *testing.T) {
	p := inMemory(t)
	policy, err := p.nano(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := VerifierOptions{EnvironmentOptions: EnvironmentOptions{Tasks: 5, Samples: 4, Seed: 1}, Verifiers: []string{"majority_vote", "p_true"}}
	o.From = "{functable: {level: 3}}"
	rows, err := p.EvalVerifiers(t.Context(), policy, o)
	if err != nil || len(rows) != 2 || rows[0].World != "functable" || rows[1].N != 5 || rows[1].Attempts != 20 || rows[1].Accuracy < 0.5 {
		t.Errorf("named tasks: %+v, %v", rows, err)
	}
	o.From = written(t, map[string]string{"f.jsonl": `{"prompt":"copy ab=","answer":"ab"}` + "\n" + `{"prompt":"copy ba=","answer":"no"}` + "\n"})["f.jsonl"]
	rows, err = p.EvalVerifiers(t.Context(), policy, o)
	if err != nil || len(rows) != 2 || rows[1].World != "f.jsonl" || rows[1].N != 2 || rows[1].Sampled < 0.25 || rows[1].Sampled > 0.5 {
		t.Errorf("tasks of a file: %+v, %v", rows, err)
	}
}

// GPT-4's 100 answers to each of 100 games of 24: the answer that is given most often,
// as it is written, is right a little more often than any.
func TestEvalVerifiersGame24(t *testing.T) {
	dir := recordedData(t, "game24", "princeton-nlp/tree-of-thought-llm (MIT)")
	rows, err := inMemory(t).EvalVerifiers(t.Context(), nil, VerifierOptions{
		From: filepath.Join(dir, "tasks.jsonl"), Completions: filepath.Join(dir, "gpt-4-direct.jsonl"),
		Verifiers: []string{`{majority_vote: {extract: regex, pattern: 'Answer:\s*(.*?)\s*=', ties: share}}`},
	})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	r := rows[0]
	if r.N != 100 || r.Attempts != 10000 || math.Abs(r.Sampled-0.0734) > 1e-9 || r.Gain <= 0 || r.Gain > 0.05 || *r.AUROC < 0.6 {
		t.Errorf("%+v", r)
	}
}
