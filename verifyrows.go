package pawl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/stats"
	"pawl/store"
	"pawl/task"
)

// verifyWork begins the names of verifications in the ledger.
const verifyWork = "verify-"

// flushEvery is how long judged rows may wait to be made durable together; a
// kill loses them and the pieces in work, no more. flushSize bounds a step.
const (
	flushEvery = 500 * time.Millisecond
	flushSize  = 4 << 20
)

// verifyJournal makes rows durable and hands them on.
type verifyJournal struct {
	v     *Verification
	store *store.Store
	steps *exec.Steps
	sink  func(ScoreRow) error
	tally *tally
	salt  int       // of a fresh start
	next  int       // row after the last durable one
	began time.Time // the step that is being collected

	rows []ScoreRow // not durable yet
	text bytes.Buffer
}

func (j *verifyJournal) key(row int) core.Key {
	return core.NewHasher("verify rows").String(string(j.v.key)).Uint(uint64(j.salt)).Uint(uint64(row)).Key()
}

// resume hands on what is durable. Without Fresh the newest fresh start goes
// on; with it, one more begins.
func (j *verifyJournal) resume(ctx context.Context, lease *store.Lease) error {
	for {
		_, begun, err := lease.Done(ctx, j.key(0))
		if err != nil {
			return err
		}
		if !begun {
			break
		}
		j.salt++
	}
	if !j.v.Fresh && j.salt > 0 {
		j.salt--
	}
	for j.next < j.v.Rows {
		d, found, err := lease.Done(ctx, j.key(j.next))
		if err != nil || !found {
			return err
		}
		content, err := j.store.Get(ctx, d)
		if err != nil {
			return fmt.Errorf("reading what was judged before: %w; --fresh judges it anew", err)
		}
		for in := json.NewDecoder(bytes.NewReader(content)); in.More(); {
			var row ScoreRow
			if err := in.Decode(&row); err != nil {
				return fmt.Errorf("reading what was judged before: %w; --fresh judges it anew", err)
			}
			if err := j.hand(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes the next row. Where a piece ends, a step may: pieces are then not
// judged twice.
func (j *verifyJournal) add(ctx context.Context, row ScoreRow, pieceEnds bool) error {
	if len(j.rows) == 0 {
		j.began = time.Now()
	}
	j.rows = append(j.rows, row)
	if err := encodeRow(&j.text, row); err != nil {
		return err
	}
	if !pieceEnds || time.Since(j.began) < flushEvery && j.text.Len() < flushSize {
		return nil
	}
	return j.flush(ctx)
}

// flush makes the collected rows a step, and hands them on.
func (j *verifyJournal) flush(ctx context.Context) error {
	if len(j.rows) == 0 {
		return nil
	}
	content := bytes.Clone(j.text.Bytes())
	_, err := j.steps.Do(ctx, j.key(j.next), "verify", func(ctx context.Context) (core.Digest, any, error) {
		d, err := j.store.Put(ctx, content)
		return d, nil, err
	})
	if err != nil {
		return err
	}
	rows := j.rows
	j.rows = nil
	j.text.Reset()
	for _, row := range rows {
		if err := j.hand(row); err != nil {
			return err
		}
	}
	return nil
}

func (j *verifyJournal) hand(row ScoreRow) error {
	j.next++
	j.tally.add(row)
	if err := j.sink(row); err != nil {
		return err
	}
	j.v.tell(loop.Event{Stage: "verify", Progress: core.Progress{Stage: "verify", Done: j.next, Total: j.v.Rows}})
	return nil
}

func encodeRow(w io.Writer, row ScoreRow) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(row)
}

// tally counts rows for the summary. It holds a number a row.
type tally struct {
	s      VerifySummary
	at     map[string]int
	values [][]float64
	solved []bool
}

func newTally() *tally { return &tally{at: map[string]int{}} }

func (t *tally) add(row ScoreRow) {
	i, ok := t.at[row.ID]
	if !ok {
		i = len(t.values)
		t.at[row.ID] = i
		t.values, t.solved = append(t.values, nil), append(t.solved, false)
	}
	value := 0.0
	t.s.N++
	switch s := row.Scores[0]; { // every row has one
	case s.Abstain:
		t.s.Abstained++
	case s.Value == 1:
		value, t.solved[i] = 1, true
		t.s.Right++
	default:
		value = s.Value
	}
	t.values[i] = append(t.values[i], value)
}

func (t *tally) fill(s *VerifySummary) {
	s.N, s.Right, s.Abstained, s.Tasks = t.s.N, t.s.Right, t.s.Abstained, len(t.values)
	for _, solved := range t.solved {
		if solved {
			s.Solved++
		}
	}
	if s.N == 0 {
		return
	}
	name := "accuracy"
	for _, values := range t.values {
		for _, v := range values {
			if v != 0 && v != 1 {
				name = "score"
			}
		}
	}
	for _, e := range stats.SampledEstimates(name, t.values) {
		s.Metrics = append(s.Metrics, core.Estimate(e))
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
