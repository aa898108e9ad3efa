package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pawl/core"
)

// Options of Open. The zero value is right outside tests.
type Options struct {
	// Warn is told of damage that was survived, in one line, by any goroutine.
	// Nil discards it.
	Warn func(message string)
	// Now is the clock for times and leases. Nil is the system's, which keeps
	// leases on the boot clock, so that a jump of the wall clock expires none.
	Now func() time.Time
	// Version of this program, noted in the ledger for messages.
	Version string
	// Failpoint is called around each durable write with the name of the point:
	// commit.before and commit.after for a transaction of the ledger,
	// blob.written and blob.named for a file. Tests kill the process there.
	Failpoint func(point string)

	migrations []migration                  // nil: the real ones
	wrap       func(sink fileSink) fileSink // faults of blob files, in tests
}

// Store is a ledger and its blobs. All methods may be called concurrently.
type Store struct {
	ledger ledger
	blobs  blobs
	env    *environment
}

// ledger runs functions in transactions. update returns once the writes are
// durable; if f fails nothing of it is written. f may run more than once, and
// must not keep its argument.
type ledger interface {
	update(ctx context.Context, f func(writeTx) error) error
	view(ctx context.Context, f func(readTx) error) error
	peek(ctx context.Context, f func(readTx) error) error // view for a single read, faster
	close() error
}

// readTx is one consistent view of the ledger.
type readTx interface {
	blob(core.Digest) (content []byte, found bool, err error)
	hasBlob(core.Digest) (bool, error)
	step(core.Key) (Step, bool, error)
	steps(run string) ([]Step, error) // all runs for ""
	attempts(core.Key) ([]Attempt, error)
	unknown(run string) ([]Attempt, error) // neither failed nor the last before a result
	checkpoint(core.Key) (Checkpoint, bool, error)
	checkpoints() ([]Checkpoint, error)
	run(id string) (Run, bool, error)
	runs() ([]Run, error) // newest first
	events(run string, after int64) ([]Event, error)
	promotions(run string) ([]Promotion, error)
	lease(name string) (leaseRow, bool, error)
	leases() ([]leaseRow, error)
	inlineBlobs(yield func(d core.Digest, size int64) error) error
	call(core.Key) (callRow, bool, error)
	hasCall(core.Key) (bool, error)
	callContents(yield func(callRow) error) error                // Content and Digest of all
	callAttempt(id int64) (a CallAttempt, found bool, err error) // without Keys, Lane and times of its beginning
	callAttempts(scope string) ([]CallAttempt, error)            // everyone's for ""
	spending(scope string) (core.Spending, error)
}

// writeTx is a read-write transaction.
type writeTx interface {
	readTx
	putBlob(d core.Digest, content []byte, at time.Time) error
	dropBlob(core.Digest) error
	putStep(Step) error // replaces nothing: the key is new
	dropStep(core.Key) error
	addAttempt(Attempt) (n int, err error)
	failAttempt(key core.Key, n int, cause string) error
	putCheckpoint(Checkpoint) error
	dropCheckpoint(core.Key) error
	putRun(Run) error
	addEvent(Event) (seq int64, err error)
	addPromotion(Promotion) (seq int64, err error)
	putLease(leaseRow) error
	putCall(callRow) (first bool, err error) // replaces nothing
	addCallAttempt(CallAttempt) (id int64, err error)
	endCallAttempt(CallAttempt) error
	dropCalls(scope string, before time.Time) (n int, err error)
	spend(scope string, d core.Spending) error // adds d to what scope spent
}

// blobs holds content too large for the ledger, and checkpoints.
type blobs interface {
	put(ctx context.Context, d core.Digest, content []byte) error
	get(ctx context.Context, d core.Digest) ([]byte, error) // ErrNotFound, ErrCorrupt
	has(ctx context.Context, d core.Digest) (bool, error)
	list(ctx context.Context, yield func(d core.Digest, size int64) error) error
	drop(ctx context.Context, d core.Digest) error
	checkpoints() blobs // a second space, by the same rules
	close() error
}

// Memory returns a store that lives and dies with the process. Of the options,
// given at most once, only the clock matters.
func Memory(o ...Options) *Store {
	return &Store{ledger: newMemoryLedger(), blobs: newMemoryBlobs(), env: newEnvironment(append(o, Options{})[0])}
}

// Close waits for writes that were taken up and releases the files. Leases are
// not released: their runs were not left in order.
func (s *Store) Close() error {
	return errors.Join(s.ledger.close(), s.blobs.close())
}

// Put stores content and returns its digest. Content that is there already is
// not written again, unless it is damaged.
func (s *Store) Put(ctx context.Context, content []byte) (core.Digest, error) {
	d := core.Sum(content)
	var err error
	if len(content) > InlineSize {
		err = s.blobs.put(ctx, d, content)
	} else {
		err = s.putInline(ctx, d, content)
	}
	if err != nil {
		return "", fmt.Errorf("storing blob %s of %d bytes: %w", d.Short(), len(content), err)
	}
	return d, nil
}

func (s *Store) putInline(ctx context.Context, d core.Digest, content []byte) error {
	if found, err := s.Has(ctx, d); found || err != nil {
		return err
	}
	return s.ledger.update(ctx, func(tx writeTx) error { return tx.putBlob(d, content, s.env.now()) })
}

// Get returns content by its digest, verified. The caller owns the bytes.
func (s *Store) Get(ctx context.Context, d core.Digest) ([]byte, error) {
	b, err := s.get(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", d, err)
	}
	return b, nil
}

func (s *Store) get(ctx context.Context, d core.Digest) (content []byte, err error) {
	if !d.Valid() {
		return nil, errors.New("this is not a digest")
	}
	var found bool
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		content, found, err = tx.blob(d)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return s.blobs.get(ctx, d)
	}
	if got := core.Sum(content); got != d {
		return nil, fmt.Errorf("the ledger holds other bytes under this name (their digest is %s): %w", got, ErrCorrupt)
	}
	return content, nil
}

// Has reports whether content is stored, without reading it.
func (s *Store) Has(ctx context.Context, d core.Digest) (found bool, err error) {
	if !d.Valid() {
		return false, nil
	}
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		found, err = tx.hasBlob(d)
		return err
	})
	if err != nil || found {
		return found, err
	}
	return s.blobs.has(ctx, d)
}

// Find looks a finished step up.
func (s *Store) Find(ctx context.Context, key core.Key) (step Step, found bool, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		step, found, err = tx.step(key)
		return err
	})
	return step, found, err
}

// Steps lists the finished steps that the run did, in order of their start;
// those of all runs for "".
func (s *Store) Steps(ctx context.Context, run string) (steps []Step, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		steps, err = tx.steps(run)
		return err
	})
	return steps, err
}

// Attempts lists the tries at a step, in order.
func (s *Store) Attempts(ctx context.Context, key core.Key) (as []Attempt, err error) {
	err = s.ledger.view(ctx, func(tx readTx) error {
		if as, err = tx.attempts(key); err != nil {
			return err
		}
		_, done, err := tx.step(key)
		for i := range as {
			a := &as[i]
			switch {
			case a.Cause != "":
				a.Outcome = OutcomeFailed
			case done && i == len(as)-1:
				a.Outcome = OutcomeDone
			default:
				a.Outcome = OutcomeUnknown
			}
		}
		return err
	})
	return as, err
}

// Unknown lists the run's attempts of unknown outcome, oldest first: those at
// work now, and those that were killed, whose cost may have been paid for
// nothing.
func (s *Store) Unknown(ctx context.Context, run string) (as []Attempt, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		as, err = tx.unknown(run)
		return err
	})
	for i := range as {
		as[i].Outcome = OutcomeUnknown
	}
	return as, err
}

// CreateRun records a new run. Created, Updated and Holder are filled in, and
// Status where it is empty. The run has no lease yet.
func (s *Store) CreateRun(ctx context.Context, r Run) error {
	if r.ID == "" || strings.HasPrefix(r.ID, "*") {
		return fmt.Errorf("creating run %q: a run needs a name, and one that does not start with *", r.ID)
	}
	r.Created = s.env.now()
	r.Updated = r.Created
	if r.Status == "" {
		r.Status = Running
	}
	err := s.ledger.update(ctx, func(tx writeTx) error {
		if _, found, err := tx.run(r.ID); err != nil {
			return err
		} else if found {
			return ErrExists
		}
		return tx.putRun(r)
	})
	if err != nil {
		return fmt.Errorf("creating run %s: %w", r.ID, err)
	}
	return nil
}

// Run finds a run by its ID or by the beginning of it, if only one run has it.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	runs, err := s.Runs(ctx)
	if err != nil {
		return Run{}, fmt.Errorf("reading run %s: %w", id, err)
	}
	var ids []string
	var found Run
	for _, r := range runs {
		if r.ID == id {
			return r, nil
		}
		if id != "" && strings.HasPrefix(r.ID, id) {
			ids = append(ids, r.ID)
			found = r
		}
	}
	switch {
	case len(ids) == 1:
		return found, nil
	case len(ids) > 1:
		slices.Sort(ids)
		return Run{}, fmt.Errorf("reading run %q: %d runs begin so (%s, …); give more of the name", id, len(ids), strings.Join(ids[:2], ", "))
	case len(runs) == 0:
		return Run{}, fmt.Errorf("reading run %q: %w; the store has no runs", id, ErrNotFound)
	}
	return Run{}, fmt.Errorf("reading run %q: %w; the last run is %s", id, ErrNotFound, runs[0].ID)
}

// Runs lists the runs, newest first. Holder is set where a live lease exists.
func (s *Store) Runs(ctx context.Context) (runs []Run, err error) {
	var leases []leaseRow
	err = s.ledger.view(ctx, func(tx readTx) (err error) {
		if runs, err = tx.runs(); err != nil {
			return err
		}
		leases, err = tx.leases()
		return err
	})
	for i := range runs {
		for _, l := range leases {
			if l.Name == runs[i].ID && s.env.live(l) {
				h := l.holder()
				runs[i].Holder = &h
			}
		}
	}
	return runs, err
}

// Events lists the run's journal after sequence number after.
func (s *Store) Events(ctx context.Context, run string, after int64) (events []Event, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		events, err = tx.events(run, after)
		return err
	})
	return events, err
}

// Promotions lists the run's history of policies, oldest first.
func (s *Store) Promotions(ctx context.Context, run string) (ps []Promotion, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		ps, err = tx.promotions(run)
		return err
	})
	return ps, err
}

// Checkpoints lists the states kept of steps that have not finished.
func (s *Store) Checkpoints(ctx context.Context) (cs []Checkpoint, err error) {
	err = s.ledger.peek(ctx, func(tx readTx) (err error) {
		cs, err = tx.checkpoints()
		return err
	})
	return cs, err
}
