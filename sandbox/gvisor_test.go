//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/sandbox"
)

// gVisor keeps the same promises, where it is installed.
func TestGVisor(t *testing.T) {
	s, err := sandbox.Open(sandbox.Options{Kind: sandbox.GVisor})
	if errors.Is(err, sandbox.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
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
