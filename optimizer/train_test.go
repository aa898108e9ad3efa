package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/embedded"
	"pawl/objective"

	"pgregory.net/rapid"
)

// bench is a host with the real engine: a tiny model of bytes.
type bench struct {
	*coretest.Host
	engine *embedded.Engine
	model  core.Policy
	hurry  time.Duration // how far the clock jumps whenever it is read
	stop   func(kept int) error
	keeps  int
}

func newBench(t testing.TB, h *coretest.Host) *bench {
	t.Helper()
	if h == nil {
		h = coretest.NewHost(nil)
	}
	h.Builder = func(_ context.Context, _ core.Host, s core.Spec) (any, error) {
		if s.Kind != core.KindObjective || s.Name != "sft" {
			return nil, fmt.Errorf("%s %s is not there", s.Kind, s.Name)
		}
		return core.Objective(objective.SFT), nil
	}
	b := &bench{Host: h, engine: embedded.New(h)}
	var err error
	b.model, err = b.engine.NewModel(t.Context(), core.ModelShape{Width: 16, Layers: 1, Heads: 2, Context: 32, RopeTheta: 10000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	h.Named = map[string]core.Policy{"base": b.model}
	return b
}

func (b *bench) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	return b.engine.Trainer(ctx, p)
}

func (b *bench) Encoder(ctx context.Context, p core.Policy) (core.Encoder, error) {
	return b.engine.Encoder(ctx, p)
}

func (b *bench) NewModel(ctx context.Context, s core.ModelShape) (core.Policy, error) {
	return b.engine.NewModel(ctx, s)
}

func (b *bench) Now() time.Time {
	b.Clock.Advance(b.hurry)
	return b.Clock.Now()
}

func (b *bench) Keep(ctx context.Context, state []byte) error {
	b.keeps++
	if b.stop != nil {
		if err := b.stop(b.keeps); err != nil {
			return err
		}
	}
	return b.Host.Keep(ctx, state)
}

// lesson is examples of single bytes after single bytes, as text.
func lesson(n int) []*core.Example {
	var exs []*core.Example
	for i := range n {
		ep := core.NewEpisode(coretest.Task(fmt.Sprint(i), string(rune('a'+i%3)), ""), 0)
		leaf := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: strings.Repeat(string(rune('x'+i%3)), 1+i%4)})
		exs = append(exs, &core.Example{Episode: ep, Leaves: []core.Ref{leaf}, Labels: []float64{1}})
	}
	return exs
}

// brief trains for a few steps of four examples.
func brief(steps int) Train {
	return Train{
		Objective: core.Spec{Kind: core.KindObjective, Name: "sft"}, From: "incumbent", Steps: steps,
		Settings: Settings{Batch: 4, Rate: 0.01, Warmup: 2, DecayFraction: 0.33, Beta1: 0.9, Beta2: 0.98, WeightDecay: 0.1, Clip: 1},
	}
}

func TestTrainConformance(t *testing.T) {
	model := newBench(t, nil).model // any bench has the same
	coretest.Optimizer(t, func(h *coretest.Host) (core.Optimizer, error) { return newTrain(t.Context(), newBench(t, h), brief(5)) }, model, lesson(7))
}

func TestTrainNeedsAnObjective(t *testing.T) {
	b := newBench(t, nil)
	c := brief(1)
	c.Objective.Name = "nothing"
	if _, err := newTrain(t.Context(), b, c); err == nil || !strings.Contains(err.Error(), "the objective of train") {
		t.Errorf("an objective that is not there: %v", err)
	}
	b.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return 7, nil }
	if _, err := newTrain(t.Context(), b, c); err == nil || !strings.Contains(err.Error(), "nothing is a int, not an objective") {
		t.Errorf("an objective that is none: %v", err)
	}
}

// Training on the engine learns, and is a function of policy, examples and seed.
func TestTrainOnTheEngine(t *testing.T) {
	b := newBench(t, nil)
	run := func(seed uint64, exs []*core.Example, c Train) core.Policy {
		b.StepSeed = seed
		o, err := newTrain(t.Context(), b, c)
		if err != nil {
			t.Fatal(err)
		}
		p, err := o.Optimize(t.Context(), b.model, coretest.Examples(exs...))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := run(1, lesson(9), brief(60))
	if reflect.DeepEqual(p, b.model) || p[core.PartConfig] != b.model[core.PartConfig] {
		t.Errorf("the candidate of %v is %v", b.model, p)
	}
	if q := run(1, lesson(9), brief(60)); !reflect.DeepEqual(p, q) {
		t.Error("the same step gives another candidate")
	}
	if q := run(2, lesson(9), brief(60)); reflect.DeepEqual(p, q) {
		t.Error("another seed takes the same batches")
	}
	notes := b.Notes()
	if last := notes[len(notes)-1]; last.Done != 60 || last.Total != 60 || !strings.HasPrefix(last.Note, "loss ") {
		t.Errorf("the last sign of life is %+v", last)
	}
	a, err := b.engine.Actor(t.Context(), p, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	zero := 0.0
	for _, c := range []struct{ ask, say string }{{"a", "x"}, {"b", "y"}, {"c", "z"}} {
		nodes, err := a.Act(t.Context(), core.Request{Path: []core.Node{{Role: core.RoleUser, Content: c.ask}}, N: 1, Options: core.Options{Temperature: &zero, MaxTokens: 1}})
		if err != nil || nodes[0].Content != c.say {
			t.Errorf("after 60 steps the answer to %s is %q (%v)", c.ask, nodes[0].Content, err)
		}
	}
}

// Stopped at any checkpoint, by a kill or an interruption, training ends with
// the bytes that it ends with when nothing stops it.
func TestTrainResumesAtAnyStep(t *testing.T) {
	const steps = 9
	whole := newBench(t, nil)
	optimize := func(ctx context.Context, b *bench) (core.Policy, error) {
		o, err := newTrain(ctx, b, brief(steps))
		if err != nil {
			t.Fatal(err)
		}
		return o.Optimize(ctx, b.model, coretest.Examples(lesson(6)...))
	}
	want, err := optimize(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	if whole.keeps != 0 {
		t.Errorf("%d checkpoints are kept though no time passes", whole.keeps)
	}
	killed := errors.New("killed")
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, nil)
		b.hurry = rapid.SampledFrom([]time.Duration{checkpointEvery, checkpointEvery / 2, checkpointEvery / 3}).Draw(rt, "time a step")
		lives := rapid.SliceOfN(rapid.IntRange(1, 4), 0, 4).Draw(rt, "checkpoints of each life")
		for _, n := range lives {
			b.keeps = 0
			ctx, cancel := context.WithCancel(t.Context())
			clean := rapid.Bool().Draw(rt, "interrupted, not killed")
			b.stop = func(kept int) error {
				if kept < n {
					return nil
				}
				if clean {
					cancel()
					return nil
				}
				return killed
			}
			p, err := optimize(ctx, b)
			cancel()
			if err == nil {
				if !reflect.DeepEqual(p, want) {
					rt.Fatalf("a life that got through ends elsewhere")
				}
				return
			}
			if !errors.Is(err, killed) && !errors.Is(err, context.Canceled) {
				rt.Fatal(err)
			}
		}
		b.stop = nil
		if p, err := optimize(t.Context(), b); err != nil || !reflect.DeepEqual(p, want) {
			rt.Fatalf("after %d lives training ends elsewhere (%v)", len(lives), err)
		}
	})
}

// An interruption keeps what was done since the last checkpoint.
func TestInterruptedTrainingKeepsItsState(t *testing.T) {
	b := newBench(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	tr := stepping{bench: b, each: func() {
		if steps++; steps == 5 {
			cancel()
		}
	}}
	o, err := newTrain(ctx, tr, brief(9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Optimize(ctx, b.model, coretest.Examples(lesson(6)...)); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	kept, err := b.Kept(t.Context())
	if err != nil || len(kept) < 8 || kept[0] != 5 {
		t.Fatalf("kept are %d bytes (%v)", len(kept), err)
	}
	// What it left is resumed, or refused with a reason.
	for what, c := range map[string]struct {
		state []byte
		want  string
	}{
		"whole":          {kept, ""},
		"too short":      {kept[:7], "too few"},
		"cut off":        {kept[:len(kept)-1], "restoring the training checkpoint of step 5"},
		"of later steps": {append([]byte{99}, kept[1:]...), "it is of step 99, of 9"},
	} {
		if err := b.Host.Keep(t.Context(), c.state); err != nil {
			t.Fatal(err)
		}
		steps = 100
		before := steps
		o, err := newTrain(t.Context(), tr, brief(9))
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.Optimize(t.Context(), b.model, coretest.Examples(lesson(6)...))
		if c.want == "" && (err != nil || steps-before != 4) {
			t.Errorf("a state that is %s: %d steps are left, want 4 (%v)", what, steps-before, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("a state that is %s: %v", what, err)
		}
	}
}

// stepping calls back after every optimizer step.
type stepping struct {
	*bench
	each func()
}

func (s stepping) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	tr, err := s.bench.Trainer(ctx, p)
	return &stepped{tr.(engineTrainer), s.each}, err
}

// engineTrainer is all that the engine's trainer can do.
type engineTrainer interface {
	core.Trainer
	core.FusedTrainer
	core.Checkpointer
}

type stepped struct {
	engineTrainer
	each func()
}

func (s *stepped) Step(ctx context.Context, o core.StepOptions) error {
	defer s.each()
	return s.engineTrainer.Step(ctx, o)
}

// A rate that throws the weights out of bounds is an error, not a policy.
func TestTrainingThatExplodes(t *testing.T) {
	b := newBench(t, nil)
	c := brief(50)
	c.Rate, c.Warmup, c.Clip = math.MaxFloat32, 0, 0
	o, err := newTrain(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := o.Optimize(t.Context(), b.model, coretest.Examples(lesson(6)...)); err == nil || !strings.Contains(err.Error(), "training step") {
		t.Errorf("the candidate is %v (%v)", p, err)
	}
}
