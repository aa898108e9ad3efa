package rank

import (
	"fmt"
	"runtime"
	"testing"
)

// The time of one fit to a tolerance of 1e-6, of items that were compared with
// ten others each: sizes that leave most items to a few opponents, as judges
// do. The prior is the paper's, since among so many some never win.
func BenchmarkBradleyTerry(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		table, err := Tally(n, random(n, 10, 1, 7))
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range []Method{Newman, Zermelo} {
			b.Run(fmt.Sprintf("%s/%d", m, n), func(b *testing.B) {
				var fit Fit
				for b.Loop() {
					if fit, err = table.BradleyTerry(BradleyTerry{Method: m, Prior: 1}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(fit.Sweeps), "sweeps")
			})
		}
	}
}

// Without a prior, and with many games of few items, strengths lie far apart.
func BenchmarkBradleyTerryNoPrior(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		table, err := Tally(n, random(n, 100, 0.25, 7))
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range []Method{Newman, Zermelo} {
			b.Run(fmt.Sprintf("%s/%d", m, n), func(b *testing.B) {
				var fit Fit
				for b.Loop() {
					if fit, err = table.BradleyTerry(BradleyTerry{Method: m}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(fit.Sweeps), "sweeps")
			})
		}
	}
}

// A million comparisons among 1,000 items, counted as they come.
func BenchmarkTallyMillion(b *testing.B) {
	var table *Table
	for b.Loop() {
		var err error
		if table, err = Tally(1000, random(1000, 1000, 1, 7)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "comparisons/s")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-kept")
	runtime.KeepAlive(table)
}
