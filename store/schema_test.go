package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pawl/core"
)

func sampleTime() time.Time { return time.Unix(1_800_000_000, 123) }

// sample fills a store with one row of everything.
func sample(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(dir, Options{Now: sampleTime, Version: "pawl test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.CreateRun(ctx, Run{ID: "r", Recipe: "star", Text: "about: {}\n", Canonical: core.Sum(nil), Seed: 1 << 63, Model: "embedded"}))
	s.env.self = owner{Host: "elsewhere", PID: 7}
	l, err := s.Acquire(ctx, "r", time.Minute)
	check(err)
	d, err := s.Put(ctx, []byte("content"))
	check(err)
	n, _, err := l.Begin(ctx, core.Sum([]byte("a")), "sample")
	check(err)
	check(l.Fail(ctx, core.Sum([]byte("a")), n, "cause"))
	_, err = l.Finish(ctx, core.Sum([]byte("a")), "sample", d, json.RawMessage(`{"tokens":1}`), time.Second)
	check(err)
	check(l.Keep(ctx, core.Sum([]byte("b")), []byte("state"), 2))
	_, err = l.Event(ctx, "round", 1)
	check(err)
	_, err = l.Promote(ctx, Promotion{Round: 1, Version: d, Policies: map[string]core.Policy{"solver": {"weights": d}}, Outcome: OutcomeBase, Verdict: json.RawMessage(`{"n":1}`)})
	check(err)
	check(l.SetSummary(ctx, json.RawMessage(`{"a":1}`)))
	keys := []core.Key{core.Sum([]byte("x")), core.Sum([]byte("y"))}
	attempt, err := l.Intend(ctx, "r", "endpoint model", keys, core.Usage{Calls: 1, PromptTokens: 9, CompletionTokens: 99, MicroUSD: 12})
	check(err)
	share := core.Usage{PromptTokens: 4, CompletionTokens: 7, MicroUSD: 1}
	_, err = l.Settle(ctx, attempt, core.Settlement{Usage: core.Usage{Calls: 1, PromptTokens: 8, CompletionTokens: 14, MicroUSD: 2},
		Keys: keys, Bought: []core.Bought{{Content: []byte("bought"), Usage: share}, {Content: bytes.Repeat([]byte("large "), InlineSize), Usage: share}}})
	check(err)
	attempt, err = l.Intend(ctx, "r", "endpoint model", []core.Key{core.Sum([]byte("z"))}, core.Usage{Calls: 1, MicroUSD: 5})
	check(err)
	_, err = l.Settle(ctx, attempt, core.Settlement{Usage: core.Usage{Calls: 1, MicroUSD: 5}, Unknown: true, Cause: "reset"})
	check(err)
	_, err = l.Intend(ctx, "r", "endpoint model", []core.Key{core.Sum([]byte("z"))}, core.Usage{Calls: 1, MicroUSD: 6})
	check(err)
}

// contents is all that readers see of a store.
func contents(t *testing.T, s *Store) string {
	t.Helper()
	var all []any
	add := func(v any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	add(s.Runs(ctx))
	add(s.Steps(ctx, ""))
	add(s.Attempts(ctx, core.Sum([]byte("a"))))
	add(s.Checkpoints(ctx))
	add(s.Events(ctx, "r", 0))
	add(s.Promotions(ctx, "r"))
	add(s.Get(ctx, core.Sum([]byte("content"))))
	var leases []leaseRow
	add(nil, s.ledger.view(ctx, func(tx readTx) (err error) {
		leases, err = tx.leases()
		return err
	}))
	add(leases, nil)
	add(s.CallAttempts(ctx, ""))
	add(s.Spent(ctx, "r"))
	var calls []callRow
	add(nil, s.ledger.view(ctx, func(tx readTx) error {
		for _, name := range []string{"x", "y", "z"} {
			c, found, err := tx.call(core.Sum([]byte(name)))
			if err != nil {
				return err
			}
			if found {
				calls = append(calls, c)
			}
		}
		return nil
	}))
	add(calls, nil)
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// dumpSQL writes a ledger as statements that make it again.
func dumpSQL(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	list := func(q string, args ...any) (out []string) {
		t.Helper()
		rows, err := db.Query(q, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var v string
			if err := rows.Scan(&v); err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		return out
	}
	for _, pragma := range []string{"user_version", "application_id"} {
		fmt.Fprintf(&b, "PRAGMA %s = %s;\n", pragma, list("PRAGMA " + pragma)[0])
	}
	for _, q := range list("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") {
		fmt.Fprintf(&b, "%s;\n", q)
	}
	for _, table := range list("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
		var quoted []string
		for _, c := range list("SELECT name FROM pragma_table_info(?) ORDER BY cid", table) {
			quoted = append(quoted, "quote("+c+")")
		}
		for _, row := range list("SELECT " + strings.Join(quoted, " || ', ' || ") + " FROM " + table) {
			fmt.Fprintf(&b, "INSERT INTO %s VALUES (%s);\n", table, row)
		}
	}
	return b.String()
}

// Every schema that was ever released opens today, and says the same. The
// fixture of the newest one is written by PAWL_UPDATE=1; the others never
// change.
func TestSchemas(t *testing.T) {
	newest := t.TempDir()
	sample(t, newest)
	newestDump := dumpSQL(t, filepath.Join(newest, "ledger.db"))
	name := fmt.Sprintf("testdata/schema%d.sql", len(migrations))
	if os.Getenv("PAWL_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(newestDump), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if fixture, err := os.ReadFile(name); err != nil || string(fixture) != newestDump {
		t.Errorf("%s is not what today's code writes (%v): %s", name, err, cmp.Diff(string(fixture), newestDump))
	}
	for v := 1; v <= len(migrations); v++ {
		s := fromFixture(t, v)
		got := contents(t, s)
		golden := fmt.Sprintf("testdata/schema%d.json", v)
		if os.Getenv("PAWL_UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("schema %d reads differently (-want +got):\n%s", v, d)
		}
	}
}

// fixtureDir makes a ledger of schema v.
func fixtureDir(t *testing.T, v int) string {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile(fmt.Sprintf("testdata/schema%d.sql", v))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(script)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func fromFixture(t *testing.T, v int) *Store {
	t.Helper()
	s, err := Open(fixtureDir(t, v), Options{Now: sampleTime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Migrations run forward, each once; one that fails changes nothing; an older
// program refuses what a newer one wrote, and says what to do.
func TestMigrate(t *testing.T) {
	dir := fixtureDir(t, 1)
	path := filepath.Join(dir, "ledger.db")
	before := dumpSQL(t, path)
	bad := []migration{schema1, "ALTER TABLE events ADD COLUMN note TEXT; ALTER TABLE nowhere ADD COLUMN x TEXT"}
	if _, err := Open(dir, Options{migrations: bad}); err == nil || !strings.Contains(err.Error(), "from schema 1 to 2") {
		t.Errorf("a failing migration: %v", err)
	}
	if d := cmp.Diff(before, dumpSQL(t, path)); d != "" {
		t.Errorf("a failing migration changed the ledger:\n%s", d)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	good := []migration{schema1, "CREATE TABLE second (x TEXT)", "CREATE TABLE third (x TEXT)"}
	for i, steps := range [][]migration{good[:2], good} { // the second table only once
		if err := migrate(ctx, conn, steps, fmt.Sprintf("pawl %d.0", i+2), 2e18+int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	var version, tables int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version != 3 {
		t.Errorf("the ledger is at schema %d, %v", version, err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name IN ('second', 'third')").Scan(&tables); err != nil || tables != 2 {
		t.Errorf("%d tables of 2, %v", tables, err)
	}
	if err := errors.Join(conn.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, Options{})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "schema is version 3") || !strings.Contains(err.Error(), "(pawl 3.0)") {
		t.Errorf("a newer store: %v", err)
	}
}

func TestForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE bookmarks (x TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("another program's database: %v", err)
	}
}

// A jump of the wall clock neither ends a lease nor prolongs it where both
// sides share a boot clock; elsewhere the wall clock is all there is.
func TestLeaseClocks(t *testing.T) {
	wall, boot := time.Unix(1_800_000_000, 0), 100*time.Second
	env := newEnvironment(Options{})
	env.now = func() time.Time { return wall }
	env.boot = func() time.Duration { return boot }
	env.self = owner{Host: "here", PID: 1, Boot: "b1"}
	unknown := func(owner) (bool, bool) { return false, false }
	env.alive = unknown
	l := leaseRow{Owner: owner{Host: "here", PID: 2, Boot: "b1"}, Expires: wall.Add(time.Minute), Boot: boot + time.Minute}
	far := leaseRow{Owner: owner{Host: "there", PID: 2, Boot: "b2"}, Expires: wall.Add(time.Minute), Boot: 5}
	check := func(when string, near, distant bool) {
		t.Helper()
		if got := env.live(l); got != near {
			t.Errorf("%s the lease of this host is live: %v", when, got)
		}
		if got := env.live(far); got != distant {
			t.Errorf("%s the lease of another host is live: %v", when, got)
		}
	}
	check("at first", true, true)
	wall = wall.Add(time.Hour)
	check("after the wall clock jumped", true, false)
	wall = wall.Add(-2 * time.Hour)
	boot += 2 * time.Minute
	check("after two minutes, the wall clock set back", false, true)
	boot -= 2 * time.Minute
	env.alive = func(owner) (bool, bool) { return false, true }
	check("when the holder is dead", false, false)
	if env.alive = unknown; env.live(leaseRow{}) {
		t.Error("a lease that was given up is live")
	}
}

func TestAlive(t *testing.T) {
	me := self()
	if me.Start == "" {
		t.Skip("this system does not tell when processes started")
	}
	change := func(f func(*owner)) owner {
		o := me
		f(&o)
		return o
	}
	for name, c := range map[string]struct {
		o            owner
		alive, known bool
	}{
		"this process":      {me, true, true},
		"a reused id":       {change(func(o *owner) { o.Start = "1" }), false, true},
		"no such process":   {change(func(o *owner) { o.PID = 1 << 30 }), false, true},
		"before a restart":  {change(func(o *owner) { o.Boot = "b" }), false, true},
		"another host":      {change(func(o *owner) { o.Host = "h" }), false, false},
		"another namespace": {change(func(o *owner) { o.Namespace = "n" }), false, false},
		"an unknown boot":   {change(func(o *owner) { o.Boot = "" }), false, false},
	} {
		if alive, known := alive(c.o); alive != c.alive || known != c.known {
			t.Errorf("%s: alive %v, known %v", name, alive, known)
		}
	}
}
