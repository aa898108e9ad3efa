package exec

import (
	"context"
	"fmt"
	"sync"

	"pawl/core"
)

// Cap is the most that an account may spend; a zero value is no cap.
type Cap struct {
	MicroUSD int64
	Tokens   int64 // prompts and answers together
}

// Account is whom calls are paid for: a run, a gateway's key. It is the only one of
// its scope in the process, and its ledger's lease keeps others from having one.
//
// The most that an attempt can cost is reserved before it is sent, and exchanged
// for what it did cost. What is reserved and what was spent never exceed the cap
// together, as long as no send costs more than its ceiling.
type Account struct {
	ledger CallLedger
	scope  string
	cap    Cap
	parent *Account
	purse  *purse // shared with the accounts within

	spent core.Usage // guarded by the purse, as all below
	held  core.Usage
	open  int // reservations
}

// purse guards an account and those within it.
type purse struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when a reservation ends
	debts   debts
}

// NewAccount opens the account of scope, with all that was spent on its behalf before:
// attempts of which nothing was heard count as their ceilings.
func NewAccount(ctx context.Context, l CallLedger, scope string, c Cap) (*Account, error) {
	before, err := l.Spent(ctx, scope)
	if err != nil {
		return nil, err
	}
	return &Account{ledger: l, scope: scope, cap: c, spent: before.Total(), purse: &purse{changed: make(chan struct{})}}, nil
}

// Within is an account that spends from a, with a cap of its own: one request's
// of a gateway's key. Its spending is a's in the ledger.
func (a *Account) Within(c Cap) *Account {
	return &Account{ledger: a.ledger, scope: a.scope, cap: c, parent: a, purse: a.purse}
}

// SetCap changes what the account may spend. What was spent stays spent.
func (a *Account) SetCap(c Cap) {
	a.purse.mu.Lock()
	defer a.purse.mu.Unlock()
	a.cap = c
	a.purse.tell()
}

// Spent is what was spent, and what is reserved.
func (a *Account) Spent() (spent, held core.Usage) {
	a.purse.mu.Lock()
	defer a.purse.mu.Unlock()
	return a.spent, a.held
}

type accountKey struct{}

// OnAccount returns a context whose calls a pays for.
func OnAccount(ctx context.Context, a *Account) context.Context {
	return context.WithValue(ctx, accountKey{}, a)
}

// reserve sets the most that an attempt can cost aside. Where attempts under way
// may turn out cheaper, it waits for them; so that none of them is cut short when
// the budget ends what they are part of, it refuses only after they have ended.
func (a *Account) reserve(ctx context.Context, most core.Usage, unpriced bool) error {
	for {
		a.purse.mu.Lock()
		if unpriced && a.inDollars() {
			a.purse.mu.Unlock()
			return &UnpricedError{}
		}
		by, err := a.refusal(most)
		if err == nil {
			for b := a; b != nil; b = b.parent {
				b.held.Add(most)
				b.open++
			}
			a.purse.mu.Unlock()
			return nil
		}
		idle, changed := by.open == 0, a.purse.changed
		a.purse.mu.Unlock()
		if idle {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// inDollars tells whether a cap in dollars holds.
func (a *Account) inDollars() bool {
	return a.cap.MicroUSD > 0 || a.parent != nil && a.parent.inDollars()
}

// UnpricedError refuses a call that costs nobody knows how much to a budget in dollars.
type UnpricedError struct{}

func (*UnpricedError) Error() string {
	return "the budget is in dollars and the price of this model is not known; tell its price, or give the budget in tokens"
}

// refusal is why most cannot be reserved, and by whom.
func (a *Account) refusal(most core.Usage) (by *Account, err error) {
	for by = a; by != nil; by = by.parent {
		used := by.spent
		used.Add(by.held)
		if c := by.cap.MicroUSD; c > 0 && used.MicroUSD+most.MicroUSD > c {
			return by, fmt.Errorf("%w: $%.6f are spent, the next call may cost $%.6f, and $%.6f are allowed",
				core.ErrSpent, dollars(used.MicroUSD), dollars(most.MicroUSD), dollars(c))
		}
		if c := by.cap.Tokens; c > 0 && used.Tokens()+most.Tokens() > c {
			return by, fmt.Errorf("%w: %d tokens are spent, the next call may take %d, and %d are allowed",
				core.ErrSpent, used.Tokens(), most.Tokens(), c)
		}
	}
	return nil, nil
}

func dollars(micro int64) float64 { return float64(micro) / 1e6 }

// settle exchanges a reservation for what the attempt cost.
func (a *Account) settle(most, cost core.Usage) {
	a.purse.mu.Lock()
	defer a.purse.mu.Unlock()
	for b := a; b != nil; b = b.parent {
		b.held.Sub(most)
		b.spent.Add(cost)
		b.open--
	}
	a.purse.tell()
}

// tell wakes those who wait for money. The caller holds mu.
func (p *purse) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}
