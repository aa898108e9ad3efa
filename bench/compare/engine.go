package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"pawl/nn"
)

// size is a model to measure with.
type size struct {
	name    string
	config  nn.Config
	lengths []int // of training sequences
}

var sizes = []size{
	{"0.1M", shape(64, 2, 4, 176), []int{13, 32}},
	{"0.6M", shape(128, 3, 4, 344), []int{32}},
}

func shape(width, layers, heads, hidden int) nn.Config {
	return nn.Config{
		Vocab: 24, Width: width, Layers: layers, Heads: heads, KVHeads: heads, Hidden: hidden,
		Context: 64, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: 0, EOS: 1,
	}
}

// Settings of all workloads.
const (
	batchSize = 128
	newTokens = 27 // drawn after a prompt of five
)

var (
	stepOptions = nn.StepOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, Decay: 0.1, Clip: 1}
	promptIDs   = []int32{0, 5, 9, 4, 7}
)

// side does a workload n times and returns the seconds it took.
type side func(n int) (float64, error)

// engine measures training and sampling beside PyTorch.
func engine(ctx context.Context, o *options, rep *reporter) error {
	threads, err := parseThreads(o.threads)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pawl-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	about := describe()
	missing := hasTorch(ctx, o.python)
	if missing != nil {
		rep.note("no PyTorch to compare with: %v; install it with: scripts/setup --bench", missing)
	}
	for i, n := range threads {
		if err := engineAt(ctx, o, rep, dir, n, missing == nil, func(torch map[string]any) {
			if i == 0 {
				about["torch"] = torch
				rep.machine(about)
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

func parseThreads(list string) ([]int, error) {
	var ns []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("reading -threads: %q is not a number of threads", s)
		}
		if n <= runtime.NumCPU() {
			ns = append(ns, n)
		}
	}
	return ns, nil
}

// engineAt measures everything with one number of threads.
func engineAt(ctx context.Context, o *options, rep *reporter, dir string, threads int, torch bool, started func(map[string]any)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	var p *peer
	info := map[string]any{}
	if torch {
		var err error
		if p, err = startPeer(ctx, o.python, dir, threads, peerEnvironment(o.isa)); err != nil {
			return err
		}
		defer p.close()
		if err := p.ask("info", nil, &info); err != nil {
			return err
		}
	}
	started(info)
	suffix := fmt.Sprintf(", %d threads", threads)
	if threads == 1 {
		suffix = ", 1 thread"
	}
	for _, z := range sizes {
		m, err := nn.New(z.config, 1)
		if err != nil {
			return err
		}
		folder := filepath.Join(dir, z.name)
		if err := m.Save(folder, nil); err != nil {
			return err
		}
		load := func() error {
			if p == nil {
				return nil
			}
			return p.ask("load", map[string]any{"dir": folder}, &struct{}{})
		}
		if err := load(); err != nil {
			return err
		}
		if p != nil {
			if err := sameResults(rep, m.Clone(), p, z.name+suffix); err != nil {
				return err
			}
			if err := load(); err != nil { // undo the training steps of the check
				return err
			}
		}
		// Sampling first, from the fresh weights; training changes them.
		for _, n := range []int{256, 1} {
			what := fmt.Sprintf("sample %s, %d sequences%s", z.name, n, suffix)
			if n == 1 {
				what = fmt.Sprintf("sample %s, one sequence%s", z.name, suffix)
			}
			tokens := float64(n * newTokens)
			if err := compare(ctx, o, rep, what, tokens, samplingOurs(ctx, m, n), samplingTheirs(p, n)); err != nil {
				return err
			}
		}
		for _, length := range z.lengths {
			what := fmt.Sprintf("train %s, %dx%d%s", z.name, batchSize, length, suffix)
			batch := randomBatch(z.config.Vocab, length)
			tokens := float64(batchSize * length)
			if err := compare(ctx, o, rep, what, tokens, trainingOurs(m.Clone(), batch), trainingTheirs(p, batch)); err != nil {
				return err
			}
		}
	}
	return nil
}

// randomBatch has sequences of one token more than are predicted, so that both
// sides run exactly batchSize x length positions.
func randomBatch(vocab, length int) []nn.Sequence {
	r := rand.New(rand.NewPCG(1, uint64(length)))
	batch := make([]nn.Sequence, batchSize)
	for i := range batch {
		ids := make([]int32, length+1)
		for j := range ids {
			ids[j] = int32(r.IntN(vocab))
		}
		batch[i].Tokens = ids
	}
	return batch
}

func rows(batch []nn.Sequence) [][]int32 {
	ids := make([][]int32, len(batch))
	for i := range batch {
		ids[i] = batch[i].Tokens
	}
	return ids
}

func trainingOurs(m *nn.Model, batch []nn.Sequence) side {
	t := nn.NewTrainer(m)
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
	if p == nil {
		return nil
	}
	return func(n int) (float64, error) {
		var r struct{ Seconds float64 }
		err := p.ask("train", trainArgs(batch, n), &r)
		return r.Seconds, err
	}
}

func samplingOurs(ctx context.Context, m *nn.Model, sequences int) side {
	s := nn.NewSampler(m, nn.SamplerOptions{})
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
	if p == nil {
		return nil
	}
	return func(n int) (float64, error) {
		var r struct{ Seconds float64 }
		err := p.ask("sample", sampleArgs(sequences, n), &r)
		return r.Seconds, err
	}
}

// compare times both sides in turns. Each turn repeats the workload often
// enough to fill a slice; tokens is what one repetition handles.
func compare(ctx context.Context, o *options, rep *reporter, what string, tokens float64, sides ...side) error {
	if !strings.Contains(what, o.only) {
		return nil
	}
	var times, speeds [2][]float64
	var repeat [2]int
	for k, s := range sides {
		if s == nil {
			continue
		}
		// The second run is warm: it tells how many fit in a slice.
		if _, err := s(1); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		t, err := s(1)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		repeat[k] = max(1, int(math.Round(o.slice.Seconds()/max(t, 1e-6))))
	}
	for range o.turns {
		for k, s := range sides {
			if s == nil {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			t, err := s(repeat[k])
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			times[k] = append(times[k], t/float64(repeat[k]))
			speeds[k] = append(speeds[k], tokens*float64(repeat[k])/t)
		}
	}
	theirs := 0.0
	note := fmt.Sprintf("%s: %s", what, milliseconds(times[0]))
	if len(speeds[1]) > 0 {
		theirs = median(speeds[1])
		note += fmt.Sprintf(", PyTorch %s", milliseconds(times[1]))
	}
	rep.note("%s", note)
	rep.add(what, "tokens/s", median(speeds[0]), theirs)
	return nil
}

func milliseconds(seconds []float64) string {
	m := 1e3 * median(seconds) // sorts
	return fmt.Sprintf("%.3g ms (%.3g to %.3g)", m, 1e3*seconds[0], 1e3*seconds[len(seconds)-1])
}
