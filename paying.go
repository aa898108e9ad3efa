package pawl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"pawl/exec"
	"pawl/recipe"
	"pawl/store"
)

// Accounts are those of work that is no run, whose calls models bill for: a
// gateway's keys, the tasks of a solve. They hold a lease of their own, so that
// one process writes on their behalf.
type Accounts struct {
	lease *store.Lease
	held  context.Context // ends when the lease is lost
	stop  func()

	mu   sync.Mutex
	open map[string]*exec.Account
}

// Accounts opens the accounts of the work called name. It fails with store.ErrHeld
// while another process has them. They must be closed before p.
func (p *Pawl) Accounts(ctx context.Context, name string) (*Accounts, error) {
	lease, err := p.store.AcquireWork(ctx, name, leaseTTL)
	if err != nil {
		return nil, err
	}
	held, stop := keepLease(context.WithoutCancel(ctx), lease)
	return &Accounts{lease: lease, held: held, stop: stop, open: map[string]*exec.Account{}}, nil
}

// Of is the account of scope, of which there is one, with b as its cap from now on.
// Calls under exec.OnAccount are paid from it.
func (a *Accounts) Of(ctx context.Context, scope string, b recipe.Budget) (*exec.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if acc, ok := a.open[scope]; ok {
		acc.SetCap(capOf(b))
		return acc, nil
	}
	acc, err := exec.NewAccount(ctx, a.lease, scope, capOf(b))
	if err != nil {
		return nil, err
	}
	a.open[scope] = acc
	return acc, nil
}

// Close gives the lease up.
func (a *Accounts) Close() error {
	a.stop()
	if err := a.lease.Release(context.Background()); err != nil && !errors.Is(err, store.ErrFenced) {
		return err
	}
	return nil
}

// capOf is a budget as what an account may spend, fractions of a millionth of a
// dollar not counted.
func capOf(b recipe.Budget) exec.Cap {
	return exec.Cap{MicroUSD: int64(math.Floor(b.USD*1e6 + 1e-6)), Tokens: b.Tokens}
}

// till pays for calls of which nothing says on whose behalf they are made.
type till struct {
	mu       sync.Mutex
	accounts *Accounts
}

// tills bounds how many processes make such calls on one store at once.
const tills = 64

// account opens the till when it is first needed. Processes that share the store
// have tills of their own, so that none waits for another.
func (t *till) account(ctx context.Context, p *Pawl) (*exec.Account, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.accounts != nil && t.accounts.held.Err() != nil {
		t.accounts.stop() // the machine slept, and another process took it
		t.accounts = nil
	}
	for n := 1; t.accounts == nil; n++ {
		var err error
		t.accounts, err = p.Accounts(ctx, fmt.Sprintf("calls-%d", n))
		if err != nil && (n == tills || !errors.Is(err, store.ErrHeld)) {
			return nil, err
		}
	}
	return t.accounts.Of(ctx, t.accounts.lease.RunID(), recipe.Budget{})
}

func (t *till) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.accounts == nil {
		return nil
	}
	err := t.accounts.Close()
	t.accounts = nil
	return err
}
