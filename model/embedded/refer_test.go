package embedded

import (
	"fmt"
	"runtime"
	"testing"

	"pawl/core"
	"pawl/objective"
)

// vocabulary is so many words.
func someWords(n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("w%d", i)
	}
	return words
}

// someBatch is n sequences, all of whose tokens but the first are learnt.
func someBatch(n, length, vocab int) *core.Batch {
	seqs := make([][]int32, n)
	for i := range seqs {
		for j := range length {
			seqs[i] = append(seqs[i], int32((i*7919+j*j*104729)%vocab))
		}
	}
	return batch(seqs...)
}

// The gradient of losses over whole distributions, beside a teacher of the same
// shape, with the memory that it holds on to.
func BenchmarkRows(b *testing.B) {
	for _, vocab := range []int{4096, 32768} {
		for name, loss := range map[string]core.RowLoss{
			"forward": objective.Divergence(0), "reverse": objective.Divergence(1), "middle": objective.Divergence(0.5),
			"entropy": objective.EntropyBonus(0.01),
		} {
			b.Run(fmt.Sprintf("%s/%d", name, vocab), func(b *testing.B) {
				e, _ := newEngine()
				shape := core.ModelShape{Width: 128, Layers: 3, Heads: 4, Context: 64, RopeTheta: 10000, Vocabulary: someWords(vocab), Spaced: true}
				student := made(b, e, shape)
				shape.Seed = 1
				teacher := made(b, e, shape)
				started, err := e.Trainer(b.Context(), student)
				if err != nil {
					b.Fatal(err)
				}
				tr := started.(*trainer)
				if name != "entropy" {
					if err := tr.Refer(b.Context(), teacher); err != nil {
						b.Fatal(err)
					}
				}
				const sequences, length = 32, 33
				batch := someBatch(sequences, length, vocab)
				step := func() {
					if _, err := tr.ForwardBackwardRows(b.Context(), batch, loss, 1.0/(sequences*(length-1))); err != nil {
						b.Fatal(err)
					}
				}
				tr.inner()
				held := heap()
				step()
				held = heap() - held
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				b.ReportMetric(float64(sequences*(length-1))*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
				b.ReportMetric(held/1e6, "MB-held")
				runtime.KeepAlive(tr)
			})
		}
	}
}

// heap is the memory in use, in bytes.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
