package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Killed or interrupted again and again, a file of solutions comes to the same end:
// no row is lost, torn or there twice.
func TestKilledSolvesComeToTheSameEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var rows strings.Builder
	for i := range 150 {
		fmt.Fprintf(&rows, "{\"id\":\"t%d\",\"prompt\":\"%d + 1 =\"}\n", i, i)
	}
	tasks, profile := write("tasks.jsonl", rows.String()), write("paced.yaml", "latency: {first: 150ms}\nwords: [0, 5]\n")
	command := func(out string) *child {
		return newChild(t, nil, "solve", "--dir", filepath.Join(dir, "nothing"), "--model", "sim:"+profile, "--tasks", tasks, "-n", "3", "--temperature", "1", "--out", filepath.Join(dir, out))
	}
	if c := command("want.jsonl"); c.status(t) != exitDone {
		t.Fatal(c.err.String())
	}
	want, err := os.ReadFile(filepath.Join(dir, "want.jsonl"))
	if err != nil || bytes.Count(want, []byte("\n")) != 450 {
		t.Fatalf("%d rows, %v", bytes.Count(want, []byte("\n")), err)
	}
	kills := 0
	for round := 0; ; round++ {
		c := command("out.jsonl")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		signal := []os.Signal{os.Kill, os.Interrupt, syscall.SIGTERM}[round%3]
		stop := time.AfterFunc(time.Duration(60+37*round)*time.Millisecond, func() { _ = c.Process.Signal(signal) })
		code := c.ended(t)
		stop.Stop()
		if code == exitDone {
			break
		}
		if kills++; signal != os.Kill && code != exitInterrupted && code != -1 { // -1: before the program listens
			t.Fatalf("exit %d after %v: %s", code, signal, c.err.String())
		}
		if round == 60 {
			t.Fatal("it never comes to its end")
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("after %d kills the file has %d bytes, want %d (%v)", kills, len(got), len(want), err)
	}
	t.Logf("%d kills", kills)
}
