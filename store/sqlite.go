package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Open opens the store in dir, creating it if there is none and bringing an
// older one to today's schema.
func Open(dir string, o Options) (*Store, error) {
	s, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("opening store %s: %w", dir, err)
	}
	return s, nil
}

func open(dir string, o Options) (*Store, error) {
	env := newEnvironment(o)
	if o.migrations == nil {
		o.migrations = migrations
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, alone, err := lockDir(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "ledger.db")
	if alone {
		// Nobody else has the store open, so half a transaction in the log is
		// what a crash left behind, not somebody's work.
		_, begun := os.Stat(filepath.Join(dir, "blobs"))
		if err = inspect(path, begun == nil, env.warn); err == nil {
			err = sweepTemporary(dir)
		}
	}
	if err == nil {
		err = lock.share()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	l, err := openLedger(path, o, env)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	l.lock = lock
	// The folder of blobs tells from now on that there was a ledger.
	if err := os.MkdirAll(filepath.Join(dir, "blobs"), 0o755); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return &Store{ledger: l, blobs: newFileBlobs(dir, o, env), env: env}, nil
}

// sqliteLedger is a ledger in a SQLite file: one connection that writes, owned
// by one goroutine, and a pool of connections that read.
type sqliteLedger struct {
	path    string
	lock    *dirLock
	env     *environment
	readers *sql.DB
	writer  *sql.DB
	queue   chan *writeCall
	closing chan struct{} // closed to stop taking up writes
	stopped chan struct{} // closed when the writer has ended
	once    sync.Once

	mu    sync.Mutex
	reads map[string]*sql.Stmt // prepared on readers
}

func openLedger(path string, o Options, env *environment) (*sqliteLedger, error) {
	l := &sqliteLedger{
		path: path, env: env,
		queue:   make(chan *writeCall, maxBatch),
		closing: make(chan struct{}), stopped: make(chan struct{}),
		reads: map[string]*sql.Stmt{},
	}
	w, err := l.connect(o)
	if err != nil {
		for _, db := range []*sql.DB{l.writer, l.readers} {
			if db != nil {
				err = errors.Join(err, db.Close())
			}
		}
		return nil, fmt.Errorf("opening its ledger: %w", explain(path, err))
	}
	go w.run()
	return l, nil
}

// connect opens the connections and migrates the ledger.
func (l *sqliteLedger) connect(o Options) (w *writer, err error) {
	if l.writer, err = openSQLite(l.path, false); err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := l.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err = migrate(ctx, conn, o.migrations, o.Version, l.env.now().UnixNano()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if l.readers, err = openSQLite(l.path, true); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return newWriter(ctx, l, conn), nil
}

func openSQLite(path string, readOnly bool) (*sql.DB, error) {
	q := url.Values{}
	pragma := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)", "temp_store(MEMORY)", "foreign_keys(ON)"}
	if readOnly {
		pragma = []string{"busy_timeout(10000)", "query_only(ON)", "cache_size(-8000)"}
	}
	for _, p := range pragma {
		q.Add("_pragma", p)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	if readOnly {
		db.SetMaxOpenConns(8)
		db.SetMaxIdleConns(8)
	} else {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

func (l *sqliteLedger) view(ctx context.Context, f func(readTx) error) error {
	tx, err := l.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		select {
		case <-l.closing:
			return ErrClosed
		default:
			return explain(l.path, err)
		}
	}
	defer func() { _ = tx.Rollback() }()
	return explain(l.path, f(&sqliteTx{ctx: ctx, q: tx}))
}

// peek spares the transaction around a single read: each read of f sees the
// ledger as of its own moment.
func (l *sqliteLedger) peek(ctx context.Context, f func(readTx) error) error {
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	return explain(l.path, f(&sqliteTx{ctx: ctx, q: l.readers, prepare: l.prepareRead}))
}

// prepareRead keeps one statement per text for all readers.
func (l *sqliteLedger) prepareRead(q string) (*sql.Stmt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.reads[q]; ok {
		return s, nil
	}
	s, err := l.readers.Prepare(q)
	if err == nil {
		l.reads[q] = s
	}
	return s, err
}

func (l *sqliteLedger) update(ctx context.Context, f func(writeTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &writeCall{f: f, done: make(chan error, 1)}
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return ErrClosed
	case l.queue <- c:
	}
	// Taken up: the outcome is known within milliseconds, and not knowing it
	// would cost more than waiting.
	select {
	case err := <-c.done:
		return explain(l.path, err)
	case <-l.stopped:
		select {
		case err := <-c.done:
			return explain(l.path, err)
		default:
			return ErrClosed
		}
	}
}

func (l *sqliteLedger) close() (err error) {
	l.once.Do(func() {
		close(l.closing)
		<-l.stopped
		err = errors.Join(l.readers.Close(), l.writer.Close(), l.lock.Close())
	})
	return err
}

// explain turns the driver's messages into what to do about them.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return err
	}
	hint := ""
	switch coded.Code() & 0xff {
	case 13: // SQLITE_FULL
		hint = "no space left where %s is; nothing was recorded: free some space and run again"
	case 10: // SQLITE_IOERR
		hint = "reading or writing %s failed; if the disk is full, free some space and run again"
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		return fmt.Errorf("%w: %s is not a whole ledger; restore it from a copy, or move it away and run again: %w", ErrCorrupt, path, err)
	case 5: // SQLITE_BUSY
		hint = "another process kept %s locked for ten seconds; try again"
	case 8, 14: // SQLITE_READONLY, SQLITE_CANTOPEN
		hint = "%s cannot be written; check who owns it and its directory"
	default:
		return err
	}
	return fmt.Errorf(hint+": %w", path, err)
}

// digestKey is the stored form of a digest that is a key; others than digests
// cannot be keys.
func digestKey[S ~string](d S) ([]byte, error) {
	b, err := hex.DecodeString(string(d))
	if err != nil || len(b) != 32 || strings.ToLower(string(d)) != string(d) {
		return nil, errors.New("key " + strconv.Quote(string(d)) + " is not a digest")
	}
	return b, nil
}
