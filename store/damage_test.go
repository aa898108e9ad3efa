package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pawl/core"
)

var ctx = context.Background()

// written makes a store with n events, each a transaction of its own.
func written(t *testing.T, dir string, n int) *Store {
	t.Helper()
	s, err := Open(dir, Options{Warn: func(m string) { t.Errorf("warning about a whole store: %s", m) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.CreateRun(ctx, Run{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := l.Event(ctx, "e", strings.Repeat("x", 1+i*100)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func copyFile(t *testing.T, from, to string, size int64) {
	t.Helper()
	b, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if size >= 0 {
		b = b[:size]
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyStore copies a store that is open, its log cut to size (-1: whole).
func copyStore(t *testing.T, from string, logSize int64) (to string) {
	t.Helper()
	to = t.TempDir()
	if err := os.Mkdir(filepath.Join(to, "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(from, "ledger.db"), filepath.Join(to, "ledger.db"), -1)
	copyFile(t, filepath.Join(from, "ledger.db-wal"), filepath.Join(to, "ledger.db-wal"), logSize)
	return to
}

// A log that was cut anywhere keeps every whole transaction before the cut, and
// Open tells whenever the cut is inside one.
func TestTornLog(t *testing.T) {
	const events = 12
	dir := t.TempDir()
	written(t, dir, events)
	info, err := os.Stat(filepath.Join(dir, "ledger.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	most, loud := -1, 0
	for size := info.Size(); size >= 0; size -= 1777 {
		copied := copyStore(t, dir, size)
		var warned []string
		s, err := Open(copied, Options{Warn: func(m string) { warned = append(warned, m) }})
		if size == 0 && errors.Is(err, ErrCorrupt) {
			continue // the file behind the log is empty: everything is gone
		}
		if err != nil {
			t.Fatalf("a log of %d bytes: %v", size, err)
		}
		es, err := s.Events(ctx, "r", 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range es {
			if e.Seq != int64(i+1) || len(e.Data) != 3+i*100 {
				t.Fatalf("a log of %d bytes: event %d is %d of %d bytes", size, i, e.Seq, len(e.Data))
			}
		}
		if size == info.Size() && (len(es) != events || len(warned) > 0) {
			t.Errorf("a whole log gives %d events and warns %v", len(es), warned)
		}
		if most >= 0 && len(es) > most {
			t.Errorf("a shorter log gives more events: %d after %d", len(es), most)
		}
		most = len(es)
		loud += len(warned)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if most != 0 || loud < 10 {
		t.Errorf("at the end %d events are left, %d cuts were told of", most, loud)
	}
}

// Flipped bits in the log are a torn transaction too.
func TestFlippedLog(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 5)
	copied := copyStore(t, dir, -1)
	path := filepath.Join(copied, "ledger.db-wal")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-2000] ^= 4
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	warned := ""
	s, err := Open(copied, Options{Warn: func(m string) { warned += m }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if es, err := s.Events(ctx, "r", 0); len(es) != 4 || err != nil || !strings.Contains(warned, path) {
		t.Errorf("%d events, %v, warning %q", len(es), err, warned)
	}
}

// A ledger that was cut short is refused, wherever the cut is, and left alone.
func TestTornLedger(t *testing.T) {
	dir := t.TempDir()
	s := written(t, dir, 30)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for size := int64(0); size < info.Size(); size += 4097 {
		copied := copyStore(t, dir, -1)
		path := filepath.Join(copied, "ledger.db")
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		s, err := Open(copied, Options{})
		if err == nil {
			_ = s.Close()
			t.Fatalf("%d of %d bytes were opened", size, info.Size())
		}
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
			t.Errorf("%d of %d bytes: %v", size, info.Size(), err)
		}
		if now, err := os.Stat(path); err != nil || now.Size() != size {
			t.Errorf("the damaged ledger was changed: %v", err)
		}
	}
	copied := copyStore(t, dir, -1)
	if err := os.WriteFile(filepath.Join(copied, "ledger.db"), bytes.Repeat([]byte("junk"), 5000), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(copied, Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("junk was opened: %v", err)
	}
}

func TestDamagedBlobs(t *testing.T) {
	dir := t.TempDir()
	s := written(t, dir, 0)
	big := bytes.Repeat([]byte("0123456789"), InlineSize)
	d, err := s.Put(ctx, big)
	if err != nil {
		t.Fatal(err)
	}
	path := s.blobs.(*fileBlobs).path(d)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Put(ctx, append(big, 'x'))
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := os.ReadFile(s.blobs.(*fileBlobs).path(other))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"cut": whole[:len(whole)-3], "empty": {}, "junk": []byte("junk"), "another": swapped, "flipped": flipped,
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, d); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), string(d)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Content that is put again heals the file, and says so.
	warned := ""
	s.env.warn = func(m string) { warned += m }
	if _, err := s.Put(ctx, big); err != nil || !strings.Contains(warned, path) {
		t.Errorf("storing damaged content again: %v, warning %q", err, warned)
	}
	if got, err := s.Get(ctx, d); !bytes.Equal(got, big) || err != nil {
		t.Errorf("after storing it again: %v", err)
	}
	// A damaged checkpoint costs time, not the run.
	l := &Lease{store: s, run: "r", fence: 1}
	if err := l.Keep(ctx, d, []byte("state"), 4); err != nil {
		t.Fatal(err)
	}
	cs, err := s.Checkpoints(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.blobs.(*fileBlobs).kept.path(cs[0].Digest), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	warned = ""
	if state, _, err := l.Kept(ctx, d); state != nil || err != nil || !strings.Contains(warned, "at 4") {
		t.Errorf("a damaged checkpoint: %q, %v, warning %q", state, err, warned)
	}
	// In the ledger.
	small, err := s.Put(ctx, []byte("small"))
	if err != nil {
		t.Fatal(err)
	}
	err = s.ledger.update(ctx, func(tx writeTx) error {
		return tx.(*sqliteTx).exec("UPDATE blobs SET content = x'00'")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ctx, small); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), string(small)) {
		t.Errorf("in the ledger: %v", err)
	}
}

// fullDisk is a file on a disk with room for a few bytes.
type fullDisk struct {
	fileSink
	room int
}

func (f *fullDisk) Write(b []byte) (int, error) {
	if len(b) > f.room {
		n, _ := f.fileSink.Write(b[:f.room])
		return n, syscall.ENOSPC
	}
	return f.fileSink.Write(b)
}

func TestNoSpaceForBlob(t *testing.T) {
	dir := t.TempDir()
	full := true
	s, err := Open(dir, Options{wrap: func(f fileSink) fileSink {
		if full {
			return &fullDisk{f, 10}
		}
		return f
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	big := bytes.Repeat([]byte{7}, InlineSize+1)
	if _, err := s.Put(ctx, big); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("storing on a full disk: %v", err)
	}
	if has, err := s.Has(ctx, core.Sum(big)); has || err != nil {
		t.Errorf("half a blob is there: %v, %v", has, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, temporary)); len(left) > 0 || err != nil {
		t.Errorf("left over: %v, %v", left, err)
	}
	full = false
	if _, err := s.Put(ctx, big); err != nil {
		t.Error(err)
	}
}

// A full ledger fails every call of the batch, keeps what was stored, and goes
// on when there is room again.
func TestNoSpaceForLedger(t *testing.T) {
	s := written(t, t.TempDir(), 3)
	limit := func(pages int) {
		t.Helper()
		err := s.ledger.update(ctx, func(tx writeTx) error {
			var n int
			_, err := tx.(*sqliteTx).one([]any{&n}, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // as many as there are
	noSpaceLeft(t, s)
	limit(1 << 30)
	if _, err := s.Put(ctx, bytes.Repeat([]byte{1}, InlineSize)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// noSpaceLeft stores until the ledger is full; what it had stored must be there.
func noSpaceLeft(t *testing.T, s *Store) {
	t.Helper()
	var stored []core.Digest
	for i := range 10_000 {
		d, err := s.Put(ctx, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, InlineSize/2))
		if err == nil {
			stored = append(stored, d)
			continue
		}
		if !strings.Contains(err.Error(), "free some space") {
			t.Errorf("a full ledger says: %v", err)
		}
		break
	}
	if len(stored) == 10_000 {
		t.Fatal("the disk never filled up")
	}
	for _, d := range stored {
		if _, err := s.Get(ctx, d); err != nil {
			t.Errorf("stored before the disk was full: %v", err)
		}
	}
	if es, err := s.Events(ctx, "r", 0); len(es) != 3 || err != nil {
		t.Errorf("reading beside a full disk: %d events, %v", len(es), err)
	}
}

// The same on a real file system of 2 MiB, where one can be mounted.
func TestNoSpaceOnDisk(t *testing.T) {
	dir := t.TempDir()
	unmount, err := mountSmall(dir)
	if err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	defer unmount()
	s := written(t, filepath.Join(dir, "store"), 3)
	defer s.Close()
	noSpaceLeft(t, s)
	big := make([]byte, 4<<20)
	for i := range big {
		big[i] = byte(i * i >> 3) // does not compress to nothing
	}
	for i := range big {
		big[i] ^= core.Sum(big[i/4096*4096 : i/4096*4096+8])[i%64]
	}
	if _, err := s.Put(ctx, big); err == nil {
		t.Error("a blob was stored on a full disk")
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "store", temporary)); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if err := s.Close(); err != nil && !noSpace(err) && !strings.Contains(err.Error(), "full") {
		t.Errorf("closing on a full disk: %v", err)
	}
	// Opened again, still full, nothing is lost.
	s, err = Open(filepath.Join(dir, "store"), Options{})
	if err != nil {
		if !strings.Contains(err.Error(), "free some space") {
			t.Errorf("opening on a full disk: %v", err)
		}
		return
	}
	defer s.Close()
	if es, err := s.Events(ctx, "r", 0); len(es) != 3 || err != nil {
		t.Errorf("after opening again: %d events, %v", len(es), err)
	}
}
