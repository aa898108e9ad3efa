package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/store"
)

func testRuns(t *testing.T, s *store.Store, clock *Clock) {
	_, err := s.Run(ctx, "x")
	refuses(t, err, store.ErrNotFound, "no runs")
	l := start(t, s, "alpha-1")
	refuses(t, s.CreateRun(ctx, store.Run{ID: "alpha-1"}), store.ErrExists, "alpha-1")
	clock.Advance(time.Second)
	ok(t, s.CreateRun(ctx, store.Run{ID: "alpha-2"}))
	r := must[store.Run](t)(s.Run(ctx, "alpha-1"))
	if r.Seed != 1<<63+7 || r.Recipe != "star" || r.Status != store.Running || r.Holder == nil || r.Summary != nil || r.Policies != nil {
		t.Errorf("run is %+v", r)
	}
	if _, err := s.Run(ctx, "alpha"); err == nil || !strings.Contains(err.Error(), "alpha-1, alpha-2") {
		t.Errorf("an ambiguous name gave %v", err)
	}
	_, err = s.Run(ctx, "beta")
	refuses(t, err, store.ErrNotFound, "alpha-2")
	if r := must[store.Run](t)(s.Run(ctx, "alpha-2")); r.Holder != nil {
		t.Error("a run without a lease has a holder")
	}
	if runs := must[[]store.Run](t)(s.Runs(ctx)); len(runs) != 2 || runs[0].ID != "alpha-2" {
		t.Errorf("runs are not newest first: %+v", runs)
	}
	ok(t, l.SetStatus(ctx, store.Interrupted))
	ok(t, l.SetSummary(ctx, json.RawMessage(`{"a":1}`)))
	if err := l.SetSummary(ctx, json.RawMessage(`{`)); err == nil {
		t.Error("half a document was stored")
	}
	r = must[store.Run](t)(s.Run(ctx, "alpha-1"))
	if r.Status != store.Interrupted || string(r.Summary) != `{"a":1}` || !r.Updated.After(r.Created) {
		t.Errorf("run is %+v", r)
	}
	ok(t, l.End(ctx, store.Done, json.RawMessage(`{"a":2}`)))
	r = must[store.Run](t)(s.Run(ctx, "alpha-1"))
	if r.Status != store.Done || string(r.Summary) != `{"a":2}` || r.Holder != nil {
		t.Errorf("ended run is %+v", r)
	}
}

func testLease(t *testing.T, s *store.Store, clock *Clock) {
	_, err := s.Acquire(ctx, "none", time.Minute)
	refuses(t, err, store.ErrNotFound, "none")
	l := start(t, s, "r")
	_, err = s.Acquire(ctx, "r", time.Minute)
	refuses(t, err, store.ErrHeld, fmt.Sprintf("since %s", clock.Now().Local().Format(time.DateTime)))
	clock.Advance(50 * time.Second)
	ok(t, l.Renew(ctx))
	clock.Advance(50 * time.Second)
	_, err = s.Acquire(ctx, "r", time.Minute)
	refuses(t, err, store.ErrHeld, "process")
	ok(t, l.Release(ctx))
	l2 := must[*store.Lease](t)(s.Acquire(ctx, "r", time.Minute))
	if l2.Fence() <= l.Fence() {
		t.Errorf("fence %d after %d", l2.Fence(), l.Fence())
	}
	clock.Advance(2 * time.Minute)
	// Its time is over, yet nobody took it: the holder goes on.
	ok(t, l2.SetStatus(ctx, store.Running))
	if r := must[store.Run](t)(s.Run(ctx, "r")); r.Holder != nil {
		t.Errorf("holder of a lease that is over: %v", r.Holder)
	}
	must[*store.Lease](t)(s.Acquire(ctx, "r", time.Minute))
	refuses(t, l2.Renew(ctx), store.ErrFenced, "run r")
}

// Work that is no run has a lease of its own: its steps are found, it is in no
// list of runs, and a collection waits for it.
func testWork(t *testing.T, s *store.Store, clock *Clock) {
	l := must[*store.Lease](t)(s.AcquireWork(ctx, "w", time.Minute))
	_, err := s.AcquireWork(ctx, "w", time.Minute)
	refuses(t, err, store.ErrHeld, "*w")
	k := key("step")
	attempt, _, err := l.Begin(ctx, k, "x")
	ok(t, err)
	if attempt != 1 {
		t.Errorf("attempt %d", attempt)
	}
	must[core.Digest](t)(l.Finish(ctx, k, "x", k, nil, 0))
	if step, found, err := s.Find(ctx, k); err != nil || !found || step.Run != "*w" {
		t.Errorf("%+v, %v, %v", step, found, err)
	}
	if runs := must[[]store.Run](t)(s.Runs(ctx)); len(runs) != 0 {
		t.Errorf("runs: %+v", runs)
	}
	_, err = s.GC(ctx, store.GCOptions{})
	refuses(t, err, store.ErrHeld, "*w")
	ok(t, l.Release(ctx))
	must[store.GCReport](t)(s.GC(ctx, store.GCOptions{Keep: func(s store.Step) bool { return s.Run != "*w" }}))
	if _, found, err := s.Find(ctx, k); err != nil || found {
		t.Errorf("found %v, %v", found, err)
	}
	clock.Advance(time.Hour)
	old := must[*store.Lease](t)(s.AcquireWork(ctx, "w", time.Minute))
	clock.Advance(time.Hour)
	must[*store.Lease](t)(s.AcquireWork(ctx, "w", time.Minute))
	_, _, err = old.Begin(ctx, k, "x")
	refuses(t, err, store.ErrFenced, "*w")
}

// A holder whose lease was taken over can write nothing at all.
func testFence(t *testing.T, s *store.Store, clock *Clock) {
	old := start(t, s, "r")
	clock.Advance(time.Hour)
	l := must[*store.Lease](t)(s.Acquire(ctx, "r", time.Minute))
	k := key("step")
	for name, write := range map[string]func() error{
		"Begin":          func() error { _, _, err := old.Begin(ctx, k, "x"); return err },
		"Finish":         func() error { _, err := old.Finish(ctx, k, "x", k, nil, 0); return err },
		"Fail":           func() error { return old.Fail(ctx, k, 1, "x") },
		"Keep":           func() error { return old.Keep(ctx, k, []byte("x"), 0) },
		"Forget":         func() error { return old.Forget(ctx, k) },
		"DropCheckpoint": func() error { return old.DropCheckpoint(ctx, k) },
		"Event":          func() error { _, err := old.Event(ctx, "x", 1); return err },
		"Promote":        func() error { _, err := old.Promote(ctx, store.Promotion{Outcome: core.Promote}); return err },
		"Rollback":       func() error { _, err := old.Rollback(ctx, "x"); return err },
		"SetStatus":      func() error { return old.SetStatus(ctx, store.Done) },
		"SetSummary":     func() error { return old.SetSummary(ctx, json.RawMessage(`1`)) },
		"End":            func() error { return old.End(ctx, store.Done, nil) },
		"Renew":          func() error { return old.Renew(ctx) },
		"Release":        func() error { return old.Release(ctx) },
	} {
		if err := write(); !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s after the takeover: %v", name, err)
		}
	}
	r := must[store.Run](t)(s.Run(ctx, "r"))
	if r.Status != store.Running || r.Summary != nil || r.Policies != nil || r.Holder == nil {
		t.Errorf("the run changed: %+v", r)
	}
	if as := must[[]store.Attempt](t)(s.Attempts(ctx, k)); len(as) != 0 {
		t.Errorf("attempts were recorded: %+v", as)
	}
	if es := must[[]store.Event](t)(s.Events(ctx, "r", 0)); len(es) != 0 {
		t.Errorf("events were recorded: %+v", es)
	}
	ok(t, l.SetStatus(ctx, store.Done))
}

func testCheckpoints(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	k := key("train")
	if state, _, err := l.Kept(ctx, k); state != nil || err != nil {
		t.Fatalf("kept %v, %v at first", state, err)
	}
	for i := range 3 {
		ok(t, l.Keep(ctx, k, fmt.Appendf(nil, "state %d", i), float64(i)))
	}
	ok(t, l.Keep(ctx, key("train 2"), []byte("state 2"), 9)) // equal content, another step
	state, progress, err := l.Kept(ctx, k)
	if string(state) != "state 2" || progress != 2 || err != nil {
		t.Errorf("kept %q, %v, %v", state, progress, err)
	}
	cs := must[[]store.Checkpoint](t)(s.Checkpoints(ctx))
	if len(cs) != 2 || cs[0].Size != 7 {
		t.Errorf("checkpoints: %+v", cs)
	}
	if _, err := l.Finish(ctx, k, "train", key("weights"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if state, _, err := l.Kept(ctx, k); state != nil || err != nil {
		t.Errorf("kept %q, %v of a finished step", state, err)
	}
	if state, _, err := l.Kept(ctx, key("train 2")); string(state) != "state 2" || err != nil {
		t.Errorf("the other step's is %q, %v", state, err)
	}
	ok(t, l.DropCheckpoint(ctx, key("train 2")))
	if cs := must[[]store.Checkpoint](t)(s.Checkpoints(ctx)); len(cs) != 0 {
		t.Errorf("checkpoints at the end: %+v", cs)
	}
}

func testPromotions(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	policies := func(v string) map[string]core.Policy {
		return map[string]core.Policy{"solver": {core.PartWeights: key(v)}}
	}
	add := func(arm, v, outcome string) {
		t.Helper()
		must[int64](t)(l.Promote(ctx, store.Promotion{
			Arm: arm, Version: key(v), Policies: policies(v), Outcome: outcome, Verdict: json.RawMessage(`{"p_value":0.5}`)}))
	}
	inForce := func(v string) {
		t.Helper()
		if r := must[store.Run](t)(s.Run(ctx, "r")); r.Policies["solver"][core.PartWeights] != key(v) {
			t.Errorf("in force is %v, want %s", r.Policies, key(v))
		}
	}
	add("", "base", store.OutcomeBase)
	inForce("base")
	add("", "v1", core.Promote)
	add("labelled", "c1", core.Promote) // a control is never served
	add("", "v2", core.Reject)
	add("", "v3", core.NotProven)
	inForce("v1")
	_, err := l.Rollback(ctx, string(key("v2"))) // never in force
	refuses(t, err, store.ErrNotFound, "no version")
	_, err = l.Rollback(ctx, "")
	refuses(t, err, store.ErrNotFound, "no version")
	if _, err := l.Rollback(ctx, string(key("v1"))); err == nil {
		t.Error("rolled back to what is in force")
	}
	p := must[store.Promotion](t)(l.Rollback(ctx, key("base").Short()))
	if p.Outcome != store.OutcomeRollback || p.Parent != key("v1") || p.Version != key("base") || p.Seq != 6 {
		t.Errorf("the rollback is %+v", p)
	}
	inForce("base")
	ps := must[[]store.Promotion](t)(s.Promotions(ctx, "r"))
	if len(ps) != 6 || ps[2].Arm != "labelled" || ps[3].Outcome != core.Reject || string(ps[4].Verdict) != `{"p_value":0.5}` ||
		ps[1].Policies["solver"][core.PartWeights] != key("v1") {
		t.Errorf("history: %+v", ps)
	}
	must[store.Promotion](t)(l.Rollback(ctx, key("v1").Short())) // and forward again
	inForce("v1")
}
