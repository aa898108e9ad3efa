//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pawl/core"
	"pawl/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// open opens a sandbox, or skips the test on machines that cannot have one;
// scripts/setup sees to it that the machines that check changes can.
func open(t testing.TB, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// available opens a sandbox of a kind that not every machine bears: without it
// the test is skipped, with what was tried. In continuous integration, where
// scripts/setup has run, it fails.
func available(t testing.TB, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Open(o)
	if errors.Is(err, sandbox.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func python(source string) core.Program {
	return core.Program{Language: core.LanguagePython, Source: source}
}

func starlark(source string) core.Program {
	return core.Program{Language: core.LanguageStarlark, Source: source}
}

func run(t testing.TB, s core.Sandbox, p core.Program) core.Ran {
	t.Helper()
	ran, err := s.Run(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

// How programs end, and what they see of their input.
func TestRun(t *testing.T) {
	s := open(t, sandbox.Options{})
	for _, c := range []struct {
		name     string
		p        core.Program
		exit     int
		signal   string
		exceeded string
		out, err string // err is part of standard error
	}{
		{name: "print", p: python("print(6 * 7)"), out: "42\n"},
		{name: "as main", p: python("print(__name__, __file__, sorted(n for n in globals() if n[0] != '_'))"), out: "__main__ /box/main.py []\n"},
		{name: "arguments", p: core.Program{Language: core.LanguagePython, Source: "import sys; print(sys.argv)", Args: []string{"a b", "", "é"}}, out: "['/box/main.py', 'a b', '', 'é']\n"},
		{name: "input", p: core.Program{Language: core.LanguagePython, Source: "print(input()[::-1])", Stdin: []byte("abc\n")}, out: "cba\n"},
		{name: "files", p: core.Program{Language: core.LanguagePython, Source: "import sub.helper; print(sub.helper.x, open('d.txt').read())", Files: map[string][]byte{"sub/helper.py": []byte("x = 1"), "d.txt": []byte("data")}}, out: "1 data\n"},
		{name: "files are read-only", p: core.Program{Language: core.LanguagePython, Source: "open('d.txt', 'a')", Files: map[string][]byte{"d.txt": nil}}, exit: 1, err: "Error"},
		{name: "scratch", p: python("open('/tmp/a', 'w').write('x'); print(open('/tmp/a').read())"), out: "x\n"},
		{name: "status", p: python("import sys; sys.exit(7)"), exit: 7},
		{name: "status that no signal has", p: python("import sys; sys.exit(-1)"), exit: 255},
		{name: "message", p: python("raise SystemExit('no')"), exit: 1, err: "no\n"},
		{name: "exception", p: python("def f():\n  1 / 0\nf()"), exit: 1, err: "Traceback (most recent call last):\n  File \"/box/main.py\", line 3, in <module>\n    f()"},
		{name: "syntax", p: python("x ="), exit: 1, err: "SyntaxError"},
		{name: "signal", p: python("import os; os.kill(os.getpid(), 15)"), exit: -1, signal: "SIGTERM"},
		{name: "at exit", p: python("import atexit; atexit.register(print, 'bye')"), out: "bye\n"},
		{name: "processor time", p: core.Program{Language: core.LanguagePython, Source: "while True: pass", Limits: core.Limits{CPU: time.Second}}, exit: -1, exceeded: core.ExceededCPU},
		{name: "wall time", p: core.Program{Language: core.LanguagePython, Source: "import time; time.sleep(1000)", Limits: core.Limits{Wall: 300 * time.Millisecond}}, exit: -1, exceeded: core.ExceededWall},
		{name: "output", p: core.Program{Language: core.LanguagePython, Source: "while True: print('x' * 100)", Limits: core.Limits{Output: 1000}}, exit: -1, exceeded: core.ExceededOutput, out: strings.Repeat(strings.Repeat("x", 100)+"\n", 10)[:1000]},
		{name: "command", p: core.Program{Language: core.LanguageCommand, Args: []string{"sh", "-c", "cat f; exit 3"}, Files: map[string][]byte{"f": []byte("hello")}}, exit: 3, out: "hello"},
		{name: "starlark", p: core.Program{Language: core.LanguageStarlark, Source: "load('lib/a.star', 'f')\nprint(f(3), args, stdin(), json.encode({'a': [1]}))", Args: []string{"x"}, Stdin: []byte("in"), Files: map[string][]byte{"lib/a.star": []byte("def f(x):\n  return x * x")}}, out: "9 [\"x\"] in {\"a\":[1]}\n"},
		{name: "starlark fails", p: starlark("def f():\n  fail('no')\nf()"), exit: 1, err: "main.star:2:7: in f\nError in fail: fail: no"},
		{name: "starlark spins", p: core.Program{Language: core.LanguageStarlark, Source: "while True: pass", Limits: core.Limits{CPU: time.Second}}, exit: -1, exceeded: core.ExceededCPU},
		{name: "starlark recurses", p: starlark("def f(n):\n  return f(n + 1)\nf(0)"), exit: 2, err: "stack"},
		{name: "no command", p: core.Program{Language: core.LanguageCommand, Args: []string{"no-such-thing"}}, exit: 127, err: "no such executable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if raceDetector && c.name == "starlark recurses" {
				t.Skip("the race detector's own memory does not fit into the child's limit")
			}
			ran := run(t, s, c.p)
			if ran.Exit != c.exit || (c.signal != "" && ran.Signal != c.signal) || ran.Exceeded != c.exceeded || string(ran.Stdout) != c.out || !strings.Contains(string(ran.Stderr), c.err) {
				t.Errorf("status %d, signal %q, exceeded %q, output %.200q, errors %.500q", ran.Exit, ran.Signal, ran.Exceeded, ran.Stdout, ran.Stderr)
			}
		})
	}
}

// A conversation: the program answers line by line until its input ends.
func TestStart(t *testing.T) {
	s := open(t, sandbox.Options{})
	p, err := s.Start(ctx, python("import sys\nfor line in sys.stdin: print(int(line) ** 2, flush=True)"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	answers := bufio.NewScanner(p.Stdout())
	for i := range 5 {
		fmt.Fprintln(p.Stdin(), i)
		if !answers.Scan() || answers.Text() != fmt.Sprint(i*i) {
			t.Fatalf("the square of %d is %q", i, answers.Text())
		}
	}
	p.Stdin().Close()
	if answers.Scan() {
		t.Errorf("more: %q", answers.Text())
	}
	if ran, err := p.Wait(); err != nil || !ran.OK() {
		t.Errorf("%+v, %v", ran, err)
	}
}
