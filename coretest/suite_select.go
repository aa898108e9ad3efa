package coretest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"

	"pawl/core"
)

// Selector checks a selector on the given judged episodes, or on the suite's
// own, which are scored by "oracle" and "majority_vote".
func Selector(t T, build func(h *Host) (core.Selector, error), eps ...*core.Episode) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	if len(eps) == 0 {
		for i, ep := range episodes() {
			ep.Task.Reference = Reference(core.Reference{Answer: "2", Solution: "#### 2"})
			if len(ep.Leaves()) > 0 {
				Scored(ep, "oracle", 1, 1, 0, float64(i%2), 0)
				Scored(ep, "majority_vote", 0.5, 0.5, 0, 0.25, 0)
			}
			eps = append(eps, ep)
		}
	}
	before := packedAll(eps)
	s := made(t, NewHost(echo()), build)
	out, err := s.Select(ctx, Episodes(eps...))
	if err != nil {
		t.Fatalf("selecting: %v", err)
	}
	read := func(in core.Examples) []byte {
		exs, err := Collect(in)
		if err != nil {
			t.Errorf("reading examples: %v", err)
		}
		for _, ex := range exs {
			checkExample(t, ex)
		}
		return core.AppendExamples(nil, exs)
	}
	once := read(out)
	for range out { // stopping early must leave nothing behind
		break
	}
	if !bytes.Equal(once, read(out)) {
		t.Errorf("reading the examples again gives others")
	}
	again, err := made(t, NewHost(echo()), build).Select(ctx, Episodes(eps...))
	if err != nil || !bytes.Equal(once, read(again)) {
		t.Errorf("a second selector gives other examples (%v)", err)
	}
	if !bytes.Equal(before, packedAll(eps)) {
		t.Errorf("the episodes are changed")
	}
	// Both ways of failing may show when selecting or when reading. A selector
	// that reads no episodes has no failure to pass on.
	reads := false
	probe := func(yield func(*core.Episode, error) bool) {
		reads = true
		for _, ep := range eps {
			if !yield(ep, nil) {
				return
			}
		}
	}
	if out, err := made(t, NewHost(echo()), build).Select(ctx, probe); err == nil {
		_, _ = Collect(out)
	}
	failed := func(in core.Examples, err error) error {
		if err == nil {
			_, err = Collect(in)
		}
		return err
	}
	if err := failed(made(t, NewHost(echo()), build).Select(ctx, failing(eps...))); reads && !errors.Is(err, errPlanned) {
		t.Errorf("a failing source ends in %v", err)
	}
	if err := failed(made(t, NewHost(echo()), build).Select(cancelled(t), Episodes(eps...))); err == nil {
		t.Errorf("a cancelled context is ignored")
	}
	if reads {
		calm(t, "a nil source", func() {
			if err := failed(made(t, NewHost(echo()), build).Select(ctx, nil)); err == nil {
				t.Errorf("a nil source is accepted")
			}
		})
	}
	if remembers, ok := s.(core.Stateful); ok {
		checkState(t, remembers, made(t, NewHost(echo()), build).(core.Stateful))
	}
}

func checkExample(t T, ex *core.Example) {
	t.Helper()
	if ex == nil || ex.Episode == nil || len(ex.Leaves) == 0 {
		t.Fatalf("an example without episode or leaves")
	}
	if len(ex.Labels) != len(ex.Leaves) {
		t.Errorf("task %s: %d labels for %d leaves", ex.Episode.Task.ID, len(ex.Labels), len(ex.Leaves))
	}
	for _, leaf := range ex.Leaves {
		if leaf < 1 || int(leaf) > len(ex.Episode.Nodes) {
			t.Errorf("task %s: leaf %d is outside the episode", ex.Episode.Task.ID, leaf)
		}
	}
	for _, l := range ex.Labels {
		if !finite(l) {
			t.Errorf("task %s: label %v", ex.Episode.Task.ID, l)
		}
	}
}

// checkState moves the state of one component into another.
func checkState(t T, from, to core.Stateful) {
	t.Helper()
	state, err := from.State()
	if err != nil {
		t.Fatalf("taking the state: %v", err)
	}
	if twice, err := from.State(); err != nil || !bytes.Equal(state, twice) {
		t.Errorf("taking the state twice gives two states (%v)", err)
	}
	if err := to.Restore(state); err != nil {
		t.Fatalf("restoring: %v", err)
	}
	if back, err := to.State(); err != nil || !bytes.Equal(state, back) {
		t.Errorf("the restored state differs (%v)", err)
	}
	calm(t, "a damaged state", func() {
		if len(state) > 0 {
			if err := to.Restore(state[:len(state)-1]); err == nil {
				t.Errorf("a state that is cut off is restored")
			}
		}
	})
	if err := to.Restore(nil); err != nil {
		t.Errorf("the first state, nil, is refused: %v", err)
	}
}

// Optimizer checks an optimizer: what build needs for training (a trainer, an
// encoder) it puts into the host.
func Optimizer(t T, build func(h *Host) (core.Optimizer, error), p core.Policy, exs []*core.Example) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	before, was := maps.Clone(p), core.AppendExamples(nil, exs)
	one, err := made(t, NewHost(echo()), build).Optimize(ctx, p, Examples(exs...))
	if err != nil {
		t.Fatalf("optimizing: %v", err)
	}
	two, err := made(t, NewHost(echo()), build).Optimize(ctx, p, Examples(exs...))
	if err != nil || !maps.Equal(one, two) {
		t.Errorf("the same examples give two policies: %v, %v (%v)", one, two, err)
	}
	if !maps.Equal(p, before) || !bytes.Equal(was, core.AppendExamples(nil, exs)) {
		t.Errorf("the policy or the examples given are changed")
	}
	if _, err := made(t, NewHost(echo()), build).Optimize(cancelled(t), p, Examples(exs...)); err == nil {
		t.Errorf("a cancelled context is ignored")
	}
	calm(t, "no examples", func() {
		if _, err := made(t, NewHost(echo()), build).Optimize(ctx, p, Examples()); err == nil {
			t.Errorf("a policy comes out of no examples")
		}
	})
	broken := func(yield func(*core.Example, error) bool) { yield(nil, errPlanned) }
	if _, err := made(t, NewHost(echo()), build).Optimize(ctx, p, broken); !errors.Is(err, errPlanned) {
		t.Errorf("a failing source ends in %v", err)
	}
}

// Examples makes a re-iterable source.
func Examples(exs ...*core.Example) core.Examples {
	return func(yield func(*core.Example, error) bool) {
		for _, ex := range exs {
			if !yield(ex, nil) {
				return
			}
		}
	}
}

// Gate checks a gate on figures whose verdict no gate can doubt.
func Gate(t T, build func(h *Host) (core.Gate, error)) {
	t.Helper()
	ctx := t.Context()
	g := made(t, NewHost(echo()), build)
	items := func(n int, incumbent, candidate func(i int) float64) []core.Evidence {
		out := make([]core.Evidence, n)
		for i := range out {
			out[i] = core.Evidence{ID: fmt.Sprintf("t%d", i), Incumbent: incumbent(i), Candidate: candidate(i), Baseline: incumbent(i)}
		}
		return out
	}
	none, every := func(int) float64 { return 0 }, func(int) float64 { return 1 }
	half := func(i int) float64 { return float64(i % 2) }
	for _, c := range []struct {
		what    string
		items   []core.Evidence
		promote bool
	}{
		{"a candidate that is right where the incumbent was wrong", items(400, none, every), true},
		{"a candidate that is wrong where the incumbent was right", items(400, every, none), false},
		{"a candidate that is the incumbent's equal", items(400, half, half), false},
		{"a single task", items(1, none, every), false},
	} {
		trial := core.Trial{Attempt: 1, Items: c.items}
		before := append([]core.Evidence{}, c.items...)
		v, err := g.Decide(ctx, trial)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if (v.Outcome == core.Promote) != c.promote {
			t.Errorf("%s: %s (%s)", c.what, v.Outcome, v.Reason)
		}
		if v.Outcome != core.Promote && v.Outcome != core.Reject && v.Outcome != core.NotProven {
			t.Errorf("%s: no outcome is named %q", c.what, v.Outcome)
		}
		if v.N != len(c.items) || v.Reason == "" || !(v.Low <= v.Difference && v.Difference <= v.High) {
			t.Errorf("%s: the verdict's figures do not hold together: %+v", c.what, v)
		}
		if again, err := g.Decide(ctx, trial); err != nil || again != v {
			t.Errorf("%s: the second verdict is %+v (%v), not %+v", c.what, again, err, v)
		}
		for i := range before {
			if before[i] != c.items[i] {
				t.Fatalf("%s: the evidence is changed", c.what)
			}
		}
	}
	if _, err := g.Decide(cancelled(t), core.Trial{Attempt: 1, Items: items(10, none, every)}); err == nil {
		t.Errorf("a cancelled context is ignored")
	}
	calm(t, "a trial without evidence", func() {
		if v, err := g.Decide(ctx, core.Trial{Attempt: 1}); err == nil && v.Outcome == core.Promote {
			t.Errorf("no evidence promotes")
		}
	})
}
