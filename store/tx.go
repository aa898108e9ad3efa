package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"pawl/core"
)

// querier is a connection or a transaction.
type querier interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// sqliteTx runs the ledger's statements. The writer's prepares each once.
type sqliteTx struct {
	ctx       context.Context
	q         querier
	prepare   func(string) (*sql.Stmt, error) // nil: not prepared
	stmts     map[string]*sql.Stmt
	leaseRows map[string]leaseRow      // read or written in this transaction
	spent     map[string]core.Spending // by this transaction, not written yet
	wrote     bool
}

func (t *sqliteTx) stmt(q string) (*sql.Stmt, error) {
	if s, ok := t.stmts[q]; ok {
		return s, nil
	}
	s, err := t.prepare(q)
	if err == nil && t.stmts != nil {
		t.stmts[q] = s
	}
	return s, err
}

func (t *sqliteTx) exec(q string, args ...any) error {
	_, err := t.result(q, args...)
	return err
}

func (t *sqliteTx) result(q string, args ...any) (sql.Result, error) {
	t.wrote = true
	s, err := t.stmt(q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(t.ctx, args...)
}

// one scans a single row; found is false where there is none.
func (t *sqliteTx) one(dest []any, q string, args ...any) (found bool, err error) {
	var row *sql.Row
	if t.prepare == nil {
		row = t.q.QueryRowContext(t.ctx, q, args...)
	} else {
		s, err := t.stmt(q)
		if err != nil {
			return false, err
		}
		row = s.QueryRowContext(t.ctx, args...)
	}
	err = row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// rowScanner is a row under the cursor.
type rowScanner interface{ Scan(dest ...any) error }

func (t *sqliteTx) each(f func(rowScanner) error, q string, args ...any) error {
	rows, err := t.q.QueryContext(t.ctx, q, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := f(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (t *sqliteTx) blob(d core.Digest) (content []byte, found bool, err error) {
	key, err := digestKey(d)
	if err != nil {
		return nil, false, err
	}
	found, err = t.one([]any{&content}, "SELECT content FROM blobs WHERE digest = ?", key)
	if found && content == nil {
		content = []byte{}
	}
	return content, found, err
}

func (t *sqliteTx) hasBlob(d core.Digest) (bool, error) {
	key, err := digestKey(d)
	if err != nil {
		return false, err
	}
	var one int
	return t.one([]any{&one}, "SELECT 1 FROM blobs WHERE digest = ?", key)
}

func (t *sqliteTx) putBlob(d core.Digest, content []byte, at time.Time) error {
	key, err := digestKey(d)
	if err != nil {
		return err
	}
	if content == nil {
		content = []byte{}
	}
	return t.exec("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)", key, at.UnixNano(), content)
}

func (t *sqliteTx) dropBlob(d core.Digest) error {
	key, err := digestKey(d)
	if err != nil {
		return err
	}
	return t.exec("DELETE FROM blobs WHERE digest = ?", key)
}

func (t *sqliteTx) inlineBlobs(yield func(core.Digest, int64) error) error {
	return t.each(func(r rowScanner) error {
		var key []byte
		var size int64
		if err := r.Scan(&key, &size); err != nil {
			return err
		}
		return yield(core.Digest(hex.EncodeToString(key)), size)
	}, "SELECT digest, length(content) FROM blobs ORDER BY digest")
}

const stepColumns = "SELECT key, kind, run, output, stats, started, seconds FROM steps"

func scanStep(r rowScanner) (s Step, err error) {
	var key []byte
	var stats sql.NullString
	var started int64
	err = r.Scan(&key, &s.Kind, &s.Run, &s.Output, &stats, &started, &s.Seconds)
	s.Key = core.Key(hex.EncodeToString(key))
	s.Stats = rawJSON(stats)
	s.Started = fromNano(started)
	return s, err
}

func (t *sqliteTx) step(k core.Key) (s Step, found bool, err error) {
	key, err := digestKey(k)
	if err != nil {
		return s, false, err
	}
	var stats sql.NullString
	var started int64
	found, err = t.one([]any{&s.Kind, &s.Run, &s.Output, &stats, &started, &s.Seconds},
		"SELECT kind, run, output, stats, started, seconds FROM steps WHERE key = ?", key)
	if !found {
		return Step{}, false, err
	}
	s.Key, s.Stats, s.Started = k, rawJSON(stats), fromNano(started)
	return s, true, err
}

func (t *sqliteTx) steps(run string) (steps []Step, err error) {
	err = t.each(func(r rowScanner) error {
		s, err := scanStep(r)
		steps = append(steps, s)
		return err
	}, stepColumns+" WHERE ?1 = '' OR run = ?1 ORDER BY started, key", run)
	return steps, err
}

func (t *sqliteTx) putStep(s Step) error {
	key, err := digestKey(s.Key)
	if err != nil {
		return err
	}
	return t.exec("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
		key, s.Kind, s.Run, string(s.Output), nullJSON(s.Stats), s.Started.UnixNano(), s.Seconds)
}

func (t *sqliteTx) dropStep(k core.Key) error {
	key, err := digestKey(k)
	if err != nil {
		return err
	}
	return t.exec("DELETE FROM steps WHERE key = ?", key)
}

func (t *sqliteTx) attempts(k core.Key) (as []Attempt, err error) {
	key, err := digestKey(k)
	if err != nil {
		return nil, err
	}
	err = t.each(func(r rowScanner) error {
		a := Attempt{Key: k}
		var at int64
		var cause sql.NullString
		err := r.Scan(&a.N, &a.Kind, &a.Run, &at, &cause)
		a.At, a.Cause = fromNano(at), cause.String
		as = append(as, a)
		return err
	}, "SELECT n, kind, run, at, cause FROM attempts WHERE key = ? ORDER BY n", key)
	return as, err
}

func (t *sqliteTx) unknown(run string) (as []Attempt, err error) {
	err = t.each(func(r rowScanner) error {
		var key []byte
		var at int64
		var a Attempt
		err := r.Scan(&key, &a.N, &a.Kind, &a.Run, &at)
		a.Key, a.At = core.Key(hex.EncodeToString(key)), fromNano(at)
		as = append(as, a)
		return err
	}, `SELECT key, n, kind, run, at FROM attempts a WHERE run = ? AND cause IS NULL AND NOT (
			EXISTS (SELECT 1 FROM steps s WHERE s.key = a.key) AND
			NOT EXISTS (SELECT 1 FROM attempts b WHERE b.key = a.key AND b.n > a.n))
		ORDER BY at, key, n`, run)
	return as, err
}

func (t *sqliteTx) addAttempt(a Attempt) (n int, err error) {
	key, err := digestKey(a.Key)
	if err != nil {
		return 0, err
	}
	t.wrote = true
	_, err = t.one([]any{&n}, `INSERT INTO attempts (key, n, kind, run, at)
		VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM attempts WHERE key = ?1), ?2, ?3, ?4) RETURNING n`,
		key, a.Kind, a.Run, a.At.UnixNano())
	return n, err
}

func (t *sqliteTx) failAttempt(k core.Key, n int, cause string) error {
	key, err := digestKey(k)
	if err != nil {
		return err
	}
	return t.exec("UPDATE attempts SET cause = ? WHERE key = ? AND n = ?", cause, key, n)
}

const checkpointColumns = "SELECT key, digest, size, progress, at FROM checkpoints"

func scanCheckpoint(r rowScanner) (c Checkpoint, err error) {
	var key []byte
	var at int64
	err = r.Scan(&key, &c.Digest, &c.Size, &c.Progress, &at)
	c.Key, c.At = core.Key(hex.EncodeToString(key)), fromNano(at)
	return c, err
}

func (t *sqliteTx) checkpoint(k core.Key) (c Checkpoint, found bool, err error) {
	key, err := digestKey(k)
	if err != nil {
		return c, false, err
	}
	var at int64
	found, err = t.one([]any{&c.Digest, &c.Size, &c.Progress, &at},
		"SELECT digest, size, progress, at FROM checkpoints WHERE key = ?", key)
	c.Key, c.At = k, fromNano(at)
	return c, found, err
}

func (t *sqliteTx) checkpoints() (cs []Checkpoint, err error) {
	err = t.each(func(r rowScanner) error {
		c, err := scanCheckpoint(r)
		cs = append(cs, c)
		return err
	}, checkpointColumns+" ORDER BY key")
	return cs, err
}

func (t *sqliteTx) putCheckpoint(c Checkpoint) error {
	key, err := digestKey(c.Key)
	if err != nil {
		return err
	}
	return t.exec("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)",
		key, string(c.Digest), c.Size, c.Progress, c.At.UnixNano())
}

func (t *sqliteTx) dropCheckpoint(k core.Key) error {
	key, err := digestKey(k)
	if err != nil {
		return err
	}
	return t.exec("DELETE FROM checkpoints WHERE key = ?", key)
}

const runColumns = "SELECT id, recipe, text, canonical, seed, model, status, created, updated, policies, summary FROM runs"

func scanRun(r rowScanner) (run Run, err error) {
	var seed, created, updated int64
	var policies, summary sql.NullString
	err = r.Scan(&run.ID, &run.Recipe, &run.Text, &run.Canonical, &seed, &run.Model, &run.Status,
		&created, &updated, &policies, &summary)
	if err == nil && policies.Valid {
		err = json.Unmarshal([]byte(policies.String), &run.Policies)
	}
	run.Seed, run.Summary = uint64(seed), rawJSON(summary)
	run.Created, run.Updated = fromNano(created), fromNano(updated)
	return run, err
}

func (t *sqliteTx) run(id string) (run Run, found bool, err error) {
	err = t.each(func(r rowScanner) (err error) {
		run, err = scanRun(r)
		found = true
		return err
	}, runColumns+" WHERE id = ?", id)
	return run, found, err
}

func (t *sqliteTx) runs() (runs []Run, err error) {
	err = t.each(func(r rowScanner) error {
		run, err := scanRun(r)
		runs = append(runs, run)
		return err
	}, runColumns+" ORDER BY created DESC, id DESC")
	return runs, err
}

func (t *sqliteTx) putRun(r Run) error {
	policies, err := policyJSON(r.Policies)
	if err != nil {
		return err
	}
	return t.exec("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Recipe, r.Text, string(r.Canonical), int64(r.Seed), r.Model, string(r.Status),
		r.Created.UnixNano(), r.Updated.UnixNano(), policies, nullJSON(r.Summary))
}

func (t *sqliteTx) events(run string, after int64) (es []Event, err error) {
	err = t.each(func(r rowScanner) error {
		e := Event{Run: run}
		var at int64
		var data string
		err := r.Scan(&e.Seq, &at, &e.Kind, &data)
		e.At, e.Data = fromNano(at), json.RawMessage(data)
		es = append(es, e)
		return err
	}, "SELECT seq, at, kind, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", run, after)
	return es, err
}

func (t *sqliteTx) addEvent(e Event) (seq int64, err error) {
	t.wrote = true
	_, err = t.one([]any{&seq}, `INSERT INTO events
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM events WHERE run = ?1), ?2, ?3, ?4) RETURNING seq`,
		e.Run, e.At.UnixNano(), e.Kind, string(e.Data))
	return seq, err
}

func (t *sqliteTx) promotions(run string) (ps []Promotion, err error) {
	err = t.each(func(r rowScanner) error {
		p := Promotion{Run: run}
		var at int64
		var policies, verdict sql.NullString
		err := r.Scan(&p.Seq, &at, &p.Arm, &p.Round, &p.Version, &p.Parent, &policies, &p.Outcome, &verdict)
		if err == nil && policies.Valid {
			err = json.Unmarshal([]byte(policies.String), &p.Policies)
		}
		p.At, p.Verdict = fromNano(at), rawJSON(verdict)
		ps = append(ps, p)
		return err
	}, "SELECT seq, at, arm, round, version, parent, policies, outcome, verdict FROM promotions WHERE run = ? ORDER BY seq", run)
	return ps, err
}

func (t *sqliteTx) addPromotion(p Promotion) (seq int64, err error) {
	policies, err := policyJSON(p.Policies)
	if err != nil {
		return 0, err
	}
	t.wrote = true
	_, err = t.one([]any{&seq}, `INSERT INTO promotions
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM promotions WHERE run = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING seq`,
		p.Run, p.At.UnixNano(), p.Arm, p.Round, string(p.Version), string(p.Parent), policies, p.Outcome, nullJSON(p.Verdict))
	return seq, err
}

const leaseColumns = "SELECT name, fence, owner, since, expires, boot FROM leases"

func scanLease(r rowScanner) (l leaseRow, err error) {
	var since, expires, boot int64
	var who sql.NullString
	err = r.Scan(&l.Name, &l.Fence, &who, &since, &expires, &boot)
	if err == nil && who.Valid {
		err = json.Unmarshal([]byte(who.String), &l.Owner)
	}
	l.Since, l.Expires, l.Boot = fromNano(since), fromNano(expires), time.Duration(boot)
	return l, err
}

// lease is read once a transaction and name: every write of a batch asks.
func (t *sqliteTx) lease(name string) (l leaseRow, found bool, err error) {
	if l, ok := t.leaseRows[name]; ok {
		return l, true, nil
	}
	err = t.each(func(r rowScanner) (err error) {
		l, err = scanLease(r)
		found = true
		return err
	}, leaseColumns+" WHERE name = ?", name)
	if err == nil && found && t.leaseRows != nil {
		t.leaseRows[name] = l
	}
	return l, found, err
}

func (t *sqliteTx) leases() (ls []leaseRow, err error) {
	err = t.each(func(r rowScanner) error {
		l, err := scanLease(r)
		ls = append(ls, l)
		return err
	}, leaseColumns+" ORDER BY name")
	return ls, err
}

func (t *sqliteTx) putLease(l leaseRow) error {
	var who any
	if l.Owner != (owner{}) {
		b, err := json.Marshal(l.Owner)
		if err != nil {
			return err
		}
		who = string(b)
	}
	err := t.exec("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
		l.Name, l.Fence, who, unixNano(l.Since), unixNano(l.Expires), int64(l.Boot))
	if err == nil {
		t.leaseRows[l.Name] = l
	}
	return err
}

// unixNano maps the zero time to 0; UnixNano of it is undefined.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func policyJSON(p map[string]core.Policy) (any, error) {
	if p == nil {
		return nil, nil
	}
	b, err := json.Marshal(p)
	return string(b), err
}

func nullJSON(b json.RawMessage) any {
	if b == nil {
		return nil
	}
	return string(b)
}

func rawJSON(s sql.NullString) json.RawMessage {
	if !s.Valid {
		return nil
	}
	return json.RawMessage(s.String)
}
