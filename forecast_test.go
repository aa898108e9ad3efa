package pawl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl/core"
	"pawl/prompt"
)

func asked50(t *testing.T) (tasks []core.Task) {
	t.Helper()
	for i := range 50 {
		// Three words, a number and a sign: 5 tokens of prompt. Solutions of 10 and of 30 tokens.
		ref := fmt.Sprintf(`{"answer":"1","solution":%q}`, strings.TrimSpace(strings.Repeat("w ", 10+20*(i%2))))
		tasks = append(tasks, core.Task{ID: fmt.Sprint("t", i), Prompt: prompt.Turns(fmt.Sprintf("how is it %d?", i)), Reference: []byte(ref)})
	}
	return tasks
}

// Worked by hand: 50 tasks of 5 tokens, 3 attempts of on average 20 tokens, each
// attempt at most 256.
func TestForecastAlone(t *testing.T) {
	p := inMemory(t)
	f, err := p.ForecastSolve(t.Context(), asked50(t), SolveOptions{Model: Model{Kind: ModelSim, Arg: "default", text: "sim:default"}, N: 3}, "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Calls != 50 || f.PromptTokens != 250 || f.Most != 50*3*256 || f.USD == nil || *f.USD != 0 || f.Seconds == nil || *f.Seconds != 0 {
		t.Errorf("%+v", f)
	}
	if f.CompletionTokens < 3000 || f.CompletionTokens > 3600 { // 3000, and what announces the answer
		t.Errorf("%d tokens, want some 3,000", f.CompletionTokens)
	}
	if len(f.Assumes) == 0 {
		t.Error("it assumes nothing")
	}
}

// A judge's calls count: one for the attempts, and one for each that is graded.
func TestForecastJudged(t *testing.T) {
	page := filepath.Join(t.TempDir(), "graded.yaml")
	text := `
about: {title: Graded}
policies: {solver: {from: base}}
seats: {solver: {policy: solver, max_tokens: 64}}
sample: {repeat: {n: 4}}
verify: [{grade: {seat: solver}}]
answer: {by: grade}
measure: {sample: greedy, verify: [exact]}
`
	if err := os.WriteFile(page, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	p := inMemory(t)
	f, err := p.ForecastSolve(t.Context(), asked50(t), SolveOptions{Recipe: page, Model: Model{Kind: ModelSim, Arg: "default", text: "sim:default"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Calls != 50*(1+4) || f.Parts[0].CallsPerTask != 5 || f.PromptTokens < 50*4*100 {
		t.Errorf("%+v", f)
	}
}
