//go:build unix

package exec_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

func init() {
	children["engine"] = func(args []string) error { return engine(args[0], args[1]) }
}

// engine holds run r of dir and buys what it reads the name of; the answer to a
// name that begins with "slow" is the next line that it reads.
func engine(dir, ttl string) error {
	d, err := time.ParseDuration(ttl)
	if err != nil {
		return err
	}
	s, l, err := openRun(dir, d, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	a, err := exec.NewAccount(ctx, l, "r", exec.Cap{})
	if err != nil {
		return err
	}
	p := exec.NewPayer(exec.PayerOptions{})
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		name := in.Text()
		sent := false
		got, err := p.Pay(exec.OnAccount(ctx, a), purchase(name), func(_ context.Context, want []int) (core.Sent, error) {
			sent = true
			if strings.HasPrefix(name, "slow") {
				fmt.Println("sending")
				in.Scan()
			}
			return core.Sent{Results: []core.SentResult{{Content: []byte(in.Text())}}}, nil
		})
		fmt.Println(sent, contents(got), errors.Is(err, store.ErrFenced), err)
	}
	return nil
}

// startEngine gives a way to say a line to an engine and hear its next.
func startEngine(t *testing.T, dir, ttl string) (cmd *osexec.Cmd, say func(string) string) {
	t.Helper()
	cmd = childCommand("engine", dir, ttl)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	out := bufio.NewReader(pipe)
	hear := func() string {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(line, "\n")
	}
	if line := hear(); line != "ready" {
		t.Fatalf("the engine says %q", line)
	}
	return cmd, func(line string) string {
		if _, err := fmt.Fprintln(in, line); err != nil {
			t.Fatal(err)
		}
		return hear()
	}
}

// Row 6: of two engines on one store the second neither sends nor writes.
func TestTwoEngines(t *testing.T) {
	dir := t.TempDir()
	cmd, say := startEngine(t, dir, "1h")
	if got := say("one"); got != "true [one] false <nil>" {
		t.Fatalf("the first engine: %s", got)
	}
	second := childCommand("engine", dir, "1h")
	second.Stderr = nil
	second.Stdin = strings.NewReader("two\n")
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("process %d on ", cmd.Process.Pid)) {
		t.Errorf("the second engine: %s, %v", out, err)
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	as, err := s.CallAttempts(ctx, "")
	t.Logf("row 6: two engines on one store: %d attempts by the first, %d by the second", len(as), len(as)-1)
	if len(as) != 1 || err != nil {
		t.Errorf("attempts %+v, %v", as, err)
	}
}

// Row 7: an engine that is stopped past its lease, in the middle of a call, cannot
// settle it when it goes on, nor send another; its successor pays for the call anew.
func TestPausedEngine(t *testing.T) {
	dir := t.TempDir()
	cmd, say := startEngine(t, dir, "100ms")
	if got := say("slow"); got != "sending" {
		t.Fatalf("the engine says %s", got)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var s *store.Store
	var l *store.Lease
	for l == nil {
		var err error
		if s, l, err = openRun(dir, time.Minute, store.Options{}); err != nil && !errors.Is(err, store.ErrHeld) {
			t.Fatal(err)
		}
	}
	defer s.Close()
	a := account(t, l, exec.Cap{})
	if spent, _ := a.Spent(); spent != ceiling {
		t.Errorf("the call of unknown outcome counts as %+v", spent)
	}
	sends := 0
	if _, err := exec.NewPayer(exec.PayerOptions{}).Pay(exec.OnAccount(ctx, a), purchase("slow"), failing(&sends)); err != nil || sends != 1 {
		t.Fatalf("the successor: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := say("late"); !strings.HasPrefix(got, "true [] true ") || !strings.Contains(got, "recording the outcome") {
		t.Errorf("settling late: %s", got)
	}
	late := say("another")
	if !strings.HasPrefix(late, "false [] true ") {
		t.Errorf("sending after that: %s", late)
	}
	as, err := s.CallAttempts(ctx, "r")
	if err != nil || len(as) != 2 || !as[0].Open() || as[1].Outcome != store.OutcomeDone {
		t.Errorf("attempts %+v, %v", as, err)
	}
	found, err := s.Bought(ctx, []core.Key{key("slow")})
	t.Logf("row 7: an engine stopped past its lease: %d stale writes; sent after it: %s", len(as)-2, late[:strings.Index(late, " ")])
	if string(found[key("slow")].Content) != "answer 0" || err != nil {
		t.Errorf("in force: %s, %v", found[key("slow")].Content, err)
	}
}
