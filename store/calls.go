package store

import (
	"context"
	"fmt"
	"time"

	"pawl/core"
)

// callRow is an alternative that was bought.
type callRow struct {
	Key     core.Key
	Attempt int64 // that brought it
	At      time.Time
	Usage   core.Usage // its share of the attempt's
	Digest  core.Digest
	Filed   bool // the content is too large for the ledger: a blob of its own
	Content []byte
}

// CallAttempt is one request to a model that others serve, recorded before it
// was sent.
type CallAttempt struct {
	ID      int64      `json:"id"`
	Scope   string     `json:"scope"` // on whose behalf: a run, a key of a gateway
	Lane    string     `json:"lane"`  // endpoint and model
	Keys    []core.Key `json:"keys"`  // of the alternatives asked for
	At      time.Time  `json:"at"`
	Outcome string     `json:"outcome"` // "unknown", "done", "failed"
	Ended   time.Time  `json:"ended,omitzero"`
	Usage   core.Usage `json:"usage"` // what it cost; while that is unknown, the most that it can have cost
	Cause   string     `json:"cause,omitempty"`
}

// Open tells whether nothing was heard of the attempt: it is at work, or it was killed.
func (a CallAttempt) Open() bool { return a.Ended.IsZero() }

// Bought finds alternatives that were bought before, whoever bought them. The
// caller owns the contents.
func (s *Store) Bought(ctx context.Context, keys []core.Key) (map[core.Key]core.Bought, error) {
	rows := make([]callRow, 0, len(keys))
	err := s.ledger.peek(ctx, func(tx readTx) error {
		for _, k := range keys {
			row, ok, err := tx.call(k)
			if err != nil {
				return err
			}
			if ok {
				rows = append(rows, row)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking up what was bought: %w", err)
	}
	found := make(map[core.Key]core.Bought, len(rows))
	for _, row := range rows {
		if row.Filed {
			row.Content, err = s.blobs.get(ctx, row.Digest)
		} else if got := core.Sum(row.Content); got != row.Digest {
			err = fmt.Errorf("the ledger holds other bytes (their digest is %s, not %s): %w", got, row.Digest, ErrCorrupt)
		}
		if err != nil {
			return nil, fmt.Errorf("reading what was bought as %s: %w", row.Key, err)
		}
		found[row.Key] = core.Bought{Content: row.Content, Usage: row.Usage, Reused: true}
	}
	return found, nil
}

// Spent is what was paid for on behalf of scope.
func (s *Store) Spent(ctx context.Context, scope string) (sum core.Spending, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		sum, err = tx.spending(scope)
		return err
	})
	if err != nil {
		return sum, fmt.Errorf("adding up what %s spent: %w", scope, err)
	}
	return sum, nil
}

// CallAttempts lists the attempts made on behalf of scope, in the order in which they
// were recorded; those of everyone for "".
func (s *Store) CallAttempts(ctx context.Context, scope string) (as []CallAttempt, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		as, err = tx.callAttempts(scope)
		return err
	})
	return as, err
}

// Bought is Store.Bought.
func (l *Lease) Bought(ctx context.Context, keys []core.Key) (map[core.Key]core.Bought, error) {
	return l.store.Bought(ctx, keys)
}

// Spent is Store.Spent.
func (l *Lease) Spent(ctx context.Context, scope string) (core.Spending, error) {
	return l.store.Spent(ctx, scope)
}

// Intend records, before it is sent, an attempt to buy keys on behalf of scope,
// and reserves the most that it can cost. If one of them was bought meanwhile,
// nothing is recorded and the attempt is 0.
func (l *Lease) Intend(ctx context.Context, scope, lane string, keys []core.Key, ceiling core.Usage) (attempt int64, err error) {
	now := l.store.env.now()
	err = l.write(ctx, "recording the intent to call "+lane+" on behalf", func(tx writeTx) error {
		attempt = 0
		for _, k := range keys {
			if found, err := tx.hasCall(k); err != nil || found {
				return err
			}
		}
		attempt, err = tx.addCallAttempt(CallAttempt{Scope: scope, Lane: lane, Keys: keys, At: now, Usage: ceiling})
		if err != nil {
			return err
		}
		return tx.spend(scope, core.Spending{Reserved: ceiling, Attempts: 1, Open: 1})
	})
	return attempt, err
}

// Settle records how an attempt ended, together with what it brought. The first
// result of a key stands: beaten are the keys that somebody else bought meanwhile,
// for which Bought gives what is in force.
func (l *Lease) Settle(ctx context.Context, attempt int64, s core.Settlement) (beaten []core.Key, err error) {
	doing := fmt.Sprintf("recording the outcome of attempt %d at a call on behalf", attempt)
	now := l.store.env.now()
	rows := make([]callRow, len(s.Keys))
	for i, k := range s.Keys {
		content := s.Bought[i].Content
		row := callRow{Key: k, Attempt: attempt, At: now, Usage: s.Bought[i].Usage, Digest: core.Sum(content), Content: content}
		if len(content) > InlineSize {
			row.Filed, row.Content = true, nil
			if err := l.store.blobs.put(ctx, row.Digest, content); err != nil {
				return nil, fmt.Errorf("%s of %s: storing what it brought: %w", doing, l.run, err)
			}
		}
		rows[i] = row
	}
	err = l.write(ctx, doing, func(tx writeTx) error {
		beaten = nil
		open, found, err := tx.callAttempt(attempt)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrNotFound
		case !open.Open():
			return fmt.Errorf("it ended before: %w", ErrExists)
		}
		ended := open
		ended.Ended, ended.Usage, ended.Cause, ended.Outcome = now, s.Usage, s.Cause, outcomeOf(s)
		if err := tx.endCallAttempt(ended); err != nil {
			return err
		}
		for _, row := range rows {
			first, err := tx.putCall(row)
			if err != nil {
				return err
			}
			if !first {
				beaten = append(beaten, row.Key)
			}
		}
		delta := core.Spending{Settled: s.Usage, Open: -1}
		delta.Reserved.Sub(open.Usage)
		if s.Unknown {
			delta.Unknown = 1
		}
		return tx.spend(open.Scope, delta)
	})
	return beaten, err
}

// ForgetCalls drops what the calls made on behalf of scope before a time brought:
// whoever asks again pays again. What they cost stays on record. Large contents go
// with the next collection of garbage.
func (l *Lease) ForgetCalls(ctx context.Context, scope string, before time.Time) (n int, err error) {
	err = l.write(ctx, "forgetting the calls of "+scope+" on behalf", func(tx writeTx) error {
		n, err = tx.dropCalls(scope, before)
		return err
	})
	return n, err
}

func outcomeOf(s core.Settlement) string {
	switch {
	case s.Unknown:
		return OutcomeUnknown
	case s.Cause != "":
		return OutcomeFailed
	}
	return OutcomeDone
}

// addSpending adds d to s.
func addSpending(s *core.Spending, d core.Spending) {
	s.Settled.Add(d.Settled)
	s.Reserved.Add(d.Reserved)
	s.Attempts += d.Attempts
	s.Unknown += d.Unknown
	s.Open += d.Open
}
