package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pawl/core"
)

// BenchmarkLedger measures durable calls: an intent and a result, each on disk
// before the caller goes on, under a fenced lease.
func BenchmarkLedger(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkCalls(b, s, callers)
		})
	}
	b.Run("memory/callers=64", func(b *testing.B) { benchmarkCalls(b, Memory(), 64) })
}

func benchmarkCalls(b *testing.B, s *Store, callers int) {
	ctx := context.Background()
	defer s.Close()
	if err := s.CreateRun(ctx, Run{ID: "bench"}); err != nil {
		b.Fatal(err)
	}
	l, err := s.Acquire(ctx, "bench", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
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
				key := core.Sum(binary.LittleEndian.AppendUint64(nil, n))
				if _, _, err := l.Begin(ctx, key, "call"); err != nil {
					b.Error(err)
					return
				}
				if _, err := l.Finish(ctx, key, "call", key, nil, time.Millisecond); err != nil {
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

// BenchmarkPut compares small content in the ledger with files of their own.
func BenchmarkPut(b *testing.B) {
	for _, c := range []struct {
		name string
		put  func(*Store, context.Context, core.Digest, []byte) error
	}{
		{"ledger", func(s *Store, ctx context.Context, d core.Digest, content []byte) error {
			return s.ledger.update(ctx, func(tx writeTx) error { return tx.putBlob(d, content, time.Now()) })
		}},
		{"file", func(s *Store, ctx context.Context, d core.Digest, content []byte) error {
			return s.blobs.put(ctx, d, content)
		}},
	} {
		for _, size := range []int{1 << 10, 16 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dKiB", c.name, size>>10), func(b *testing.B) {
				dir := b.TempDir()
				s, err := Open(dir, Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var next atomic.Uint64
				b.SetParallelism(32)
				b.SetBytes(int64(size))
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					content := make([]byte, size)
					for pb.Next() {
						binary.LittleEndian.PutUint64(content, next.Add(1))
						if err := c.put(s, context.Background(), core.Sum(content), content); err != nil {
							b.Error(err)
						}
					}
				})
				b.StopTimer()
				_ = os.RemoveAll(dir)
			})
		}
	}
}
