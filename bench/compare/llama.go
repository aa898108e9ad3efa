package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"pawl/nn"
)

//go:embed llama.mjs
var llamaScript []byte

// llamaModel is a model to decode with, exported once for both sides.
type llamaModel struct {
	name    string
	config  nn.Config
	batches []int
	tokens  int // drawn from each sequence in one go
}

var llamaModels = []llamaModel{
	{"10M", nn.Config{
		Vocab: 259, Width: 384, Layers: 6, Heads: 6, Hidden: 1024, Context: 256, RopeTheta: 10000, NormEps: 1e-5,
		TieEmbeddings: true, BOS: 1, EOS: 2,
	}, []int{1, 64}, 64},
	// SmolLM-135M.
	{"135M", nn.Config{
		Vocab: 49152, Width: 576, Layers: 30, Heads: 9, KVHeads: 3, Hidden: 1536, Context: 256, RopeTheta: 10000, NormEps: 1e-5,
		TieEmbeddings: true, BOS: 1, EOS: 2,
	}, []int{1}, 24},
}

// llamaSpeed decodes the same exported f32 model here and in llama.cpp, greedily,
// so that both sides must draw the same tokens. llama.cpp runs through
// node-llama-cpp, which scripts/setup installs; its cache is of f32, too.
func llamaSpeed(ctx context.Context, o *options, rep *reporter) error {
	dir, err := os.MkdirTemp("", "pawl-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	about := describe()
	var peer *llamaPeer
	if missing := hasLlama(o.tools); missing != nil {
		rep.note("no llama.cpp to compare with: %v; install it, where there is npm, with: scripts/setup", missing)
	} else {
		if peer, err = startLlama(ctx, o, dir); err != nil {
			return err
		}
		defer peer.close()
		info := map[string]any{}
		if err := peer.ask("info", nil, &info); err != nil {
			return err
		}
		about["llama.cpp"] = info
	}
	rep.machine(about)
	for _, x := range llamaModels {
		for _, n := range x.batches {
			if err := decodeSpeed(ctx, o, rep, dir, peer, x, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeSpeed(ctx context.Context, o *options, rep *reporter, dir string, peer *llamaPeer, x llamaModel, batch int) error {
	w := workload{what: fmt.Sprintf("llama %s batch %d", x.name, batch), unit: "tokens/s", amount: float64(batch * x.tokens), details: true}
	if !o.wants(w.what) {
		return nil
	}
	m, err := nn.New(x.config, 1)
	if err != nil {
		return err
	}
	prompt := []int32{1, 5, 9, 4, 7}
	var ours, theirs []contender
	var first []int32
	// On cores that others use, too, threads of llama.cpp that wait for each
	// other by spinning can be a hundred times slower than one thread: a look
	// at a few tokens spares the wait for the figure that would not count.
	const look, hopeless = 4, 8.0
	var alone float64 // seconds of llama.cpp with the fewest threads
	for _, threads := range o.threads {
		s := nn.NewSampler(m, nn.SamplerOptions{Workers: threads})
		ours = append(ours, withThreads(threads, func(n int) (float64, error) {
			seconds, ids, err := decodeOurs(ctx, s, prompt, batch, x.tokens, n)
			first = ids
			return seconds, err
		}))
	}
	if peer != nil {
		file := filepath.Join(dir, x.name+".gguf")
		if _, err := os.Stat(file); err != nil {
			if err := m.SaveGGUF(file, nn.NewBytes(), nn.F32); err != nil {
				return err
			}
		}
		for _, threads := range o.threads {
			seconds, err := peer.decode(file, threads, batch, prompt, look, 2, func([]int32) error { return nil })
			if err != nil {
				return err
			}
			if alone == 0 {
				alone = seconds
			} else if seconds > hopeless*alone {
				rep.note("%s: llama.cpp with %s is %.0f times slower than with fewer; left out", w.what, threadsText(threads), seconds/alone)
				continue
			}
			theirs = append(theirs, contender{threads: threads, run: func(n int) (float64, error) {
				return peer.decode(file, threads, batch, prompt, x.tokens, n, func(ids []int32) error {
					if k := min(len(ids), len(first), 8); !slices.Equal(ids[:k], first[:k]) {
						return fmt.Errorf("llama.cpp draws %v, the engine %v", ids[:k], first[:k])
					}
					return nil
				})
			}})
		}
	}
	return compare(ctx, o, rep, w, ours, theirs)
}

// decodeOurs draws so many tokens for each sequence, n times. Reading the prompts
// and drawing the first token counts here, though not on the other side.
func decodeOurs(ctx context.Context, s *nn.Sampler, prompt []int32, batch, tokens, n int) (float64, []int32, error) {
	prompts := make([]nn.Prompt, batch)
	generate := func(count int) (float64, []int32, error) {
		for i := range prompts {
			prompts[i] = nn.Prompt{Tokens: prompt, N: 1, MaxTokens: count}
		}
		start := time.Now()
		got, err := s.Generate(ctx, prompts, nil)
		if err != nil {
			return 0, nil, err
		}
		return time.Since(start).Seconds(), got[0][0].Tokens, nil
	}
	if _, _, err := generate(1); err != nil { // packs the weights
		return 0, nil, err
	}
	total := 0.0
	var ids []int32
	for range n {
		seconds, got, err := generate(tokens + 1)
		if err != nil {
			return 0, nil, err
		}
		total, ids = total+seconds, got
	}
	return total, ids, nil
}

// llamaPeer is llama.cpp in a process of its own.
type llamaPeer struct {
	*process
	loaded string
}

func hasLlama(tools string) error {
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(tools, "node_modules", "node-llama-cpp"))
	return err
}

func startLlama(ctx context.Context, o *options, dir string) (*llamaPeer, error) {
	script := filepath.Join(dir, "llama.mjs")
	if err := os.WriteFile(script, llamaScript, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", script, o.tools)
	started, err := startProcess("llama.cpp", cmd)
	if err != nil {
		return nil, err
	}
	return &llamaPeer{process: started}, nil
}

func (p *llamaPeer) decode(file string, threads, batch int, prompt []int32, tokens, n int, check func([]int32) error) (float64, error) {
	if key := fmt.Sprint(file, threads, batch); p.loaded != key {
		args := map[string]any{"file": file, "threads": threads, "batch": batch, "size": 128}
		if err := p.ask("load", args, &struct{}{}); err != nil {
			return 0, err
		}
		p.loaded = key
	}
	total := 0.0
	for range n {
		var r struct {
			Seconds float64
			First   []int32
		}
		if err := p.ask("generate", map[string]any{"tokens": prompt, "n": tokens}, &r); err != nil {
			return 0, err
		}
		if err := check(r.First); err != nil {
			return 0, err
		}
		total += r.Seconds
	}
	return total, nil
}
