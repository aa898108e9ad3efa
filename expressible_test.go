package pawl_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pawl"
)

// A model is not set to work on words that it does not know.
func TestTasksBeyondTheModelsWords(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p := open(t, filepath.Join(dir, "data"))
	if _, err := p.Run(ctx, pawl.RunOptions{Recipe: tiny, Set: map[string]string{"rounds": "1", "updates[0].optimize.train.steps": "2"}, Controls: []string{}}); err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for a := range 60 {
		rows.WriteString(`{"question":"` + strings.Repeat("one ", a+1) + `?","answer":"7"}` + "\n")
	}
	file := filepath.Join(dir, "tasks.jsonl")
	if err := os.WriteFile(file, []byte(rows.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	model, err := pawl.ParseModel("run")
	if err != nil {
		t.Fatal(err)
	}
	_, ran := p.Run(ctx, pawl.RunOptions{Recipe: "rest-em", Model: model, Tasks: pawl.TaskFiles{Train: file}, Controls: []string{}})
	_, measured := p.Eval(ctx, pawl.EvalOptions{Model: model, Tasks: file})
	for what, err := range map[string]error{"run": ran, "eval": measured} {
		if !pawl.IsInput(err) || !strings.Contains(err.Error(), "tasks.jsonl:") || !strings.Contains(err.Error(), "cannot express") {
			t.Errorf("%s: %v, want an error of the caller's that names the file and line", what, err)
		}
	}
	if runs, err := p.Store().Runs(ctx); err != nil || len(runs) != 1 {
		t.Errorf("there are %d runs (%v): the refused one must leave none", len(runs), err)
	}
}
