package nn

import (
	"context"
	"fmt"
	"testing"
)

// small is the quickstart's shape, 0.1M parameters; medium has 0.6M.
var (
	small  = Config{Vocab: 24, Width: 64, Layers: 2, Heads: 4, KVHeads: 4, Hidden: 176, Context: 64, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: -1, EOS: -1}
	medium = Config{Vocab: 24, Width: 128, Layers: 3, Heads: 4, KVHeads: 4, Hidden: 352, Context: 64, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: -1, EOS: -1}
)

// benchBatch has n sequences of the given length with all tokens wanted.
func benchBatch(c Config, n, length int) []Sequence {
	r := newStream(1, 1)
	batch := make([]Sequence, n)
	for i := range batch {
		for range length {
			batch[i].Tokens = append(batch[i].Tokens, int32(r.next()%uint64(c.Vocab)))
		}
	}
	return batch
}

func BenchmarkTrainStep(b *testing.B) {
	for _, x := range []struct {
		name      string
		c         Config
		n, length int
	}{
		{"0.1M/128x13", small, 128, 13},
		{"0.1M/128x32", small, 128, 32},
		{"0.6M/128x32", medium, 128, 32},
	} {
		b.Run(x.name, func(b *testing.B) {
			m, err := New(x.c, 1)
			if err != nil {
				b.Fatal(err)
			}
			tr := NewTrainer(m)
			batch := benchBatch(x.c, x.n, x.length)
			loss := CrossEntropy(1 / float64(Targets(batch)))
			step := func() {
				if _, err := tr.ForwardBackward(batch, loss); err != nil {
					b.Fatal(err)
				}
				if _, err := tr.Step(StepOptions{LR: 1e-4, Decay: 0.1, Clip: 1}); err != nil {
					b.Fatal(err)
				}
			}
			step()
			if n := testing.AllocsPerRun(3, step); n > 0 && !raced {
				b.Errorf("%v allocations a step in the steady state", n)
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(x.n*x.length)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// A step of adapters beside one of the whole model.
func BenchmarkLoRAStep(b *testing.B) {
	large := Config{Vocab: 24, Width: 384, Layers: 6, Heads: 6, KVHeads: 6, Hidden: 1024, Context: 64, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: -1, EOS: -1}
	for _, x := range []struct {
		name      string
		c         Config
		n, length int
	}{
		{"0.1M/128x32", small, 128, 32},
		{"0.6M/128x32", medium, 128, 32},
		{"10M/32x64", large, 32, 64},
	} {
		for _, rank := range []int{0, 8, 16} {
			b.Run(fmt.Sprintf("%s/rank%d", x.name, rank), func(b *testing.B) {
				m, err := New(x.c, 1)
				if err != nil {
					b.Fatal(err)
				}
				tr := NewTrainer(m)
				if rank > 0 {
					a, err := NewLoRA(m, LoRAConfig{Rank: rank, Alpha: 16}, 1)
					if err != nil {
						b.Fatal(err)
					}
					tr = loraTrainer(b, m, a)
				}
				batch := benchBatch(x.c, x.n, x.length)
				loss := CrossEntropy(1 / float64(Targets(batch)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := tr.ForwardBackward(batch, loss); err != nil {
						b.Fatal(err)
					}
					if _, err := tr.Step(StepOptions{LR: 1e-4, Decay: 0.1, Clip: 1}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(x.n*x.length)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

func BenchmarkSample(b *testing.B) {
	for _, x := range []struct {
		name string
		c    Config
		n    int
	}{
		{"0.1M/256", small, 256}, {"0.1M/1", small, 1}, {"0.6M/256", medium, 256}, {"0.6M/1", medium, 1},
	} {
		b.Run(x.name, func(b *testing.B) {
			m, err := New(x.c, 1)
			if err != nil {
				b.Fatal(err)
			}
			s := NewSampler(m, SamplerOptions{})
			const length = 16
			prompts := []Prompt{{Tokens: []int32{1, 2, 3, 4, 5, 6, 7}, N: x.n, Temperature: 1, MaxTokens: length}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Generate(context.Background(), prompts, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.n*length)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
	b.Run("0.1M/500x16", func(b *testing.B) {
		m, err := New(small, 1)
		if err != nil {
			b.Fatal(err)
		}
		s := NewSampler(m, SamplerOptions{})
		var prompts []Prompt
		for i := range 500 {
			prompts = append(prompts, Prompt{Tokens: []int32{1, int32(i % 23), 3, 4, int32(i % 7), 6, 7}, N: 16, Seed: uint64(i), Temperature: 1, MaxTokens: 7})
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Generate(context.Background(), prompts, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(500*16*7)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
	})
}

func BenchmarkSaveState(b *testing.B) {
	m, err := New(medium, 1)
	if err != nil {
		b.Fatal(err)
	}
	tr := NewTrainer(m)
	for b.Loop() {
		if err := tr.Save(discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(12*m.lay.size)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
}

// discard is io.Discard without its shortcuts.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func ExampleSchedule() {
	for step := range 6 {
		fmt.Printf("%.2f ", Schedule(step, 6, 2, 0.5))
	}
	// Output: 0.50 1.00 1.00 1.00 0.67 0.33
}
