package pawl

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/nn"
	"pawl/store"
)

// Speed is one figure of this machine.
type Speed struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// benchSlice is how long each figure is measured.
const benchSlice = time.Second

// Bench measures the engine at the quickstart's size, the loop's own cost, and
// the ledger on the disk of dir. It takes some seconds; told gets each figure
// as soon as it is there. Figures vary with what else the machine does.
func Bench(ctx context.Context, dir string, told func(Speed)) ([]Speed, error) {
	var all []Speed
	for _, m := range []struct {
		what, unit string
		rate       func(context.Context) (float64, error)
	}{
		{"training, 0.1M parameters, 128 x 13 tokens", "tokens/s", trainRate},
		{"sampling, 0.1M parameters, 256 lanes of 16 tokens", "tokens/s", sampleRate},
		{"loop with an actor that answers at once, in memory", "attempts/s", loopRate},
		{"ledger, durable calls of 64 callers", "calls/s", func(ctx context.Context) (float64, error) { return ledgerRate(ctx, dir) }},
	} {
		rate, err := m.rate(ctx)
		if err != nil {
			return all, fmt.Errorf("measuring %s: %w", m.what, err)
		}
		s := Speed{m.what, rate, m.unit}
		told(s)
		all = append(all, s)
	}
	return all, nil
}

func benchModel() (*nn.Model, error) {
	return nn.New(nn.Config{
		Vocab: 24, Width: 64, Layers: 2, Heads: 4, KVHeads: 4, Hidden: 176, Context: 64, RopeTheta: 10000, TieEmbeddings: true, BOS: 0, EOS: 1,
	}, 1)
}

// perSecond repeats work, which says how much it did, for a slice of time. The
// first time does not count: it fills caches and allocates.
func perSecond(ctx context.Context, work func() (int, error)) (float64, error) {
	if _, err := work(); err != nil {
		return 0, err
	}
	done, start := 0, time.Now()
	for time.Since(start) < benchSlice {
		n, err := work()
		if err != nil {
			return 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		done += n
	}
	return float64(done) / time.Since(start).Seconds(), nil
}

func trainRate(ctx context.Context) (float64, error) {
	m, err := benchModel()
	if err != nil {
		return 0, err
	}
	const sequences, length = 128, 13
	batch := make([]nn.Sequence, sequences)
	for i := range batch {
		for j := range length {
			batch[i].Tokens = append(batch[i].Tokens, int32(2+(i*7+j*3)%22))
		}
	}
	t := nn.NewTrainer(m)
	loss := nn.CrossEntropy(1 / float64(nn.Targets(batch)))
	return perSecond(ctx, func() (int, error) {
		if _, err := t.ForwardBackward(batch, loss); err != nil {
			return 0, err
		}
		_, err := t.Step(nn.StepOptions{LR: 1e-3, Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, Decay: 0.1, Clip: 1})
		return sequences * length, err
	})
}

func sampleRate(ctx context.Context) (float64, error) {
	m, err := benchModel()
	if err != nil {
		return 0, err
	}
	s := nn.NewSampler(m, nn.SamplerOptions{})
	prompts := make([]nn.Prompt, 16)
	for i := range prompts {
		prompts[i] = nn.Prompt{Tokens: []int32{0, 5, 9, 4, int32(2 + i)}, N: 16, Seed: uint64(i), Temperature: 1, MaxTokens: 16}
	}
	return perSecond(ctx, func() (int, error) {
		done, err := s.Generate(ctx, prompts, nil)
		n := 0
		for _, completions := range done {
			for _, c := range completions {
				n += len(c.Tokens)
			}
		}
		return n, err
	})
}

// loopRate is what sampling, verifying and answering cost beside the model.
func loopRate(ctx context.Context) (float64, error) {
	p, err := Open(Options{Memory: true})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	plan, err := p.planOrAlone("")
	if err != nil {
		return 0, err
	}
	tasks := make([]core.Task, 1000)
	for i := range tasks {
		tasks[i] = core.Task{ID: fmt.Sprint(i), Prompt: []core.Node{{Role: core.RoleUser, Content: fmt.Sprint(i)}}, Reference: []byte(`{"answer":"0"}`)}
	}
	run := &loop.Run{Plan: plan, Seed: 1, Ledger: shelf{p.store}, Models: instant{}, Registry: p.player(plan, 1, nil).Registry}
	return perSecond(ctx, func() (int, error) {
		n := 0
		err := run.Attempt(ctx, map[string]core.Policy{"solver": {}}, plan.Sample, plan.Measure.Verify, tasks, func(*core.Episode) error {
			n++
			return nil
		})
		return n, err
	})
}

// instant is a model that answers at once.
type instant struct{}

func (instant) Identity() string { return "instant" }

func (instant) Actor(context.Context, core.Policy, string, core.Options) (core.Actor, error) {
	return instant{}, nil
}

func (instant) Act(_ context.Context, r core.Request) ([]core.Node, error) {
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		nodes[i] = core.Node{Role: core.RoleAssistant, Content: "#### 0", Finish: "stop", TokenIDs: []int32{1}}
	}
	return nodes, nil
}

var errInstant = fmt.Errorf("the model that answers at once cannot be trained")

func (instant) NewModel(context.Context, core.ModelShape) (core.Policy, error) {
	return nil, errInstant
}

func (instant) Trainer(context.Context, core.Policy) (core.Trainer, error) { return nil, errInstant }

func (instant) Encoder(context.Context, core.Policy) (core.Encoder, error) { return nil, errInstant }

// ledgerRate counts calls, each an intent and a result that are on disk before
// the caller goes on.
func ledgerRate(ctx context.Context, dir string) (float64, error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		defer os.Remove(dir) // a data directory is for a run to make
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp(dir, "bench-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	s, err := store.Open(tmp, store.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if err := s.CreateRun(ctx, store.Run{ID: "bench"}); err != nil {
		return 0, err
	}
	lease, err := s.Acquire(ctx, "bench", time.Minute)
	if err != nil {
		return 0, err
	}
	const callers, each = 64, 16
	var next atomic.Uint64
	call := func() error {
		key := core.Key(core.Sum(binary.LittleEndian.AppendUint64(nil, next.Add(1))))
		if _, _, err := lease.Begin(ctx, key, "bench"); err != nil {
			return err
		}
		_, err := lease.Finish(ctx, key, "bench", core.Digest(key), nil, 0)
		return err
	}
	return perSecond(ctx, func() (int, error) {
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for range each {
					if errs[i] = call(); errs[i] != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return 0, err
			}
		}
		return callers * each, nil
	})
}
