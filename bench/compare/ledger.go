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
	"pawl/exec"
	"pawl/store"
)

// ledgerSpeed measures durable calls per second. A call is an intent and a
// result, each on disk before its caller goes on; many callers share
// transactions. Calls through the payer are those to a model that answers at once
// with 1 KiB: looked up first, their most reserved from a budget. It also measures the disk itself, since nothing that waits for
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
		if err := timeCalls(ctx, o, rep, fmt.Sprintf("durable calls, %s", plural(callers, "caller")), callers, open, stepCalls); err != nil {
			return err
		}
	}
	for _, callers := range []int{1, 64, 256, 1024} {
		open := func(turn int) (*store.Store, error) {
			return store.Open(filepath.Join(dir, fmt.Sprintf("paid-%d-%d", callers, turn)), store.Options{})
		}
		if err := timeCalls(ctx, o, rep, fmt.Sprintf("durable calls through the payer, %s", plural(callers, "caller")), callers, open, paidCalls); err != nil {
			return err
		}
	}
	memory := func(int) (*store.Store, error) { return store.Memory(), nil }
	if err := timeCalls(ctx, o, rep, "calls in memory, 64 callers", 64, memory, stepCalls); err != nil {
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
func timeCalls(ctx context.Context, o *options, rep *reporter, what string, callers int, open func(turn int) (*store.Store, error), calls maker) error {
	var rates []float64
	for turn := range o.turns {
		s, err := open(turn)
		if err != nil {
			return err
		}
		rate, err := callRate(ctx, s, callers, o.slice, calls)
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

// maker gives what makes call n on behalf of a lease, from any goroutine.
type maker func(ctx context.Context, lease *store.Lease, callers int) (call func(n uint64) error, err error)

func callRate(ctx context.Context, s *store.Store, callers int, slice time.Duration, calls maker) (float64, error) {
	if err := s.CreateRun(ctx, store.Run{ID: "bench"}); err != nil {
		return 0, err
	}
	lease, err := s.Acquire(ctx, "bench", time.Hour)
	if err != nil {
		return 0, err
	}
	call, err := calls(ctx, lease, callers)
	if err != nil {
		return 0, err
	}
	var next atomic.Uint64
	rate, err := rateOf(callers, slice, func() error { return call(next.Add(1)) })
	if err != nil {
		return 0, err
	}
	return rate, lease.Release(ctx)
}

// stepCalls makes steps: an intent and a digest.
func stepCalls(ctx context.Context, lease *store.Lease, _ int) (func(uint64) error, error) {
	return func(n uint64) error {
		key := core.Sum(binary.LittleEndian.AppendUint64(nil, n))
		if _, _, err := lease.Begin(ctx, key, "call"); err != nil {
			return err
		}
		_, err := lease.Finish(ctx, key, "call", key, nil, time.Millisecond)
		return err
	}, nil
}

// paidCalls makes calls through a payer.
func paidCalls(ctx context.Context, lease *store.Lease, callers int) (func(uint64) error, error) {
	account, err := exec.NewAccount(ctx, lease, lease.RunID(), exec.Cap{MicroUSD: 1 << 60})
	if err != nil {
		return nil, err
	}
	payer := exec.NewPayer(exec.PayerOptions{Limits: exec.Limits{Start: callers}})
	ctx = exec.OnAccount(ctx, account)
	most := core.Usage{Calls: 1, PromptTokens: 100, CompletionTokens: 1000, MicroUSD: 1000}
	return func(n uint64) error {
		answer := binary.LittleEndian.AppendUint64(make([]byte, 0, 1024), n)
		c := core.Purchase{Keys: []core.Key{core.Sum(answer)}, Lane: "https://example.org/v1 model", Ceiling: most}
		_, err := payer.Pay(ctx, c, func(context.Context, []int) (core.Sent, error) {
			return core.Sent{Results: []core.SentResult{{Content: answer[:1024]}}, Usage: core.Usage{Calls: 1, MicroUSD: 7}}, nil
		})
		return err
	}, nil
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
