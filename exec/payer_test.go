package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pawl/core"
	"pawl/coretest"
	"pawl/exec"
	"pawl/store"
)

// newPayer is a payer on a store in memory, with an account of run r without a cap.
func newPayer(t testing.TB, o exec.PayerOptions) (*exec.Payer, *store.Store) {
	t.Helper()
	s := store.Memory()
	t.Cleanup(func() { _ = s.Close() })
	return payerOn(t, s, o), s
}

func payerOn(t testing.TB, s *store.Store, o exec.PayerOptions) *exec.Payer {
	t.Helper()
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a := account(t, l, exec.Cap{})
	o.Account = func(context.Context) (*exec.Account, error) { return a, nil }
	if o.Clock == nil {
		o.Clock = coretest.NewClock()
	}
	return exec.NewPayer(o)
}

func account(t testing.TB, l *store.Lease, c exec.Cap) *exec.Account {
	t.Helper()
	a, err := exec.NewAccount(ctx, l, "r", c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ceiling is the most that a call may cost in these tests.
var ceiling = core.Usage{Calls: 1, PromptTokens: 10, CompletionTokens: 90, MicroUSD: 1000}

func purchase(names ...string) core.Purchase {
	c := core.Purchase{Lane: "at model", Ceiling: ceiling}
	for _, n := range names {
		c.Keys = append(c.Keys, key(n))
	}
	return c
}

// answers gives every alternative wanted a distinct content.
func answers(usage core.Usage, want []int) core.Sent {
	sent := core.Sent{Usage: usage}
	for _, i := range want {
		sent.Results = append(sent.Results, core.SentResult{Content: fmt.Appendf(nil, "answer %d", i)})
	}
	return sent
}

func contents(bs []core.Bought) (out []string) {
	for _, b := range bs {
		out = append(out, string(b.Content))
	}
	return out
}

func spending(t testing.TB, s *store.Store) core.Spending {
	t.Helper()
	sum, err := s.Spent(ctx, "r")
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func callOutcomes(t testing.TB, s *store.Store) (out []string) {
	t.Helper()
	as, err := s.CallAttempts(ctx, "r")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range as {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s", len(a.Keys), a.Outcome, a.Cause)))
	}
	return out
}

// What is known is not sent, what is missing is asked for by itself, shares add up to
// what the attempt cost, and the account of a call is exact.
func TestPay(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	var asked [][]int
	var told []core.CallRecord
	ctx := core.WithCalls(ctx, func(c core.CallRecord) { told = append(told, c) })
	send := func(_ context.Context, want []int) (core.Sent, error) {
		if as, err := s.CallAttempts(ctx, "r"); len(as) != len(asked)+1 || !as[len(asked)].Open() || err != nil {
			t.Errorf("the intent is not there before it is sent: %+v, %v", as, err)
		}
		asked = append(asked, slices.Clone(want))
		return answers(core.Usage{Calls: 1, PromptTokens: 10, CompletionTokens: 11, MicroUSD: 7}, want), nil
	}
	got, err := p.Pay(ctx, purchase("a", "b"), send)
	if err != nil || fmt.Sprint(contents(got)) != "[answer 0 answer 1]" {
		t.Fatalf("%s, %v", contents(got), err)
	}
	want := []core.Usage{{Calls: 1, PromptTokens: 5, CompletionTokens: 6, MicroUSD: 4}, {PromptTokens: 5, CompletionTokens: 5, MicroUSD: 3}}
	if d := cmp.Diff(want, []core.Usage{got[0].Usage, got[1].Usage}); d != "" || got[0].Reused {
		t.Error(d)
	}
	c := purchase("c", "a", "d", "a")
	c.Record = core.CallRecord{Seat: "solver", Model: "m"}
	got, err = p.Pay(ctx, c, send)
	if err != nil || fmt.Sprint(contents(got)) != "[answer 0 answer 0 answer 2 answer 0]" || !got[1].Reused || got[2].Reused {
		t.Fatalf("%s, %v", contents(got), err)
	}
	if fmt.Sprint(asked) != "[[0 1] [0 2]]" {
		t.Errorf("asked for %v", asked)
	}
	if len(told) != 2 || told[1].Seat != "solver" || told[1].Key != key("c") || told[1].Reused != 2 || told[1].Attempts != 1 ||
		told[1].Usage.CompletionTokens != 11 {
		t.Errorf("told %+v", told)
	}
	if sum := spending(t, s); sum.Settled != (core.Usage{Calls: 2, PromptTokens: 20, CompletionTokens: 22, MicroUSD: 14}) || sum.Open != 0 {
		t.Errorf("spent %+v", sum)
	}
}

// A server that gives fewer than asked for is asked for the rest; what it gave is
// durable before that.
func TestPayPartly(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	var asked [][]int
	got, err := p.Pay(ctx, purchase("a", "b", "c"), func(_ context.Context, want []int) (core.Sent, error) {
		if found, _ := s.Bought(ctx, []core.Key{key("a"), key("b"), key("c")}); len(found) != len(asked) {
			t.Errorf("%d are durable before attempt %d", len(found), len(asked)+1)
		}
		asked = append(asked, want)
		return answers(core.Usage{Calls: 1}, want[:1]), nil
	})
	if err != nil || fmt.Sprint(contents(got), asked) != "[answer 0 answer 1 answer 2] [[0 1 2] [1 2] [2]]" {
		t.Errorf("%s, asked %v, %v", contents(got), asked, err)
	}
	// One that gives nothing, and no error, is not asked for ever.
	n := 0
	_, err = p.Pay(ctx, purchase("d"), func(context.Context, []int) (core.Sent, error) {
		n++
		return core.Sent{Usage: core.Usage{Calls: 1}}, nil
	})
	if err == nil || n != 1 || !strings.Contains(err.Error(), "none of the 1 answers") {
		t.Errorf("asked %d times, %v", n, err)
	}
}

// Row 14: a thousand identical concurrent calls are sent once, and nobody shares
// bytes.
func TestPaySingleFlight(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	var sends atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 1000 {
		wg.Go(func() {
			<-start
			got, err := p.Pay(ctx, purchase("a"), func(_ context.Context, want []int) (core.Sent, error) {
				sends.Add(1)
				return answers(core.Usage{Calls: 1, MicroUSD: 3}, want), nil
			})
			if err != nil || string(got[0].Content) != "answer 0" {
				t.Errorf("%s, %v", contents(got), err)
				return
			}
			clear(got[0].Content)
		})
	}
	close(start)
	wg.Wait()
	sum := spending(t, s)
	t.Logf("row 14: 1,000 identical concurrent calls: %d sent, $%.6f spent", sends.Load(), float64(sum.Settled.MicroUSD)/1e6)
	if sends.Load() != 1 || sum.Settled.MicroUSD != 3 {
		t.Errorf("sent %d times, spent %+v", sends.Load(), sum)
	}
}

// Row 15: 64 samples of one prompt are 64 alternatives.
func TestPaySamples(t *testing.T) {
	p, _ := newPayer(t, exec.PayerOptions{})
	r := core.Request{Path: []core.Node{{Role: "user", Content: "the same"}}, N: 64}
	c := core.Purchase{Lane: "at model"}
	for i := range r.N {
		c.Keys = append(c.Keys, r.Key("model", i))
	}
	var nth atomic.Int64
	send := func(_ context.Context, want []int) (core.Sent, error) {
		var sent core.Sent
		for range want {
			sent.Results = append(sent.Results, core.SentResult{Content: fmt.Appendf(nil, "%d", nth.Add(1))})
		}
		return sent, nil
	}
	distinct := map[string]bool{}
	for range 2 {
		got, err := p.Pay(ctx, c, send)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range contents(got) {
			distinct[text] = true
		}
	}
	t.Logf("row 15: one prompt, 64 samples, twice: %d distinct, %d paid", len(distinct), nth.Load())
	if len(distinct) != 64 || nth.Load() != 64 {
		t.Errorf("%d distinct, %d paid", len(distinct), nth.Load())
	}
}

// Orders that overlap wait for each other's parts, never in a circle.
func TestPayOverlapping(t *testing.T) {
	p, _ := newPayer(t, exec.PayerOptions{})
	var sent atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for round := range 20 {
				var names []string
				for i := range 8 {
					names = append(names, fmt.Sprint(round, (i*(g+1)+g)%10))
				}
				got, err := p.Pay(ctx, purchase(names...), func(_ context.Context, want []int) (core.Sent, error) {
					sent.Add(int64(len(want)))
					var out core.Sent
					for _, i := range want {
						out.Results = append(out.Results, core.SentResult{Content: []byte(names[i])})
					}
					return out, nil
				})
				if err != nil || fmt.Sprint(contents(got)) != fmt.Sprint(names) {
					t.Errorf("%v: %s, %v", names, contents(got), err)
				}
			}
		})
	}
	wg.Wait()
	if sent.Load() != 200 {
		t.Errorf("%d alternatives were sent for, of 200", sent.Load())
	}
}

// When the caller that sends is cancelled, one that waits takes over; its own
// troubles are no answer for others.
func TestPayLeaderCancelled(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	c, cancel := context.WithCancel(ctx)
	sending, waiting := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := p.Pay(c, purchase("a"), func(ctx context.Context, _ []int) (core.Sent, error) {
			close(sending)
			<-ctx.Done()
			return core.Sent{}, ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the leader: %v", err)
		}
	})
	<-sending
	wg.Go(func() {
		close(waiting)
		got, err := p.Pay(ctx, purchase("a"), func(_ context.Context, want []int) (core.Sent, error) {
			return answers(core.Usage{Calls: 1}, want), nil
		})
		if err != nil || fmt.Sprint(contents(got)) != "[answer 0]" {
			t.Errorf("the follower: %s, %v", contents(got), err)
		}
	})
	<-waiting
	cancel()
	wg.Wait()
	if got := fmt.Sprint(callOutcomes(t, s)); got != "[1 unknown context canceled 1 done]" {
		t.Errorf("attempts %s", got)
	}
	if sum := spending(t, s); sum.Unknown != 1 || sum.Settled.MicroUSD != ceiling.MicroUSD {
		t.Errorf("the cancelled call is not priced: %+v", sum)
	}
}

// What was paid for is recorded although its caller is gone, a success as well as
// a cost that the sender knows.
func TestPayCancelled(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	c, cancel := context.WithCancel(ctx)
	got, err := p.Pay(c, purchase("a"), func(_ context.Context, want []int) (core.Sent, error) {
		cancel()
		return answers(core.Usage{Calls: 1, MicroUSD: 5}, want), nil
	})
	if err != nil || len(got) != 1 {
		t.Errorf("a result that came: %v", err)
	}
	var told core.CallRecord
	c, cancel = context.WithCancel(core.WithCalls(ctx, func(r core.CallRecord) { told = r }))
	_, err = p.Pay(c, purchase("b"), func(ctx context.Context, _ []int) (core.Sent, error) {
		cancel()
		return core.Sent{}, &core.SendError{Err: ctx.Err(), Again: true, Usage: core.Usage{Calls: 1, MicroUSD: 2}}
	})
	if !errors.Is(err, context.Canceled) || told.Err == "" || told.Usage.MicroUSD != 2 || told.Unknown != 0 || told.Attempts != 1 {
		t.Errorf("%v, told %+v", err, told)
	}
	if _, err := p.Pay(c, purchase("c"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing is begun for a caller that is gone: %v", err)
	}
	if got := fmt.Sprint(callOutcomes(t, s)); got != "[1 done 1 failed context canceled]" {
		t.Errorf("attempts %s", got)
	}
}

// Row 10 and I5: an outcome that nobody knows is counted and priced at the most that
// it can have cost; so is one whose sender panics or says nothing.
func TestPayUnknown(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	var told core.CallRecord
	ctx := core.WithCalls(ctx, func(r core.CallRecord) { told = r })
	n := 0
	got, err := p.Pay(ctx, purchase("a"), func(_ context.Context, want []int) (core.Sent, error) {
		if n++; n == 1 {
			return core.Sent{}, &core.SendError{Err: errors.New("reset after the work"), Again: true, Unknown: true}
		}
		return answers(core.Usage{Calls: 1, MicroUSD: 400}, want), nil
	})
	if err != nil || len(got) != 1 || told.Attempts != 2 || told.Unknown != 1 || told.Usage.MicroUSD != 1400 || told.Usage.Calls != 2 {
		t.Errorf("%v, told %+v", err, told)
	}
	if _, err := p.Pay(ctx, purchase("b"), func(context.Context, []int) (core.Sent, error) { panic("boom") }); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a panic: %v", err)
	}
	if _, err := p.Pay(ctx, purchase("b"), func(context.Context, []int) (core.Sent, error) { return core.Sent{}, errors.New("odd") }); err == nil {
		t.Error("an error is no result")
	}
	want := []string{"1 unknown reset after the work", "1 done", "1 unknown panic: boom", "1 unknown odd"}
	if d := cmp.Diff(want, callOutcomes(t, s)); d != "" {
		t.Error(d)
	}
	sum := spending(t, s)
	t.Logf("row 10: %d attempts, %d of unknown outcome, priced at $%.4f", sum.Attempts, sum.Unknown, float64(sum.Settled.MicroUSD)/1e6)
	if sum.Unknown != 3 || sum.Settled.MicroUSD != 3400 {
		t.Errorf("spent %+v", sum)
	}
}

// Row 13 and I9: what is flawed is handed on once and paid for, and is never found
// again.
func TestPayFlawed(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	flaws := []string{"junk", "empty", "truncated"}
	for _, flaw := range flaws {
		for range 2 {
			got, err := p.Pay(ctx, purchase(flaw, flaw+" fine"), func(_ context.Context, want []int) (core.Sent, error) {
				sent := answers(core.Usage{Calls: 1, MicroUSD: 4}, want)
				if want[0] != 0 {
					t.Errorf("what is flawed is not asked for again: %v", want)
				}
				sent.Results[0].Content, sent.Results[0].Flawed = []byte(flaw), "it is "+flaw
				return sent, nil
			})
			if err != nil || fmt.Sprint(contents(got)) != fmt.Sprintf("[%s answer 1]", flaw) {
				t.Errorf("%s: %s, %v", flaw, contents(got), err)
			}
		}
	}
	found, err := s.Bought(ctx, []core.Key{key("junk"), key("empty"), key("truncated"), key("junk fine")})
	t.Logf("row 13: %d kinds of bad answers, twice each: %d kept", len(flaws), len(found)-1)
	if len(found) != 1 || err != nil {
		t.Errorf("kept %v, %v", found, err)
	}
	if got := spending(t, s).Settled.MicroUSD; got != 6*4 {
		t.Errorf("paid %d", got)
	}
}

// Two payers on one store: the first result stands, and both see it.
func TestPayOvertaken(t *testing.T) {
	p, s := newPayer(t, exec.PayerOptions{})
	l, err := s.AcquireWork(ctx, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a := account(t, l, exec.Cap{})
	other := exec.NewPayer(exec.PayerOptions{})
	got, err := p.Pay(ctx, purchase("a", "b"), func(_ context.Context, want []int) (core.Sent, error) {
		_, err := other.Pay(exec.OnAccount(ctx, a), purchase("a"), func(context.Context, []int) (core.Sent, error) {
			return core.Sent{Results: []core.SentResult{{Content: []byte("first")}}}, nil
		})
		if err != nil {
			t.Error(err)
		}
		return answers(core.Usage{}, want), nil
	})
	if err != nil || fmt.Sprint(contents(got)) != "[first answer 1]" || !got[0].Reused {
		t.Errorf("%s, %v", contents(got), err)
	}
}

func TestPayWithoutAccount(t *testing.T) {
	if _, err := exec.NewPayer(exec.PayerOptions{}).Pay(ctx, purchase("a"), nil); err == nil || !strings.Contains(err.Error(), "no account") {
		t.Errorf("error %v", err)
	}
}
