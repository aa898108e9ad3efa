package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pawl/nn"
)

// size is a model to measure with, and what it trains on.
type size struct {
	name      string
	config    nn.Config
	sequences int   // of a training batch
	lengths   []int // of its sequences; the first is the one to compare by
	sample    bool
}

var sizes = []size{
	{"0.1M", shape(64, 2, 4, 176), 128, []int{32, 13}, true},
	{"0.6M", shape(128, 3, 4, 344), 128, []int{32}, true},
	{"10M", shape(384, 6, 6, 1024), 32, []int{64}, false},
}

func shape(width, layers, heads, hidden int) nn.Config {
	return nn.Config{
		Vocab: 24, Width: width, Layers: layers, Heads: heads, KVHeads: heads, Hidden: hidden,
		Context: 64, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: 0, EOS: 1,
	}
}

const newTokens = 27 // drawn after a prompt of five

var (
	stepOptions = nn.StepOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, Decay: 0.1, Clip: 1}
	promptIDs   = []int32{0, 5, 9, 4, 7}
)

// engine measures products, training and sampling beside PyTorch and the
// libraries under it, with each number of threads on both sides.
func engine(ctx context.Context, o *options, rep *reporter) error {
	dir, err := os.MkdirTemp("", "pawl-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	about := describe()
	var peers []*peer // one for each number of threads
	if missing := hasTorch(ctx, o.python); missing != nil {
		rep.note("no PyTorch to compare with: %v; install it with: scripts/setup --bench", missing)
	} else {
		for _, n := range o.threads {
			p, err := startPeer(ctx, o, dir, n)
			if err != nil {
				return err
			}
			defer p.close()
			peers = append(peers, p)
		}
		info := map[string]any{}
		if err := peers[0].ask("info", nil, &info); err != nil {
			return err
		}
		about["torch"] = info
	}
	rep.machine(about)
	if err := gemms(ctx, o, rep, dir, peers); err != nil {
		return err
	}
	for _, z := range sizes {
		if !slices.ContainsFunc(z.names(), o.wants) {
			continue
		}
		if err := measureSize(ctx, o, rep, dir, peers, z); err != nil {
			return err
		}
	}
	return nil
}

// measureSize checks that both sides agree on a model, then compares them.
func measureSize(ctx context.Context, o *options, rep *reporter, dir string, peers []*peer, z size) error {
	m, err := nn.New(z.config, 1)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, z.name)
	if err := m.Save(folder, nil); err != nil {
		return err
	}
	for _, p := range peers {
		load := func() error { return p.ask("load", map[string]any{"dir": folder}, &struct{}{}) }
		if err := load(); err != nil {
			return err
		}
		if err := sameResults(rep, m.Clone(), p, z.name+", "+threadsText(p.threads)); err != nil {
			return err
		}
		if err := load(); err != nil { // undo the training steps of the check
			return err
		}
	}
	// Sampling first, from the fresh weights; training changes them.
	for _, n := range []int{256, 1} {
		if !z.sample {
			break
		}
		w := workload{what: fmt.Sprintf("sample %s batch %d", z.name, n), unit: "tokens/s", amount: float64(n * newTokens), details: true}
		var ours, theirs []contender
		for _, threads := range o.threads {
			ours = append(ours, withThreads(threads, samplingOurs(ctx, m, n, threads)))
		}
		for _, p := range peers {
			theirs = append(theirs, contender{threads: p.threads, run: samplingTheirs(p, n)})
		}
		if err := compare(ctx, o, rep, w, ours, theirs); err != nil {
			return err
		}
	}
	for i, length := range z.lengths {
		w := workload{what: "train " + z.name, unit: "tokens/s", amount: float64(z.sequences * length), details: true}
		if i > 0 {
			w.what += fmt.Sprintf(" %dx%d", z.sequences, length)
		}
		batch := z.batch(length)
		var ours, theirs []contender
		step := trainingOurs(m.Clone(), batch)
		for _, threads := range o.threads {
			ours = append(ours, withThreads(threads, step))
		}
		for _, p := range peers {
			theirs = append(theirs, contender{threads: p.threads, run: trainingTheirs(p, batch)})
		}
		if err := compare(ctx, o, rep, w, ours, theirs); err != nil {
			return err
		}
	}
	if len(peers) == 0 {
		return nil
	}
	return peaks(ctx, o, rep, dir, z)
}

// names are of what is measured with a size.
func (z size) names() []string {
	names := []string{"train " + z.name, "memory train " + z.name}
	if z.sample {
		names = append(names, fmt.Sprintf("sample %s batch 256", z.name), fmt.Sprintf("sample %s batch 1", z.name))
	}
	for _, n := range z.lengths[1:] {
		names = append(names, fmt.Sprintf("train %s %dx%d", z.name, z.sequences, n))
	}
	return names
}

// randomBatch has sequences of one token more than are predicted, so that both
// sides run exactly sequences x length positions.
func randomBatch(vocab, sequences, length int) []nn.Sequence {
	r := rand.New(rand.NewPCG(1, uint64(length)))
	batch := make([]nn.Sequence, sequences)
	for i := range batch {
		ids := make([]int32, length+1)
		for j := range ids {
			ids[j] = int32(r.IntN(vocab))
		}
		batch[i].Tokens = ids
	}
	return batch
}

func (z size) batch(length int) []nn.Sequence {
	return randomBatch(z.config.Vocab, z.sequences, length)
}

func rows(batch []nn.Sequence) [][]int32 {
	ids := make([][]int32, len(batch))
	for i := range batch {
		ids[i] = batch[i].Tokens
	}
	return ids
}

func trainingOurs(m *nn.Model, batch []nn.Sequence) side { return training(nn.NewTrainer(m), batch) }

// training takes steps of cross-entropy.
func training(t *nn.Trainer, batch []nn.Sequence) side {
	loss := nn.CrossEntropy(1 / float64(nn.Targets(batch)))
	return func(n int) (float64, error) {
		start := time.Now()
		for range n {
			if _, err := t.ForwardBackward(batch, loss); err != nil {
				return 0, err
			}
			if _, err := t.Step(stepOptions); err != nil {
				return 0, err
			}
		}
		return time.Since(start).Seconds(), nil
	}
}

func trainArgs(batch []nn.Sequence, steps int) map[string]any {
	o := stepOptions
	return map[string]any{
		"tokens": rows(batch), "steps": steps, "rate": o.LR, "beta1": o.Beta1, "beta2": o.Beta2,
		"eps": o.Eps, "decay": o.Decay, "clip": o.Clip,
	}
}

func trainingTheirs(p *peer, batch []nn.Sequence) side {
	return func(n int) (float64, error) {
		var r struct{ Seconds float64 }
		err := p.ask("train", trainArgs(batch, n), &r)
		return r.Seconds, err
	}
}

func samplingOurs(ctx context.Context, m *nn.Model, sequences, threads int) side {
	s := nn.NewSampler(m, nn.SamplerOptions{Workers: threads})
	seed := uint64(0)
	return func(n int) (float64, error) {
		start := time.Now()
		for range n {
			seed++
			got, err := s.Generate(ctx, []nn.Prompt{{
				Tokens: promptIDs, N: sequences, Seed: seed, Temperature: 1, MaxTokens: newTokens,
			}}, nil)
			if err != nil {
				return 0, err
			}
			for _, c := range got[0] {
				if len(c.Tokens) != newTokens {
					return 0, fmt.Errorf("sampling: %d tokens instead of %d", len(c.Tokens), newTokens)
				}
			}
		}
		return time.Since(start).Seconds(), nil
	}
}

func sampleArgs(sequences, times int) map[string]any {
	return map[string]any{"prompt": promptIDs, "n": sequences, "new": newTokens, "temperature": 1, "times": times}
}

func samplingTheirs(p *peer, sequences int) side {
	return func(n int) (float64, error) {
		var r struct{ Seconds float64 }
		err := p.ask("sample", sampleArgs(sequences, n), &r)
		return r.Seconds, err
	}
}
