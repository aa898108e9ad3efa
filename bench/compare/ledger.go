package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/store"
)

// ledgerSpeed measures durable calls per second. A call is an intent and a
// result, each on disk before its caller goes on; many callers share
// transactions. It also measures the disk itself, since nothing that waits for
// it can be faster: single writes, each followed by a sync.
func ledgerSpeed(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	dir, err := os.MkdirTemp(".", ".pawl-compare-") // the disk that users' stores are on
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, callers := range []int{1, 64, 256} {
		open := func(turn int) (*store.Store, error) {
			return store.Open(filepath.Join(dir, fmt.Sprintf("%d-%d", callers, turn)), store.Options{})
		}
		if err := timeCalls(ctx, o, rep, fmt.Sprintf("durable calls, %s", plural(callers, "caller")), callers, open); err != nil {
			return err
		}
	}
	memory := func(int) (*store.Store, error) { return store.Memory(), nil }
	if err := timeCalls(ctx, o, rep, "calls in memory, 64 callers", 64, memory); err != nil {
		return err
	}
	return timeSyncs(ctx, o, rep, dir)
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// timeCalls opens a new store for each turn and calls for a slice of time.
func timeCalls(ctx context.Context, o *options, rep *reporter, what string, callers int, open func(turn int) (*store.Store, error)) error {
	var rates []float64
	for turn := range o.turns {
		s, err := open(turn)
		if err != nil {
			return err
		}
		rate, err := callRate(ctx, s, callers, o.slice)
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		rates = append(rates, rate)
	}
	report(rep, what, "calls/s", rates)
	return nil
}

// report adds the median of rates, and its range for people.
func report(rep *reporter, what, unit string, rates []float64) {
	m := median(rates) // sorts
	rep.note("%s: %.0f %s (%.0f to %.0f)", what, m, unit, rates[0], rates[len(rates)-1])
	rep.add(what, unit, m, 0)
}

func callRate(ctx context.Context, s *store.Store, callers int, slice time.Duration) (float64, error) {
	if err := s.CreateRun(ctx, store.Run{ID: "bench"}); err != nil {
		return 0, err
	}
	lease, err := s.Acquire(ctx, "bench", time.Hour)
	if err != nil {
		return 0, err
	}
	var next atomic.Uint64
	call := func() error {
		key := core.Sum(binary.LittleEndian.AppendUint64(nil, next.Add(1)))
		if _, _, err := lease.Begin(ctx, key, "call"); err != nil {
			return err
		}
		_, err := lease.Finish(ctx, key, "call", key, nil, time.Millisecond)
		return err
	}
	rate, err := rateOf(callers, slice, call)
	if err != nil {
		return 0, err
	}
	return rate, lease.Release(ctx)
}

// timeSyncs appends 4 KiB at a time to a file and waits for the disk.
func timeSyncs(ctx context.Context, o *options, rep *reporter, dir string) error {
	f, err := os.Create(filepath.Join(dir, "syncs"))
	if err != nil {
		return err
	}
	defer f.Close()
	page := make([]byte, 4096)
	var rates []float64
	for range o.turns {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, start := 0, time.Now()
		for ; time.Since(start) < o.slice; n++ {
			if _, err := f.Write(page); err != nil {
				return err
			}
			if err := f.Sync(); err != nil {
				return err
			}
		}
		rates = append(rates, float64(n)/time.Since(start).Seconds())
	}
	report(rep, "the disk alone: writes of 4 KiB, each synced", "writes/s", rates)
	return nil
}
