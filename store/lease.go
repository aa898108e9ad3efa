package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pawl/core"
)

// Lease is the right to advance one run, and the only way to write on its
// behalf. Every write fails with ErrFenced once the lease was taken over.
//
// The holder calls Renew well within the time to live. A lease whose time is
// over still works until somebody takes it: expiry allows a takeover, it does
// not stop the holder.
type Lease struct {
	store *Store
	run   string
	fence int64
	ttl   time.Duration
}

// leaseRow is a lease in the ledger. Fences of one name only grow.
type leaseRow struct {
	Name    string
	Fence   int64
	Owner   owner // zero: released
	Since   time.Time
	Expires time.Time     // on the wall clock
	Boot    time.Duration // the same moment on the owner's boot clock
}

func (l leaseRow) holder() Holder {
	return Holder{Host: l.Owner.Host, PID: l.Owner.PID, Since: l.Since, Until: l.Expires}
}

// gcLease is held during a collection; no run can be acquired meanwhile.
const gcLease = "*gc"

// Acquire takes the lease of a run for ttl. It fails with ErrHeld, naming the
// holder, while another holder is alive. A holder on this host that has died
// is replaced at once, any other once its time is over.
func (s *Store) Acquire(ctx context.Context, run string, ttl time.Duration) (*Lease, error) {
	return s.acquire(ctx, run, ttl, func(tx writeTx) error {
		if _, found, err := tx.run(run); err != nil || found {
			return err
		}
		return ErrNotFound
	})
}

// AcquireWork takes a lease for work that is no run, whose steps are recorded
// under its name: a star and what the caller gives. It fails as Acquire does.
func (s *Store) AcquireWork(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	return s.acquire(ctx, WorkPrefix+name, ttl, func(writeTx) error { return nil })
}

// WorkPrefix begins the names of work that is no run; no run's does.
const WorkPrefix = "*"

func (s *Store) acquire(ctx context.Context, run string, ttl time.Duration, check func(writeTx) error) (*Lease, error) {
	l := &Lease{store: s, run: run, ttl: ttl}
	err := s.ledger.update(ctx, func(tx writeTx) error {
		if err := check(tx); err != nil {
			return err
		}
		if gc, found, err := tx.lease(gcLease); err != nil {
			return err
		} else if found && s.env.live(gc) {
			return fmt.Errorf("a garbage collection by %v is under way, try again when it is done: %w", gc.holder(), ErrHeld)
		}
		return l.take(tx, run)
	})
	if err != nil {
		return nil, fmt.Errorf("acquiring run %s: %w", run, err)
	}
	return l, nil
}

// take writes the lease under name with the next fence.
func (l *Lease) take(tx writeTx, name string) error {
	env := l.store.env
	old, found, err := tx.lease(name)
	if err != nil {
		return err
	}
	if found && env.live(old) {
		return fmt.Errorf("%v is advancing it; wait, stop that process, or let its lease end (%s): %w",
			old.holder(), old.Expires.Local().Format(time.TimeOnly), ErrHeld)
	}
	l.fence = old.Fence + 1
	now, boot := env.clocks()
	return tx.putLease(leaseRow{
		Name: name, Fence: l.fence, Owner: env.self, Since: now,
		Expires: now.Add(l.ttl), Boot: boot + l.ttl,
	})
}

// RunID is the run that the lease is for.
func (l *Lease) RunID() string { return l.run }

// Fence is the token that the lease's writes carry.
func (l *Lease) Fence() int64 { return l.fence }

// TTL is how long the lease lasts without renewal.
func (l *Lease) TTL() time.Duration { return l.ttl }

// Store is the store that the lease writes to.
func (l *Lease) Store() *Store { return l.store }

// write runs f in a transaction that has checked the fence.
func (l *Lease) write(ctx context.Context, doing string, f func(writeTx) error) error {
	err := l.store.ledger.update(ctx, func(tx writeTx) error {
		row, _, err := tx.lease(l.run)
		if err != nil {
			return err
		}
		if row.Fence != l.fence {
			return fmt.Errorf("%v has it now (fence %d, ours %d): %w", row.holder(), row.Fence, l.fence, ErrFenced)
		}
		return f(tx)
	})
	if err != nil {
		return fmt.Errorf("%s of run %s: %w", doing, l.run, err)
	}
	return nil
}

// Renew extends the lease by its time to live from now.
func (l *Lease) Renew(ctx context.Context) error {
	return l.write(ctx, "renewing the lease", func(tx writeTx) error {
		row, _, err := tx.lease(l.run)
		if err != nil {
			return err
		}
		now, boot := l.store.env.clocks()
		row.Expires, row.Boot = now.Add(l.ttl), boot+l.ttl
		return tx.putLease(row)
	})
}

// Release gives the lease up; the run keeps the status it has.
func (l *Lease) Release(ctx context.Context) error {
	return l.write(ctx, "releasing the lease", func(tx writeTx) error {
		return tx.putLease(leaseRow{Name: l.run, Fence: l.fence})
	})
}

// Done looks a finished step up, whichever run did it.
func (l *Lease) Done(ctx context.Context, key core.Key) (core.Digest, bool, error) {
	s, found, err := l.store.Find(ctx, key)
	return s.Output, found, err
}

// Begin records the intent to work on a step, before the work. If the step is
// finished meanwhile, nothing is recorded, attempt is 0 and done is its output.
func (l *Lease) Begin(ctx context.Context, key core.Key, kind string) (attempt int, done core.Digest, err error) {
	err = l.write(ctx, "recording the intent of step "+key.Short()+" ("+kind+")", func(tx writeTx) error {
		step, found, err := tx.step(key)
		if err != nil || found {
			attempt, done = 0, step.Output
			return err
		}
		attempt, err = tx.addAttempt(Attempt{Key: key, Kind: kind, Run: l.run, At: l.store.env.now()})
		return err
	})
	return attempt, done, err
}

// Finish records the result of a step and forgets its checkpoint, together.
// The first result stands: out is what is in force, which is another's if the
// step was finished meanwhile.
func (l *Lease) Finish(ctx context.Context, key core.Key, kind string, result core.Digest, stats json.RawMessage, took time.Duration) (out core.Digest, err error) {
	if result == "" {
		return "", fmt.Errorf("recording step %s (%s): a result without a digest is no success", key.Short(), kind)
	}
	now := l.store.env.now()
	var old Checkpoint
	var kept bool
	err = l.write(ctx, "recording step "+key.Short()+" ("+kind+")", func(tx writeTx) error {
		step, found, err := tx.step(key)
		if err != nil || found {
			out = step.Output
			return err
		}
		if old, kept, err = tx.checkpoint(key); err != nil {
			return err
		}
		out = result
		if kept {
			if err := tx.dropCheckpoint(key); err != nil {
				return err
			}
		}
		return tx.putStep(Step{
			Key: key, Kind: kind, Run: l.run, Output: result, Stats: stats,
			Started: now.Add(-took), Seconds: took.Seconds(),
		})
	})
	if err == nil && kept {
		l.store.dropState(ctx, old.Digest)
	}
	return out, err
}

// Fail records that an attempt failed, and why.
func (l *Lease) Fail(ctx context.Context, key core.Key, attempt int, cause string) error {
	if cause == "" {
		cause = "unknown cause"
	}
	return l.write(ctx, "recording the failure of step "+key.Short(), func(tx writeTx) error {
		return tx.failAttempt(key, attempt, cause)
	})
}

// Keep replaces the checkpoint of a step. Progress is the step's own measure.
func (l *Lease) Keep(ctx context.Context, key core.Key, state []byte, progress float64) error {
	// The key goes with the state, so that no two steps share a file and the
	// file can be dropped with its row.
	content := append([]byte(key), state...)
	c := Checkpoint{Key: key, Digest: core.Sum(content), Size: int64(len(state)), Progress: progress, At: l.store.env.now()}
	if err := l.store.blobs.checkpoints().put(ctx, c.Digest, content); err != nil {
		return fmt.Errorf("keeping a checkpoint of step %s (%d bytes): %w", key.Short(), c.Size, err)
	}
	var old Checkpoint
	var kept bool
	err := l.write(ctx, "keeping a checkpoint of step "+key.Short(), func(tx writeTx) (err error) {
		if old, kept, err = tx.checkpoint(key); err != nil {
			return err
		}
		return tx.putCheckpoint(c)
	})
	if err == nil && kept && old.Digest != c.Digest {
		l.store.dropState(ctx, old.Digest)
	}
	return err
}

// Kept returns the checkpoint of a step, nil where there is none. One that is
// damaged or missing is told to Options.Warn and counts as none: the step
// starts anew, which costs time but changes no result.
func (l *Lease) Kept(ctx context.Context, key core.Key) (state []byte, progress float64, err error) {
	var c Checkpoint
	var found bool
	err = l.store.ledger.peek(ctx, func(tx readTx) (err error) {
		c, found, err = tx.checkpoint(key)
		return err
	})
	if err == nil && found {
		state, err = l.store.blobs.checkpoints().get(ctx, c.Digest)
	}
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotFound) {
		l.store.env.warn(fmt.Sprintf("starting step %s anew: its checkpoint at %v cannot be read: %v", key.Short(), c.Progress, err))
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading the checkpoint of step %s: %w", key.Short(), err)
	}
	if !found {
		return nil, 0, nil
	}
	return state[len(key):], c.Progress, nil
}

// Forget makes a step unfinished again, for when its output is damaged and
// doing it again is worth its price.
func (l *Lease) Forget(ctx context.Context, key core.Key) error {
	return l.write(ctx, "forgetting step "+key.Short(), func(tx writeTx) error {
		return tx.dropStep(key)
	})
}

// DropCheckpoint forgets the checkpoint of a step.
func (l *Lease) DropCheckpoint(ctx context.Context, key core.Key) error {
	return l.write(ctx, "forgetting the checkpoint of step "+key.Short(), func(tx writeTx) error {
		return tx.dropCheckpoint(key)
	})
}

// Event appends to the run's journal; v is stored as JSON.
func (l *Lease) Event(ctx context.Context, kind string, v any) (seq int64, err error) {
	data, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("recording event %s of run %s: %w", kind, l.run, err)
	}
	at := l.store.env.now()
	err = l.write(ctx, "recording event "+kind, func(tx writeTx) error {
		seq, err = tx.addEvent(Event{Run: l.run, At: at, Kind: kind, Data: data})
		return err
	})
	return seq, err
}

// Promote appends to the history of policies and, if the outcome says so and
// the row is not a control's, puts its policies in force, together. Run, Seq
// and At are filled in.
func (l *Lease) Promote(ctx context.Context, p Promotion) (seq int64, err error) {
	err = l.write(ctx, "recording a verdict", func(tx writeTx) error {
		seq, err = l.promote(tx, p)
		return err
	})
	return seq, err
}

func (l *Lease) promote(tx writeTx, p Promotion) (seq int64, err error) {
	p.Run, p.At = l.run, l.store.env.now()
	if seq, err = tx.addPromotion(p); err != nil || p.Arm != "" || !p.InForce() {
		return seq, err
	}
	return seq, l.change(tx, func(r *Run) { r.Policies = p.Policies })
}

// Rollback puts the policies of an earlier row of the run's own history in
// force again, by one more row. Version may be shortened.
func (l *Lease) Rollback(ctx context.Context, version string) (p Promotion, err error) {
	err = l.write(ctx, "rolling back to "+version, func(tx writeTx) error {
		rows, err := tx.promotions(l.run)
		if err != nil {
			return err
		}
		p, err = rollbackRow(rows, version)
		if err != nil {
			return err
		}
		p.Seq, err = l.promote(tx, p)
		return err
	})
	return p, err
}

// rollbackRow finds the one version that was once in force and begins so.
func rollbackRow(rows []Promotion, version string) (p Promotion, err error) {
	var current core.Digest
	found := map[core.Digest]bool{}
	for _, r := range rows {
		if r.Arm != "" || !r.InForce() {
			continue
		}
		current = r.Version
		if version != "" && len(version) <= len(r.Version) && string(r.Version[:len(version)]) == version {
			found[r.Version] = true
			p = r
		}
	}
	switch {
	case len(found) == 0:
		return p, fmt.Errorf("no version that was in force begins with %q: %w", version, ErrNotFound)
	case len(found) > 1:
		return p, fmt.Errorf("%d versions begin with %q; give more of it", len(found), version)
	case p.Version == current:
		return p, fmt.Errorf("version %s is in force already", current.Short())
	}
	p.Outcome, p.Parent, p.Verdict = OutcomeRollback, current, nil
	return p, nil
}

// SetStatus changes the run's status.
func (l *Lease) SetStatus(ctx context.Context, status Status) error {
	return l.write(ctx, "setting the status", func(tx writeTx) error {
		return l.change(tx, func(r *Run) { r.Status = status })
	})
}

// SetSummary replaces the run's summary document.
func (l *Lease) SetSummary(ctx context.Context, doc json.RawMessage) error {
	if !json.Valid(doc) {
		return fmt.Errorf("setting the summary of run %s: %w", l.run, errors.New("it is not a JSON document"))
	}
	return l.write(ctx, "setting the summary", func(tx writeTx) error {
		return l.change(tx, func(r *Run) { r.Summary = doc })
	})
}

// End sets the status and the summary (unless nil) and gives the lease up, together.
func (l *Lease) End(ctx context.Context, status Status, summary json.RawMessage) error {
	return l.write(ctx, "ending", func(tx writeTx) error {
		err := l.change(tx, func(r *Run) {
			r.Status = status
			if summary != nil {
				r.Summary = summary
			}
		})
		if err != nil {
			return err
		}
		return tx.putLease(leaseRow{Name: l.run, Fence: l.fence})
	})
}

func (l *Lease) change(tx writeTx, f func(*Run)) error {
	r, found, err := tx.run(l.run)
	if err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	f(&r)
	r.Updated = l.store.env.now()
	return tx.putRun(r)
}

// dropState removes the file of a checkpoint that nothing refers to any more.
// Failing to is harmless: a collection finds it.
func (s *Store) dropState(ctx context.Context, d core.Digest) {
	_ = s.blobs.checkpoints().drop(context.WithoutCancel(ctx), d)
}
