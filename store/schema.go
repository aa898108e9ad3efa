package store

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks a SQLite file as a ledger ("Pawl" in ASCII).
const applicationID = 0x5061776c

// migration brings a ledger from the version before to its own.
type migration string

// migrations in order; the version of a ledger is how many it has seen. Never
// change one that was released: append another, and add a fixture of the
// version before it to testdata.
var migrations = []migration{schema1, schema2}

// Times are nanoseconds since 1970; digests that always exist are 32 raw bytes.
const schema1 migration = `
CREATE TABLE runs (
	id        TEXT PRIMARY KEY,
	recipe    TEXT NOT NULL,
	text      TEXT NOT NULL,
	canonical TEXT NOT NULL,
	seed      INTEGER NOT NULL,
	model     TEXT NOT NULL,
	status    TEXT NOT NULL,
	created   INTEGER NOT NULL,
	updated   INTEGER NOT NULL,
	policies  TEXT,
	summary   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
	name    TEXT PRIMARY KEY,
	fence   INTEGER NOT NULL,
	owner   TEXT,
	since   INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	boot    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
	key     BLOB PRIMARY KEY,
	kind    TEXT NOT NULL,
	run     TEXT NOT NULL,
	output  TEXT NOT NULL,
	stats   TEXT,
	started INTEGER NOT NULL,
	seconds REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
	key   BLOB NOT NULL,
	n     INTEGER NOT NULL,
	kind  TEXT NOT NULL,
	run   TEXT NOT NULL,
	at    INTEGER NOT NULL,
	cause TEXT,
	PRIMARY KEY (key, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
	key      BLOB PRIMARY KEY,
	digest   TEXT NOT NULL,
	size     INTEGER NOT NULL,
	progress REAL NOT NULL,
	at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
	run  TEXT NOT NULL,
	seq  INTEGER NOT NULL,
	at   INTEGER NOT NULL,
	kind TEXT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE promotions (
	run      TEXT NOT NULL,
	seq      INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	arm      TEXT NOT NULL,
	round    INTEGER NOT NULL,
	version  TEXT NOT NULL,
	parent   TEXT NOT NULL,
	policies TEXT,
	outcome  TEXT NOT NULL,
	verdict  TEXT,
	PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
	digest  BLOB PRIMARY KEY,
	at      INTEGER NOT NULL,
	content BLOB NOT NULL
) STRICT;

CREATE TABLE writers (version TEXT PRIMARY KEY, first INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

// schema2 adds calls to models that others serve. Calls have rowids: contents go
// in order of arrival, and only keys by value; a null content is a file. An attempt that has not ended
// (ended and outcome are null) counts at the most that it can cost.
const schema2 migration = `
CREATE TABLE calls (
	key               BLOB PRIMARY KEY,
	attempt           INTEGER NOT NULL,
	at                INTEGER NOT NULL,
	requests          INTEGER NOT NULL,
	prompt_tokens     INTEGER NOT NULL,
	completion_tokens INTEGER NOT NULL,
	micro_usd         INTEGER NOT NULL,
	digest            BLOB NOT NULL,
	content           BLOB
) STRICT;

CREATE TABLE call_attempts (
	id                INTEGER PRIMARY KEY,
	scope             TEXT NOT NULL,
	lane              TEXT NOT NULL,
	keys              BLOB NOT NULL,
	at                INTEGER NOT NULL,
	ended             INTEGER,
	outcome           TEXT,
	requests          INTEGER NOT NULL,
	prompt_tokens     INTEGER NOT NULL,
	completion_tokens INTEGER NOT NULL,
	micro_usd         INTEGER NOT NULL,
	cause             TEXT
) STRICT;

CREATE TABLE spending (
	scope                  TEXT PRIMARY KEY,
	requests               INTEGER NOT NULL,
	prompt_tokens          INTEGER NOT NULL,
	completion_tokens      INTEGER NOT NULL,
	micro_usd              INTEGER NOT NULL,
	held_requests          INTEGER NOT NULL,
	held_prompt_tokens     INTEGER NOT NULL,
	held_completion_tokens INTEGER NOT NULL,
	held_micro_usd         INTEGER NOT NULL,
	attempts               INTEGER NOT NULL,
	unknown                INTEGER NOT NULL,
	open                   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// migrate brings the ledger to the newest schema, in one transaction: it is
// either migrated or as it was.
func migrate(ctx context.Context, db *sql.Conn, steps []migration, version string, at int64) (err error) {
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	var have, app int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	if app != applicationID {
		var tables int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return err
		}
		if tables > 0 || have != 0 || app != 0 {
			return fmt.Errorf("it is a SQLite database of another program; use another directory")
		}
	}
	if have > len(steps) {
		var by string
		_ = db.QueryRowContext(ctx, "SELECT version FROM writers WHERE version <> '' ORDER BY first DESC LIMIT 1").Scan(&by)
		if by != "" {
			by = " (" + by + ")"
		}
		return fmt.Errorf("its schema is version %d, this pawl knows up to %d: %w; use the pawl that wrote it%s or a newer one, or another --dir",
			have, len(steps), ErrNewer, by)
	}
	for i := have; i < len(steps); i++ {
		if _, err := db.ExecContext(ctx, string(steps[i])); err != nil {
			return fmt.Errorf("migrating it from schema %d to %d: %w", i, i+1, err)
		}
	}
	if have < len(steps) {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(steps))); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
	}
	if _, err := db.ExecContext(ctx, "INSERT OR IGNORE INTO writers VALUES (?, ?)", version, at); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return err
}
