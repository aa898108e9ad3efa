// Package storetest is the contract of a store as tests, for every
// implementation to pass.
package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pawl/core"
	"pawl/store"
)

// Clock is a clock that tests set.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock starts at a fixed moment.
func NewClock() *Clock { return &Clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Run tests the stores that open makes, each empty and on the given clock.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) *store.Store) {
	for name, f := range map[string]func(*testing.T, *store.Store, *Clock){
		"blobs":       testBlobs,
		"steps":       testSteps,
		"runs":        testRuns,
		"lease":       testLease,
		"fence":       testFence,
		"work":        testWork,
		"checkpoints": testCheckpoints,
		"events":      testEvents,
		"promotions":  testPromotions,
		"calls":       testCalls,
		"race":        testCallsRace,
		"spending":    testSpending,
		"fencedcalls": testCallsFenced,
		"gc":          testGC,
		"gccalls":     testCallsGC,
		"forgetcalls": testCallsForget,
		"concurrent":  testConcurrent,
		"cancelled":   testCancelled,
		"closed":      testClosed,
	} {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			s := open(t, clock.Now)
			f(t, s, clock)
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
}

var ctx = context.Background()

func key(name string) core.Key { return core.Sum([]byte(name)) }

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func first[A, B any](a A, _ B, err error) (A, error) { return a, err }

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refuses wants an error that is target and names what.
func refuses(t *testing.T, err, target error, what string) {
	t.Helper()
	if !errors.Is(err, target) || !strings.Contains(err.Error(), what) {
		t.Errorf("error %v, want %q and %q in it", err, target, what)
	}
}

func start(t *testing.T, s *store.Store, run string) *store.Lease {
	t.Helper()
	ok(t, s.CreateRun(ctx, store.Run{ID: run, Recipe: "star", Seed: 1<<63 + 7}))
	return must[*store.Lease](t)(s.Acquire(ctx, run, time.Minute))
}

func testBlobs(t *testing.T, s *store.Store, _ *Clock) {
	for _, size := range []int{0, 1, store.InlineSize, store.InlineSize + 1, 1 << 20} {
		content := bytes.Repeat([]byte("ratchet"), size/7+1)[:size]
		d := must[core.Digest](t)(s.Put(ctx, content))
		if d != core.Sum(content) {
			t.Errorf("%d bytes got the digest %s", size, d)
		}
		if again := must[core.Digest](t)(s.Put(ctx, content)); again != d {
			t.Errorf("%d bytes got another digest the second time", size)
		}
		if has := must[bool](t)(s.Has(ctx, d)); !has {
			t.Errorf("%d bytes are not there", size)
		}
		got := must[[]byte](t)(s.Get(ctx, d))
		if got == nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes came back as %d", size, len(got))
		}
		clear(got) // the caller's own copy
		if again := must[[]byte](t)(s.Get(ctx, d)); !bytes.Equal(again, content) {
			t.Errorf("%d bytes changed when a caller changed its copy", size)
		}
	}
	if has := must[bool](t)(s.Has(ctx, key("absent"))); has {
		t.Error("absent content is there")
	}
	_, err := s.Get(ctx, key("absent"))
	refuses(t, err, store.ErrNotFound, string(key("absent")))
	if _, err := s.Get(ctx, "abc"); err == nil {
		t.Error("a name that is no digest was read")
	}
}

func testSteps(t *testing.T, s *store.Store, clock *Clock) {
	l := start(t, s, "r")
	k := key("step")
	if _, found, err := s.Find(ctx, k); found || err != nil {
		t.Fatalf("found %v, %v before it was done", found, err)
	}
	n, _, err := l.Begin(ctx, k, "sample")
	if n != 1 || err != nil {
		t.Fatalf("first attempt is %d, %v", n, err)
	}
	if as := must[[]store.Attempt](t)(s.Attempts(ctx, k)); len(as) != 1 || as[0].Outcome != store.OutcomeUnknown {
		t.Errorf("attempts after Begin: %+v", as)
	}
	if as := must[[]store.Attempt](t)(s.Unknown(ctx, "r")); len(as) != 1 || as[0].Key != k || as[0].N != 1 {
		t.Errorf("unknown outcomes after Begin: %+v", as)
	}
	ok(t, l.Fail(ctx, k, n, "no luck"))
	if as := must[[]store.Attempt](t)(s.Unknown(ctx, "r")); len(as) != 0 {
		t.Errorf("unknown outcomes after Fail: %+v", as)
	}
	if _, found, _ := s.Find(ctx, k); found {
		t.Error("a failure made the step finished")
	}
	n, _, err = l.Begin(ctx, k, "sample")
	if n != 2 || err != nil {
		t.Fatalf("second attempt is %d, %v", n, err)
	}
	clock.Advance(3 * time.Second)
	out, err := l.Finish(ctx, k, "sample", key("out"), json.RawMessage(`{"tokens":5}`), 3*time.Second)
	if out != key("out") || err != nil {
		t.Fatalf("finishing gave %s, %v", out, err)
	}
	st, found, err := s.Find(ctx, k)
	if !found || err != nil || st.Output != key("out") || st.Kind != "sample" || st.Run != "r" || string(st.Stats) != `{"tokens":5}` ||
		st.Seconds != 3 || !st.Started.Equal(clock.Now().Add(-3*time.Second)) || st.Key != k {
		t.Errorf("found %v %+v, %v", found, st, err)
	}
	as := must[[]store.Attempt](t)(s.Attempts(ctx, k))
	if len(as) != 2 || as[0].Outcome != store.OutcomeFailed || as[0].Cause != "no luck" || as[1].Outcome != store.OutcomeDone {
		t.Errorf("attempts at the end: %+v", as)
	}
	for range 3 { // killed twice, then done
		must[int](t)(first(l.Begin(ctx, key("killed"), "sample")))
	}
	must[core.Digest](t)(l.Finish(ctx, key("killed"), "sample", key("out"), nil, 0))
	if as := must[[]store.Attempt](t)(s.Unknown(ctx, "r")); len(as) != 2 || as[1].N != 2 || as[1].Outcome != store.OutcomeUnknown {
		t.Errorf("unknown outcomes of killed attempts: %+v", as)
	}
	// The first result stands, and there is nothing left to begin.
	if out, err := l.Finish(ctx, k, "sample", key("other"), nil, 0); out != key("out") || err != nil {
		t.Errorf("a second result gave %s, %v", out, err)
	}
	if n, done, err := l.Begin(ctx, k, "sample"); n != 0 || done != key("out") || err != nil {
		t.Errorf("beginning a finished step gave attempt %d, %s, %v", n, done, err)
	}
	if _, err := l.Finish(ctx, key("empty"), "sample", "", nil, 0); err == nil {
		t.Error("an empty result was recorded")
	}
	if _, _, err := l.Begin(ctx, "not a digest", "sample"); err == nil {
		t.Error("a key that is no digest was begun")
	}
	ok(t, l.Forget(ctx, key("killed")))
	if n, _, err := l.Begin(ctx, key("killed"), "sample"); n != 4 || err != nil {
		t.Errorf("a forgotten step begins with attempt %d, %v", n, err)
	}
	if steps := must[[]store.Step](t)(s.Steps(ctx, "r")); len(steps) != 1 {
		t.Errorf("%d steps of the run", len(steps))
	}
	if steps := must[[]store.Step](t)(s.Steps(ctx, "other")); len(steps) != 0 {
		t.Errorf("%d steps of another run", len(steps))
	}
}

func testEvents(t *testing.T, s *store.Store, _ *Clock) {
	l, other := start(t, s, "r"), start(t, s, "other")
	for i := range 3 {
		if seq := must[int64](t)(l.Event(ctx, "round", map[string]int{"round": i + 1})); seq != int64(i+1) {
			t.Errorf("event %d has number %d", i+1, seq)
		}
	}
	if seq := must[int64](t)(other.Event(ctx, "round", nil)); seq != 1 {
		t.Errorf("the other run begins at %d", seq)
	}
	es := must[[]store.Event](t)(s.Events(ctx, "r", 1))
	if len(es) != 2 || es[0].Seq != 2 || string(es[1].Data) != `{"round":3}` || es[1].Kind != "round" || es[1].Run != "r" {
		t.Errorf("events after the first: %+v", es)
	}
	if _, err := l.Event(ctx, "bad", func() {}); err == nil {
		t.Error("a function was stored as JSON")
	}
	if es := must[[]store.Event](t)(s.Events(ctx, "r", 99)); len(es) != 0 {
		t.Errorf("events after the last: %+v", es)
	}
}

func testGC(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	big := func(name string) []byte { return append(bytes.Repeat([]byte{1}, store.InlineSize), name...) }
	put := func(b []byte) core.Digest { t.Helper(); return must[core.Digest](t)(s.Put(ctx, b)) }
	weights, orphan, orphanBig := put(big("weights")), put([]byte("orphan")), put(big("orphan"))
	doc := put(fmt.Appendf(nil, `{"solver":{"weights":"%s"}}`, weights)) // a step's output that names content
	oldOut := put([]byte("old output"))
	served := put(big("served"))
	extra := put([]byte("extra"))
	for k, out := range map[string]core.Digest{"new": doc, "old": oldOut} {
		if _, err := l.Finish(ctx, key(k), k, out, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	must[int64](t)(l.Promote(ctx, store.Promotion{Outcome: store.OutcomeBase, Policies: map[string]core.Policy{"solver": {"weights": served}}}))
	ok(t, l.Keep(ctx, key("running"), big("state"), 1))
	_, err := s.GC(ctx, store.GCOptions{})
	refuses(t, err, store.ErrHeld, "run r")
	ok(t, l.Release(ctx))

	o := store.GCOptions{DryRun: true, Keep: func(s store.Step) bool { return s.Kind == "new" }, Roots: []core.Digest{extra}}
	dry := must[store.GCReport](t)(s.GC(ctx, o))
	if dry.Dropped.Blobs != 3 || dry.Kept.Blobs != 4 || dry.Steps != 1 || dry.Checkpoints.Blobs != 0 || dry.Dropped.Bytes == 0 {
		t.Errorf("dry run: %+v", dry)
	}
	if !must[bool](t)(s.Has(ctx, orphan)) {
		t.Error("a dry run dropped content")
	}
	o.DryRun = false
	wet := must[store.GCReport](t)(s.GC(ctx, o))
	dry.DryRun = false
	if fmt.Sprint(wet) != fmt.Sprint(dry) {
		t.Errorf("the dry run said %+v, the collection %+v", dry, wet)
	}
	for d, want := range map[core.Digest]bool{weights: true, doc: true, served: true, extra: true, orphan: false, orphanBig: false, oldOut: false} {
		if has := must[bool](t)(s.Has(ctx, d)); has != want {
			t.Errorf("content %s is there: %v, want %v", d.Short(), has, want)
		}
	}
	if _, found, _ := s.Find(ctx, key("old")); found {
		t.Error("a step whose output is gone still counts as finished")
	}
	l = must[*store.Lease](t)(s.Acquire(ctx, "r", time.Minute))
	if state, _, err := l.Kept(ctx, key("running")); !bytes.Equal(state, big("state")) || err != nil {
		t.Errorf("the checkpoint is gone: %v", err)
	}
}

// Many callers of one store: nothing is lost, and numbers have no gaps.
func testConcurrent(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	var wg sync.WaitGroup
	for c := range 16 {
		wg.Go(func() {
			for i := range 10 {
				k := key(fmt.Sprint(c, i))
				if _, _, err := l.Begin(ctx, k, "call"); err != nil {
					t.Error(err)
				}
				out, err := s.Put(ctx, fmt.Append(nil, c, i))
				if err != nil {
					t.Error(err)
				}
				if _, err := l.Finish(ctx, k, "call", out, nil, 0); err != nil {
					t.Error(err)
				}
				if st, found, err := s.Find(ctx, k); !found || st.Output != out || err != nil {
					t.Errorf("its own result: %v, %v, %v", found, st, err)
				}
				if _, err := l.Event(ctx, "done", i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if steps := must[[]store.Step](t)(s.Steps(ctx, "r")); len(steps) != 160 {
		t.Errorf("%d steps of 160", len(steps))
	}
	for i, e := range must[[]store.Event](t)(s.Events(ctx, "r", 0)) {
		if e.Seq != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
	}
}

func testCancelled(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := l.Begin(gone, key("x"), "call"); !errors.Is(err, context.Canceled) {
		t.Errorf("beginning under a cancelled context: %v", err)
	}
	if _, err := s.Put(gone, bytes.Repeat([]byte("y"), 1<<16)); !errors.Is(err, context.Canceled) {
		t.Errorf("storing under a cancelled context: %v", err)
	}
	if as := must[[]store.Attempt](t)(s.Attempts(ctx, key("x"))); len(as) != 0 {
		t.Errorf("attempts were recorded: %+v", as)
	}
}

func testClosed(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	ok(t, s.Close())
	if err := l.SetStatus(ctx, store.Done); !errors.Is(err, store.ErrClosed) {
		t.Errorf("writing to a closed store: %v", err)
	}
	if _, _, err := s.Find(ctx, key("x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("reading a closed store: %v", err)
	}
	if _, err := s.Runs(ctx); !errors.Is(err, store.ErrClosed) {
		t.Errorf("listing a closed store: %v", err)
	}
}
