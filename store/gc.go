package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pawl/core"
)

// GCOptions steer a collection.
type GCOptions struct {
	// DryRun only counts. It needs no lease, and may count as garbage what a
	// run at work has stored but not recorded yet.
	DryRun bool
	// Keep tells which finished steps stay; nil keeps all. A step that goes is
	// forgotten before its content, so a run that wants it again does it again.
	Keep func(Step) bool
	// Roots is further content to keep.
	Roots []core.Digest
}

// Amount counts blobs and the bytes they take where they lie.
type Amount struct {
	Blobs int   `json:"blobs"`
	Bytes int64 `json:"bytes"`
}

func (a *Amount) add(size int64) {
	a.Blobs++
	a.Bytes += size
}

// GCReport tells what a collection did, or would do.
type GCReport struct {
	DryRun      bool     `json:"dry_run,omitempty"`
	Kept        Amount   `json:"kept"`
	Dropped     Amount   `json:"dropped"`
	Checkpoints Amount   `json:"checkpoints"`       // dropped: of steps that finished or moved on
	Steps       int      `json:"steps"`             // forgotten
	Damaged     []string `json:"damaged,omitempty"` // reachable content that cannot be read, one line each
}

const (
	gcTTL   = 2 * time.Minute
	gcBatch = 500 // removals between two checks of the lease
)

// GC drops content that nothing refers to. Roots are the policies in the
// history of every run, the outputs of the steps kept, what calls brought, run
// summaries and events. Content that is a JSON document keeps what it names: any digest in it
// counts, so a document format need not be known here. All reachable content is
// read, and so verified, on the way.
//
// A collection excludes runs and runs exclude it: GC fails with ErrHeld while a
// run has a live lease, and no run can be acquired until it ends.
func (s *Store) GC(ctx context.Context, o GCOptions) (report GCReport, err error) {
	c := &collection{store: s, o: o, reached: map[core.Digest]bool{}}
	c.report.DryRun = o.DryRun
	if err := c.collect(ctx); err != nil {
		return c.report, fmt.Errorf("collecting garbage: %w", err)
	}
	return c.report, nil
}

// collection is one run of GC.
type collection struct {
	store   *Store
	o       GCOptions
	lease   *Lease // nil in a dry run
	reached map[core.Digest]bool
	stack   []core.Digest // reached, not yet read
	forget  []core.Key
	report  GCReport
}

func (c *collection) collect(ctx context.Context) (err error) {
	if !c.o.DryRun {
		if err := c.acquire(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.lease.Release(context.WithoutCancel(ctx))) }()
	}
	var states map[core.Digest]bool
	if states, err = c.roots(ctx); err != nil {
		return err
	}
	if err := c.mark(ctx); err != nil {
		return err
	}
	if err := c.forgetSteps(ctx); err != nil {
		return err
	}
	if err := c.sweepLedger(ctx); err != nil {
		return err
	}
	if err := c.sweepFiles(ctx, c.store.blobs, c.reached, &c.report.Kept, &c.report.Dropped); err != nil {
		return err
	}
	var live Amount
	return c.sweepFiles(ctx, c.store.blobs.checkpoints(), states, &live, &c.report.Checkpoints)
}

// acquire takes the lease of collections, unless a run is being advanced.
func (c *collection) acquire(ctx context.Context) error {
	c.lease = &Lease{store: c.store, run: gcLease, ttl: gcTTL}
	return c.store.ledger.update(ctx, func(tx writeTx) error {
		leases, err := tx.leases()
		if err != nil {
			return err
		}
		for _, l := range leases {
			if l.Name != gcLease && c.store.env.live(l) {
				return fmt.Errorf("%v is advancing run %s; collect when it has ended: %w", l.holder(), l.Name, ErrHeld)
			}
		}
		return c.lease.take(tx, gcLease)
	})
}

// roots reaches what the ledger refers to, and returns the states of steps
// that have not finished.
func (c *collection) roots(ctx context.Context) (states map[core.Digest]bool, err error) {
	states = map[core.Digest]bool{}
	for _, d := range c.o.Roots {
		c.reach(d)
	}
	err = c.store.ledger.view(ctx, func(tx readTx) error {
		steps, err := tx.steps("")
		if err != nil {
			return err
		}
		for _, s := range steps {
			if c.o.Keep != nil && !c.o.Keep(s) {
				c.forget = append(c.forget, s.Key)
				continue
			}
			c.reach(s.Output)
			c.scan(s.Stats)
		}
		kept, err := tx.checkpoints()
		if err != nil {
			return err
		}
		for _, k := range kept {
			states[k.Digest] = true
		}
		if err := tx.callContents(c.paid); err != nil {
			return err
		}
		runs, err := tx.runs()
		if err != nil {
			return err
		}
		for _, r := range runs {
			c.policies(r.Policies)
			c.scan(r.Summary)
			ps, err := tx.promotions(r.ID)
			if err != nil {
				return err
			}
			for _, p := range ps {
				c.policies(p.Policies)
				c.scan(p.Verdict)
			}
			events, err := tx.events(r.ID, 0)
			if err != nil {
				return err
			}
			for _, e := range events {
				c.scan(e.Data)
			}
		}
		return nil
	})
	return states, err
}

// paid keeps what a call brought: it would have to be paid for again.
func (c *collection) paid(row callRow) error {
	if row.Filed {
		c.reach(row.Digest)
	}
	c.document(row.Content)
	return nil
}

func (c *collection) policies(ps map[string]core.Policy) {
	for _, p := range ps {
		for _, d := range p {
			c.reach(d)
		}
	}
}

func (c *collection) reach(d core.Digest) {
	if d.Valid() && !c.reached[d] {
		c.reached[d] = true
		c.stack = append(c.stack, d)
	}
}

// document reaches what a JSON document names.
func (c *collection) document(content []byte) {
	if len(content) > 0 && (content[0] == '{' || content[0] == '[') {
		c.scan(content)
	}
}

// scan reaches every digest that a text names: runs of exactly 64 lower-case
// hexadecimal digits.
func (c *collection) scan(text []byte) {
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'f') {
			continue
		}
		if i-start == 64 {
			c.reach(core.Digest(text[start:i]))
		}
		start = i + 1
	}
}

// mark reads what was reached until nothing new comes up.
func (c *collection) mark(ctx context.Context) error {
	for n := 0; len(c.stack) > 0; n++ {
		if err := c.breathe(ctx, n); err != nil {
			return err
		}
		d := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		content, err := c.store.get(ctx, d)
		switch {
		case errors.Is(err, ErrCorrupt):
			c.report.Damaged = append(c.report.Damaged, err.Error())
		case errors.Is(err, ErrNotFound):
			// A version, an output that is no blob, or content dropped before.
		case err != nil:
			return err
		default:
			c.document(content)
		}
	}
	slices.Sort(c.report.Damaged)
	return nil
}

// breathe renews the lease now and then; it fails when the lease was lost.
func (c *collection) breathe(ctx context.Context, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.lease == nil || n%gcBatch != 0 {
		return nil
	}
	return c.lease.Renew(ctx)
}

func (c *collection) forgetSteps(ctx context.Context) error {
	c.report.Steps = len(c.forget)
	if c.lease == nil {
		return nil
	}
	for batch := range slices.Chunk(c.forget, gcBatch) {
		err := c.lease.write(ctx, "forgetting steps", func(tx writeTx) error {
			for _, k := range batch {
				if err := tx.dropStep(k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) sweepLedger(ctx context.Context) error {
	var garbage []core.Digest
	err := c.store.ledger.view(ctx, func(tx readTx) error {
		return tx.inlineBlobs(func(d core.Digest, size int64) error {
			if c.reached[d] {
				c.report.Kept.add(size)
			} else {
				c.report.Dropped.add(size)
				garbage = append(garbage, d)
			}
			return nil
		})
	})
	if err != nil || c.lease == nil {
		return err
	}
	for batch := range slices.Chunk(garbage, gcBatch) {
		err := c.lease.write(ctx, "dropping blobs", func(tx writeTx) error {
			for _, d := range batch {
				if err := tx.dropBlob(d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) sweepFiles(ctx context.Context, b blobs, reached map[core.Digest]bool, kept, dropped *Amount) error {
	var garbage []core.Digest
	err := b.list(ctx, func(d core.Digest, size int64) error {
		if reached[d] {
			kept.add(size)
		} else {
			dropped.add(size)
			garbage = append(garbage, d)
		}
		return nil
	})
	if err != nil || c.lease == nil {
		return err
	}
	for i, d := range garbage {
		if err := c.breathe(ctx, i); err != nil {
			return err
		}
		if err := b.drop(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
