//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/sandbox"
)

// A runsc that does not work here is no sandbox, and the error says what was
// tried.
func TestGVisorThatCannotRun(t *testing.T) {
	dir := publicDir(t)
	script := "#!/bin/sh\n[ \"$1\" = --version ] && echo 'runsc version 7' || { echo 'this kernel has no ptrace' >&2; exit 9; }\n"
	if err := os.WriteFile(filepath.Join(dir, "runsc"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	s, err := sandbox.Open(sandbox.Options{Kind: sandbox.GVisor})
	if err == nil {
		s.Close()
		t.Fatal("a sandbox by a runsc that fails")
	}
	for _, says := range []string{"status 9", "this kernel has no ptrace", dir + "/runsc --root=", "--network=none", "version 7", "Linux "} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v\ndoes not say %q", err, says)
		}
	}
	if !errors.Is(err, sandbox.ErrUnavailable) {
		t.Error("it is not told as a lack of this machine")
	}
}

// gVisor keeps the same promises, where it is installed.
func TestGVisor(t *testing.T) {
	s := available(t, sandbox.Options{Kind: sandbox.GVisor})
	t.Log(s.Describe())
	for _, c := range []struct {
		name, exceeded, out string
		exit                int
		p                   core.Program
	}{
		{name: "runs", out: "in a\n", p: core.Program{Language: core.LanguagePython, Source: "import sys; print(input(), sys.argv[1])", Args: []string{"a"}, Stdin: []byte("in\n")}},
		{name: "fails", exit: 3, p: python("import sys; sys.exit(3)")},
		{name: "files", p: python("import os\nfor f in '/etc/passwd', '/root': assert not os.path.exists(f)\nopen('/tmp/x', 'w').write('x')\ntry:\n  open('/box/main.py', 'a')\n  print('OPEN')\nexcept OSError: pass")},
		{name: "wall", exit: -1, exceeded: core.ExceededWall, p: core.Program{Language: core.LanguagePython, Source: "import time; time.sleep(1000)", Limits: core.Limits{Wall: 3 * time.Second}}},
		{name: "daemon", out: "gone\n", p: abusive(t, "daemon")},
		{name: "command", out: "x\n", p: core.Program{Language: core.LanguageCommand, Args: []string{"sh", "-c", "echo x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.p.Limits.CPU = 20 * time.Second
			ran := run(t, s, c.p)
			if ran.Exceeded != c.exceeded || ran.Exit != c.exit || !strings.HasPrefix(string(ran.Stdout), c.out) || strings.Contains(string(ran.Stdout), "OPEN") {
				t.Errorf("status %d %s, exceeded %q; %.1000s%.1000s", ran.Exit, ran.Signal, ran.Exceeded, ran.Stdout, ran.Stderr)
			}
			if left := survivors(t); len(left) > 0 {
				t.Errorf("survived: %v", left)
			}
		})
	}
}
