package pawl

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"pawl/core"
)

// verifying is the work on one file: a reader cuts it into pieces, as many
// goroutines as there are processors judge them, and rows leave in the order of
// the file.
type verifying struct {
	v        *Verification
	verifier core.Verifier
	journal  *verifyJournal

	from    int  // rows before it are durable
	grouped bool // the verifier wants all attempts of a task at once
	batch   bool // it judges many episodes at once
	most    int  // rows of a piece

	work chan *piece
	mu   sync.Mutex
	cond *sync.Cond
	line []slot            // rows that were read and have not left, in order
	open map[string]*piece // groups that are not complete, by task
	size int               // bytes of text in line
	end  bool              // nothing more will be read
	err  error             // that ended the reading

	old *ScoreRow // of the row that is being read
}

func (w *verifying) run(ctx context.Context) error {
	g, ok := w.verifier.(core.GroupVerifier)
	w.grouped = ok && g.Grouped()
	_, w.batch = w.verifier.(core.BatchVerifier)
	w.most = pieceRows
	if w.batch {
		w.most = batchRows
	}
	if b, ok := w.verifier.(interface{ BatchSize() int }); ok {
		w.most = b.BatchSize()
	}
	w.work, w.open = make(chan *piece), map[string]*piece{}
	w.cond = sync.NewCond(&w.mu)
	w.from = w.journal.next
	inner, cancel := context.WithCancel(ctx)
	stopped := context.AfterFunc(inner, w.wake)
	defer stopped()
	var wg sync.WaitGroup
	wg.Go(func() {
		err := w.read(inner)
		close(w.work)
		w.mu.Lock()
		w.end, w.err = true, err
		w.mu.Unlock()
		w.wake()
	})
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range w.work {
				w.judge(inner, p)
			}
		})
	}
	err := w.leave(inner)
	cancel()
	wg.Wait()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	w.drain()
	return errors.Join(err, w.journal.err())
}

// drain keeps what was judged, whatever ended the work: the rows at the head of
// the line, once nothing works any more.
func (w *verifying) drain() {
	for _, s := range w.line {
		if s.p.out == nil {
			break
		}
		w.file(s)
	}
	w.journal.flush()
}

func (w *verifying) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cond.Broadcast()
}

// leave files rows in the order of the file, until there are no more, or none
// can be kept or handed on.
func (w *verifying) leave(ctx context.Context) error {
	for w.journal.err() == nil {
		s, ok, err := w.head(ctx)
		if err != nil || !ok {
			return err
		}
		if err := w.await(ctx, s.p); err != nil {
			return err
		}
		if s.p.err != nil {
			return s.p.err
		}
		w.pop()
		w.file(s)
	}
	return nil
}

// pop takes the first row out of the line: from here on it is the journal's.
func (w *verifying) pop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.line[0]
	w.line[0] = slot{}
	w.line = w.line[1:]
	w.size -= s.p.rows[s.i].size
	w.cond.Broadcast()
}

// await waits for a piece. Rows before it that are judged become durable
// meanwhile, unless it takes a moment only: where pieces take longer than that, a
// kill loses what is in work and no more.
func (w *verifying) await(ctx context.Context, p *piece) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	moment := time.NewTimer(flushIdle)
	defer moment.Stop()
	for {
		select {
		case <-p.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-moment.C:
			w.journal.flush()
		}
	}
}

// file gives a judged row to the journal, unless it is durable: one of a group
// that a kill cut.
func (w *verifying) file(s slot) {
	row := s.p.rows[s.i]
	if row.pos >= w.from {
		w.journal.add(s.p.out[s.i], row.old == nil, s.i == len(s.p.rows)-1)
	}
}

// head is the first row in line; ok is false once there are no more.
func (w *verifying) head(ctx context.Context) (s slot, ok bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.line) == 0 && !w.end && ctx.Err() == nil {
		w.cond.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return s, false, ctx.Err()
	case len(w.line) == 0:
		return s, false, w.err
	}
	return w.line[0], true, nil
}
