package exec

import (
	"context"
	"sync"

	"pawl/core"
)

// debts are settlements that the ledger did not take, a full disk being the usual
// reason. Until it does nothing more is sent on the account's behalf, and what was
// paid for is not lost as long as the process lives.
type debts struct {
	mu   sync.Mutex
	left []debt
}

type debt struct {
	attempt int64
	core.Settlement
}

func (d *debts) add(attempt int64, s core.Settlement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = append(d.left, debt{attempt, s})
}

// settle tries again to record what is left.
func (d *debts) settle(ctx context.Context, l CallLedger) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.left) > 0 {
		if _, err := l.Settle(ctx, d.left[0].attempt, d.left[0].Settlement); err != nil {
			return err
		}
		d.left = d.left[1:]
	}
	return nil
}
