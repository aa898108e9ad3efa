package sampler

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

// guessing is a host whose solver makes the given guesses, play by play and
// turn by turn, at the environment of coretest.
func guessing(a core.Actor) *coretest.Host {
	h := coretest.NewHost(a)
	h.Actors["board"] = coretest.Guess{}
	return h
}

// byTurn answers with line[k][turn] in play k.
func byTurn(lines ...[]string) *coretest.Scripted {
	return &coretest.Scripted{Tokens: true, Reply: func(r core.Request, k int) (string, error) {
		turn := 0
		for _, n := range r.Path {
			if n.Actor == "solver" {
				turn++
			}
		}
		return lines[k%len(lines)][turn], nil
	}}
}

func guess(id, answer string) core.Task { return coretest.Task(id, "1 to 9", answer) }

func player(t *testing.T, h *coretest.Host, c Play) core.Sampler {
	t.Helper()
	c.Env, c.Seat.Seat = "board", "solver"
	c.Turns, c.N = max(c.Turns, 1), max(c.N, 1)
	s, err := newPlay(t.Context(), h, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlay(t *testing.T) {
	a := byTurn([]string{"5", "8", "7"}, []string{"7"})
	s := player(t, guessing(a), Play{N: 2, Turns: 4})
	ep, err := s.Sample(t.Context(), core.Call{Seed: 3}, guess("a", "7"))
	if err != nil {
		t.Fatal(err)
	}
	leaves := ep.Leaves()
	if len(leaves) != 2 || ep.Answer != 0 {
		t.Fatalf("leaves %v, answer %d", leaves, ep.Answer)
	}
	// The play that ended first stands first; what was sampled is the leaf.
	for i, want := range []struct {
		said []string
		ret  float64
	}{{[]string{"1 to 9", "7"}, 5}, {[]string{"1 to 9", "5", "higher", "8", "lower", "7"}, 3}} {
		var said []string
		for _, n := range ep.PathNodes(leaves[i]) {
			said = append(said, n.Content)
		}
		o, ok := core.OutcomeOf(*ep.Node(leaves[i]))
		if !slices.Equal(said, want.said) || !ok || !o.Done || o.Return != want.ret || ep.Node(leaves[i]).Actor != "solver" {
			t.Errorf("play %d: %q, %+v", i, said, o)
		}
	}
	if ep.Usage.Calls != 4 || ep.Usage.CompletionTokens != 8 {
		t.Errorf("usage %+v", ep.Usage)
	}
	seeds := map[uint64]int{}
	for _, r := range a.Requests() {
		if r.Hidden != nil {
			t.Error("the solver is shown the hidden side")
		}
		seeds[r.Seed]++
	}
	if len(seeds) != 3 || seeds[3] != 2 {
		t.Errorf("turns draw from seeds %v", seeds)
	}
}

func TestPlayRunsOutOfTurns(t *testing.T) {
	s := player(t, guessing(byTurn([]string{"1", "2", "3", "4"})), Play{Turns: 2})
	ep, err := s.Sample(t.Context(), core.Call{}, guess("a", "7"))
	if err != nil {
		t.Fatal(err)
	}
	leaf := ep.Leaves()[0]
	o, ok := core.OutcomeOf(*ep.Node(leaf))
	if ep.Node(leaf).Content != "2" || ep.Answer != leaf || !ok || o.Done || o.Text != "higher" {
		t.Errorf("the play ends at %+v, answer %d", *ep.Node(leaf), ep.Answer)
	}
}

// More plays keep those that there were, and a batch is the same as one by one.
func TestPlaysAreTheirOwn(t *testing.T) {
	lines := [][]string{{"5", "6", "7"}, {"7", "8", "9"}, {"x"}, {"9", "7", "5"}}
	tasks := []core.Task{guess("a", "7"), guess("b", "6"), guess("c", "9")}
	calls := []core.Call{{Seed: 1}, {Seed: 2}, {Seed: 3}}
	single := player(t, guessing(byTurn(lines...)), Play{N: 4, Turns: 3})
	batch := &coretest.Batch{Scripted: byTurn(lines...)}
	many := player(t, guessing(batch), Play{N: 4, Turns: 3}).(core.BatchSampler)
	if _, ok := single.(core.BatchSampler); ok {
		t.Error("it claims to batch with a solver that does not")
	}
	eps, err := many.SampleBatch(t.Context(), calls, tasks)
	if err != nil {
		t.Fatal(err)
	}
	if batch.Calls != 3 {
		t.Errorf("3 turns of 12 plays took %d batches", batch.Calls)
	}
	for i, task := range tasks {
		ep, err := single.Sample(t.Context(), calls[i], task)
		if err != nil || !bytes.Equal(core.AppendEpisode(nil, ep), core.AppendEpisode(nil, eps[i])) {
			t.Errorf("task %s: another episode in a batch (%v)", task.ID, err)
		}
		few, err := player(t, guessing(byTurn(lines...)), Play{N: 2, Turns: 3}).Sample(t.Context(), calls[i], task)
		if err != nil {
			t.Fatal(err)
		}
		paths := func(ep *core.Episode) map[string]bool {
			all := map[string]bool{}
			for _, leaf := range ep.Leaves() {
				path := ""
				for _, n := range ep.PathNodes(leaf) {
					path += n.Content + "/"
				}
				all[path] = true
			}
			return all
		}
		whole := paths(ep)
		for p := range paths(few) {
			if !whole[p] {
				t.Errorf("task %s: %s is not among four plays", task.ID, p)
			}
		}
	}
}

// opening speaks before the first move, or ends the play there.
type opening struct {
	coretest.Guess
	over bool
}

func (o opening) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	nodes, err := o.Guess.Act(ctx, r)
	if len(r.Path) == 1 {
		nodes[0].Content = "your turn"
		nodes[0].Data = core.Outcome{Done: o.over, Reason: "nothing to guess"}.Raw()
	}
	return nodes, err
}

func TestPlayOpens(t *testing.T) {
	h := guessing(byTurn([]string{"7"}, []string{"8"}))
	h.Actors["board"] = opening{}
	ep, err := player(t, h, Play{N: 2, Turns: 1}).Sample(t.Context(), core.Call{}, guess("a", "7"))
	if err != nil {
		t.Fatal(err)
	}
	if len(ep.Nodes) != 4 || ep.Node(2).Content != "your turn" || ep.Node(3).Parent != 2 || ep.Node(4).Parent != 2 {
		t.Errorf("the nodes are %+v", ep.Nodes)
	}
	h.Actors["board"] = opening{over: true}
	if _, err := player(t, h, Play{}).Sample(t.Context(), core.Call{}, guess("a", "7")); err == nil || !strings.Contains(err.Error(), "nothing to guess") {
		t.Errorf("a play without moves: %v", err)
	}
}

func TestPlayNeedsAnEnvironment(t *testing.T) {
	h := guessing(byTurn([]string{"7"}))
	h.Actors["board"] = byTurn([]string{"7"})
	if _, err := newPlay(t.Context(), h, Play{Env: "board", N: 1, Turns: 1, Seat: Seat{Seat: "solver"}}); err == nil || !strings.Contains(err.Error(), "no environment") {
		t.Errorf("a model as environment: %v", err)
	}
	if _, err := newPlay(t.Context(), h, Play{Env: "absent", N: 1, Turns: 1, Seat: Seat{Seat: "solver"}}); err == nil {
		t.Error("nobody plays the environment")
	}
}

// lenient plays two turns of any task.
type lenient struct{}

func (lenient) Environment() {}

func (lenient) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	moves := 0
	for _, n := range r.Path {
		if n.Actor == "solver" {
			moves++
		}
	}
	return []core.Node{{Role: core.RoleUser, Content: strings.Repeat("on", moves), Data: core.Outcome{Done: moves == 2}.Raw()}}, ctx.Err()
}
