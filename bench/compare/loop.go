package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"time"

	"pawl/core"
	"pawl/exec"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	_ "pawl/std"
	"pawl/store"
)

//go:embed noop.yaml
var noopRecipe []byte

// loopSpeed measures the loop's own cost: attempts per second through whole
// rounds (sample, verify, select, optimize, gate) on a store in memory, with
// an actor that answers at once and an optimizer that changes one digest.
func loopSpeed(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	// An optimizer that trains nothing, beside the components that Pawl has.
	registerNoop()
	for _, c := range []struct{ tasks, samples int }{{20_000, 1}, {2_000, 16}} {
		what := fmt.Sprintf("attempts of a no-op actor, %s", plural(c.samples, "attempt")+" a task")
		var rates, steps []float64
		for turn := range o.turns {
			rate, finished, err := loopRate(ctx, c.tasks, c.samples, uint64(turn))
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			rates, steps = append(rates, rate), append(steps, finished)
		}
		report(rep, what, "attempts/s", rates)
		report(rep, fmt.Sprintf("finished steps of the loop, %s a task", plural(c.samples, "attempt")), "steps/s", steps)
	}
	return nil
}

// registerNoop may be called more than once.
var registerNoop = sync.OnceFunc(func() {
	registry.Optimizer("noop", registry.Doc{Summary: "Changes a digest and nothing else."},
		func(_ context.Context, h core.Host, _ struct{}) (core.Optimizer, error) { return noop{h}, nil })
})

// loopRate runs one round and returns attempts and finished steps a second.
func loopRate(ctx context.Context, tasks, samples int, seed uint64) (attempts, steps float64, err error) {
	plan, problems := recipe.Parse(registry.Default, "noop.yaml", noopRecipe)
	if len(problems) > 0 {
		return 0, 0, problems
	}
	if err := plan.Override("sample.repeat.n", strconv.Itoa(samples)); err != nil {
		return 0, 0, err
	}
	s := store.Memory()
	defer s.Close()
	if err := s.CreateRun(ctx, store.Run{ID: "noop"}); err != nil {
		return 0, 0, err
	}
	lease, err := s.Acquire(ctx, "noop", time.Hour)
	if err != nil {
		return 0, 0, err
	}
	const measured = 100 // tasks of the gate and the audit
	run := loop.Run{
		ID: "noop", Plan: plan, Seed: seed, Registry: registry.Default, Models: instant{},
		Ledger: &memoryLedger{lease: lease, steps: exec.NewSteps(lease)},
		Sets: map[string]core.TaskSource{
			"train": noopTasks("train", tasks), "gate": noopTasks("gate", measured), "audit": noopTasks("audit", measured),
		},
		Initial: map[string]core.Policy{"solver": {core.PartWeights: core.Sum(nil)}},
	}
	start := time.Now()
	report, err := run.Do(ctx)
	if err != nil {
		return 0, 0, err
	}
	seconds := time.Since(start).Seconds()
	if got := report.Rounds[0].Sampled; got != tasks*samples {
		return 0, 0, fmt.Errorf("the round drew %d attempts instead of %d", got, tasks*samples)
	}
	finished, err := s.Steps(ctx, "noop")
	return float64(tasks*samples) / seconds, float64(len(finished)) / seconds, err
}

// taskList is tasks in memory.
type taskList []core.Task

func noopTasks(set string, n int) core.TaskSource {
	list := make(taskList, n)
	for i := range list {
		list[i] = core.Task{
			ID:        fmt.Sprintf("%s-%d", set, i),
			Prompt:    []core.Node{{Role: core.RoleUser, Content: strconv.Itoa(i)}},
			Reference: json.RawMessage(`{"answer":"0"}`),
		}
	}
	return list
}

func (l taskList) Len() int { return len(l) }

func (l taskList) Tasks(_ context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for _, t := range l[first:] {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// instant answers every request at once with the same three tokens.
type instant struct{ policy core.Digest }

func (instant) Identity() string { return "instant" }

func (instant) Actor(_ context.Context, p core.Policy, _ string, _ core.Options) (core.Actor, error) {
	return instant{p.Version()}, nil
}

func (a instant) Act(_ context.Context, r core.Request) ([]core.Node, error) {
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		nodes[i] = core.Node{
			Role: core.RoleAssistant, Content: "#### 0", Finish: "stop", Policy: a.policy,
			TokenIDs: []int32{1, 2, 3}, Logprobs: []float32{-1, -1, -1},
		}
	}
	return nodes, nil
}

func (instant) NewModel(context.Context, core.ModelShape) (core.Policy, error) {
	return core.Policy{}, nil
}

func (instant) Trainer(context.Context, core.Policy) (core.Trainer, error) {
	return nil, fmt.Errorf("training: the no-op model cannot")
}

func (instant) Encoder(context.Context, core.Policy) (core.Encoder, error) {
	return nil, fmt.Errorf("encoding: the no-op model cannot")
}

// noop reads all examples and returns a policy with other weights.
type noop struct{ host core.Host }

func (n noop) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	seen := 0
	for _, err := range in {
		if err != nil {
			return nil, err
		}
		seen++
	}
	d, err := n.host.Put(ctx, []byte(strconv.Itoa(seen)))
	return p.With(core.PartWeights, d), err
}

// memoryLedger is the loop's ledger over a lease, as the binary has it, less
// what a run of one round does not need.
type memoryLedger struct {
	lease *store.Lease
	steps *exec.Steps
}

func (l *memoryLedger) Do(ctx context.Context, key core.Key, kind string, f func(context.Context) (core.Digest, error)) (core.Digest, error) {
	return l.steps.Do(ctx, key, kind, func(ctx context.Context) (core.Digest, any, error) {
		d, err := f(ctx)
		return d, nil, err
	})
}

func (l *memoryLedger) Seconds(ctx context.Context, key core.Key) (float64, error) {
	s, _, err := l.lease.Store().Find(ctx, key)
	return s.Seconds, err
}

func (l *memoryLedger) Put(ctx context.Context, content []byte) (core.Digest, error) {
	return l.lease.Store().Put(ctx, content)
}

func (l *memoryLedger) Get(ctx context.Context, d core.Digest) ([]byte, error) {
	return l.lease.Store().Get(ctx, d)
}

func (l *memoryLedger) Keep(ctx context.Context, key core.Key, state []byte) error {
	return l.lease.Keep(ctx, key, state, 0)
}

func (l *memoryLedger) Kept(ctx context.Context, key core.Key) ([]byte, error) {
	state, _, err := l.lease.Kept(ctx, key)
	return state, err
}

func (l *memoryLedger) Promote(ctx context.Context, p loop.Promotion) error {
	_, err := l.lease.Promote(ctx, store.Promotion{
		Arm: p.Arm, Round: p.Round, Version: p.Candidate, Parent: p.Parent,
		Policies: p.Policies, Outcome: p.Verdict.Outcome,
	})
	return err
}
