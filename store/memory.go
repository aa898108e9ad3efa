package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"pawl/core"
)

// memoryLedger keeps the ledger in maps. Values are copied in and out as far
// as callers may change them. Writers rely on the rule that a function checks
// before it writes: there is no rollback.
type memoryLedger struct {
	mu     sync.RWMutex
	closed bool
	memoryTx
}

// memoryTx is the content of a memory ledger, under its lock.
type memoryTx struct {
	content  map[core.Digest][]byte
	done     map[core.Key]Step
	tries    map[core.Key][]Attempt
	states   map[core.Key]Checkpoint
	runRows  map[string]Run
	journals map[string][]Event
	history  map[string][]Promotion
	holders  map[string]leaseRow
	memoryCalls
}

func newMemoryLedger() *memoryLedger {
	return &memoryLedger{memoryTx: memoryTx{
		content: map[core.Digest][]byte{}, done: map[core.Key]Step{}, tries: map[core.Key][]Attempt{},
		states: map[core.Key]Checkpoint{}, runRows: map[string]Run{}, journals: map[string][]Event{},
		history: map[string][]Promotion{}, holders: map[string]leaseRow{},
		memoryCalls: memoryCalls{bought: map[core.Key]callRow{}, sums: map[string]core.Spending{}},
	}}
}

func (l *memoryLedger) update(ctx context.Context, f func(writeTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	return f(&l.memoryTx)
}

func (l *memoryLedger) view(ctx context.Context, f func(readTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return ErrClosed
	}
	return f(&l.memoryTx)
}

func (l *memoryLedger) peek(ctx context.Context, f func(readTx) error) error { return l.view(ctx, f) }

func (l *memoryLedger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return nil
}

func (t *memoryTx) blob(d core.Digest) ([]byte, bool, error) {
	b, ok := t.content[d]
	return bytes.Clone(b), ok, nil
}

func (t *memoryTx) hasBlob(d core.Digest) (bool, error) {
	_, ok := t.content[d]
	return ok, nil
}

func (t *memoryTx) putBlob(d core.Digest, content []byte, _ time.Time) error {
	if _, ok := t.content[d]; !ok {
		t.content[d] = append([]byte{}, content...)
	}
	return nil
}

func (t *memoryTx) dropBlob(d core.Digest) error {
	delete(t.content, d)
	return nil
}

func (t *memoryTx) inlineBlobs(yield func(core.Digest, int64) error) error {
	for _, d := range slices.Sorted(maps.Keys(t.content)) {
		if err := yield(d, int64(len(t.content[d]))); err != nil {
			return err
		}
	}
	return nil
}

func (t *memoryTx) step(k core.Key) (Step, bool, error) {
	if err := validKey(k); err != nil {
		return Step{}, false, err
	}
	s, ok := t.done[k]
	return s, ok, nil
}

func (t *memoryTx) steps(run string) (steps []Step, err error) {
	for _, s := range t.done {
		if run == "" || s.Run == run {
			steps = append(steps, s)
		}
	}
	slices.SortFunc(steps, func(a, b Step) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Key, b.Key))
	})
	return steps, nil
}

func (t *memoryTx) putStep(s Step) error {
	if err := validKey(s.Key); err != nil {
		return err
	}
	s.Stats = bytes.Clone(s.Stats)
	t.done[s.Key] = s
	return nil
}

func (t *memoryTx) dropStep(k core.Key) error {
	delete(t.done, k)
	return nil
}

func (t *memoryTx) attempts(k core.Key) ([]Attempt, error) {
	return slices.Clone(t.tries[k]), nil
}

func (t *memoryTx) unknown(run string) (as []Attempt, err error) {
	for k, tries := range t.tries {
		_, done := t.done[k]
		for i, a := range tries {
			if a.Run == run && a.Cause == "" && !(done && i == len(tries)-1) {
				as = append(as, a)
			}
		}
	}
	slices.SortFunc(as, func(a, b Attempt) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key), cmp.Compare(a.N, b.N))
	})
	return as, nil
}

func (t *memoryTx) addAttempt(a Attempt) (int, error) {
	a.N = len(t.tries[a.Key]) + 1
	t.tries[a.Key] = append(t.tries[a.Key], a)
	return a.N, nil
}

func (t *memoryTx) failAttempt(k core.Key, n int, cause string) error {
	if as := t.tries[k]; n >= 1 && n <= len(as) {
		as[n-1].Cause = cause
	}
	return nil
}

func (t *memoryTx) checkpoint(k core.Key) (Checkpoint, bool, error) {
	if err := validKey(k); err != nil {
		return Checkpoint{}, false, err
	}
	c, ok := t.states[k]
	return c, ok, nil
}

func (t *memoryTx) checkpoints() (cs []Checkpoint, err error) {
	for _, k := range slices.Sorted(maps.Keys(t.states)) {
		cs = append(cs, t.states[k])
	}
	return cs, nil
}

func (t *memoryTx) putCheckpoint(c Checkpoint) error {
	if err := validKey(c.Key); err != nil {
		return err
	}
	t.states[c.Key] = c
	return nil
}

func (t *memoryTx) dropCheckpoint(k core.Key) error {
	delete(t.states, k)
	return nil
}

func (t *memoryTx) run(id string) (Run, bool, error) {
	r, ok := t.runRows[id]
	return cloneRun(r), ok, nil
}

func (t *memoryTx) runs() (runs []Run, err error) {
	for _, r := range t.runRows {
		runs = append(runs, cloneRun(r))
	}
	slices.SortFunc(runs, func(a, b Run) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return runs, nil
}

func (t *memoryTx) putRun(r Run) error {
	t.runRows[r.ID] = cloneRun(r)
	return nil
}

func (t *memoryTx) events(run string, after int64) ([]Event, error) {
	es := t.journals[run]
	return slices.Clone(es[min(max(after, 0), int64(len(es))):]), nil
}

func (t *memoryTx) addEvent(e Event) (int64, error) {
	e.Seq = int64(len(t.journals[e.Run])) + 1
	t.journals[e.Run] = append(t.journals[e.Run], e)
	return e.Seq, nil
}

func (t *memoryTx) promotions(run string) ([]Promotion, error) {
	ps := slices.Clone(t.history[run])
	for i := range ps {
		ps[i].Policies = clonePolicies(ps[i].Policies)
	}
	return ps, nil
}

func (t *memoryTx) addPromotion(p Promotion) (int64, error) {
	p.Seq = int64(len(t.history[p.Run])) + 1
	p.Policies = clonePolicies(p.Policies)
	p.Verdict = bytes.Clone(p.Verdict)
	t.history[p.Run] = append(t.history[p.Run], p)
	return p.Seq, nil
}

func (t *memoryTx) lease(name string) (leaseRow, bool, error) {
	l, ok := t.holders[name]
	return l, ok, nil
}

func (t *memoryTx) leases() (ls []leaseRow, err error) {
	for _, name := range slices.Sorted(maps.Keys(t.holders)) {
		ls = append(ls, t.holders[name])
	}
	return ls, nil
}

func (t *memoryTx) putLease(l leaseRow) error {
	t.holders[l.Name] = l
	return nil
}

func cloneRun(r Run) Run {
	r.Policies = clonePolicies(r.Policies)
	r.Summary = bytes.Clone(r.Summary)
	return r
}

func clonePolicies(ps map[string]core.Policy) map[string]core.Policy {
	ps = maps.Clone(ps)
	for name, p := range ps {
		ps[name] = maps.Clone(p)
	}
	return ps
}

func validKey(k core.Key) error {
	_, err := digestKey(k)
	return err
}

// memoryBlobs keeps content too large for a ledger in a map.
type memoryBlobs struct {
	mu   sync.RWMutex
	m    map[core.Digest][]byte
	kept *memoryBlobs
}

func newMemoryBlobs() *memoryBlobs {
	return &memoryBlobs{m: map[core.Digest][]byte{}, kept: &memoryBlobs{m: map[core.Digest][]byte{}}}
}

func (b *memoryBlobs) checkpoints() blobs { return b.kept }
func (b *memoryBlobs) close() error       { return nil }

func (b *memoryBlobs) put(ctx context.Context, d core.Digest, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.m[d]; !ok {
		b.m[d] = bytes.Clone(content)
	}
	return nil
}

func (b *memoryBlobs) get(ctx context.Context, d core.Digest) ([]byte, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	content, ok := b.m[d]
	if !ok {
		return nil, fmt.Errorf("%w (in memory)", ErrNotFound)
	}
	return append([]byte{}, content...), ctx.Err()
}

func (b *memoryBlobs) has(_ context.Context, d core.Digest) (bool, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, ok := b.m[d]
	return ok, nil
}

func (b *memoryBlobs) list(_ context.Context, yield func(core.Digest, int64) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, d := range slices.Sorted(maps.Keys(b.m)) {
		if err := yield(d, int64(len(b.m[d]))); err != nil {
			return err
		}
	}
	return nil
}

func (b *memoryBlobs) drop(_ context.Context, d core.Digest) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.m, d)
	return nil
}
