//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/sandbox"
)

// The degraded kind says what it is, and keeps what it promises: files, sockets,
// privileges, system calls, limits, and no survivors.
func TestLandlock(t *testing.T) {
	s := available(t, sandbox.Options{Kind: sandbox.Landlock, Warm: -1})
	for _, said := range []string{s.Identity(), s.Describe()} {
		if !strings.Contains(said, "degraded") {
			t.Errorf("%q does not say that it is degraded", said)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	for _, c := range []struct {
		name, exceeded string
		p              core.Program
	}{
		{"runs", "", core.Program{Language: core.LanguagePython, Source: "import json, sys, d\nassert d.x == 1 and sys.argv[1:] == ['a'] and input() == 'in'\nimport os\nopen(os.environ['TMPDIR'] + '/f', 'w').write('x')", Args: []string{"a"}, Stdin: []byte("in\n"), Files: map[string][]byte{"d.py": []byte("x = 1")}}},
		{"secret", "", python("try:\n  open(" + strconv.Quote(secret) + ")\n  print('OPEN')\nexcept OSError: pass")},
		{"passwd", "", python("try:\n  open('/etc/passwd')\n  print('OPEN')\nexcept OSError: pass")},
		{"own program", "", python("try:\n  open(__file__, 'a')\n  print('OPEN')\nexcept OSError: pass")},
		{"network", "", abusive(t, "network", port, "none", "/none")},
		{"syscalls", "", abusive(t, "syscalls")},
		{"namespaces", "", abusive(t, "namespaces")},
		{"inherited", "", python("import os\nfor fd in range(3, 300):\n  try:\n    os.fstat(fd)\n    print('OPEN', fd)\n  except OSError: pass")},
		{"daemon", "", abusive(t, "daemon")},
		{"spinners", core.ExceededCPU, abusive(t, "spinners")},
		{"flood", core.ExceededOutput, abusive(t, "flood")},
		{"sleep", core.ExceededWall, core.Program{Language: core.LanguagePython, Source: "import time; time.sleep(1000)", Limits: core.Limits{Wall: 200 * time.Millisecond}}},
		{"command", "", core.Program{Language: core.LanguageCommand, Args: []string{"sh", "-c", "! cat /etc/passwd 2>/dev/null"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ran := run(t, s, c.p)
			if ran.Exceeded != c.exceeded || (c.exceeded == "" && !ran.OK()) || strings.Contains(string(ran.Stdout), "OPEN") {
				t.Errorf("status %d %s, exceeded %q; %.1000s%.1000s", ran.Exit, ran.Signal, ran.Exceeded, ran.Stdout, ran.Stderr)
			}
			if left := survivors(t); len(left) > 0 {
				t.Errorf("survived: %v", left)
			}
		})
	}
}
