package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/verifier/internal/outside"
)

// honest is a core.Sandbox for programs of the tests themselves, which need no
// walls; it remembers what it started.
type honest struct {
	outside.Plain
	starts chan struct{}
}

func newHonest() *honest { return &honest{starts: make(chan struct{}, 1000)} }

func (b *honest) Run(ctx context.Context, p core.Program) (core.Ran, error) {
	b.starts <- struct{}{}
	return b.Plain.Run(ctx, p)
}

func (b *honest) Start(ctx context.Context, p core.Program) (core.Process, error) {
	b.starts <- struct{}{}
	return b.Plain.Start(ctx, p)
}

func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("there is no %s", program)
	}
}

// written writes a file of the test's folder.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// asking gives the usual settings of an own verifier.
func asking() Outside {
	return Outside{Format: "auto", Reference: true, Batch: 32, Seconds: 120, Output: 64, GiveUp: 3}
}

func confined() Confined { return Confined{Trusted: true, Memory: 1024} }

// built makes a verifier on a host with an honest box, and closes it.
func built(t *testing.T, make func(h *coretest.Host) (core.Verifier, error)) (core.Verifier, *coretest.Host, *honest) {
	t.Helper()
	coretest.NoLeaks(t)
	h, box := coretest.NewHost(nil), newHonest()
	h.Box = box
	v, err := make(h)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := v.(io.Closer); ok {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
	return v, h, box
}

// scored judges an episode with the given attempts.
func scored(t *testing.T, v core.Verifier, attempts ...string) []core.Score {
	t.Helper()
	j, err := v.Verify(t.Context(), coretest.Episode(coretest.Task("t", "1 + 1", "2"), attempts...), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Scores) != len(attempts) {
		t.Fatalf("%d scores of %d attempts: %+v", len(j.Scores), len(attempts), j.Scores)
	}
	return j.Scores
}

// notJudged checks that scores are abstentions for a reason.
func notJudged(t *testing.T, scores []core.Score, why string) {
	t.Helper()
	for _, s := range scores {
		if !s.Unjudged || !strings.Contains(s.Rationale, why) || s.Value != 0 || len(s.Rationale) > 1000 {
			t.Errorf("%+v; want an abstention that says %q", s, why)
		}
	}
}

// told checks that the host was told of a failure, once.
func told(t *testing.T, h *coretest.Host, why string) {
	t.Helper()
	n := 0
	for _, p := range h.Notes() {
		if strings.Contains(p.Note, why) && strings.Contains(p.Note, "not judged") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%q is told %d times: %v", why, n, h.Notes())
	}
}

// running counts processes of the machine whose command line or environment
// holds text. It looks for as long as some are there, at most ten seconds: one
// that was killed takes a moment to go.
func running(t *testing.T, text string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("it looks into /proc")
	}
	n := 0
	for range 1000 {
		n = 0
		entries, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if b, err := os.ReadFile(e); err == nil && bytes.Contains(b, []byte(text)) && filepath.Base(filepath.Dir(e)) != fmt.Sprint(os.Getpid()) {
				n++
			}
		}
		if n == 0 {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	return n
}

// scorer is an own verifier without a process.
func scorer(t *testing.T, c Outside, score func(context.Context, []outside.Row) ([]outside.Score, error)) (*own, *coretest.Host) {
	h := coretest.NewHost(nil)
	o := newOwn("mine", h, c)
	o.score = score
	return o, h
}

// One that fails so many times in a row is not asked any more; one success
// between begins the count anew.
func TestGivingUp(t *testing.T) {
	planned := errors.New("the planned failure")
	asked := 0
	c := asking()
	c.Batch, c.GiveUp = 1, 2
	o, h := scorer(t, c, func(_ context.Context, rows []outside.Row) ([]outside.Score, error) {
		asked++
		if rows[0].Completion == "good" {
			return []outside.Score{{Value: 1}}, nil
		}
		return nil, planned
	})
	for i, step := range []struct {
		attempt string
		asked   int
		why     string
	}{
		{"bad", 1, "planned"}, {"good", 2, ""}, {"bad", 3, "planned"}, {"bad", 4, "planned"},
		{"good", 4, "2 times in a row and is not asked any more: the planned failure"}, {"bad", 4, "not asked any more"},
	} {
		s := scored(t, o, step.attempt)
		if asked != step.asked {
			t.Errorf("step %d: asked %d times, want %d", i, asked, step.asked)
		}
		if step.why != "" {
			notJudged(t, s, step.why)
		} else if s[0].Value != 1 || s[0].Abstain {
			t.Errorf("step %d: %+v", i, s)
		}
	}
	if notes := h.Notes(); len(notes) != 2 || !strings.Contains(notes[0].Note, "planned") || !strings.Contains(notes[1].Note, "not asked any more") {
		t.Errorf("told: %v", notes)
	}
	c.GiveUp, asked = 0, 0
	o, _ = scorer(t, c, func(context.Context, []outside.Row) ([]outside.Score, error) { asked++; return nil, planned })
	for range 5 {
		scored(t, o, "bad")
	}
	if asked != 5 {
		t.Errorf("asked %d times; it was not to be given up", asked)
	}
}

// Batches are cut from the attempts of all episodes, in order, and scores find
// their way back.
func TestBatches(t *testing.T) {
	c := asking()
	c.Batch = 2
	sizes := make(chan int, 10)
	o, _ := scorer(t, c, func(_ context.Context, rows []outside.Row) ([]outside.Score, error) {
		sizes <- len(rows)
		out := make([]outside.Score, len(rows))
		for i, r := range rows {
			if r.Row != i {
				t.Errorf("row %d is numbered %d", i, r.Row)
			}
			if _, err := fmt.Sscan(r.Completion.(string), &out[i].Value); err != nil {
				t.Error(err)
			}
		}
		return out, nil
	})
	eps := []*core.Episode{
		coretest.Episode(coretest.Task("a", "q", ""), "1", "2", "3"), coretest.Episode(coretest.Task("b", "q", "")), coretest.Episode(coretest.Task("c", "q", ""), "4", "5"),
	}
	js, err := o.VerifyBatch(t.Context(), eps)
	if err != nil || len(js) != 3 || len(js[0].Scores) != 3 || len(js[1].Scores) != 0 || len(js[2].Scores) != 2 {
		t.Fatalf("%+v, %v", js, err)
	}
	n := 0
	for i, j := range js {
		for k, s := range j.Scores {
			n++
			if s.Value != float64(n) || s.Nodes[0] != eps[i].Leaves()[k] || s.By != "mine" {
				t.Errorf("score %d of episode %d: %+v", k, i, s)
			}
		}
	}
	close(sizes)
	total := 0
	for s := range sizes {
		if total += s; s > 2 {
			t.Errorf("a batch of %d", s)
		}
	}
	if total != 5 {
		t.Errorf("%d rows were asked about", total)
	}
}

// What is told of an attempt, by its task.
func TestRows(t *testing.T) {
	chat := coretest.Task("c", "a question", "3")
	chat.Prompt = append([]core.Node{{Role: core.RoleSystem, Content: "Be brief."}}, chat.Prompt...)
	plain := coretest.Task("p", "1 + 1", "2")
	text := func(s string) any { return s }
	list := func(m ...outside.Message) any { return m }
	for _, c := range []struct {
		task               core.Task
		format             string
		prompt, completion any
	}{
		{plain, "auto", text("1 + 1"), text("#### 2")},
		{plain, "messages", list(outside.Message{Role: "user", Content: "1 + 1"}), list(outside.Message{Role: "assistant", Content: "#### 2"})},
		{chat, "auto", list(outside.Message{Role: "system", Content: "Be brief."}, outside.Message{Role: "user", Content: "a question"}), list(outside.Message{Role: "assistant", Content: "#### 2"})},
		{chat, "text", text("Be brief.\n\na question"), text("#### 2")},
	} {
		cfg := asking()
		cfg.Format = c.format
		o, _ := scorer(t, cfg, nil)
		ep := coretest.Episode(c.task, "#### 2")
		r := o.row(ep, ep.Leaves()[0])
		if fmt.Sprint(r.Prompt) != fmt.Sprint(c.prompt) || fmt.Sprint(r.Completion) != fmt.Sprint(c.completion) || r.ID != c.task.ID || r.Reference == nil {
			t.Errorf("task %s as %s: %+v", c.task.ID, c.format, r)
		}
		cfg.Reference = false
		o, _ = scorer(t, cfg, nil)
		if r := o.row(ep, ep.Leaves()[0]); r.Reference != nil {
			t.Errorf("the reference is told: %s", r.Reference)
		}
	}
	got := columns([]outside.Row{{Reference: []byte(`{"answer":"2"}`)}, {}, {Reference: []byte(`{"answer":"3","numbers":[1]}`)}})
	if s := fmt.Sprintf("%s", got); s != `map[answer:["2"  "3"] numbers:[  [1]]]` {
		t.Errorf("columns: %s", s)
	}
}

// References are gold: recipes know that it is told them, unless it is not.
func TestOwnNeeds(t *testing.T) {
	for _, c := range []struct {
		cfg  interface{ Needs() []string }
		want string
	}{
		{PythonConfig{Outside: asking(), Confined: confined()}, "[reference]"},
		{PythonConfig{Outside: asking()}, "[sandbox reference]"},
		{PythonConfig{}, "[sandbox]"},
		{CommandConfig{Confined: confined()}, "[]"},
		{HTTPConfig{Outside: asking()}, "[reference]"},
	} {
		if got := fmt.Sprint(c.cfg.Needs()); got != c.want {
			t.Errorf("%+v needs %s, want %s", c.cfg, got, c.want)
		}
	}
}
