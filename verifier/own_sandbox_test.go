package verifier

import (
	"errors"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/sandbox"
)

// sandboxed makes a verifier in a real sandbox.
func sandboxed(t *testing.T, make func(h *coretest.Host) (core.Verifier, error)) (core.Verifier, *coretest.Host) {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{Warm: -1})
	if errors.Is(err, sandbox.ErrUnavailable) {
		lacksSandbox(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Errorf("closing the sandbox: %v", err)
		}
	})
	h := coretest.NewHost(nil)
	h.Box = box
	v, err := make(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.(interface{ Close() error }).Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return v, h
}

// In the sandbox, a function has no network, none of the user's files and no
// neighbours; its failures cost what they cost elsewhere.
func TestPythonInTheSandbox(t *testing.T) {
	const file = `
import os, sys, time
def f(completions, **columns):
    what = completions[0]
    if what == "hang": time.sleep(1000)
    if what == "die": os._exit(7)
    if what == "spin":
        while True: pass
    if what == "flood":
        for fd in range(3, 10):
            try:
                while True: os.write(fd, b"x" * 65536)
            except OSError: pass
        time.sleep(1000)
    if what == "memory": return [float(len(bytearray(2 << 30)))]
    if what == "daemon":
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(1000)
        os._exit(3)
    if what == "network":
        import socket
        socket.create_connection(("127.0.0.1", 9), 2)
    if what == "files": return [float(os.access(columns["solution"][0], os.R_OK))]
    if what == "environment": return [float(len([k for k in os.environ if "PAWL" in k or "TOKEN" in k]))]
    return [1.0] * len(completions)
`
	t.Setenv("A_TOKEN", "not for guests")
	own := written(t, "secret", "not for guests")
	path := written(t, "own.py", file)
	for what, why := range map[string]string{
		"": "", "hang": "it took longer than 3s", "spin": "it took longer than 3s", "die": "it ended with status 7", "flood": "it writes more than 64 KiB",
		"memory": "", "daemon": "it ended with status 3", "network": "line ", "files": "", "environment": "",
	} {
		t.Run(what, func(t *testing.T) {
			v, h := sandboxed(t, func(h *coretest.Host) (core.Verifier, error) {
				c := PythonConfig{Path: path, Loading: 60, Confined: Confined{Memory: 256}, Outside: asking()}
				if what == "hang" || what == "spin" {
					c.Seconds = 3
				}
				return newPython(t.Context(), h, c)
			})
			task := coretest.Task("t", "1 + 1", "2")
			task.Reference = []byte(`{"answer":"2","solution":"` + own + `"}`)
			j, err := v.Verify(t.Context(), coretest.Episode(task, what), nil)
			if err != nil {
				t.Fatal(err)
			}
			switch s := j.Scores[0]; {
			case what == "files" || what == "environment":
				if s.Abstain || s.Value != 0 {
					t.Errorf("%+v; it sees what is the user's", s)
				}
			case what == "":
				if s.Value != 1 || s.Abstain {
					t.Errorf("%+v", s)
				}
			default: // what ends a memory hog, an exception or a signal, is the sandbox's affair
				notJudged(t, j.Scores, why)
				told(t, h, why)
			}
			if s := scored(t, v, "fine"); s[0].Value != 1 {
				t.Errorf("after it: %+v", s)
			}
		})
	}
}

func TestCommandInTheSandbox(t *testing.T) {
	file := written(t, "judge.sh", judge)
	for name, change := range map[string]func(*CommandConfig){"once": nil, "kept": keep} {
		t.Run(name, func(t *testing.T) {
			v, _ := sandboxed(t, commandOf(func(c *CommandConfig) {
				c.Trusted, c.Beside = false, []string{file}
				if change != nil {
					change(c)
				}
			}, "sh", "judge.sh"))
			for range 2 {
				if s := scored(t, v, "fine", "none"); s[0].Value != 0.5 || !s[1].Abstain || s[1].Unjudged {
					t.Fatalf("%+v", s)
				}
			}
			notJudged(t, scored(t, v, "die"), "it ended with status 9: the last words")
			if s := scored(t, v, "fine"); s[0].Value != 0.5 {
				t.Errorf("after it: %+v", s)
			}
		})
	}
	v, _ := sandboxed(t, commandOf(func(c *CommandConfig) { c.Trusted = false }, "sh", "-c", "cat "+file+" && echo 1"))
	s := scored(t, v, "fine")
	if !s[0].Unjudged || !strings.Contains(s[0].Rationale, "status 1") {
		t.Errorf("%+v; it reads what is the user's", s)
	}
}
