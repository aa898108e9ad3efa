package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pawl/core"
)

// Row 4 of docs/reliability.md: of a ledger whose tail is torn every whole
// transaction before the tear is kept, in order, and Open tells of the tear.
func TestTornCalls(t *testing.T) {
	const calls = 40
	dir := t.TempDir()
	s := written(t, dir, 0)
	l, err := s.Acquire(ctx, "r", time.Hour)
	if errors.Is(err, ErrHeld) {
		l, err = &Lease{store: s, run: "r", fence: 1, ttl: time.Hour}, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	name := func(i int) core.Key { return core.Sum(fmt.Append(nil, i)) }
	for i := range calls {
		n, err := l.Intend(ctx, "r", "lane", []core.Key{name(i)}, core.Usage{Calls: 1, MicroUSD: 10})
		if err != nil {
			t.Fatal(err)
		}
		b := core.Bought{Content: bytes.Repeat([]byte{byte(i)}, 100*i), Usage: core.Usage{Calls: 1, MicroUSD: 5}}
		if _, err := l.Settle(ctx, n, core.Settlement{Usage: b.Usage, Keys: []core.Key{name(i)}, Bought: []core.Bought{b}}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "ledger.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	cuts, loud, fewest, most := 0, 0, calls, 0
	for size := info.Size() - 1; size > info.Size()/2; size -= 3 * 4099 {
		cuts++
		copied := copyStore(t, dir, size)
		warned := ""
		s, err := Open(copied, Options{Warn: func(m string) { warned += m }})
		if err != nil {
			t.Fatalf("a log of %d bytes: %v", size, err)
		}
		if strings.Contains(warned, "ends inside a transaction") {
			loud++
		}
		rows := 0
		for i := range calls {
			found, err := s.Bought(ctx, []core.Key{name(i)})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) > 0 {
				if rows++; rows != i+1 {
					t.Fatalf("a log of %d bytes: call %d is there, one before it is not", size, i)
				}
			}
		}
		sum, err := s.Spent(ctx, "r")
		if err != nil || sum.Settled.Calls != rows || sum.Attempts != int64(rows)+sum.Open || sum.Open > 1 {
			t.Errorf("a log of %d bytes: %d rows, spent %+v, %v", size, rows, sum, err)
		}
		fewest, most = min(fewest, rows), max(most, rows)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("row 4: the tail torn at %d places, told of at %d: %d to %d calls of %d recovered, each time all before the tear", cuts, loud, fewest, most, calls)
	if loud < cuts*9/10 || fewest == most {
		t.Errorf("%d cuts, %d told of, %d to %d recovered", cuts, loud, fewest, most)
	}
}
