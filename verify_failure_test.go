package pawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pawl/core"
)

// again runs the same verification to its end in dir and demands the rows of one
// that nothing disturbed, and that kept rows are not judged anew.
func again(t *testing.T, dir string, o VerifyOptions, kept int) {
	t.Helper()
	want, _, err := verified(t.Context(), inMemory(t), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got, s, err := verified(t.Context(), p, o)
	if err != nil || s.N != len(want) || s.Judged != len(want)-kept {
		t.Fatalf("again, with %d of %d rows kept: %+v, %v", kept, len(want), s, err)
	}
	if len(got) != len(want) {
		t.Fatalf("again: %d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if a, b := fmt.Sprintf("%.200v", got[i]), fmt.Sprintf("%.200v", want[i]); a != b {
			t.Fatalf("again: row %d is %s, want %s", i, a, b)
		}
	}
}

func manyRows(tasks, samples int) []string {
	var rows []string
	for i := range tasks {
		for k := range samples {
			rows = append(rows, fmt.Sprintf("t%d/%d c%d", i, k, i*samples+k))
		}
	}
	return rows
}

// Whoever takes the rows fails at any one: it is not asked again, the summary
// counts what is durable, and the same command goes on from there.
func TestVerifySinkFails(t *testing.T) {
	full := errors.New("no space left on device")
	for _, verifier := range []string{"exact", "majority_vote"} {
		for at := 1; at <= 60; at += 7 {
			dir := t.TempDir()
			o := verifyFiles(t, dir, 20, manyRows(20, 3))
			o.Verifier = verifier
			p, err := Open(Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			v, err := PrepareVerify(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			taken, failed := 0, false
			s, err := p.Verify(t.Context(), v, func(ScoreRow) error {
				if failed {
					t.Errorf("%s: the sink failed at row %d and is given another", verifier, at)
				}
				if taken++; taken == at {
					failed = true
					return full
				}
				return nil
			})
			if closed := p.Close(); closed != nil {
				t.Fatal(closed)
			}
			if !errors.Is(err, full) || strings.Count(err.Error(), full.Error()) != 1 || s.N < taken || s.Judged != s.N {
				t.Fatalf("%s, failing at row %d: %d taken, %+v, %v", verifier, at, taken, s, err)
			}
			again(t, dir, o, s.N)
		}
	}
}

// Nothing can be stored from any row on: no row that is not durable is handed
// on or counted, and the same command goes on from there.
func TestVerifyStoreFails(t *testing.T) {
	for at := 1; at <= 6; at++ {
		dir := t.TempDir()
		o := verifyFiles(t, dir, 6, manyRows(6, 1))
		o.Verifier = longRationales(t, func(int) {})
		p, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		v, err := PrepareVerify(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		taken, inTheWay := 0, filepath.Join(dir, "tmp") // where the store begins its files
		s, err := p.Verify(t.Context(), v, func(ScoreRow) error {
			if taken++; taken == at {
				return errors.Join(os.RemoveAll(inTheWay), os.WriteFile(inTheWay, nil, 0o600))
			}
			return nil
		})
		if gone := errors.Join(os.Remove(inTheWay), p.Close()); gone != nil {
			t.Fatal(gone)
		}
		if (err == nil) != (at == 6) || s.N != taken || s.Judged != taken || err != nil && strings.Count(err.Error(), "storing blob") != 1 {
			t.Fatalf("nothing stored after row %d: %d taken, %+v, %v", at, taken, s, err)
		}
		again(t, dir, o, taken)
	}
}

// An interruption while rows are made durable doubles none and loses none.
func TestVerifyInterruptedKeeping(t *testing.T) {
	for at := range 6 {
		dir := t.TempDir()
		o := verifyFiles(t, dir, 6, manyRows(6, 1))
		ctx, cancel := context.WithCancel(t.Context())
		var once atomic.Bool
		o.Verifier = longRationales(t, func(i int) {
			if i == at && once.CompareAndSwap(false, true) {
				cancel()
			}
		})
		p, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		rows, s, err := verified(ctx, p, o)
		cancel()
		if closed := p.Close(); closed != nil {
			t.Fatal(closed)
		}
		if err != nil && !errors.Is(err, context.Canceled) || s.N != len(rows) || s.Judged != len(rows) {
			t.Fatalf("interrupted at row %d: %d rows, %+v, %v", at, len(rows), s, err)
		}
		again(t, dir, o, len(rows))
	}
}

// longRationales rigs a verifier each of whose rows makes a step of its own, as
// steps are cut by size.
func longRationales(t *testing.T, on func(row int)) string {
	long := string(bytes.Repeat([]byte("long "), flushSize/5+1))
	return "rigged_by_tests: " + rig(t, func(_ context.Context, attempts []string, at int) (core.Score, error) {
		var i int
		if _, err := fmt.Sscanf(attempts[at], "c%d", &i); err != nil {
			return core.Score{}, err
		}
		on(i)
		return core.Score{Value: float64(i), Rationale: long}, nil
	})
}
