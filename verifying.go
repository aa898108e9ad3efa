package pawl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"pawl/core"
	"pawl/task"
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

// piece is what one goroutine judges at once: completions of one task, all of
// them where the verifier wants it so; or, for a verifier that judges in
// batches, of several tasks.
type piece struct {
	eps  []*core.Episode
	rows []pieceRow
	done chan struct{} // closed once out or err is set
	out  []ScoreRow
	err  error
}

type pieceRow struct {
	pos    int // in the file
	sample int
	ep     int
	leaf   core.Ref
	size   int
	old    *ScoreRow // judged by the generation before
}

// slot is a row in line: row i of a piece.
type slot struct {
	p *piece
	i int
}

// Sizes of pieces, in completions, and of what may be in line, in bytes. A
// piece that is cut from a task costs what a verifier prepares for a task once
// more; a longer one loses more to a kill.
const (
	pieceRows  = 8
	batchRows  = 64
	lineSize   = 8 << 20   // read no further while so much waits
	groupsSize = 256 << 20 // of texts, where groups lie apart
)

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
	// What was judged is kept, whatever ended the work.
	keep := context.WithoutCancel(ctx)
	return errors.Join(err, w.drain(keep), w.journal.flush(keep))
}

// drain files the rows at the head of the line that are judged, once nothing
// works any more.
func (w *verifying) drain(ctx context.Context) error {
	for _, s := range w.line {
		if s.p.out == nil {
			return nil
		}
		if err := w.file(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (w *verifying) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cond.Broadcast()
}

// leave hands rows on in the order of the file.
func (w *verifying) leave(ctx context.Context) error {
	for {
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
		if err := w.file(ctx, s); err != nil {
			return err
		}
		w.mu.Lock()
		w.line[0] = slot{}
		w.line = w.line[1:]
		w.size -= s.p.rows[s.i].size
		w.cond.Broadcast()
		w.mu.Unlock()
	}
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
			if err := w.journal.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// file gives a judged row to the journal, unless it is durable: one of a group
// that a kill cut.
func (w *verifying) file(ctx context.Context, s slot) error {
	if s.p.rows[s.i].pos < w.from {
		return nil
	}
	if s.p.rows[s.i].old == nil {
		w.journal.judged++
	}
	return w.journal.add(ctx, s.p.out[s.i], s.i == len(s.p.rows)-1)
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

// read cuts the file into pieces and gives them out.
func (w *verifying) read(ctx context.Context) error {
	pos, left := 0, map[string]int{}
	var p *piece // that grows, where the verifier does not want groups
	last := ""
	_, err := w.v.each(ctx, func(c task.Completion) error {
		at := pos
		pos++
		w.old = nil
		if w.journal.earlier != nil {
			old, ok, err := w.journal.earlier.next(ctx)
			if err != nil {
				return err
			}
			if ok && !old.unjudged() {
				w.old = &old
			}
		}
		if w.grouped {
			return w.group(ctx, c, at, left)
		}
		full := p != nil && (len(p.rows) >= w.most || !w.batch && c.ID != last)
		if full {
			if err := w.give(ctx, p); err != nil {
				return err
			}
			p = nil
		}
		if p == nil {
			p = &piece{done: make(chan struct{})}
		}
		w.grow(p, c, at, c.ID == last)
		last = c.ID
		return nil
	})
	if err == nil && p != nil {
		err = w.give(ctx, p)
	}
	if err == nil && pos != w.v.Rows {
		err = fmt.Errorf("reading completions: %s: it has %d rows and had %d before: it was changed meanwhile; start again", w.v.Completions, pos, w.v.Rows)
	}
	return err
}

// grow adds a completion to a piece.
func (w *verifying) grow(p *piece, c task.Completion, pos int, sameTask bool) {
	if !sameTask || len(p.eps) == 0 {
		p.eps = append(p.eps, core.NewEpisode(w.v.tasks[c.ID], 0))
	}
	ep := p.eps[len(p.eps)-1]
	leaf := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: c.Text})
	p.rows = append(p.rows, pieceRow{pos: pos, sample: c.Sample, ep: len(p.eps) - 1, leaf: leaf, size: len(c.Text) + 256, old: w.old})
}

// group adds a completion to the group of its task, which is given out when it
// is complete. Rows of a group may stand apart: those between wait, as far as
// memory is meant to go.
func (w *verifying) group(ctx context.Context, c task.Completion, pos int, left map[string]int) error {
	p := w.open[c.ID]
	if p == nil {
		p = &piece{done: make(chan struct{})}
		w.open[c.ID] = p
		left[c.ID] = w.v.rows[c.ID]
	}
	w.grow(p, c, pos, true)
	if !w.put(p, len(p.rows)-1) {
		return fmt.Errorf("verifying with %s: it looks at all completions of a task at once, and those of %d tasks stand apart in %s, with more than %d MiB of others between them; sort the file by id",
			w.v.spec.Label(), len(w.open), w.v.Completions, groupsSize>>20)
	}
	if left[c.ID]--; left[c.ID] > 0 {
		return nil
	}
	delete(w.open, c.ID)
	delete(left, c.ID)
	return w.send(ctx, p)
}

// give puts a piece in line and gives it out.
func (w *verifying) give(ctx context.Context, p *piece) error {
	for i := range p.rows {
		w.put(p, i)
	}
	return w.send(ctx, p)
}

// put appends a row to the line; false where groups that are not complete have
// taken all the memory that they may.
func (w *verifying) put(p *piece, i int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line, slot{p, i})
	w.size += p.rows[i].size
	w.cond.Broadcast()
	return len(w.open) == 0 || w.size <= groupsSize
}

// send gives a complete piece to whoever judges next, unless all of it was
// judged before, and waits while too much is in line. It does not wait for a line
// that waits for a group to be complete.
func (w *verifying) send(ctx context.Context, p *piece) error {
	out := make([]ScoreRow, len(p.rows))
	judged := true
	for i, r := range p.rows {
		if r.old != nil {
			out[i] = *r.old
		} else if r.pos >= w.from {
			judged = false
		}
	}
	if judged {
		p.out = out
		close(p.done)
	} else {
		select {
		case w.work <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.size > lineSize && len(w.open) == 0 && ctx.Err() == nil {
		w.cond.Wait()
	}
	return ctx.Err()
}

// judge fills in a piece.
func (w *verifying) judge(ctx context.Context, p *piece) {
	defer close(p.done)
	defer func() {
		if r := recover(); r != nil {
			p.err = fmt.Errorf("verifying task %s with %s: panic: %v", p.eps[0].Task.ID, w.v.spec.Label(), r)
		}
	}()
	judgements, err := w.verdicts(ctx, p)
	if err != nil {
		p.err = err
		return
	}
	scores := make([]map[core.Ref][]RowScore, len(p.eps))
	for i, j := range judgements {
		scores[i] = map[core.Ref][]RowScore{}
		for _, s := range j.Scores {
			if len(s.Nodes) != 1 {
				continue // of a pair, or of the episode: not of one completion
			}
			if v := s.Value + s.Confidence; math.IsNaN(v) || math.IsInf(v, 0) {
				p.err = fmt.Errorf("verifying task %s with %s: it gives the value %v with confidence %v", p.eps[i].Task.ID, w.v.spec.Label(), s.Value, s.Confidence)
				return
			}
			scores[i][s.Nodes[0]] = append(scores[i][s.Nodes[0]], RowScore{w.v.spec.Label(), s.Value, s.Confidence, s.Abstain, s.Rationale})
		}
	}
	out := make([]ScoreRow, 0, len(p.rows))
	for _, r := range p.rows {
		if r.old != nil {
			out = append(out, *r.old)
			continue
		}
		row := ScoreRow{ID: p.eps[r.ep].Task.ID, Sample: r.sample, Scores: scores[r.ep][r.leaf]}
		if len(row.Scores) == 0 {
			row.Scores = []RowScore{{By: w.v.spec.Label(), Abstain: true, Rationale: "gives no score"}}
		}
		out = append(out, row)
	}
	p.out = out
}

func (w *verifying) verdicts(ctx context.Context, p *piece) ([]core.Judgement, error) {
	if b, ok := w.verifier.(core.BatchVerifier); ok {
		js, err := b.VerifyBatch(ctx, p.eps)
		if err == nil && len(js) != len(p.eps) {
			err = fmt.Errorf("%d judgements of %d episodes", len(js), len(p.eps))
		}
		if err != nil {
			err = fmt.Errorf("verifying with %s: %w", w.v.spec.Label(), err)
		}
		return js, err
	}
	j, err := w.verifier.Verify(ctx, p.eps[0], nil)
	if err != nil {
		err = fmt.Errorf("verifying task %s with %s: %w", p.eps[0].Task.ID, w.v.spec.Label(), err)
	}
	return []core.Judgement{j}, err
}
