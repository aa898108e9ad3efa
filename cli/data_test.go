package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded is a folder of the recorded data.
func recorded(t *testing.T, name, source string) string {
	t.Helper()
	dir := os.Getenv("PAWL_DATA")
	if dir == "" {
		t.Skipf("PAWL_DATA is not set; it would hold %s, from %s", name, source)
	}
	return filepath.Join(dir, name)
}

// here runs a command line within the test.
func here(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(context.Background(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

const story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. " +
	"One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n" +
	"Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. " +
	"She said, \"I want to play with your ball, but I can't find it.\""

// A real pretrained model, asked nothing, tells its story from the begin token.
func TestStory(t *testing.T) {
	folder := recorded(t, "stories260k", "karpathy's stories260K (MIT) as a Hugging Face folder")
	t.Chdir(t.TempDir())
	for _, args := range [][]string{nil, {"--temperature", "0", "--max-tokens", "200"}} {
		code, out, errs := here(t, append([]string{"solve", "--model", "embedded:" + folder, ""}, args...)...)
		if code != exitDone || !strings.HasPrefix(out, story) {
			t.Errorf("%v: exit status %d, the story is\n%s\nwant\n%s\n%s", args, code, out, story, errs)
		}
	}
	if _, err := os.Stat(".pawl"); err == nil {
		t.Error("asking a folder left a data directory behind")
	}
	// Without a chat template the text is fed as it is, and only what follows
	// is printed.
	begun := "Once upon a time, there was a little girl named"
	_, out, errs := here(t, "solve", "--model", "embedded:"+folder, begun, "--max-tokens", "100")
	if want := strings.TrimPrefix(story, begun); !strings.HasPrefix(want, strings.TrimSuffix(out, "\n")) || len(out) < 100 {
		t.Errorf("the continuation is %q, want the beginning of %q\n%s", out, want, errs)
	}
}

// The published verdicts of two systems on 1,319 problems, compared.
func TestGateOnRecordedResults(t *testing.T) {
	dir := recorded(t, "gsm8k", "openai/grade-school-math (MIT): example_model_solutions.jsonl")
	a, b := filepath.Join(dir, "6b-finetuning.jsonl"), filepath.Join(dir, "6b-verification.jsonl")
	type side struct{ Accuracy, Low, High float64 }
	type figures struct {
		N, Gained, Lost       int
		Incumbent, Candidate  side
		Difference, Low, High float64
		PValue                float64 `json:"p_value"`
		Alpha, Detectable     float64
		Verdict               string
	}
	gate := func(want int, a, b string) figures {
		t.Helper()
		code, out, errs := here(t, "gate", a, b, "--json")
		if code != want {
			t.Fatalf("exit status %d, want %d\n%s", code, want, errs)
		}
		d := json.NewDecoder(strings.NewReader(out))
		d.DisallowUnknownFields()
		var f figures
		if err := d.Decode(&f); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Error("something stands after the document")
		}
		return f
	}
	f := gate(exitDone, a, b)
	right := func(s side) float64 { return s.Accuracy * float64(f.N) }
	if f.N != 1319 || right(f.Incumbent) < 285.9 || right(f.Incumbent) > 286.1 || right(f.Candidate) < 514.9 || right(f.Candidate) > 515.1 {
		t.Errorf("of %d, %.1f and %.1f are right, want 286 and 515 of 1319", f.N, right(f.Incumbent), right(f.Candidate))
	}
	if f.Gained != 293 || f.Lost != 64 || f.Verdict != "promote" || f.PValue < 1e-36 || f.PValue > 3e-36 {
		t.Errorf("gained %d, lost %d, p %g, %s; want 293, 64, about 2e-36, promote", f.Gained, f.Lost, f.PValue, f.Verdict)
	}
	// Verified anew, they are the published verdicts, and compare alike.
	t.Chdir(t.TempDir())
	for name, file := range map[string]string{"a.jsonl": a, "b.jsonl": b} {
		code, out, errs := here(t, "verify", "exact", "--tasks", filepath.Join(dir, "tasks.jsonl"), "--completions", file, "--results", name)
		if right := map[string]string{"a.jsonl": ": 286 right", "b.jsonl": ": 515 right"}[name]; code != exitDone || !strings.Contains(out, right) {
			t.Errorf("verifying %s: exit status %d\n%s%s", file, code, out, errs)
		}
	}
	if ours := gate(exitDone, "a.jsonl", "b.jsonl"); ours != f {
		t.Errorf("verified anew: %+v, published: %+v", ours, f)
	}
	if f = gate(exitNotPromoted, b, a); f.Gained != 64 || f.Lost != 293 || f.Verdict != "reject" {
		t.Errorf("exchanged: gained %d, lost %d, %s; want 64, 293, reject", f.Gained, f.Lost, f.Verdict)
	}
	if code, out, _ := here(t, "gate", a, b); code != exitDone || !strings.Contains(out, "286 right") || !strings.Contains(out, "515 right") || !strings.Contains(out, "2e-36") {
		t.Errorf("for people: exit status %d\n%s", code, out)
	}
}
