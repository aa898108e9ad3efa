package exec_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/store"
)

// BenchmarkPay is durable calls to a model that answers at once with 1 KiB: an intent
// and a result each, on disk before the caller goes on.
func BenchmarkPay(b *testing.B) {
	for _, callers := range []int{1, 64, 256, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := store.Open(b.TempDir(), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkPay(b, s, callers)
		})
	}
	b.Run("memory/callers=64", func(b *testing.B) { benchmarkPay(b, store.Memory(), 64) })
}

func benchmarkPay(b *testing.B, s *store.Store, callers int) {
	defer s.Close()
	if err := s.CreateRun(ctx, store.Run{ID: "r"}); err != nil {
		b.Fatal(err)
	}
	l, err := s.Acquire(ctx, "r", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	ctx := exec.OnAccount(ctx, account(b, l, exec.Cap{MicroUSD: 1 << 60}))
	p := exec.NewPayer(exec.PayerOptions{Limits: exec.Limits{Start: callers}})
	var next atomic.Uint64
	var wg sync.WaitGroup
	start := time.Now()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > uint64(b.N) {
					return
				}
				answer := make([]byte, 1024)
				binary.LittleEndian.PutUint64(answer, n)
				c := core.Purchase{Keys: []core.Key{core.Sum(answer[:8])}, Lane: "https://example.org/v1 model", Ceiling: ceiling}
				_, err := p.Pay(ctx, c, func(context.Context, []int) (core.Sent, error) {
					return core.Sent{Results: []core.SentResult{{Content: answer}}, Usage: core.Usage{Calls: 1, MicroUSD: 7}}, nil
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
}
