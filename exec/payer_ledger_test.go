package exec_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pawl/core"
	"pawl/exec"
)

// scripted is a ledger whose writes fail when they are told to.
type scripted struct {
	exec.CallLedger
	intend, settle error
}

func (l *scripted) Intend(ctx context.Context, scope, lane string, keys []core.Key, most core.Usage) (int64, error) {
	if l.intend != nil {
		return 0, l.intend
	}
	return l.CallLedger.Intend(ctx, scope, lane, keys, most)
}

func (l *scripted) Settle(ctx context.Context, n int64, s core.Settlement) ([]core.Key, error) {
	if l.settle != nil {
		return nil, l.settle
	}
	return l.CallLedger.Settle(ctx, n, s)
}

// I1: without a durable intent nothing is sent; without a durable result nobody sees
// one, however many wait for it.
func TestPayLedgerFails(t *testing.T) {
	_, s := newPayer(t, exec.PayerOptions{})
	l, err := s.AcquireWork(ctx, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	ledger := &scripted{CallLedger: l}
	a, err := exec.NewAccount(ctx, ledger, "r", exec.Cap{})
	if err != nil {
		t.Fatal(err)
	}
	p := exec.NewPayer(exec.PayerOptions{Account: func(context.Context) (*exec.Account, error) { return a, nil }})
	sends := 0
	send := func(_ context.Context, want []int) (core.Sent, error) {
		sends++
		return answers(core.Usage{MicroUSD: 2}, want), nil
	}
	ledger.settle = full
	if got, err := p.Pay(ctx, purchase("a"), send); !errors.Is(err, full) || got != nil || sends != 1 {
		t.Errorf("a result that is not durable: %v, %v", got, err)
	}
	for range 10 {
		if _, err := p.Pay(ctx, purchase("b"), send); !errors.Is(err, full) {
			t.Errorf("while a result is not durable: %v", err)
		}
	}
	ledger.intend = full
	for range 10 {
		if _, err := p.Pay(ctx, purchase("b"), send); !errors.Is(err, full) {
			t.Errorf("without an intent: %v", err)
		}
	}
	if sends != 1 {
		t.Errorf("sent %d times on a full disk", sends-1)
	}
	if spent, held := a.Spent(); spent.MicroUSD != 2 || held != (core.Usage{}) {
		t.Errorf("spent %+v, held %+v", spent, held)
	}
	if sum := spending(t, s); sum.Open != 1 || sum.Reserved != ceiling {
		t.Errorf("in the ledger: %+v", sum)
	}
	// With room again, what was paid for is not paid for again.
	ledger.intend, ledger.settle = nil, nil
	if _, err := p.Pay(ctx, purchase("b"), send); err != nil {
		t.Error(err)
	}
	got, err := p.Pay(ctx, purchase("a"), send)
	if err != nil || !got[0].Reused || sends != 2 {
		t.Errorf("with room again: %v, sent %d times", err, sends)
	}
}

// A ledger that panics strands nobody who waits for the same.
func TestPayLedgerPanics(t *testing.T) {
	_, s := newPayer(t, exec.PayerOptions{})
	l, err := s.AcquireWork(ctx, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a, err := exec.NewAccount(ctx, &panicking{CallLedger: l}, "r", exec.Cap{})
	if err != nil {
		t.Fatal(err)
	}
	p := exec.NewPayer(exec.PayerOptions{Account: func(context.Context) (*exec.Account, error) { return a, nil }})
	func() {
		defer func() { _ = recover() }()
		_, _ = p.Pay(ctx, purchase("a"), nil)
		t.Error("the panic is hidden")
	}()
	sends := 0
	if got, err := p.Pay(exec.OnAccount(ctx, account(t, l, exec.Cap{})), purchase("a"), failing(&sends)); err != nil || len(got) != 1 {
		t.Errorf("after a panic: %v", err)
	}
}

type panicking struct{ exec.CallLedger }

func (*panicking) Intend(context.Context, string, string, []core.Key, core.Usage) (int64, error) {
	panic("a bug")
}
