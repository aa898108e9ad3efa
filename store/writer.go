package store

import (
	"context"
	"database/sql"
	"errors"

	"pawl/core"
)

// maxBatch bounds how many calls share a transaction, and with it how long the
// first of them waits.
const maxBatch = 1024

// writeCall is one update, waiting for the writer.
type writeCall struct {
	f    func(writeTx) error
	err  error
	done chan error
}

// writer owns the connection that writes. Group commit: it takes up all calls
// that wait, runs them in one transaction, and answers them when it is on
// disk. While it syncs, the next calls gather.
type writer struct {
	l    *sqliteLedger
	conn *sql.Conn
	tx   *sqliteTx
}

func newWriter(ctx context.Context, l *sqliteLedger, conn *sql.Conn) *writer {
	w := &writer{l: l, conn: conn, tx: &sqliteTx{ctx: ctx, q: conn}}
	w.tx.stmts = map[string]*sql.Stmt{}
	w.tx.prepare = func(q string) (*sql.Stmt, error) { return conn.PrepareContext(ctx, q) }
	return w
}

func (w *writer) run() {
	defer close(w.l.stopped)
	defer func() {
		for _, s := range w.tx.stmts {
			_ = s.Close()
		}
		_ = w.conn.Close()
	}()
	for {
		var batch []*writeCall
		select {
		case c := <-w.l.queue:
			batch = append(batch, c)
		case <-w.l.closing:
			// Those that were taken up before closing are served.
			select {
			case c := <-w.l.queue:
				batch = append(batch, c)
			default:
				return
			}
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case c := <-w.l.queue:
				batch = append(batch, c)
			default:
				more = false
			}
		}
		w.commit(batch)
	}
}

// commit runs a batch in one transaction. A call that refuses before it has
// written anything (a fence, a name that exists) leaves the others alone. If
// one fails halfway, or the transaction does, each runs again on its own, so
// that no call fails for another's fault and nothing half-written remains.
func (w *writer) commit(batch []*writeCall) {
	again, err := w.try(batch)
	if err != nil && again && len(batch) > 1 {
		for _, c := range batch {
			w.commit([]*writeCall{c})
		}
		return
	}
	for _, c := range batch {
		if c.err == nil {
			c.err = err
		}
		c.done <- c.err
	}
}

// try runs a batch; on error nothing of it was written, and again tells
// whether smaller batches might fare better.
func (w *writer) try(batch []*writeCall) (again bool, err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	w.tx.leaseRows, w.tx.spent = map[string]leaseRow{}, map[string]core.Spending{}
	wrote := false
	for _, c := range batch {
		w.tx.wrote = false
		c.err = c.f(w.tx)
		if c.err != nil && w.tx.wrote || broken(c.err) {
			err := c.err
			if len(batch) > 1 {
				c.err = nil
			}
			w.rollback()
			return true, err
		}
		wrote = wrote || w.tx.wrote
	}
	if !wrote {
		w.rollback()
		return false, nil
	}
	if err := w.tx.flush(); err != nil {
		w.rollback()
		return true, err
	}
	w.l.env.failpoint("commit.before")
	if err := w.exec("COMMIT"); err != nil {
		w.rollback()
		return true, err
	}
	w.l.env.failpoint("commit.after")
	return false, nil
}

// broken reports whether an error came from SQLite rather than from a check.
func broken(err error) bool {
	var coded interface{ Code() int }
	return errors.As(err, &coded)
}

func (w *writer) exec(q string) error {
	s, err := w.tx.stmt(q)
	if err == nil {
		_, err = s.ExecContext(w.tx.ctx)
	}
	return err
}

func (w *writer) rollback() {
	// SQLite may have rolled back itself (disk full); then this is refused.
	_ = w.exec("ROLLBACK")
}
