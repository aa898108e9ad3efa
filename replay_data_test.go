package pawl

import (
	"os"
	"path/filepath"
	"testing"

	"pawl/core"
	"pawl/task"
)

// recordings of real models' outputs; the folder's README says where they are from.
func dataFolder(t *testing.T) string {
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skip("PAWL_DATA is not set; the data is in openai/grade-school-math, openai/human-eval, microsoft/CodeT and princeton-nlp/tree-of-thought-llm")
	}
	return dir
}

func recordedModel(t *testing.T, path string) Model {
	t.Helper()
	m, err := ParseModel("replay:" + path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Two systems on GSM8K, one solution each: 286 and 515 of 1,319 are right, as
// their publisher says.
func TestReplayGSM8K(t *testing.T) {
	dir := filepath.Join(dataFolder(t), "gsm8k")
	p := inMemory(t)
	for file, want := range map[string]int{"6b-finetuning": 286, "6b-verification": 515} {
		ev, err := p.Eval(t.Context(), EvalOptions{Model: recordedModel(t, filepath.Join(dir, file+".jsonl")), Tasks: filepath.Join(dir, "tasks.jsonl")})
		if err != nil {
			t.Fatal(err)
		}
		right := 0
		for _, r := range ev.Results {
			if r.Correct != nil && *r.Correct {
				right++
			}
		}
		if right != want || ev.N != 1319 || ev.Usage.Calls != 1319 || ev.Usage.CompletionTokens == 0 || ev.Usage.MicroUSD != 0 {
			t.Errorf("%s: %d right of %d, used %+v; want %d", file, right, ev.N, ev.Usage, want)
		}
	}
}

// GPT-4 on the Game of 24: of 100 samples at each of 100 puzzles 7.3% are right,
// and 33 puzzles are solved by at least one; asked for the recorded 100 and no more.
func TestReplayGame24(t *testing.T) {
	dir := filepath.Join(dataFolder(t), "game24")
	p := inMemory(t)
	tasks, err := task.Open(filepath.Join(dir, "tasks.jsonl"), task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	judge := truth{p}
	right, solved, attempts := 0, 0, 0
	err = p.Solve(t.Context(), tasks, SolveOptions{Model: recordedModel(t, filepath.Join(dir, "gpt-4-direct.jsonl")), N: 100}, func(s Solution) error {
		w := &writer{}
		for _, task := range tasks {
			if task.ID == s.ID {
				w.task = task
			}
		}
		w.row.Target = new(int)
		is, err := judge.judge(w)
		if err != nil {
			return err
		}
		any := false
		for _, a := range s.Attempts {
			ok, err := is(t.Context(), a)
			if err != nil {
				return err
			}
			attempts++
			if ok {
				right, any = right+1, true
			}
		}
		if any {
			solved++
		}
		return nil
	})
	if err != nil || attempts != 10_000 || right != 734 || solved != 33 {
		t.Errorf("%d right of %d, %d solved (%v); want 734 of 10000 and 33", right, attempts, solved, err)
	}
	err = p.Solve(t.Context(), tasks[:1], SolveOptions{Model: recordedModel(t, filepath.Join(dir, "gpt-4-direct.jsonl")), N: 101}, func(Solution) error { return nil })
	if !IsInput(err) {
		t.Errorf("sample 100 of 100: %v", err)
	}
}

// CodeGen's 16,400 programs come through as they were recorded, each by its task
// and index, to the byte.
func TestReplayHumanEval(t *testing.T) {
	dir := filepath.Join(dataFolder(t), "humaneval")
	p := inMemory(t)
	tasks, err := task.Open(filepath.Join(dir, "tasks.jsonl"), task.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "codegen-16b.jsonl")
	type program struct {
		id     string
		sample int
	}
	recorded := map[program]core.Digest{}
	_, err = task.EachCompletion(t.Context(), path, task.CompletionOptions{}, func(c task.Completion) error {
		recorded[program{c.ID, c.Sample}] = core.Sum([]byte(c.Text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = p.Solve(t.Context(), tasks, SolveOptions{Model: recordedModel(t, path), N: 100}, func(s Solution) error {
		for i, a := range s.Attempts {
			if recorded[program{s.ID, i}] != core.Sum([]byte(a)) {
				t.Fatalf("sample %d of %s is not what was recorded: %q", i, s.ID, a)
			}
			n++
		}
		return nil
	})
	if err != nil || n != 16_400 || len(recorded) != n {
		t.Errorf("%d programs of %d recorded (%v)", n, len(recorded), err)
	}
}
