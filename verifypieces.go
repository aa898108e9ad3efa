package pawl

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/task"
)

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
		p.eps = append(p.eps, core.NewEpisode(w.v.tasks[w.v.at[c.ID]], 0))
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
		left[c.ID] = w.v.rows[w.v.at[c.ID]]
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
