package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	"pawl/core"
	"pawl/model/embedded"
	"pawl/registry"

	"github.com/google/go-cmp/cmp"
)

// killed runs make() again and again on one ledger, each time killed after one
// more write, until a run gets through; all of them must agree with want.
func killed(t *testing.T, l *ledger, want *Report, build func() *Run) (kills int) {
	t.Helper()
	for lived := 1; ; lived++ {
		l.kill = lived
		report, err := build().Do(t.Context())
		if err == nil {
			if d := cmp.Diff(want, report); d != "" {
				t.Fatalf("after %d kills the report differs:\n%s", kills, d)
			}
			return kills
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("after %d kills: %v", kills, err)
		}
		kills++
		for i, row := range report.Rounds {
			if d := cmp.Diff(want.Rounds[i], row); d != "" {
				t.Fatalf("killed %d times, the report holds another round %d:\n%s", kills, i+1, d)
			}
		}
	}
}

// checkOnce tells of steps that were finished twice.
func checkOnce(t *testing.T, l *ledger) {
	t.Helper()
	for key, n := range l.finished {
		if n != 1 {
			t.Errorf("a step of kind %s was finished %d times", l.kinds[key], n)
		}
	}
}

// Killed between any two writes, a run ends as if it had never been.
func TestKilledAtEveryStep(t *testing.T) {
	build := func(l *ledger) *Run {
		alive := l.kill
		l.kill = -1
		r, _ := newRun(t, l, "rounds:  3", "rounds: 2", "n: 5", "n: 3")
		l.kill = alive
		r.Controls = []string{"null"}
		return r
	}
	whole := newLedger()
	want := do(t, build(whole))
	writes := 0

	// One ledger for all: each life is one write longer than the one before.
	l := newLedger()
	kills := killed(t, l, want, func() *Run { return build(l) })
	checkOnce(t, l)
	if kills < 5 || len(l.done) != len(whole.done) || len(l.filed) != len(whole.filed) {
		t.Errorf("%d kills, %d steps (%d without kills), %d decisions (%d)", kills, len(l.done), len(whole.done), len(l.filed), len(whole.filed))
	}
	// A ledger for each: one kill after k writes, then one resume.
	for k := 1; ; k += 1 + k/8 {
		l := newLedger()
		r := build(l)
		l.kill = k
		if _, err := r.Do(t.Context()); err == nil {
			break
		}
		writes = k
		done := maps.Clone(l.done)
		l.kill = -1
		if d := cmp.Diff(want, do(t, build(l))); d != "" {
			t.Fatalf("killed after %d writes, the report differs:\n%s", k, d)
		}
		checkOnce(t, l)
		for key, d := range done {
			if l.done[key] != d {
				t.Fatalf("killed after %d writes, a finished step has another result", k)
			}
		}
	}
	if writes < 30 {
		t.Errorf("the run makes fewer than %d writes", writes)
	}
}

// An interrupted context ends the run at once and leaves nothing half done.
func TestInterrupted(t *testing.T) {
	whole, _ := newRun(t, newLedger())
	want := do(t, whole)
	for _, at := range []string{"2003", "3050", "4001"} { // in a sampling, a gate, the audit
		l := newLedger()
		r, s := newRun(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		s.fail = func(prompt string) error {
			if prompt == at {
				cancel()
				return ctx.Err()
			}
			return nil
		}
		if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at task %s: %v", at, err)
		}
		again, _ := newRun(t, l)
		if d := cmp.Diff(want, do(t, again)); d != "" {
			t.Errorf("interrupted at task %s, the report differs:\n%s", at, d)
		}
		checkOnce(t, l)
	}
}

// engine is a small recipe on the real thing.
const engine = `
policies: {solver: {pretrain: {tasks: labelled, steps: 12, rate: 5e-3, width: 16, layers: 1, heads: 2, context: 24, batch: 16, warmup: 2}}}
seats:    {solver: {policy: solver, temperature: 1, max_tokens: 8}}
tasks:
  labelled: {chain: {split: labelled, n: 40, numbers: 2, modulus: 20}}
  train:    {chain: {split: train, numbers: 2, modulus: 20}, take: 15}
  gate:     {chain: {split: gate, n: 15, numbers: 2, modulus: 20}}
  audit:    {chain: {split: audit, n: 15, numbers: 2, modulus: 20}}
sample:  {repeat: {n: 4}}
verify:  [majority_vote]
answer:  {by: majority_vote}
measure: {sample: greedy, verify: [exact]}
updates:
  - policy: solver
    select:
      mix:
        new: {filter: {by: majority_vote, at_least: 0.25}}
        anchors: {demonstrations: {tasks: labelled}}
        keep: -1
    optimize: {train: {objective: sft, steps: 6, rate: 2e-3, batch: 8, warmup: 1}}
gate:     {paired: {alpha: 0.05}}
rounds:   2
controls: {labelled: {solver: {select: {demonstrations: {tasks: labelled}}}}}
`

// engineRun trains with a checkpoint at every step: its clock jumps.
func engineRun(t *testing.T, l *ledger) *Run {
	t.Helper()
	var mu sync.Mutex
	now := time.Unix(0, 0)
	return &Run{
		ID: "engine", Plan: parsed(t, engine), Seed: 7, Ledger: l, Models: embedded.New(l), Registry: registry.Default,
		Clock: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(time.Minute)
			return now
		},
	}
}

func TestEngineIsReproducible(t *testing.T) {
	whole := newLedger()
	want := do(t, engineRun(t, whole))
	if len(want.Rounds) != 2 || want.Rounds[0].Kept == 0 || want.Rounds[0].Sampled != 60 || len(want.Audit) != 3 {
		t.Fatalf("the report is %+v", want)
	}
	if core.Sum(whole.blobs[want.Policy[core.PartWeights]]) != want.Policy[core.PartWeights] {
		t.Error("the weights are not what their digest names")
	}
	dir := t.TempDir()
	if err := embedded.New(whole).Export(t.Context(), want.Policy, dir); err != nil {
		t.Error(err)
	}
	one := engineRun(t, newLedger())
	one.Parallel = 1
	if d := cmp.Diff(want, do(t, one)); d != "" {
		t.Errorf("one task at a time, the report differs:\n%s", d)
	}
	other := engineRun(t, newLedger())
	other.Seed = 8
	if report := do(t, other); report.Policy[core.PartWeights] == want.Policy[core.PartWeights] || reflect.DeepEqual(report.Rounds[0].Examples, want.Rounds[0].Examples) {
		t.Error("another seed trains the same model")
	}

	// Killed at every write, checkpoints of training included.
	l := newLedger()
	kills := killed(t, l, want, func() *Run { return engineRun(t, l) })
	checkOnce(t, l)
	if kills < 8 || len(l.kept) != 0 {
		t.Errorf("%d kills; %d checkpoints are left behind", kills, len(l.kept))
	}
}

// What a killed training has done is not done again.
func TestTrainingResumesFromItsCheckpoint(t *testing.T) {
	whole := newLedger()
	want := do(t, engineRun(t, whole))
	l := newLedger()
	l.kill = 4 + 5 // the parts of the empty model, then five checkpoints
	if _, err := engineRun(t, l).Do(t.Context()); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if len(l.kept) != 1 {
		t.Fatalf("%d steps have a checkpoint", len(l.kept))
	}
	l.kill = -1
	again := engineRun(t, l)
	var steps []int
	again.Observe = func(e Event) {
		if e.Stage == "pretrain" && e.Progress.Total == 12 {
			steps = append(steps, e.Progress.Done)
		}
	}
	before := len(l.kept)
	for _, state := range l.kept {
		if first := state[0]; first != 5 || !bytes.Equal(state[1:8], make([]byte, 7)) {
			t.Errorf("the checkpoint is of step %d", first)
		}
	}
	if d := cmp.Diff(want, do(t, again)); d != "" {
		t.Errorf("resumed from %d checkpoint, the report differs:\n%s", before, d)
	}
	if len(steps) != 1 || steps[0] != 12 {
		t.Errorf("progress of pretraining is told at steps %v", steps)
	}
}

// The oracle's references of the world's train split are as irrelevant on the
// real engine as on the scripted one.
func TestEngineIgnoresReferences(t *testing.T) {
	r := engineRun(t, newLedger())
	want := do(t, r)
	spoilt := engineRun(t, newLedger())
	all, err := spoilt.OpenSets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spoilt.Sets = map[string]core.TaskSource{"train": garbage{all["train"]}}
	spoilt.sources = nil
	got := do(t, spoilt)
	if !reflect.DeepEqual(got.Policy, want.Policy) || !reflect.DeepEqual(got.Controls["labelled"].Rounds[1].Gate, want.Controls["labelled"].Rounds[1].Gate) {
		t.Errorf("with garbage for references the final policy is %v, not %v", got.Policy, want.Policy)
	}
}

// garbage replaces what a source says is right.
type garbage struct{ core.TaskSource }

func (g garbage) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for task, err := range g.TaskSource.Tasks(ctx, first) {
			task.Reference = json.RawMessage(`{"answer":"garbage"}`)
			if !yield(task, err) {
				return
			}
		}
	}
}
