package pawl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/store"
	"pawl/task"
)

// verifyWork begins the names of verifications in the ledger.
const verifyWork = "verify-"

// flushEvery is how long judged rows may wait to be made durable together, where
// more of them keep coming; flushSize bounds a step, in bytes.
const (
	flushEvery = 500 * time.Millisecond
	flushIdle  = 20 * time.Millisecond // where none come
	flushSize  = 4 << 20
)

// verifyJournal makes rows durable, and hands on and counts those that are. It
// takes no notice of an interruption: what was judged is kept, and a step that
// was begun is ended.
type verifyJournal struct {
	ctx   context.Context // of the work, never cancelled
	v     *Verification
	of    core.Key // of all that determines the rows
	store *store.Store
	steps *exec.Steps
	sink  func(ScoreRow) error
	tally *tally

	// A generation is one pass over all rows. A further one begins where a fresh
	// start is wanted, and after one in which the verifier failed to judge rows;
	// it then takes the others from there.
	generation int
	earlier    *stored // nil where nothing is taken over

	next   int // row after the last durable one
	judged int // durable rows that were judged by this process

	// The step that is being collected.
	rows  []ScoreRow
	fresh int // of these, judged by this process
	text  bytes.Buffer
	began time.Time

	unkept  error // why no further row can be made durable
	untaken error // why none is handed on any more: the sink's
}

// err tells what ends the work.
func (j *verifyJournal) err() error { return errors.Join(j.unkept, j.untaken) }

// stepHead is the first line of a step.
type stepHead struct {
	Rows    int  `json:"rows"`
	Earlier bool `json:"earlier"` // the generation takes rows over from the one before
}

func (j *verifyJournal) key(generation, row int) core.Key {
	return core.NewHasher("verify rows").String(string(j.of)).Uint(uint64(generation)).Uint(uint64(row)).Key()
}

// stored reads the durable rows of a generation, in order.
type stored struct {
	j          *verifyJournal
	generation int
	row        int
	head       stepHead
	left       int // rows of the step at hand
	in         *json.Decoder
}

// next gives one row; ok is false where there are no more.
func (s *stored) next(ctx context.Context) (row ScoreRow, ok bool, err error) {
	damaged := func(err error) (ScoreRow, bool, error) {
		return row, false, fmt.Errorf("reading what was judged before: %w; --fresh judges it anew", err)
	}
	if s.left == 0 {
		step, found, err := s.j.store.Find(ctx, s.j.key(s.generation, s.row))
		if err != nil || !found {
			return row, false, err
		}
		content, err := s.j.store.Get(ctx, step.Output)
		if err != nil {
			return damaged(err)
		}
		s.in = json.NewDecoder(bytes.NewReader(content))
		if err := s.in.Decode(&s.head); err != nil {
			return damaged(fmt.Errorf("the head of a step: %w", err))
		}
		if s.head.Rows < 1 {
			return damaged(fmt.Errorf("a step of %d rows", s.head.Rows))
		}
		s.left = s.head.Rows
	}
	if err := s.in.Decode(&row); err != nil {
		return damaged(err)
	}
	if len(row.Scores) == 0 {
		return damaged(errors.New("a row has no scores"))
	}
	s.row, s.left = s.row+1, s.left-1
	return row, true, nil
}

// resume hands on what is durable of the newest generation, or begins one.
func (j *verifyJournal) resume(ctx context.Context) error {
	begun := 0
	for ; ; begun++ {
		if _, found, err := j.store.Find(ctx, j.key(begun, 0)); err != nil {
			return err
		} else if !found {
			break
		}
	}
	if begun == 0 || j.v.Fresh {
		j.generation = begun
		return nil
	}
	j.generation = begun - 1
	before := &stored{j: j, generation: j.generation}
	rows, unjudged, err := before.count(ctx)
	if err != nil {
		return err
	}
	if before.head.Earlier {
		j.earlier = &stored{j: j, generation: j.generation - 1}
	}
	if rows == j.v.Rows && unjudged > 0 {
		j.earlier = &stored{j: j, generation: j.generation}
		j.generation++
		return nil
	}
	again := &stored{j: j, generation: j.generation}
	for {
		row, ok, err := again.next(ctx)
		if err != nil || !ok {
			return err
		}
		j.next++
		if j.hand(row); j.untaken != nil {
			return j.untaken
		}
	}
}

// count reads to the end.
func (s *stored) count(ctx context.Context) (rows, unjudged int, err error) {
	for {
		row, ok, err := s.next(ctx)
		if err != nil || !ok {
			return rows, unjudged, err
		}
		rows++
		if row.unjudged() {
			unjudged++
		}
	}
}

// unjudged tells whether the verifier failed to judge the row.
func (r ScoreRow) unjudged() bool { return r.Scores[0].Unjudged }

// add takes the next row; fresh tells whether this process judged it. Where a
// piece ends, a step may: pieces are then not judged twice.
func (j *verifyJournal) add(row ScoreRow, fresh, pieceEnds bool) {
	if j.unkept != nil {
		return
	}
	if j.unkept = encodeRow(&j.text, row); j.unkept != nil {
		return
	}
	if len(j.rows) == 0 {
		j.began = time.Now()
	}
	j.rows = append(j.rows, row)
	if fresh {
		j.fresh++
	}
	if pieceEnds && (time.Since(j.began) >= flushEvery || j.text.Len() >= flushSize) {
		j.flush()
	}
}

// flush makes the collected rows a step, and hands them on. One that fails is
// not tried again: it may be durable, and a longer one in its place would not
// be.
func (j *verifyJournal) flush() {
	if len(j.rows) == 0 || j.unkept != nil {
		return
	}
	content := append(marshal(stepHead{len(j.rows), j.earlier != nil}), '\n')
	content = append(content, j.text.Bytes()...)
	var out core.Digest
	out, j.unkept = j.steps.Do(j.ctx, j.key(j.generation, j.next), "verify", func(ctx context.Context) (core.Digest, any, error) {
		d, err := j.store.Put(ctx, content)
		return d, nil, err
	})
	if j.unkept == nil && out != core.Sum(content) {
		j.unkept = errors.New("keeping judged rows: another process has kept others in their place meanwhile; start again")
	}
	if j.unkept != nil {
		return
	}
	rows := j.rows
	j.next, j.judged = j.next+len(rows), j.judged+j.fresh
	j.rows, j.fresh = nil, 0
	j.text.Reset()
	for _, row := range rows {
		j.hand(row)
	}
}

// hand counts a durable row and gives it to the sink, as long as that takes any.
func (j *verifyJournal) hand(row ScoreRow) {
	j.tally.add(row)
	if j.untaken != nil {
		return
	}
	if j.untaken = j.sink(row); j.untaken == nil {
		j.v.tell(loop.Event{Stage: "verify", Progress: core.Progress{Stage: "verify", Done: j.tally.s.N, Total: j.v.Rows}})
	}
}

// contents digests completions: what is read of them, and nothing else.
type contents struct {
	h   hash.Hash
	buf []byte
}

func digester() *contents { return &contents{h: sha256.New()} }

func (d *contents) add(c task.Completion) {
	d.buf = binary.AppendUvarint(d.buf[:0], uint64(c.Sample))
	for _, s := range []string{c.ID, c.Text} {
		d.buf = binary.AppendUvarint(d.buf, uint64(len(s)))
		d.buf = append(d.buf, s...)
	}
	d.h.Write(d.buf)
}

func (d *contents) sum() []byte { return d.h.Sum(nil) }
