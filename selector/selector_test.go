package selector

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func solution(id, prompt, text string) core.Task {
	t := coretest.Task(id, prompt, "")
	t.Reference = coretest.Reference(core.Reference{Answer: "1", Solution: text})
	return t
}

// labelled is a host with a task set "labelled" of two worked solutions, which
// builds the selectors of this package.
func labelled(h *coretest.Host) *coretest.Host {
	h.Sets = map[string]core.TaskSource{
		"labelled": coretest.TaskList{solution("l1", "1", "one"), solution("l2", "2", "two")},
		"bare":     coretest.TaskList{coretest.Task("x", "3", "7")},
	}
	h.Builder = func(ctx context.Context, h core.Host, s core.Spec) (any, error) {
		switch c := s.Config.(type) {
		case Filter:
			return newFilter(ctx, h, c)
		case First:
			return newFirst(ctx, h, c)
		case Demonstrations:
			return newDemonstrations(ctx, h, c)
		case Mix:
			return newMix(ctx, h, c)
		}
		return nil, fmt.Errorf("no selector of %T", s.Config)
	}
	return h
}

func spec(name string, config any) core.Spec {
	return core.Spec{Kind: core.KindSelector, Name: name, Config: config}
}

func demos() *core.Spec {
	s := spec("demonstrations", Demonstrations{Tasks: "labelled"})
	return &s
}

func TestSelectorsConform(t *testing.T) {
	filterSpec := spec("filter", Filter{By: "majority_vote", AtLeast: 0.5})
	for name, make := range map[string]func(h *coretest.Host) (core.Selector, error){
		"filter": func(h *coretest.Host) (core.Selector, error) {
			return newFilter(t.Context(), h, Filter{By: "majority_vote", AtLeast: 0.25, Limits: Limits{PerTask: 2}})
		},
		"first": func(h *coretest.Host) (core.Selector, error) {
			return newFirst(t.Context(), h, First{Limits{PerTask: 2, Distinct: true}})
		},
		"longest": func(h *coretest.Host) (core.Selector, error) {
			return newLongest(t.Context(), h, Longest{Within: 1, Limits: Limits{PerTask: 2}})
		},
		"pairs": func(h *coretest.Host) (core.Selector, error) {
			return newPairs(t.Context(), h, Pairs{By: "oracle", Limits: Limits{PerTask: 3}})
		},
		"demonstrations of a set": func(h *coretest.Host) (core.Selector, error) {
			return newDemonstrations(t.Context(), labelled(h), Demonstrations{Tasks: "labelled"})
		},
		"demonstrations of the sampled": func(h *coretest.Host) (core.Selector, error) {
			return newDemonstrations(t.Context(), h, Demonstrations{})
		},
		"mix": func(h *coretest.Host) (core.Selector, error) {
			return newMix(t.Context(), labelled(h), Mix{New: filterSpec, Anchors: demos()})
		},
		"mix by shares": func(h *coretest.Host) (core.Selector, error) {
			return newMix(t.Context(), labelled(h), Mix{New: filterSpec, Anchors: demos(), Share: 0.5})
		},
		"remembering mix": func(h *coretest.Host) (core.Selector, error) {
			return newMix(t.Context(), labelled(h), Mix{New: filterSpec, Keep: -1})
		},
	} {
		t.Run(name, func(t *testing.T) { coretest.Selector(t, make) })
	}
	coretest.Selector(t, func(h *coretest.Host) (core.Selector, error) {
		return newSteps(t.Context(), h, Steps{By: "step_values"})
	}, stepped())
}

func take(t *testing.T, s core.Selector, eps ...*core.Episode) []string {
	t.Helper()
	out, err := s.Select(t.Context(), coretest.Episodes(eps...))
	if err != nil {
		t.Fatal(err)
	}
	exs, err := coretest.Collect(out)
	if err != nil {
		t.Fatal(err)
	}
	return coretest.Texts(exs)
}

func TestFilter(t *testing.T) {
	a := coretest.Scored(coretest.Episode(coretest.Task("a", "q", ""), "x y", "x  y\n", "z", "w"), "vote", 0.5, 0.5, 0.9, 0.4)
	a.Scores = append(a.Scores, core.Score{By: "other", Nodes: []core.Ref{5}, Value: 1})
	b := coretest.Scored(coretest.Episode(coretest.Task("b", "q", ""), "u", "v"), "vote", 1, 1)
	b.Scores[0].Abstain = true
	b.Append(core.Node{Parent: b.Root(), Actor: "critic", Role: core.RoleAssistant, Content: "hm"})
	b.Scores = append(b.Scores, core.Score{By: "vote", Nodes: []core.Ref{4}, Value: 1})
	unjudged := coretest.Episode(coretest.Task("c", "q", ""), "s")
	for _, c := range []struct {
		cfg  Filter
		want []string
	}{
		{Filter{AtLeast: 0.5}, []string{"a: z", "a: x y", "a: x  y\n", "b: v"}},
		{Filter{AtLeast: 0.5, Limits: Limits{Distinct: true}}, []string{"a: z", "a: x y", "b: v"}},
		{Filter{AtLeast: 0.5, Limits: Limits{PerTask: 1}}, []string{"a: z", "b: v"}},
		{Filter{AtLeast: 0.95}, []string{"b: v"}},
		{Filter{AtLeast: 0.5, Limits: Limits{Seat: "critic"}}, []string{"b: hm"}},
		{Filter{By: "other", AtLeast: 0.5}, []string{"a: w"}},
		{Filter{By: "nobody", AtLeast: 0}, nil},
	} {
		if c.cfg.By == "" {
			c.cfg.By = "vote"
		}
		s, err := newFilter(t.Context(), nil, c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := take(t, s, a, b, unjudged); !slices.Equal(got, c.want) {
			t.Errorf("%+v keeps %q, want %q", c.cfg, got, c.want)
		}
	}
	if _, err := newFilter(t.Context(), nil, Filter{}); err == nil {
		t.Error("a filter by nothing is accepted")
	}
}

func TestFirst(t *testing.T) {
	ep := coretest.Scored(coretest.Episode(coretest.Task("a", "q", ""), "x", "x", "y", "z"), "oracle", 0, 0, 0, 1)
	for _, c := range []struct {
		limits Limits
		want   []string
	}{
		{Limits{}, []string{"a: x", "a: x", "a: y", "a: z"}},
		{Limits{PerTask: 3}, []string{"a: x", "a: x", "a: y"}},
		{Limits{PerTask: 2, Distinct: true}, []string{"a: x", "a: y"}},
	} {
		s, _ := newFirst(t.Context(), nil, First{c.limits})
		if got := take(t, s, ep); !slices.Equal(got, c.want) {
			t.Errorf("%+v takes %q, want %q", c.limits, got, c.want)
		}
	}
}

func TestDemonstrations(t *testing.T) {
	h := labelled(coretest.NewHost(nil))
	ep := coretest.Episode(solution("s", "q", "worked"), "an attempt")
	s, err := newDemonstrations(t.Context(), h, Demonstrations{Tasks: "labelled"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := take(t, s, ep), []string{"l1: one", "l2: two"}; !slices.Equal(got, want) {
		t.Errorf("of a set: %q, want %q", got, want)
	}
	s, _ = newDemonstrations(t.Context(), h, Demonstrations{})
	if got, want := take(t, s, ep), []string{"s: worked"}; !slices.Equal(got, want) {
		t.Errorf("of the sampled: %q, want %q", got, want)
	}
	if _, err := newDemonstrations(t.Context(), h, Demonstrations{Tasks: "nowhere"}); err == nil {
		t.Error("an unknown set is accepted")
	}
	s, err = newDemonstrations(t.Context(), h, Demonstrations{Tasks: "bare"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Select(t.Context(), coretest.Episodes(ep))
	if err == nil {
		_, err = coretest.Collect(out)
	}
	if err == nil {
		t.Error("a task without a worked solution demonstrates something")
	}
}

// TestMixRemembers plays three rounds, each on a component of its own.
func TestMixRemembers(t *testing.T) {
	for _, c := range []struct {
		keep int
		want []string // of the third round
	}{
		{0, []string{"l1: one", "l2: two", "r3: c"}},
		{1, []string{"l1: one", "l2: two", "r2: b", "r3: c"}},
		{-1, []string{"l1: one", "l2: two", "r1: a", "r1: aa", "r2: b", "r3: c"}},
	} {
		var state []byte
		var got []string
		for round, texts := range [][]string{{"a", "aa"}, {"b"}, {"c"}} {
			s, err := newMix(t.Context(), labelled(coretest.NewHost(nil)), Mix{New: spec("first", First{}), Anchors: demos(), Keep: c.keep})
			if err != nil {
				t.Fatal(err)
			}
			remembers, ok := s.(core.Stateful)
			if ok != (c.keep != 0) {
				t.Fatalf("keep %d: remembers %v", c.keep, ok)
			}
			if ok {
				if err := remembers.Restore(state); err != nil {
					t.Fatal(err)
				}
			}
			got = take(t, s, coretest.Episode(coretest.Task(fmt.Sprintf("r%d", round+1), "q", "1"), texts...))
			if ok {
				if state, err = remembers.State(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("keep %d: %q, want %q", c.keep, got, c.want)
		}
	}
}

// TestMixShares mixes two anchors, what three rounds kept, and new examples.
func TestMixShares(t *testing.T) {
	anchors, earlier := []string{"l1: one", "l2: two"}, []string{"r1: a", "r1: aa", "r2: b"}
	for _, c := range []struct {
		share float64
		fresh []string
		want  []string
	}{
		// 5 others and 2 new: half needs 5 new, so both twice and the first once more.
		{0.5, []string{"c", "d"}, append(slices.Concat(anchors, earlier), "r3: c", "r3: d", "r3: c", "r3: d", "r3: c")},
		// A fifth of 10 is 2, with 8 others: the first three come again.
		{0.2, []string{"c", "d"}, append(slices.Concat(anchors, earlier, anchors, earlier[:1]), "r3: c", "r3: d")},
		// 2 of 7 is what there is.
		{2.0 / 7, []string{"c", "d"}, append(slices.Concat(anchors, earlier), "r3: c", "r3: d")},
		{0.5, nil, slices.Concat(anchors, earlier)},
	} {
		s, err := newMix(t.Context(), labelled(coretest.NewHost(nil)), Mix{New: spec("first", First{}), Anchors: demos(), Keep: -1, Share: c.share})
		if err != nil {
			t.Fatal(err)
		}
		for round, texts := range [][]string{{"a", "aa"}, {"b"}, c.fresh} {
			got := take(t, s, coretest.Episode(coretest.Task(fmt.Sprintf("r%d", round+1), "q", "1"), texts...))
			if round == 2 && !slices.Equal(got, c.want) {
				t.Errorf("share %.3g of %q: %q, want %q", c.share, c.fresh, got, c.want)
			}
			state, err := s.(core.Stateful).State()
			if err == nil {
				err = s.(core.Stateful).Restore(state)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Without anything else all are new, whatever the share.
func TestMixSharesNothing(t *testing.T) {
	s, err := newMix(t.Context(), labelled(coretest.NewHost(nil)), Mix{New: spec("first", First{}), Share: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if got := take(t, s, coretest.Episode(coretest.Task("t", "q", "1"), "a", "b")); !slices.Equal(got, []string{"t: a", "t: b"}) {
		t.Errorf("%q", got)
	}
	failing := func(yield func(*core.Example, error) bool) { yield(nil, errNoInput) }
	if _, err := balanced(0.5, chain(), failing); err == nil {
		t.Error("a source that fails is mixed")
	}
	if _, err := balanced(0.5, failing, chain()); err == nil {
		t.Error("a source that fails is mixed")
	}
}

func TestMixRemembersWhatTrainingNeeds(t *testing.T) {
	h := labelled(coretest.NewHost(nil))
	build := func() *rememberingMix {
		s, err := newMix(t.Context(), h, Mix{New: spec("first", First{Limits{PerTask: 2}}), Keep: -1})
		if err != nil {
			t.Fatal(err)
		}
		return s.(*rememberingMix)
	}
	m := build()
	task := coretest.Task("t", "q", "secret")
	task.Prompt = append([]core.Node{{Role: core.RoleSystem, Content: "s"}}, task.Prompt...)
	ep := coretest.Episode(task, "one", "two", "three")
	take(t, m, ep)
	take(t, m, ep) // selecting again must not remember twice
	state, err := m.State()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(state, []byte("secret")) || bytes.Contains(state, []byte("three")) {
		t.Error("the state holds references or attempts not selected")
	}
	next := build()
	if err := next.Restore(state); err != nil {
		t.Fatal(err)
	}
	if len(next.earlier) != 1 || len(next.earlier[0]) != 2 {
		t.Fatalf("remembered: %d rounds", len(next.earlier))
	}
	for i, ex := range next.earlier[0] {
		path, was := ex.Episode.PathNodes(ex.Leaves[0]), ep.PathNodes(ep.Leaves()[i])
		if len(path) != len(was) || ex.Labels[0] != 1 {
			t.Fatalf("example %d has a path of %d nodes, labels %v", i, len(path), ex.Labels)
		}
		for j := range path {
			if path[j].Content != was[j].Content || !slices.Equal(path[j].TokenIDs, was[j].TokenIDs) || path[j].Role != was[j].Role {
				t.Errorf("node %d of example %d is %+v, was %+v", j, i, path[j], was[j])
			}
		}
	}
	if err := next.Restore([]byte{200, 1, 1}); err == nil {
		t.Error("a damaged state is restored")
	}
}

func TestMixRefuses(t *testing.T) {
	h := labelled(coretest.NewHost(nil))
	inner := Mix{New: spec("first", First{}), Keep: 1}
	for _, c := range []Mix{{New: spec("nothing", nil)}, {New: spec("first", First{}), Anchors: &core.Spec{Name: "nothing"}}, {New: spec("mix", inner)}} {
		if _, err := newMix(t.Context(), h, c); err == nil {
			t.Errorf("%+v makes a mix", c)
		}
	}
}
