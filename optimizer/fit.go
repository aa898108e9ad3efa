package optimizer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"pawl/core"
)

// Settings are shared by everything that trains.
type Settings struct {
	Batch         int     `yaml:"batch" default:"128" min:"1" doc:"Sequences per step."`
	Rate          float64 `yaml:"rate" default:"0.0015" min:"0" doc:"Peak learning rate."`
	Warmup        int     `yaml:"warmup" default:"50" min:"0" doc:"Steps of linear warm-up."`
	DecayFraction float64 `yaml:"decay_fraction" default:"0.33" min:"0" max:"1" doc:"Last part of the steps, over which the rate falls linearly to zero."`
	Beta1         float64 `yaml:"beta1" default:"0.9" min:"0" max:"1" doc:"AdamW's first-moment decay."`
	Beta2         float64 `yaml:"beta2" default:"0.98" min:"0" max:"1" doc:"AdamW's second-moment decay."`
	WeightDecay   float64 `yaml:"weight_decay" default:"0.1" min:"0" doc:"Decoupled weight decay."`
	Clip          float64 `yaml:"clip" default:"1" min:"0" doc:"Largest gradient norm; 0 for none."`
}

// multiplier is the warmup-stable-decay schedule at a step counted from 0, as a
// share of the peak rate: (step+1)/warmup, then 1, then steps left over steps of
// the fall, which would reach 0 right after the last step; the smaller counts
// where they overlap. (Hu et al., "MiniCPM: Unveiling the Potential of Small
// Language Models with Scalable Training Strategies", 2024; the fall there is
// exponential.)
func (s Settings) multiplier(step, total int) float64 {
	m := 1.0
	if step < s.Warmup {
		m = float64(step+1) / float64(s.Warmup)
	}
	fall := s.DecayFraction * float64(total)
	if left := float64(total - step); left < fall {
		m = min(m, left/fall)
	}
	return m
}

// checkpointEvery bounds what a kill can lose. It is wall time, and may be:
// where a run is interrupted never changes what it computes.
const checkpointEvery = 2 * time.Second

// fit runs the training loop. Which rows make up step k depends on the seed
// and on k alone, so a resumed run continues as if it had not stopped.
func fit(ctx context.Context, h core.Host, start core.Policy, rows []row, j job) (core.Policy, error) {
	tr, err := j.trainer(ctx, h, start)
	if err != nil {
		return nil, err
	}
	s, steps := j.Settings, j.steps
	defer tr.Close()
	first, err := resume(ctx, h, tr, steps)
	if err != nil {
		return nil, err
	}
	beside := j.beside(tr)
	examples := exampleStarts(rows)
	order := newOrder(h.Seed(), len(examples))
	order.ramp = int(j.ramp * float64(steps) * float64(s.Batch))
	saved := h.Now()
	var batch core.Batch
	for step := first; step < steps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, keep(context.WithoutCancel(ctx), h, tr, step))
		}
		picked := fill(&batch, rows, examples, order, step*s.Batch, s.Batch)
		if err := beside.fill(ctx, &batch, picked); err != nil {
			return nil, fmt.Errorf("training step %d: reference: %w", step, err)
		}
		loss, err := j.gradient(ctx, tr, &batch, rows, picked)
		if err != nil {
			return nil, fmt.Errorf("training step %d: %w", step, err)
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, fmt.Errorf("training step %d: the loss is %v; lower the rate (now %g) or look for corrupt examples", step, loss, s.Rate)
		}
		o := core.StepOptions{Rate: s.Rate * s.multiplier(step, steps), Beta1: s.Beta1, Beta2: s.Beta2, Epsilon: 1e-8, Decay: s.WeightDecay, Clip: s.Clip}
		if err := tr.Step(ctx, o); err != nil {
			return nil, fmt.Errorf("training step %d: %w", step, err)
		}
		if done := step + 1; done%20 == 0 || done == steps {
			h.Progress(core.Progress{Stage: "train", Done: done, Total: steps, Note: fmt.Sprintf("loss %.4f", loss)})
		}
		if h.Now().Sub(saved) >= checkpointEvery && step+1 < steps {
			if err := keep(ctx, h, tr, step+1); err != nil {
				return nil, err
			}
			saved = h.Now()
		}
	}
	p, err := tr.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("saving the trained policy: %w", err)
	}
	return replaced(start, p), nil
}

// A kept state is the step count (8 bytes, little-endian) and the trainer's own.
func keep(ctx context.Context, h core.Host, tr core.Trainer, step int) error {
	c, ok := tr.(core.Checkpointer)
	if !ok || step == 0 {
		return nil
	}
	state, err := c.Checkpoint()
	if err != nil {
		return fmt.Errorf("checkpointing training at step %d: %w", step, err)
	}
	return h.Keep(ctx, append(binary.LittleEndian.AppendUint64(nil, uint64(step)), state...))
}

func resume(ctx context.Context, h core.Host, tr core.Trainer, steps int) (first int, err error) {
	c, ok := tr.(core.Checkpointer)
	if !ok {
		return 0, nil
	}
	state, err := h.Kept(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the training checkpoint: %w", err)
	}
	if state == nil {
		return 0, nil
	}
	if len(state) < 8 {
		return 0, fmt.Errorf("reading the training checkpoint: it has %d bytes, too few", len(state))
	}
	step := binary.LittleEndian.Uint64(state)
	if step > uint64(steps) {
		return 0, fmt.Errorf("reading the training checkpoint: it is of step %d, of %d", step, steps)
	}
	if err := c.Restore(state[8:]); err != nil {
		return 0, fmt.Errorf("restoring the training checkpoint of step %d: %w", step, err)
	}
	return int(step), nil
}

func exampleStarts(rows []row) []int {
	var starts []int
	for i, r := range rows {
		if r.first {
			starts = append(starts, i)
		}
	}
	return starts
}

// order is an endless sequence of shuffled epochs over n examples. The first
// ramp of its members are drawn from the first examples, ever more of them.
type order struct {
	seed  uint64
	n     int
	ramp  int
	epoch int
	perm  []int
}

// rampStream is where the random streams of a ramp begin, beyond those of epochs.
const rampStream = 1 << 32

func newOrder(seed uint64, n int) *order { return &order{seed: seed, n: n, epoch: -1} }

// at gives the i-th example of the sequence.
func (o *order) at(i int) int {
	if i < o.ramp {
		in := max(1, int(int64(o.n)*int64(i)/int64(o.ramp)))
		return rand.New(rand.NewPCG(o.seed, rampStream+uint64(i))).IntN(in)
	}
	if e := i / o.n; e != o.epoch {
		o.epoch = e
		o.perm = rand.New(rand.NewPCG(o.seed, uint64(e))).Perm(o.n)
	}
	return o.perm[i%o.n]
}

// fill makes b the batch of examples from..from+size-1 of the order, and returns
// the rows that it is made of.
func fill(b *core.Batch, rows []row, starts []int, o *order, from, size int) (picked []int) {
	b.Tokens, b.Weights, b.Logprobs, b.Grad, b.Groups = b.Tokens[:0], b.Weights[:0], b.Logprobs[:0], b.Grad[:0], b.Groups[:0]
	for i := from; i < from+size; i++ {
		example := o.at(i)
		end := len(rows)
		if example+1 < len(starts) {
			end = starts[example+1]
		}
		g := core.Group{First: len(b.Tokens)}
		for k, r := range rows[starts[example]:end] {
			picked = append(picked, starts[example]+k)
			b.Tokens = append(b.Tokens, r.tokens)
			b.Weights = append(b.Weights, r.weights)
			g.Labels = append(g.Labels, r.label)
		}
		b.Groups = append(b.Groups, g)
	}
	b.Logprobs = sized(b.Logprobs, b.Tokens)
	b.Grad = sized(b.Grad, b.Tokens)
	return picked
}

// sized gives one slice per sequence, of its length, all 0, reusing memory.
func sized(to [][]float32, like [][]int32) [][]float32 { return sizedBy(to, like, 0) }

// sizedValues is sized with one more an entry, as the values of a head have.
func sizedValues(to [][]float32, like [][]int32) [][]float32 { return sizedBy(to, like, 1) }

func sizedBy(to [][]float32, like [][]int32, more int) [][]float32 {
	to = to[:0]
	for i, t := range like {
		if i < cap(to) {
			to = to[:i+1]
		} else {
			to = append(to, nil)
		}
		n := len(t) + more
		if cap(to[i]) < n {
			to[i] = make([]float32, n)
		}
		to[i] = to[i][:n]
		clear(to[i])
	}
	return to
}
