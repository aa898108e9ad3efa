package pawl

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/recipe"
	"pawl/store"
)

// billed is a provider of a model that costs a millidollar and ten tokens an answer.
type billed struct {
	payer core.Payer
	sends atomic.Int64
}

func (m *billed) Resolve(_ context.Context, arg, _ string) (core.ModelName, error) {
	return core.ModelName{Kind: "sim", Client: "test", Name: arg}, nil
}

func (m *billed) Dialect(core.ModelName) string { return "chat" }

func (m *billed) Actor(_ context.Context, name core.ModelName, seat string, _ core.Options) (core.Actor, error) {
	return billedActor{m, name, seat}, nil
}

type billedActor struct {
	*billed
	name core.ModelName
	seat string
}

func (a billedActor) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	cost := func(n int) core.Usage {
		return core.Usage{Calls: 1, CompletionTokens: 10 * int64(n), MicroUSD: 1000 * int64(n)}
	}
	c := core.Purchase{Lane: "nowhere " + a.name.Name, Ceiling: cost(r.N), Record: core.CallRecord{Seat: a.seat}}
	for i := range r.N {
		c.Keys = append(c.Keys, r.Key(a.name.Name, i))
	}
	bought, err := a.payer.Pay(ctx, c, func(_ context.Context, want []int) (core.Sent, error) {
		a.sends.Add(1)
		sent := core.Sent{Usage: cost(len(want))}
		for _, i := range want {
			sent.Results = append(sent.Results, core.SentResult{Content: fmt.Appendf(nil, "%d", r.First+i)})
		}
		return sent, nil
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]core.Node, len(bought))
	for i, b := range bought {
		nodes[i] = core.Node{Actor: a.seat, Role: "assistant", Content: string(b.Content)}
	}
	return nodes, nil
}

// withBilled opens a store in dir where sim:NAME is billed.
func withBilled(t *testing.T, dir string) (*Pawl, *billed) {
	t.Helper()
	p, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	m := &billed{payer: p.payer}
	p.models.providers["sim"] = m
	return p, m
}

// A run stops at the budget of its recipe, before the call that could exceed it, and
// goes on under a larger one without paying for anything twice.
func TestRunStopsAtItsBudget(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p, m := withBilled(t, dir)
	sim, err := ParseModel("sim:billed")
	if err != nil {
		t.Fatal(err)
	}
	o := RunOptions{Recipe: "cli/testdata/tiny.yaml", Model: sim, Set: map[string]string{"budget.usd": "0.05"}}
	r, err := p.Run(ctx, o)
	if !errors.Is(err, loop.ErrBudget) {
		t.Fatalf("the run ends with %v", err)
	}
	check := func(id string, most int64) {
		t.Helper()
		sum, err := p.Store().Spent(ctx, id)
		if err != nil || sum.Settled.MicroUSD > most || sum.Settled.MicroUSD <= most-4000 || sum.Open != 0 || sum.Unknown != 0 {
			t.Errorf("spent %+v of %d, %v", sum, most, err)
		}
		if got := m.sends.Load() * 4000; got != sum.Settled.MicroUSD {
			t.Errorf("sent for %d, recorded %d", got, sum.Settled.MicroUSD)
		}
	}
	check(r.Run.ID, 50_000)
	o.Set["budget.usd"] = "0.09"
	again, err := p.Run(ctx, o)
	if !errors.Is(err, loop.ErrBudget) || again.Run.ID != r.Run.ID {
		t.Fatalf("run %s again: %s, %v", r.Run.ID, again.Run.ID, err)
	}
	check(r.Run.ID, 90_000)
	o.Set = map[string]string{"budget.tokens": "1000"}
	if _, err = p.Run(ctx, o); !errors.Is(err, loop.ErrBudget) {
		t.Errorf("tokens: %v", err)
	}
}

// Calls on nobody's behalf are paid for by a till of the process; two processes on one
// store have one each.
func TestTills(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for i := 1; i <= 2; i++ {
		p, m := withBilled(t, dir)
		actor, err := m.Actor(ctx, core.ModelName{Name: "m"}, "solver", core.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := actor.Act(ctx, core.Request{N: i}); err != nil {
			t.Fatal(err)
		}
		sum, err := p.Store().Spent(ctx, fmt.Sprintf("*calls-%d", i))
		if err != nil || sum.Settled.MicroUSD != 1000 || m.sends.Load() != 1 {
			t.Errorf("process %d spent %+v, %v", i, sum, err)
		}
		if i == 2 { // a till that is lost is replaced
			p.till.accounts.stop()
			if _, err := actor.Act(ctx, core.Request{N: 3}); err != nil {
				t.Error(err)
			}
			if sum, err := p.Store().Spent(ctx, "*calls-3"); err != nil || sum.Settled.MicroUSD != 1000 {
				t.Errorf("the next till spent %+v, %v", sum, err)
			}
		}
	}
}

// A gateway's keys have a budget each; the work is one process's.
func TestAccounts(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p, m := withBilled(t, dir)
	a, err := p.Accounts(ctx, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Accounts(ctx, "serve"); !errors.Is(err, store.ErrHeld) {
		t.Errorf("a second gateway: %v", err)
	}
	actor, err := m.Actor(ctx, core.ModelName{Name: "m"}, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key  string
		usd  float64
		seed uint64
		want error
	}{
		{"alice", 0.002, 1, nil}, {"alice", 0.002, 2, nil}, {"alice", 0.002, 3, core.ErrSpent},
		{"bob", 0, 3, nil}, {"alice", 0.002, 3, nil}, {"alice", 0.003, 4, nil}, // what bob bought costs nobody anything
	} {
		acc, err := a.Of(ctx, c.key, recipe.Budget{USD: c.usd})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := actor.Act(exec.OnAccount(ctx, acc), core.Request{N: 1, Seed: c.seed}); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if b, err := p.Accounts(ctx, "serve"); err != nil {
		t.Error(err)
	} else if err := b.Close(); err != nil {
		t.Error(err)
	}
}
