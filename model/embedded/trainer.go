package embedded

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	"pawl/core"
	"pawl/nn"
)

// Trainer trains a copy of p.
func (e *Engine) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	m, _, err := e.read(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("loading policy %s to train: %w", p.Version().Short(), err)
	}
	return &trainer{engine: e, policy: p, start: m}, nil
}

// trainer implements core.Trainer and, of its companions, FusedTrainer,
// Checkpointer, AdapterTrainer, AveragingTrainer, ReferenceTrainer, RowTrainer,
// ValueTrainer and Merger.
type trainer struct {
	engine *Engine
	policy core.Policy
	start  *frozen // what training starts from, shared
	learns *nn.Trainer
	mean   bool    // Save gives the moving average
	fresh  bool    // the adapters' base is not the policy's weights
	beside *frozen // the reference
	part   string  // of the head; "" where there is none
	alone  bool    // only the head learns
	both   bool    // the last pass gave log-probs and values
	batch  []nn.Sequence
	masks  []bool // one buffer behind the batch's loss marks
}

// inner is the engine's trainer. All weights learn, in a copy, unless Adapt has
// come first.
func (t *trainer) inner() *nn.Trainer {
	if t.learns == nil {
		m := t.start.model
		if !t.alone {
			m = m.Clone()
		}
		t.learns = nn.NewTrainer(m)
	}
	return t.learns
}

// Adapt makes a trainer a core.AdapterTrainer.
func (t *trainer) Adapt(ctx context.Context, l core.LoRA) error {
	if t.learns != nil {
		return fmt.Errorf("adapting: the trainer is in use already")
	}
	config := nn.LoRAConfig{Rank: l.Rank, Alpha: l.Alpha, Targets: l.Targets}
	base, err := t.engine.base(ctx, t.policy)
	if err != nil {
		return fmt.Errorf("adapting: %w", err)
	}
	adapters, err := nn.NewLoRA(base.model, config, l.Seed)
	if err != nil {
		return err
	}
	if t.policy[core.PartAdapter] != "" {
		old, err := t.engine.adapter(ctx, t.policy, base.model)
		if err != nil {
			return fmt.Errorf("adapting: %w", err)
		}
		if old.Config().Equal(adapters.Config()) {
			adapters = old
		} else {
			base, t.fresh = t.start, true
		}
	}
	t.start = base
	t.learns, err = nn.NewLoRATrainer(base.model, adapters)
	return err
}

// Average makes a trainer a core.AveragingTrainer.
func (t *trainer) Average(_ context.Context, decay float64, result bool) error {
	t.mean = result && decay > 0
	return t.inner().Average(decay)
}

// sequences views b as the engine's sequences; tokens of weight 0 are not
// predicted at all.
func (t *trainer) sequences(b *core.Batch) []nn.Sequence {
	total := 0
	for _, ids := range b.Tokens {
		total += len(ids)
	}
	if cap(t.masks) < total {
		t.masks = make([]bool, total)
	}
	t.batch = t.batch[:0]
	at := 0
	for i, ids := range b.Tokens {
		mask := t.masks[at : at+len(ids) : at+len(ids)]
		at += len(ids)
		for j := range mask {
			mask[j] = b.Weights == nil || b.Weights[i][j] != 0
		}
		t.batch = append(t.batch, nn.Sequence{Tokens: ids, Loss: mask})
	}
	return t.batch
}

func (t *trainer) Logprobs(_ context.Context, b *core.Batch) error {
	logp, err := t.inner().Forward(t.sequences(b))
	if err != nil {
		return err
	}
	for i := range logp {
		copy(b.Logprobs[i], logp[i])
	}
	return nil
}

// ForwardBackward makes a Trainer a core.FusedTrainer.
func (t *trainer) ForwardBackward(_ context.Context, b *core.Batch) error {
	_, err := t.inner().ForwardBackward(t.sequences(b), func(i int, _ *nn.Sequence, logp, dlogp []float32) float64 {
		copy(b.Logprobs[i], logp)
		copy(dlogp, b.Grad[i])
		return 0 // the objective says what the loss is
	})
	return err
}

func (t *trainer) Backward(_ context.Context, b *core.Batch) error { return t.inner().Backward(b.Grad) }

func (t *trainer) Step(_ context.Context, o core.StepOptions) error {
	_, err := t.inner().Step(nn.StepOptions{LR: o.Rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Epsilon, Decay: o.Decay, Clip: o.Clip})
	return err
}

// Save stores what has been trained. Parts that the new policy is without are
// named with no digest.
func (t *trainer) Save(ctx context.Context) (core.Policy, error) {
	p, err := t.saveTrunk(ctx)
	if err != nil {
		return nil, err
	}
	return p, t.saveHead(ctx, p)
}

func (t *trainer) saveTrunk(ctx context.Context) (core.Policy, error) {
	if t.alone {
		return maps.Clone(t.policy), nil
	}
	adapters := t.inner().Adapters(t.mean)
	if adapters == nil {
		m, err := t.inner().Snapshot(t.mean)
		if err != nil {
			return nil, err
		}
		return t.withWeights(ctx, m)
	}
	p := maps.Clone(t.policy)
	if t.fresh {
		d, err := t.engine.putWeights(ctx, t.start.model)
		if err != nil {
			return nil, err
		}
		p[core.PartWeights] = d
	}
	return p, t.engine.putAdapters(ctx, p, adapters)
}

func (t *trainer) Close() error { return nil }

func (t *trainer) Checkpoint() ([]byte, error) {
	var b bytes.Buffer
	if err := t.inner().Save(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (t *trainer) Restore(state []byte) error { return t.inner().Restore(bytes.NewReader(state)) }

// putAdapters makes a part of p of the adapters.
func (e *Engine) putAdapters(ctx context.Context, p core.Policy, a *nn.LoRA) error {
	config, err := a.ConfigJSON()
	if err != nil {
		return fmt.Errorf("encoding adapters: %w", err)
	}
	var weights bytes.Buffer
	if err := a.WriteSafetensors(&weights); err != nil {
		return err
	}
	if p[core.PartAdapterConfig], err = e.blobs.Put(ctx, config); err != nil {
		return err
	}
	p[core.PartAdapter], err = e.blobs.Put(ctx, weights.Bytes())
	return err
}
