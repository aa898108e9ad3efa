package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
)

func shell(script string, l core.Limits) core.Program {
	return core.Program{Language: core.LanguageCommand, Args: []string{"sh", "-c", script}, Limits: l}
}

// How runs end, with what they wrote.
func TestPlainRun(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	coretest.NoLeaks(t)
	for _, c := range []struct {
		name   string
		script string
		stdin  string
		limits core.Limits
		check  func(core.Ran) bool
	}{
		{"echo", "cat; echo err >&2", "in", core.Limits{}, func(r core.Ran) bool {
			return r.OK() && string(r.Stdout) == "in" && string(r.Stderr) == "err\n"
		}},
		{"status", "exit 5", "", core.Limits{}, func(r core.Ran) bool { return r.Exit == 5 && r.Exceeded == "" && !r.OK() }},
		{"signal", "kill -9 $$", "", core.Limits{}, func(r core.Ran) bool { return r.Signal == "SIGKILL" && r.Exceeded == "" }},
		{"wall", "sleep 1000", "", core.Limits{Wall: 300 * time.Millisecond}, func(r core.Ran) bool { return r.Exceeded == core.ExceededWall }},
		{"flood", "while :; do echo 0123456789; done", "", core.Limits{Output: 1000}, func(r core.Ran) bool {
			return r.Exceeded == core.ExceededOutput && len(r.Stdout) == 1000
		}},
		{"just", "printf 0123456789", "", core.Limits{Output: 10}, func(r core.Ran) bool { return r.OK() && len(r.Stdout) == 10 }},
		{"complaints", "i=0; while [ $i -lt 2000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo end >&2", "", core.Limits{}, func(r core.Ran) bool {
			return r.OK() && len(r.Stderr) == tailSize && strings.HasSuffix(string(r.Stderr), "9\nend\n")
		}},
		{"deaf", "exit 0", strings.Repeat("x", 1<<20), core.Limits{}, core.Ran.OK},
		{"held", "sleep 1000 & echo done", "", core.Limits{}, func(r core.Ran) bool { return r.OK() && string(r.Stdout) == "done\n" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shell(c.script, c.limits)
			p.Stdin = []byte(c.stdin)
			ran, err := Plain{}.Run(t.Context(), p)
			if err != nil || !c.check(ran) {
				t.Errorf("%+v, %v", ran, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Plain{}).Run(ctx, shell("sleep 1000", core.Limits{})); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, p := range []core.Program{{Language: core.LanguageStarlark}, {Language: core.LanguageCommand}, {Language: core.LanguageCommand, Args: []string{"no-such-program-of-anybody"}}} {
		if _, err := (Plain{}).Start(t.Context(), p); err == nil {
			t.Errorf("%+v is started", p)
		}
	}
}

// Memory is bounded where the system can.
func TestPlainMemory(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil || runtime.GOOS != "linux" {
		t.Skip("it wants python3 on Linux")
	}
	p := core.Program{Language: core.LanguagePython, Source: "print(len(bytearray(1 << 30)))", Limits: core.Limits{Memory: 256 << 20}}
	ran, err := Plain{}.Run(t.Context(), p)
	if err != nil || ran.OK() || !strings.Contains(string(ran.Stderr), "MemoryError") {
		t.Errorf("%+v, %v", ran, err)
	}
}

// A process is lent again after it did well, and ended after it did not.
func TestPool(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	coretest.NoLeaks(t)
	started := 0
	p := NewPool(1, func(ctx context.Context) (core.Process, error) {
		started++
		return Plain{}.Start(ctx, shell("while read -r l; do echo $$ $l; done", core.Limits{}))
	}, nil)
	limits := Limits{Wall: 2 * time.Minute, Output: 1 << 10}
	planned := errors.New("the planned failure")
	ask := func(fail bool) (answer string, err error) {
		err = p.Use(t.Context(), func(w *Worker) error {
			b, err := w.Ask(t.Context(), []byte("x\ny\n"), 2, limits)
			answer = string(b)
			if fail && err == nil {
				err = planned
			}
			return err
		})
		return answer, err
	}
	first, err := ask(false)
	if err != nil || strings.Count(first, "\n") != 2 {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := ask(true); err != planned || again != first || started != 1 {
		t.Errorf("%q, %v, %d started", again, err, started)
	}
	if other, err := ask(false); err != nil || other == first || started != 2 {
		t.Errorf("after a failure: %q, %v, %d started", other, err, started)
	}
	// An end of the caller's is the caller's.
	ctx, cancel := context.WithCancel(t.Context())
	err = p.Use(ctx, func(w *Worker) error {
		cancel()
		_, err := w.Ask(ctx, []byte("x\n"), 2, limits)
		return err
	})
	if err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	// After it is closed, what is lent is not kept.
	if answer, err := ask(false); err == nil {
		if p.mu.Lock(); len(p.free) != 0 {
			t.Errorf("kept after closing: %q", answer)
		}
		p.mu.Unlock()
	}
}

// A greeting that fails leaves no process.
func TestPoolGreeting(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	coretest.NoLeaks(t)
	planned := errors.New("the planned failure")
	var made core.Process
	p := NewPool(1, func(ctx context.Context) (_ core.Process, err error) {
		made, err = Plain{}.Start(ctx, shell("cat", core.Limits{}))
		return made, err
	}, func(context.Context, *Worker) error { return planned })
	if err := p.Use(t.Context(), func(*Worker) error { return nil }); err != planned {
		t.Error(err)
	}
	if ran, err := made.Wait(); err != nil || ran.Signal == "" {
		t.Errorf("%+v, %v", ran, err)
	}
	if _, err := io.ReadAll(made.Stdout()); err != nil {
		t.Error(err)
	}
}

func TestEnded(t *testing.T) {
	for _, c := range []struct {
		ran  core.Ran
		want string
	}{
		{core.Ran{Exit: -1, Signal: "SIGKILL", Exceeded: core.ExceededMemory}, "it reached the limit of memory and was ended"},
		{core.Ran{Exit: -1, Signal: "SIGSEGV"}, "it was ended by SIGSEGV"},
		{core.Ran{Exit: 2, Stderr: []byte("a\nb \n\n")}, "it ended with status 2: b"},
		{core.Ran{Stderr: []byte(strings.Repeat("x", 1000))}, "it ended without an answer: " + strings.Repeat("x", 200) + "..."},
	} {
		if got := fmt.Sprint(Ended(c.ran)); got != c.want {
			t.Errorf("%+v: %s", c.ran, got)
		}
	}
}
