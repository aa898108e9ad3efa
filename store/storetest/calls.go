package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pawl/core"
	"pawl/store"
)

func usage(calls int, prompt, completion, usd int64) core.Usage {
	return core.Usage{Calls: calls, PromptTokens: prompt, CompletionTokens: completion, MicroUSD: usd}
}

// settled is what brings contents under keys, evenly priced at one call of 10
// tokens each.
func settled(keys []core.Key, contents ...string) core.Settlement {
	s := core.Settlement{Usage: usage(len(contents), 0, 10*int64(len(contents)), 0)}
	for i, c := range contents {
		s.Keys = append(s.Keys, keys[i])
		s.Bought = append(s.Bought, core.Bought{Content: []byte(c), Usage: usage(1, 0, 10, 0)})
	}
	return s
}

func testCalls(t *testing.T, s *store.Store, clock *Clock) {
	l := start(t, s, "r")
	keys := []core.Key{key("a"), key("b"), key("c")}
	if found := must[map[core.Key]core.Bought](t)(s.Bought(ctx, keys)); len(found) != 0 {
		t.Fatalf("%d alternatives before any was bought", len(found))
	}
	began := clock.Now()
	n := must[int64](t)(l.Intend(ctx, "r", "at model", keys[:2], usage(1, 5, 100, 70)))
	want := []store.CallAttempt{{ID: n, Scope: "r", Lane: "at model", Keys: keys[:2], At: began, Outcome: store.OutcomeUnknown, Usage: usage(1, 5, 100, 70)}}
	if d := cmp.Diff(want, must[[]store.CallAttempt](t)(s.CallAttempts(ctx, "r"))); d != "" || n < 1 {
		t.Errorf("at work as attempt %d: %s", n, d)
	}
	clock.Advance(time.Second)
	large := strings.Repeat("large ", store.InlineSize)
	beaten := must[[]core.Key](t)(l.Settle(ctx, n, settled(keys, "", large)))
	if len(beaten) != 0 {
		t.Errorf("beaten to %v", beaten)
	}
	for range 2 { // the first caller may do with its copy as it likes
		found := must[map[core.Key]core.Bought](t)(l.Bought(ctx, keys))
		if len(found) != 2 || len(found[keys[0]].Content) != 0 || string(found[keys[1]].Content) != large ||
			!found[keys[1]].Reused || found[keys[1]].Usage != usage(1, 0, 10, 0) {
			t.Fatalf("found %d alternatives, of %d bytes", len(found), len(found[keys[1]].Content))
		}
		clear(found[keys[1]].Content)
	}
	want[0].Outcome, want[0].Ended, want[0].Usage = store.OutcomeDone, clock.Now(), usage(2, 0, 20, 0)
	if d := cmp.Diff(want, must[[]store.CallAttempt](t)(s.CallAttempts(ctx, ""))); d != "" {
		t.Errorf("done: %s", d)
	}
	// What was bought is not intended again, in whole or in part.
	if n := must[int64](t)(l.Intend(ctx, "r", "at model", keys, usage(1, 0, 0, 0))); n != 0 {
		t.Errorf("an attempt at what was bought is %d", n)
	}
	_, err := l.Settle(ctx, n, core.Settlement{})
	refuses(t, err, store.ErrExists, "ended before")
	_, err = l.Settle(ctx, n+1000, core.Settlement{})
	refuses(t, err, store.ErrNotFound, fmt.Sprint(n+1000))
	if _, err := l.Intend(ctx, "r", "at model", []core.Key{"no digest"}, core.Usage{}); err == nil {
		t.Error("a key that is no digest was intended")
	}
	if _, err := s.Bought(ctx, []core.Key{"no digest"}); err == nil {
		t.Error("a key that is no digest was looked up")
	}
}

// The first result of a key stands; the loser is told.
func testCallsRace(t *testing.T, s *store.Store, _ *Clock) {
	one, two := start(t, s, "one"), start(t, s, "two")
	keys := []core.Key{key("a"), key("b")}
	n := must[int64](t)(one.Intend(ctx, "one", "lane", keys, core.Usage{}))
	m := must[int64](t)(two.Intend(ctx, "two", "lane", keys, core.Usage{}))
	must[[]core.Key](t)(one.Settle(ctx, n, settled(keys, "first")))
	beaten := must[[]core.Key](t)(two.Settle(ctx, m, settled(keys, "second", "other")))
	if d := cmp.Diff(keys[:1], beaten); d != "" {
		t.Error(d)
	}
	found := must[map[core.Key]core.Bought](t)(s.Bought(ctx, keys))
	if string(found[keys[0]].Content) != "first" || string(found[keys[1]].Content) != "other" {
		t.Errorf("in force: %v", found)
	}
	if got := must[core.Spending](t)(s.Spent(ctx, "two")).Settled; got != usage(2, 0, 20, 0) {
		t.Errorf("the loser paid %+v", got)
	}
}

// What is reserved is exchanged for what it cost; unknown outcomes stay priced.
func testSpending(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	ceiling := usage(1, 10, 100, 50)
	check := func(scope string, want core.Spending) {
		t.Helper()
		if d := cmp.Diff(want, must[core.Spending](t)(s.Spent(ctx, scope))); d != "" {
			t.Errorf("%s: %s", scope, d)
		}
	}
	check("alice", core.Spending{})
	done := must[int64](t)(l.Intend(ctx, "alice", "lane", []core.Key{key("a")}, ceiling))
	failed := must[int64](t)(l.Intend(ctx, "alice", "lane", []core.Key{key("b")}, ceiling))
	unknown := must[int64](t)(l.Intend(ctx, "alice", "lane", []core.Key{key("c")}, ceiling))
	must[int64](t)(l.Intend(ctx, "alice", "lane", []core.Key{key("d")}, ceiling)) // killed
	must[int64](t)(l.Intend(ctx, "bob", "lane", []core.Key{key("d")}, ceiling))
	check("alice", core.Spending{Reserved: usage(4, 40, 400, 200), Attempts: 4, Open: 4})
	must[[]core.Key](t)(l.Settle(ctx, done, settled([]core.Key{key("a")}, "x")))
	must[[]core.Key](t)(l.Settle(ctx, failed, core.Settlement{Cause: "429"}))
	must[[]core.Key](t)(l.Settle(ctx, unknown, core.Settlement{Usage: ceiling, Unknown: true, Cause: "reset"}))
	check("alice", core.Spending{Settled: usage(2, 10, 110, 50), Reserved: ceiling, Attempts: 4, Unknown: 1, Open: 1})
	check("bob", core.Spending{Reserved: ceiling, Attempts: 1, Open: 1})
	var outcomes []string
	for _, a := range must[[]store.CallAttempt](t)(s.CallAttempts(ctx, "alice")) {
		outcomes = append(outcomes, fmt.Sprintf("%s %v %s", a.Outcome, a.Open(), a.Cause))
	}
	want := []string{"done false ", "failed false 429", "unknown false reset", "unknown true "}
	if d := cmp.Diff(want, outcomes); d != "" {
		t.Error(d)
	}
}

// Who lost the lease neither intends nor settles; what it sent stays of unknown
// outcome.
func testCallsFenced(t *testing.T, s *store.Store, clock *Clock) {
	old := start(t, s, "r")
	keys := []core.Key{key("a")}
	n := must[int64](t)(old.Intend(ctx, "r", "lane", keys, usage(1, 1, 1, 1)))
	clock.Advance(time.Hour)
	next := must[*store.Lease](t)(s.Acquire(ctx, "r", time.Minute))
	_, err := old.Intend(ctx, "r", "lane", keys, usage(1, 1, 1, 1))
	refuses(t, err, store.ErrFenced, "recording the intent")
	_, err = old.Settle(ctx, n, settled(keys, "late"))
	refuses(t, err, store.ErrFenced, "recording the outcome")
	if found := must[map[core.Key]core.Bought](t)(next.Bought(ctx, keys)); len(found) != 0 {
		t.Error("a fenced writer stored a result")
	}
	want := core.Spending{Reserved: usage(1, 1, 1, 1), Attempts: 1, Open: 1}
	if d := cmp.Diff(want, must[core.Spending](t)(next.Spent(ctx, "r"))); d != "" {
		t.Error(d)
	}
}

// What a scope bought before a time can be forgotten; what it cost stays.
func testCallsForget(t *testing.T, s *store.Store, clock *Clock) {
	l := start(t, s, "r")
	keys := []core.Key{key("a"), key("b"), key("c")}
	for i, scope := range []string{"alice", "bob", "alice"} {
		n := must[int64](t)(l.Intend(ctx, scope, "lane", keys[i:i+1], core.Usage{}))
		must[[]core.Key](t)(l.Settle(ctx, n, settled(keys[i:], "x")))
		clock.Advance(time.Hour)
	}
	if n := must[int](t)(l.ForgetCalls(ctx, "alice", clock.Now().Add(-90*time.Minute))); n != 1 {
		t.Errorf("%d forgotten", n)
	}
	found := must[map[core.Key]core.Bought](t)(s.Bought(ctx, keys))
	if _, there := found[keys[0]]; there || len(found) != 2 {
		t.Errorf("left: %v", found)
	}
	if got := must[core.Spending](t)(s.Spent(ctx, "alice")).Settled; got != usage(2, 0, 20, 0) {
		t.Errorf("alice spent %+v", got)
	}
	n := must[int64](t)(l.Intend(ctx, "bob", "lane", keys[:1], core.Usage{}))
	must[[]core.Key](t)(l.Settle(ctx, n, settled(keys, "again")))
	if got := must[map[core.Key]core.Bought](t)(s.Bought(ctx, keys))[keys[0]]; string(got.Content) != "again" {
		t.Errorf("bought again: %+v", got)
	}
}

// A collection keeps what was paid for, and what it names.
func testCallsGC(t *testing.T, s *store.Store, _ *Clock) {
	l := start(t, s, "r")
	named := must[core.Digest](t)(s.Put(ctx, []byte("named by a call")))
	garbage := must[core.Digest](t)(s.Put(ctx, []byte("named by nothing")))
	large := bytes.Repeat([]byte("paid "), store.InlineSize)
	keys := []core.Key{key("a"), key("b")}
	n := must[int64](t)(l.Intend(ctx, "r", "lane", keys, core.Usage{}))
	must[[]core.Key](t)(l.Settle(ctx, n, settled(keys, fmt.Sprintf(`{"image":"%s"}`, named), string(large))))
	ok(t, l.Release(ctx))
	report := must[store.GCReport](t)(s.GC(ctx, store.GCOptions{}))
	if report.Dropped.Blobs != 1 || report.Kept.Blobs != 2 {
		t.Errorf("kept %+v, dropped %+v", report.Kept, report.Dropped)
	}
	if b := must[map[core.Key]core.Bought](t)(s.Bought(ctx, keys)); !bytes.Equal(b[keys[1]].Content, large) {
		t.Error("what was paid for is gone")
	}
	must[[]byte](t)(s.Get(ctx, named))
	if _, err := s.Get(ctx, garbage); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("garbage: %v", err)
	}
}
