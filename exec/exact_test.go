package exec_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/exec"
)

// fate is what becomes of an attempt.
type fate struct {
	kind string
	cost core.Usage
}

var genFate = rapid.Custom(func(t *rapid.T) fate {
	return fate{
		kind: rapid.SampledFrom([]string{"all", "all", "some", "flawed", "fails", "again", "slow", "reset", "odd", "panic", "cancelled"}).Draw(t, "kind"),
		cost: core.Usage{Calls: 1, PromptTokens: rapid.Int64Range(0, 9).Draw(t, "in"), CompletionTokens: rapid.Int64Range(0, 90).Draw(t, "out"), MicroUSD: rapid.Int64Range(0, 1000).Draw(t, "usd")},
	}
})

// Whatever attempts come to, and however many callers ask for the same: what callers
// are told, what the ledger says and what the account holds is what the server billed,
// unknown outcomes at their most; and no key is kept twice.
func TestAccountsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, s := newPayer(t, exec.PayerOptions{})
		l, err := s.AcquireWork(ctx, "w", 1<<40)
		if err != nil {
			rt.Fatal(err)
		}
		a, err := exec.NewAccount(ctx, l, "exact", exec.Cap{})
		if err != nil {
			rt.Fatal(err)
		}
		orders := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 11), 1, 5), 1, 8).Draw(rt, "orders")
		fates := rapid.SliceOfN(genFate, 60, 60).Draw(rt, "fates")
		var mu sync.Mutex
		var billed, told core.Usage
		unknown, kept, next := 0, map[int]int{}, 0
		var wg sync.WaitGroup
		for _, order := range orders {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(exec.OnAccount(ctx, a))
				defer cancel()
				ctx = core.WithCalls(ctx, func(c core.CallRecord) {
					mu.Lock()
					defer mu.Unlock()
					told.Add(c.Usage)
				})
				var names []string
				for _, n := range order {
					names = append(names, fmt.Sprint("exact ", n))
				}
				_, _ = p.Pay(ctx, purchase(names...), func(_ context.Context, want []int) (core.Sent, error) {
					mu.Lock()
					f := fates[next%len(fates)]
					next++
					switch f.kind {
					case "reset", "odd", "panic":
						unknown++
						billed.Add(ceiling)
					default:
						billed.Add(f.cost)
					}
					mu.Unlock()
					switch f.kind {
					case "fails", "again", "slow":
						return core.Sent{}, &core.SendError{Err: errors.New(f.kind), Usage: f.cost, Again: f.kind != "fails", Slow: f.kind == "slow"}
					case "reset":
						return core.Sent{}, &core.SendError{Err: errors.New(f.kind), Unknown: true, Again: true}
					case "odd":
						return core.Sent{}, errors.New(f.kind)
					case "panic":
						panic(f.kind)
					case "cancelled":
						cancel()
						return core.Sent{}, &core.SendError{Err: ctx.Err(), Usage: f.cost}
					}
					sent := answers(f.cost, want)
					if f.kind == "some" {
						sent.Results = sent.Results[:1]
					}
					if f.kind == "flawed" {
						sent.Results[0].Flawed = "it is"
					}
					mu.Lock()
					defer mu.Unlock()
					for i, r := range sent.Results {
						if r.Flawed == "" {
							kept[order[want[i]]]++
						}
					}
					return sent, nil
				})
			})
		}
		wg.Wait()
		sum, err := s.Spent(ctx, "exact")
		if err != nil || sum.Settled != billed || sum.Unknown != int64(unknown) || sum.Open != 0 || sum.Attempts != int64(next) {
			rt.Errorf("billed %+v in %d attempts, %d unknown; the ledger says %+v, %v", billed, next, unknown, sum, err)
		}
		if spent, held := a.Spent(); spent != billed || held != (core.Usage{}) || told != billed {
			rt.Errorf("billed %+v, the account says %+v and %+v, callers were told %+v", billed, spent, held, told)
		}
		for n, times := range kept {
			if times != 1 {
				rt.Errorf("alternative %d was bought %d times", n, times)
			}
		}
	})
}
