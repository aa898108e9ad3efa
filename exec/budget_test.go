package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

// capped is the account of run r, with a cap, on a store in memory.
func capped(t testing.TB, c exec.Cap) (*exec.Account, *store.Store) {
	t.Helper()
	s := store.Memory()
	t.Cleanup(func() { _ = s.Close() })
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return account(t, l, c), s
}

// Row 36 and I11: a thousand callers at the cap at once never exceed it, whatever
// calls turn out to cost, and use all of it that they can.
func TestBudgetRace(t *testing.T) {
	const most = 100_000
	a, s := capped(t, exec.Cap{MicroUSD: most})
	p := exec.NewPayer(exec.PayerOptions{Limits: exec.Limits{Start: 1000}})
	var wg sync.WaitGroup
	var spent, peak, refused, begun atomic.Int64
	for i := range 1000 {
		wg.Go(func() {
			_, err := p.Pay(exec.OnAccount(ctx, a), purchase(fmt.Sprint(i)), func(_ context.Context, want []int) (core.Sent, error) {
				begun.Add(1)
				used, held := a.Spent()
				for now := used.MicroUSD + held.MicroUSD; ; {
					if was := peak.Load(); now <= was || peak.CompareAndSwap(was, now) {
						break
					}
				}
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				cost := core.Usage{Calls: 1, MicroUSD: rand.Int64N(ceiling.MicroUSD + 1)}
				spent.Add(cost.MicroUSD)
				return answers(cost, want), nil
			})
			if errors.Is(err, core.ErrSpent) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sum := spending(t, s)
	t.Logf("row 36: 1,000 parallel callers at a cap of $%.4f: %d sent, %d refused, $%.4f spent, $%.4f reserved and spent at most, overspend $%.4f",
		most/1e6, begun.Load(), refused.Load(), float64(spent.Load())/1e6, float64(peak.Load())/1e6, float64(max(0, peak.Load()-most))/1e6)
	if peak.Load() > most || spent.Load() > most || spent.Load() <= most-ceiling.MicroUSD {
		t.Errorf("spent %d, at most %d with what was reserved, of %d", spent.Load(), peak.Load(), most)
	}
	if begun.Load()+refused.Load() != 1000 || sum.Settled.MicroUSD != spent.Load() || sum.Open != 0 {
		t.Errorf("sent %d, refused %d, recorded %+v", begun.Load(), refused.Load(), sum)
	}
}

// The same as a property: any costs up to any ceilings, any caps in dollars and
// tokens, any number of callers.
func TestBudgetHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := exec.Cap{MicroUSD: rapid.Int64Range(0, 5000).Draw(rt, "usd"), Tokens: rapid.Int64Range(0, 500).Draw(rt, "tokens")}
		a, s := capped(t, c)
		p := exec.NewPayer(exec.PayerOptions{})
		most := rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 30).Draw(rt, "ceilings")
		parts := rapid.Float64Range(0, 1).Draw(rt, "part")
		var wg sync.WaitGroup
		for i, m := range most {
			wg.Go(func() {
				o := purchase(fmt.Sprint(i))
				o.Ceiling = core.Usage{MicroUSD: m, CompletionTokens: m / 10}
				_, err := p.Pay(exec.OnAccount(ctx, a), o, func(_ context.Context, want []int) (core.Sent, error) {
					part := int64(float64(m) * parts)
					return answers(core.Usage{MicroUSD: part, CompletionTokens: part / 10}, want), nil
				})
				if err != nil && !errors.Is(err, core.ErrSpent) {
					rt.Error(err)
				}
			})
		}
		wg.Wait()
		sum := spending(t, s)
		if c.MicroUSD > 0 && sum.Settled.MicroUSD > c.MicroUSD || c.Tokens > 0 && sum.Settled.Tokens() > c.Tokens || sum.Open != 0 {
			rt.Errorf("spent %+v of %+v", sum, c)
		}
	})
}

// A budget ends what it is part of only after the calls under way have ended.
func TestBudgetWaits(t *testing.T) {
	a, _ := capped(t, exec.Cap{MicroUSD: 1500})
	p := exec.NewPayer(exec.PayerOptions{})
	ctx := exec.OnAccount(ctx, a)
	sending, end := make(chan struct{}), make(chan int64)
	var wg sync.WaitGroup
	for _, cost := range []int64{500, 501} { // the next call fits after the first only
		wg.Go(func() {
			_, err := p.Pay(ctx, purchase(fmt.Sprint("first", cost)), func(_ context.Context, want []int) (core.Sent, error) {
				sending <- struct{}{}
				return answers(core.Usage{MicroUSD: <-end}, want), nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-sending
		waiting := make(chan error)
		go func() {
			_, err := p.Pay(ctx, purchase(fmt.Sprint("second", cost)), func(_ context.Context, want []int) (core.Sent, error) {
				return answers(core.Usage{}, want), nil
			})
			waiting <- err
		}()
		select {
		case err := <-waiting:
			t.Errorf("it does not wait: %v", err)
		case end <- cost:
		}
		if err := <-waiting; (cost == 500) != (err == nil) || err != nil && !errors.Is(err, core.ErrSpent) {
			t.Errorf("after a call for %d: %v", cost, err)
		}
		wg.Wait()
		a.SetCap(exec.Cap{MicroUSD: 2000})
	}
	c, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := p.Pay(c, purchase("third"), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// An account within another spends from both; the error says which bound it is.
func TestBudgetWithin(t *testing.T) {
	a, s := capped(t, exec.Cap{MicroUSD: 2500})
	p := exec.NewPayer(exec.PayerOptions{})
	for i, c := range []struct {
		in   *exec.Account
		want string
	}{
		{a.Within(exec.Cap{Tokens: 99}), "0 tokens are spent, the next call may take 100, and 99 are allowed"},
		{a.Within(exec.Cap{Tokens: 100}), ""},
		{a.Within(exec.Cap{}), ""},
		{a.Within(exec.Cap{MicroUSD: 5000}), "$0.002000 are spent, the next call may cost $0.001000, and $0.002500 are allowed"},
	} {
		_, err := p.Pay(exec.OnAccount(ctx, c.in), purchase(fmt.Sprint(i)), func(_ context.Context, want []int) (core.Sent, error) {
			return answers(ceiling, want), nil
		})
		if c.want == "" {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.Is(err, core.ErrSpent) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if got := spending(t, s).Settled.MicroUSD; got != 2000 {
		t.Errorf("spent %d", got)
	}
}

// What an account spent before, in a process that was killed too, is spent.
func TestBudgetResumes(t *testing.T) {
	a, s := capped(t, exec.Cap{})
	p := exec.NewPayer(exec.PayerOptions{})
	if _, err := p.Pay(exec.OnAccount(ctx, a), purchase("a"), func(_ context.Context, want []int) (core.Sent, error) {
		return answers(core.Usage{MicroUSD: 600}, want), nil
	}); err != nil {
		t.Fatal(err)
	}
	l, err := s.AcquireWork(ctx, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Intend(ctx, "r", "at model", []core.Key{key("killed")}, ceiling); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int64{2599, 2600} {
		fits, sends := most == 2600, 0
		a := account(t, l, exec.Cap{MicroUSD: most})
		_, err := p.Pay(exec.OnAccount(ctx, a), purchase("next"), failing(&sends))
		if fits != (err == nil) || (sends == 1) != fits {
			t.Errorf("a cap of %d: %v", most, err)
		}
	}
}

// A purse of the context holds beside the account, and a budget in dollars takes no
// call without a price.
func TestBudgetBeside(t *testing.T) {
	a, s := capped(t, exec.Cap{Tokens: 1000})
	p := exec.NewPayer(exec.PayerOptions{})
	ctx := exec.OnAccount(ctx, a)
	purse := &limited{left: 150}
	for i, want := range []error{nil, core.ErrSpent, nil} {
		o := purchase(fmt.Sprint(i))
		o.Unpriced = true
		_, err := p.Pay(core.WithPurse(ctx, purse), o, func(_ context.Context, want []int) (core.Sent, error) {
			return answers(core.Usage{CompletionTokens: 60}, want), nil
		})
		if !errors.Is(err, want) || want == nil && err != nil || purse.left < 0 {
			t.Errorf("call %d: %v, %d left", i, err, purse.left)
		}
		purse.left += int64(10 * i)
	}
	if got := spending(t, s); got.Settled.CompletionTokens != 120 || purse.left != 60 {
		t.Errorf("spent %+v, %d left", got, purse.left)
	}
	a.SetCap(exec.Cap{MicroUSD: 1_000_000})
	o := purchase("unpriced")
	o.Unpriced = true
	_, err := p.Pay(ctx, o, nil)
	if refused := (*exec.UnpricedError)(nil); !errors.As(err, &refused) {
		t.Errorf("an unpriced call on a budget in dollars: %v", err)
	}
}

// limited is a purse of so many tokens.
type limited struct{ left int64 }

func (l *limited) Left() int64 { return l.left }

func (l *limited) Reserve(most core.Usage) (func(core.Usage), error) {
	if most.Tokens() > l.left {
		return nil, core.ErrSpent
	}
	l.left -= most.Tokens()
	return func(used core.Usage) { l.left += most.Tokens() - used.Tokens() }, nil
}
