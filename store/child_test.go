//go:build unix

package store_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pawl/core"
	pawlexec "pawl/exec"
	"pawl/store"
)

// The test binary runs itself as the process to kill.
const childEnv = "PAWL_STORE_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if err := child(mode, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func child(mode string, args []string) error {
	switch mode {
	case "script":
		kill, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		_, err = script(args[0], kill)
		return err
	case "hold":
		return hold(args[0], args[1])
	}
	return errors.New("unknown mode")
}

func childCommand(mode string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+mode)
	cmd.Stderr = os.Stderr
	return cmd
}

// script is a small run that touches every kind of write, as a loop would: it
// may be killed at any point and started again. The process kills itself at
// the kill-th failpoint; it returns how many it passed.
func script(dir string, kill int) (passed int, err error) {
	s, err := store.Open(dir, store.Options{Failpoint: func(string) {
		if passed++; passed == kill {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx := context.Background()
	if err := s.CreateRun(ctx, store.Run{ID: "r", Recipe: "script"}); err != nil && !errors.Is(err, store.ErrExists) {
		return 0, err
	}
	l, err := s.Acquire(ctx, "r", time.Minute)
	if err != nil {
		return 0, err
	}
	steps := pawlexec.NewSteps(l)
	var parent core.Digest
	for round := range 3 {
		key := core.NewHasher("step").Uint(uint64(round)).Bytes([]byte(parent)).Key()
		out, err := steps.Do(ctx, key, "train", func(ctx context.Context) (core.Digest, any, error) {
			return scriptWork(ctx, l, dir, key, round)
		})
		if err != nil {
			return 0, err
		}
		if err := scriptRound(ctx, l, round, out, parent); err != nil {
			return 0, err
		}
		parent = out
	}
	if err := l.End(ctx, store.Done, json.RawMessage(`{"rounds":3}`)); err != nil {
		return 0, err
	}
	return passed, nil
}

// scriptWork counts to three with a checkpoint at each, and notes in a file
// that it has done so.
func scriptWork(ctx context.Context, l *store.Lease, dir string, key core.Key, round int) (core.Digest, any, error) {
	state, _, err := l.Kept(ctx, key)
	if err != nil {
		return "", nil, err
	}
	for len(state) < 3 {
		state = append(state, byte(round))
		if err := l.Keep(ctx, key, state, float64(len(state))); err != nil {
			return "", nil, err
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "work.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return "", nil, err
	}
	if _, err := fmt.Fprintln(f, key); err != nil {
		return "", nil, err
	}
	if err := f.Close(); err != nil {
		return "", nil, err
	}
	big, err := l.Store().Put(ctx, bytes.Repeat(state, store.InlineSize)) // a file
	if err != nil {
		return "", nil, err
	}
	out, err := l.Store().Put(ctx, fmt.Appendf(nil, `{"weights":"%s"}`, big)) // a row
	return out, map[string]int{"round": round}, err
}

// scriptRound records a round that may have been recorded, in part, before.
func scriptRound(ctx context.Context, l *store.Lease, round int, out, parent core.Digest) error {
	ps, err := l.Store().Promotions(ctx, "r")
	if err != nil {
		return err
	}
	if len(ps) <= round {
		p := store.Promotion{Round: round, Version: out, Parent: parent, Outcome: core.Promote,
			Policies: map[string]core.Policy{"solver": {"weights": out}}}
		if _, err := l.Promote(ctx, p); err != nil {
			return err
		}
	}
	es, err := l.Store().Events(ctx, "r", 0)
	if err == nil && len(es) <= round {
		_, err = l.Event(ctx, "round", round)
	}
	return err
}

// dump is what must be equal however often the script was killed.
func dump(t *testing.T, s *store.Store) string {
	t.Helper()
	ctx := context.Background()
	var b strings.Builder
	r, err := s.Run(ctx, "r")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, r.Status, string(r.Summary), r.Policies)
	steps, err := s.Steps(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range steps {
		content, err := s.Get(ctx, st.Output)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Weights core.Digest }
		if err := json.Unmarshal(content, &doc); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, doc.Weights); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, st.Key, st.Output, string(st.Stats))
	}
	ps, err := s.Promotions(ctx, "r")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		fmt.Fprintln(&b, p.Seq, p.Round, p.Version, p.Parent, p.Outcome, p.Policies)
	}
	es, err := s.Events(ctx, "r", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		fmt.Fprintln(&b, e.Seq, e.Kind, string(e.Data))
	}
	cs, err := s.Checkpoints(ctx)
	fmt.Fprintln(&b, len(cs), err)
	return b.String()
}

// workDone counts how often each step's work was done to the end.
func workDone(t *testing.T, dir string) map[core.Key]int {
	t.Helper()
	done := map[core.Key]int{}
	f, err := os.Open(filepath.Join(dir, "work.log"))
	if errors.Is(err, os.ErrNotExist) {
		return done
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		done[core.Key(sc.Text())]++
	}
	return done
}

// Killed at every point around every durable write, and started again, the
// script ends in the same state, and no finished step is done again.
func TestKilledAtEveryWrite(t *testing.T) {
	want, points := finishScript(t, t.TempDir())
	if points < 50 {
		t.Fatalf("the script passes only %d failpoints", points)
	}
	stride := killStride
	if testing.Short() {
		stride = 7
	}
	t.Logf("%d points, every %d", points, stride)
	for kill := 1; kill <= points; kill += stride {
		t.Run(strconv.Itoa(kill), func(t *testing.T) {
			t.Parallel()
			killedAt(t, kill, want)
		})
	}
}

func finishScript(t *testing.T, dir string) (state string, points int) {
	t.Helper()
	points, err := script(dir, 0)
	if err != nil {
		t.Fatalf("the script fails: %v", err)
	}
	return dump(t, openDir(t, dir)), points
}

func killedAt(t *testing.T, kill int, want string) {
	dir := t.TempDir()
	err := childCommand("script", dir, strconv.Itoa(kill)).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v", err)
	}
	s := openDir(t, dir)
	finished, err := s.Steps(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	before := workDone(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := finishScript(t, dir)
	if got != want {
		t.Errorf("the state differs\ngot:\n%s\nwant:\n%s", got, want)
	}
	after := workDone(t, dir)
	for _, st := range finished {
		if after[st.Key] != before[st.Key] {
			t.Errorf("step %s was done again after it was finished", st.Key.Short())
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("%d temporary files are left, %v", len(left), err)
	}
	s = openDir(t, dir)
	report, err := s.GC(context.Background(), store.GCOptions{DryRun: true})
	if err != nil || len(report.Damaged) > 0 {
		t.Errorf("damaged: %v, %v", report.Damaged, err)
	}
}

func openDir(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir, store.Options{})
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

// hold takes the lease of run r and writes at every line that it reads.
func hold(dir, ttl string) error {
	d, err := time.ParseDuration(ttl)
	if err != nil {
		return err
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	l, err := s.Acquire(context.Background(), "r", d)
	if err != nil {
		return err
	}
	fmt.Println("held")
	for sc := bufio.NewScanner(os.Stdin); sc.Scan(); {
		_, err := l.Event(context.Background(), "from the child", 1)
		fmt.Println(errors.Is(err, store.ErrFenced))
	}
	return nil
}

func startHolder(t *testing.T, dir, ttl string) (cmd *exec.Cmd, say func() string) {
	t.Helper()
	cmd = childCommand("hold", dir, ttl)
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
	if line, err := out.ReadString('\n'); line != "held\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return cmd, func() string {
		if _, err := fmt.Fprintln(in, "write"); err != nil {
			t.Fatal(err)
		}
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
}

// Two processes: one advances the run, the other reads, and takes over at once
// when the first has died, long before the lease is over.
func TestLeaseOfDeadProcess(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openDir(t, dir)
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	cmd, say := startHolder(t, dir, "1h")
	_, err := s.Acquire(ctx, "r", time.Minute)
	if !errors.Is(err, store.ErrHeld) || !strings.Contains(err.Error(), fmt.Sprintf("process %d on ", cmd.Process.Pid)) {
		t.Fatalf("two processes on one run: %v", err)
	}
	if got := say(); got != "false" {
		t.Fatalf("the holder is fenced: %s", got)
	}
	if es, err := s.Events(ctx, "r", 0); len(es) != 1 || err != nil {
		t.Fatalf("reading beside the writer: %v, %v", es, err)
	}
	if r, err := s.Run(ctx, "r"); r.Holder == nil || r.Holder.PID != cmd.Process.Pid || err != nil {
		t.Fatalf("the holder is %v, %v", r.Holder, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if r, err := s.Run(ctx, "r"); r.Holder != nil || err != nil {
		t.Errorf("a dead process still holds the run: %v, %v", r.Holder, err)
	}
	if _, err := s.Acquire(ctx, "r", time.Minute); err != nil {
		t.Errorf("a dead process's lease cannot be taken: %v", err)
	}
}

// A holder that slept past its lease cannot write after another took over.
func TestPausedHolderIsFenced(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openDir(t, dir)
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	cmd, say := startHolder(t, dir, "50ms")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var l *store.Lease
	for {
		var err error
		if l, err = s.Acquire(ctx, "r", time.Minute); err == nil {
			break
		} else if !errors.Is(err, store.ErrHeld) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := say(); got != "true" {
		t.Errorf("the paused holder is fenced: %s", got)
	}
	if es, err := s.Events(ctx, "r", 0); len(es) != 0 || err != nil {
		t.Errorf("stale writes: %v, %v", es, err)
	}
	if _, err := l.Event(ctx, "x", 1); err != nil {
		t.Error(err)
	}
}
