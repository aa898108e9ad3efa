package exec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

// children are what the test binary does when it runs itself as a process to kill.
var children = map[string]func(args []string) error{}

const childEnv = "PAWL_EXEC_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if err := children[mode](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// Results come in the order of the tasks, and never more than the pool's size
// run at once, whatever the sizes.
func TestMapOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, n := rapid.IntRange(1, 5).Draw(t, "size"), rapid.IntRange(0, 40).Draw(t, "n")
		var running, most atomic.Int64
		out, err := exec.Map(ctx, exec.NewPool(size), n, nil, func(_ context.Context, i int) (int, error) {
			now := running.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			defer running.Add(-1)
			return i * i, nil
		})
		if err != nil || len(out) != n || most.Load() > int64(size) {
			t.Fatalf("%d results, %v, %d of %d at once", len(out), err, most.Load(), size)
		}
		for i, v := range out {
			if v != i*i {
				t.Fatalf("result %d is %d", i, v)
			}
		}
	})
}

// All of the pool is used: as many tasks as it is large meet inside.
func TestMapParallel(t *testing.T) {
	const size = 4
	var meet sync.WaitGroup
	meet.Add(size)
	_, err := exec.Map(ctx, exec.NewPool(size), size, nil, func(context.Context, int) (int, error) {
		meet.Done()
		meet.Wait()
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Tasks may call Map on the pool that runs them.
func TestMapNested(t *testing.T) {
	p := exec.NewPool(2)
	out, err := exec.Map(ctx, p, 8, nil, func(ctx context.Context, i int) (int, error) {
		inner, err := exec.Map(ctx, p, 8, nil, func(_ context.Context, j int) (int, error) { return i * j, nil })
		return len(inner), err
	})
	if err != nil || fmt.Sprint(out) != "[8 8 8 8 8 8 8 8]" {
		t.Errorf("%v, %v", out, err)
	}
}

// The first error stops the rest and comes with its task's name; what only
// followed from it does not hide it.
func TestMapError(t *testing.T) {
	bad := errors.New("bad")
	var ran atomic.Int64
	block := make(chan struct{})
	_, err := exec.Map(ctx, exec.NewPool(3), 1000, func(i int) string { return fmt.Sprintf("scoring row %d", i) },
		func(ctx context.Context, i int) (int, error) {
			ran.Add(1)
			if i < 2 {
				if i == 1 {
					close(block)
				}
				<-ctx.Done()
				return 0, ctx.Err()
			}
			<-block
			return 0, bad
		})
	if !errors.Is(err, bad) || err.Error() != "scoring row 2: bad" {
		t.Errorf("error %v", err)
	}
	if ran.Load() > 4 {
		t.Errorf("%d tasks started", ran.Load())
	}
}

func TestMapPanic(t *testing.T) {
	_, err := exec.Map(ctx, exec.NewPool(2), 3, nil, func(_ context.Context, i int) (int, error) {
		if i == 1 {
			panic("boom")
		}
		return 0, nil
	})
	var p *exec.PanicError
	if !errors.As(err, &p) || err.Error() != "task 1: panic: boom" || !strings.Contains(string(p.Stack), "TestMapPanic") {
		t.Errorf("error %v", err)
	}
}

func TestMapCancelled(t *testing.T) {
	why := errors.New("the user has had enough")
	c, cancel := context.WithCancelCause(ctx)
	_, err := exec.Map(c, exec.NewPool(2), 100, nil, func(_ context.Context, i int) (int, error) {
		cancel(why)
		return i, nil
	})
	if !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
}

func newSteps(t *testing.T) (*exec.Steps, *store.Lease) {
	t.Helper()
	s := store.Memory()
	t.Cleanup(func() { _ = s.Close() })
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return exec.NewSteps(l), l
}

func key(s string) core.Key { return core.Sum([]byte(s)) }

// outcomes lists the outcomes of a step's attempts.
func outcomes(t *testing.T, l *store.Lease, k core.Key) (list []string) {
	t.Helper()
	as, err := l.Store().Attempts(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range as {
		list = append(list, a.Outcome)
	}
	return list
}

// A finished step is never done again; the intent is there before the work,
// the result before the caller sees it.
func TestDoOnce(t *testing.T) {
	s, l := newSteps(t)
	done := 0
	for range 3 {
		out, err := s.Do(ctx, key("a"), "sample", func(ctx context.Context) (core.Digest, any, error) {
			done++
			if got := fmt.Sprint(outcomes(t, l, key("a"))); got != "[unknown]" {
				t.Errorf("attempts during the work: %s", got)
			}
			if k, ok := exec.Running(ctx); !ok || k != key("a") {
				t.Errorf("running %v, %v", k, ok)
			}
			return key("out"), map[string]int{"tokens": 3}, nil
		})
		if out != key("out") || err != nil {
			t.Fatalf("%s, %v", out, err)
		}
	}
	if done != 1 {
		t.Errorf("the work was done %d times", done)
	}
	st, found, err := l.Store().Find(ctx, key("a"))
	if !found || err != nil || string(st.Stats) != `{"tokens":3}` || st.Kind != "sample" || st.Seconds < 0 {
		t.Errorf("recorded: %+v, %v", st, err)
	}
}

// Failures are recorded as such and tried again; none becomes a result.
func TestDoFailure(t *testing.T) {
	s, l := newSteps(t)
	bad := errors.New("bad")
	for name, c := range map[string]struct {
		f    exec.Work
		want string
	}{
		"error": {func(context.Context) (core.Digest, any, error) { return key("x"), nil, bad }, "bad"},
		"panic": {func(context.Context) (core.Digest, any, error) { panic("boom") }, "panic: boom"},
		"empty": {func(context.Context) (core.Digest, any, error) { return "", nil, nil }, "no digest"},
		"stats": {func(context.Context) (core.Digest, any, error) { return key("x"), func() {}, nil }, "statistics"},
	} {
		k := key(name)
		_, err := s.Do(ctx, k, "train", c.f)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "step "+k.Short()+" (train)") {
			t.Errorf("%s: %v", name, err)
		}
		if _, found, _ := l.Done(ctx, k); found {
			t.Errorf("%s: recorded as finished", name)
		}
		if _, err := s.Do(ctx, k, "train", func(context.Context) (core.Digest, any, error) { return key("y"), nil, nil }); err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
		if got := fmt.Sprint(outcomes(t, l, k)); got != "[failed done]" {
			t.Errorf("%s: attempts %s", name, got)
		}
	}
}

// A thousand calls with one key share one piece of work.
func TestDoSingleFlight(t *testing.T) {
	s, l := newSteps(t)
	var done atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 1000 {
		wg.Go(func() {
			<-start
			out, err := s.Do(ctx, key("a"), "call", func(context.Context) (core.Digest, any, error) {
				done.Add(1)
				return key("out"), nil, nil
			})
			if out != key("out") || err != nil {
				t.Errorf("%s, %v", out, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("the work was done %d times", done.Load())
	}
	if got := fmt.Sprint(outcomes(t, l, key("a"))); got != "[done]" {
		t.Errorf("attempts %s", got)
	}
}

// When the caller that works is cancelled, one that waits takes over rather
// than failing for it.
func TestDoLeaderCancelled(t *testing.T) {
	s, _ := newSteps(t)
	c, cancel := context.WithCancel(ctx)
	working, waiting := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.Do(c, key("a"), "call", func(ctx context.Context) (core.Digest, any, error) {
			close(working)
			<-ctx.Done()
			return "", nil, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the leader: %v", err)
		}
	})
	<-working
	wg.Go(func() {
		close(waiting)
		out, err := s.Do(ctx, key("a"), "call", func(context.Context) (core.Digest, any, error) { return key("out"), nil, nil })
		if out != key("out") || err != nil {
			t.Errorf("the follower: %s, %v", out, err)
		}
	})
	<-waiting
	cancel()
	wg.Wait()
}

// Work that ends well after the context was cancelled is recorded; work that
// gives up leaves an attempt of unknown outcome.
func TestDoCancelled(t *testing.T) {
	s, l := newSteps(t)
	c, cancel := context.WithCancel(ctx)
	out, err := s.Do(c, key("paid"), "call", func(context.Context) (core.Digest, any, error) {
		cancel()
		return key("out"), nil, nil
	})
	if out != key("out") || err != nil {
		t.Errorf("%s, %v", out, err)
	}
	if _, found, _ := l.Done(ctx, key("paid")); !found {
		t.Error("a result that was paid for is lost")
	}
	c, cancel = context.WithCancel(ctx)
	_, err = s.Do(c, key("gave up"), "call", func(ctx context.Context) (core.Digest, any, error) {
		cancel()
		return "", nil, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := fmt.Sprint(outcomes(t, l, key("gave up"))); got != "[unknown]" {
		t.Errorf("attempts %s", got)
	}
	if _, err := s.Do(c, key("never"), "call", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestDoItself(t *testing.T) {
	s, _ := newSteps(t)
	_, err := s.Do(ctx, key("a"), "call", func(ctx context.Context) (core.Digest, any, error) {
		out, err := s.Do(ctx, key("a"), "call", nil)
		return out, nil, err
	})
	if err == nil || !strings.Contains(err.Error(), "its own result") {
		t.Errorf("error %v", err)
	}
}

// A run whose lease was taken over does no work and records nothing.
func TestDoFenced(t *testing.T) {
	now := time.Unix(1e9, 0)
	st := store.Memory(store.Options{Now: func() time.Time { return now }})
	defer st.Close()
	if err := st.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	old, err := st.Acquire(ctx, "r", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s := exec.NewSteps(old)
	_, err = s.Do(ctx, key("late"), "call", func(context.Context) (core.Digest, any, error) {
		now = now.Add(time.Minute)
		if _, err := st.Acquire(ctx, "r", time.Second); err != nil {
			t.Fatal(err)
		}
		return key("out"), nil, nil
	})
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("recording: %v", err)
	}
	if _, found, _ := st.Find(ctx, key("late")); found {
		t.Error("a fenced run recorded a result")
	}
	_, err = s.Do(ctx, key("new"), "call", func(context.Context) (core.Digest, any, error) {
		t.Error("a fenced run worked")
		return key("out"), nil, nil
	})
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("beginning: %v", err)
	}
}

// BenchmarkDo is the cost of a step that does nothing, in memory.
func BenchmarkDo(b *testing.B) {
	s := store.Memory()
	defer s.Close()
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		b.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	steps := exec.NewSteps(l)
	i := 0
	for b.Loop() {
		i++
		k := key(fmt.Sprint(i))
		if _, err := steps.Do(ctx, k, "call", func(context.Context) (core.Digest, any, error) { return k, nil, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
