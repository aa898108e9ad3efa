package verifier

import (
	"context"
	"os"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// reward is a function as TRL's users have them.
const reward = `
import re

def accuracy(prompts, completions, completion_ids, trainer_state, answer, **kwargs):
    print("what is printed disturbs nobody")
    assert trainer_state.global_step == 0
    assert len(prompts) == len(completions) == len(completion_ids) == len(answer) == len(kwargs["id"])
    found = [re.findall(r"\d+", c) for c in completions]
    return [float(f[-1] == a) if f else None for f, a in zip(found, answer)]
`

func pythonIn(path string, change func(*PythonConfig)) func(h *coretest.Host) (core.Verifier, error) {
	return func(h *coretest.Host) (core.Verifier, error) {
		c := PythonConfig{Path: path, Interpreter: "python3", Loading: 60, Confined: Confined{Memory: 1024}, Outside: asking()}
		if change != nil {
			change(&c)
		}
		if h.Box == nil {
			h.Box = newHonest()
		}
		return newPython(context.Background(), h, c)
	}
}

func TestPythonConforms(t *testing.T) {
	needs(t, "python3")
	file := written(t, "reward.py", "def f(completions, **columns):\n    return [float(len(c)) for c in completions]\n")
	coretest.Verifier(t, pythonIn(file, nil))
}

func TestPython(t *testing.T) {
	needs(t, "python3")
	for name, trusted := range map[string]bool{"sandboxed": false, "trusted": true} {
		t.Run(name, func(t *testing.T) {
			v, h, box := built(t, pythonIn(written(t, "reward.py", reward), func(c *PythonConfig) { c.Trusted = trusted }))
			s := scored(t, v, "#### 2", "#### 3", "no idea", "1 and 2")
			if s[0].Value != 1 || s[1].Value != 0 || s[1].Abstain || !s[2].Abstain || s[2].Unjudged || s[3].Value != 1 {
				t.Errorf("%+v", s)
			}
			for range 3 {
				scored(t, v, "#### 2")
			}
			if want := map[bool]int{false: 1}[trusted]; len(box.starts) != want {
				t.Errorf("%d processes were started in the sandbox, want %d for all batches", len(box.starts), want)
			}
			if len(h.Notes()) > 0 {
				t.Errorf("told: %v", h.Notes())
			}
		})
	}
}

// Each failure costs the scores of its batch and is told; the next batch is
// judged again, by a fresh process.
func TestPythonFails(t *testing.T) {
	needs(t, "python3")
	const file = `
import json, os, subprocess, sys, time
def f(completions, **columns):
    what = completions[0]
    if what == "raise": return [1 / 0]
    if what == "hang": time.sleep(1000)
    if what == "deaf": 
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True: pass
    if what == "exit": sys.exit(7)
    if what == "die": os._exit(7)
    if what == "kill": os.kill(os.getpid(), 9)
    if what == "complain":
        print("first\nthe last words", file=sys.stderr, flush=True)
        os._exit(3)
    if what == "count": return [1.0] * (len(completions) + 1)
    if what == "nan": return [float("nan")]
    if what == "inf": return [float("inf")]
    if what == "text": return ["good"]
    if what == "number": return 3
    if what == "long": raise ValueError("x" * 100000)
    if what == "flood":
        for fd in range(3, 10):
            try:
                while True: os.write(fd, b"x" * 65536)
            except OSError: pass
        time.sleep(1000)
    if what == "forge":
        for fd in range(3, 10):
            try: os.write(fd, b'{"n": 0, "rewards": [1.0]}\n')
            except OSError: pass
    if what == "memory": return [float(len(bytearray(4 << 30)))]
    if what == "daemon":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000) # DAEMON"], start_new_session=True)
        os._exit(0)
    return [1.0] * len(completions)
`
	path := written(t, "own.py", file)
	daemon := "left by " + path
	path = written(t, "own.py", strings.ReplaceAll(file, "DAEMON", daemon))
	for what, why := range map[string]string{
		"raise": "line 5: ZeroDivisionError", "hang": "it took longer than 3s", "deaf": "it took longer than 3s",
		"exit": "SystemExit: 7", "die": "it ended with status 7", "kill": "it was ended by SIGKILL",
		"complain": "it ended with status 3: the last words",
		"count":    "it returns 2 rewards for 1 completions", "nan": "reward 0 is nan", "inf": "reward 0 is inf", "text": "reward 0 is of type str: 'good'", "number": "it returns a int",
		"long": "ValueError: xxx", "flood": "it writes more than 64 KiB", "forge": "it answers question 0 in place of question",
		"memory": "MemoryError", "daemon": "it ended without an answer",
	} {
		t.Run(what, func(t *testing.T) {
			v, h, _ := built(t, pythonIn(path, func(c *PythonConfig) {
				if c.Trusted = true; what == "hang" || what == "deaf" {
					c.Seconds = 3 // time enough for one that does answer
				}
			}))
			if s := scored(t, v, "fine"); s[0].Value != 1 {
				t.Fatalf("%+v", s)
			}
			notJudged(t, scored(t, v, what), why)
			told(t, h, why)
			if s := scored(t, v, "fine", "fine"); s[0].Value != 1 || s[1].Value != 1 {
				t.Errorf("after it: %+v", s)
			}
		})
	}
	if n := running(t, daemon); n > 0 {
		t.Errorf("%d daemons are left", n)
	}
}

// What is wrong with the file is told before anything is judged.
func TestPythonCannotBeLoaded(t *testing.T) {
	needs(t, "python3")
	for _, c := range []struct{ name, file, function, want string }{
		{"syntax", "def f(x):\n  return [[[\n", "", "line 2: SyntaxError"},
		{"import", "import no_such_module\ndef f(): pass\n", "", "line 1: ModuleNotFoundError: No module named 'no_such_module'"},
		{"none", "x = 1\n", "", "it has 0 functions ()"},
		{"several", "def f(): pass\ndef g(): pass\ndef _h(): pass\n", "", "it has 2 functions (f, g); say which one judges: function: NAME"},
		{"other", "def f(): pass\n", "g", "there is no function 'g' in it"},
		{"hangs", "while True: pass\n", "", "it took longer than 1s"},
		{"ends", "import os\nos._exit(4)\n", "", "it ended with status 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			coretest.NoLeaks(t)
			path := written(t, "own.py", c.file)
			h := coretest.NewHost(nil)
			_, err := pythonIn(path, func(p *PythonConfig) {
				p.Function = c.function
				if c.name == "hangs" {
					p.Loading = 1
				}
			})(h)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "loading "+path) {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	h := coretest.NewHost(nil)
	if _, err := newPython(t.Context(), h, PythonConfig{Path: "nowhere.py", Outside: asking()}); err == nil || !strings.Contains(err.Error(), "nowhere.py") {
		t.Errorf("no file: %v", err)
	}
	if _, err := newPython(t.Context(), h, PythonConfig{Path: written(t, "own.py", reward), Outside: asking()}); err == nil || !strings.Contains(err.Error(), "say trusted: true") {
		t.Errorf("no sandbox: %v", err)
	}
	if _, err := newPython(t.Context(), h, PythonConfig{Path: t.TempDir(), Outside: asking()}); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a folder: %v", err)
	}
}

// A function gets the arguments that it has parameters for; one may be a
// coroutine, or return what arrays are.
func TestPythonSignatures(t *testing.T) {
	needs(t, "python3")
	for name, file := range map[string]string{
		"completions alone": "def f(completions): return [2.0 for c in completions]",
		"keyword only":      "def f(*, completions, solution=None): return [2.0 if solution is None else 0.0 for c in completions]",
		"async":             "async def f(completions, **kw): return [2 for c in completions]",
		"logging":           "def f(completions, log_extra, log_metric, **kw):\n log_metric('x', 1.0); log_extra('y', [1])\n return (2 for c in completions) and [2 for c in completions]",
		"array":             "class A:\n def tolist(self): return [B()]\nclass B:\n def item(self): return 2\ndef f(completions): return A()",
		"booleans":          "def f(completions): return (True + 1,)",
		"chosen":            "def g(completions): return [0]\ndef f(completions): return [2]",
	} {
		t.Run(name, func(t *testing.T) {
			v, _, _ := built(t, pythonIn(written(t, "own.py", file), func(c *PythonConfig) {
				if name == "chosen" {
					c.Function = "f"
				}
			}))
			if s := scored(t, v, "x"); s[0].Value != 2 || s[0].Abstain {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A trusted file may import its neighbours; messages come as TRL's.
func TestPythonTrustedNeighbours(t *testing.T) {
	needs(t, "python3")
	path := written(t, "own.py", "import neighbour\ndef f(prompts, completions): return [neighbour.judge(p[-1]['content'], c[0]['content']) for p, c in zip(prompts, completions)]")
	if err := os.WriteFile(strings.TrimSuffix(path, "own.py")+"neighbour.py", []byte("def judge(p, c): return 1.0 if p == '1 + 1' and c == '2' else 0.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, _, _ := built(t, pythonIn(path, func(c *PythonConfig) { c.Trusted, c.Format = true, "messages" }))
	if s := scored(t, v, "2", "3"); s[0].Value != 1 || s[1].Value != 0 {
		t.Errorf("%+v", s)
	}
}

func FuzzParsePython(f *testing.F) {
	for _, s := range []string{`{"n":1,"rewards":[1,null]}`, `{"n":1,"error":"x"}`, `{"n":2}`, "", "[]", `{"n":1,"rewards":[NaN]}`, `{"n":1,"rewards":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		if _, err := parsePython(answer, 1); err != nil && len(err.Error()) > 2000 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}
