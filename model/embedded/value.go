package embedded

import (
	"bytes"
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// AddHead makes a trainer a core.ValueTrainer.
func (t *trainer) AddHead(ctx context.Context, part string, alone bool) error {
	if part != core.PartValueHead && part != core.PartRewardHead {
		return fmt.Errorf("adding a head: there is no part %q; use %s or %s", part, core.PartValueHead, core.PartRewardHead)
	}
	width := t.start.model.Config().Width
	h, err := t.engine.head(ctx, t.policy, part, width)
	if err != nil {
		return fmt.Errorf("adding a head: %w", err)
	}
	if h == nil {
		h = nn.NewScalarHead(width)
	}
	t.part, t.alone = part, alone
	return t.inner().AddHead(h, alone)
}

// valued are the sequences of b, as the head values them.
func (t *trainer) valued(b *core.Batch) []nn.Sequence {
	batch := t.sequences(b)
	for i := range batch {
		batch[i].End = t.part == core.PartRewardHead
	}
	return batch
}

// Values fills b.Values.
func (t *trainer) Values(ctx context.Context, b *core.Batch) error {
	values, err := t.inner().Values(ctx, t.valued(b))
	if err != nil {
		return err
	}
	for i := range values {
		copy(b.Values[i], values[i])
	}
	t.both = false
	return nil
}

// LogprobsValues fills b.Logprobs and b.Values.
func (t *trainer) LogprobsValues(_ context.Context, b *core.Batch) error {
	logp, values, err := t.inner().ForwardValues(t.valued(b))
	if err != nil {
		return err
	}
	for i := range values {
		copy(b.Logprobs[i], logp[i])
		copy(b.Values[i], values[i])
	}
	t.both = true
	return nil
}

// BackwardValues adds to the gradient from b.ValueGrad, after LogprobsValues
// from b.Grad too.
func (t *trainer) BackwardValues(_ context.Context, b *core.Batch) error {
	if t.both {
		return t.inner().BackwardValues(b.Grad, b.ValueGrad)
	}
	return t.inner().BackwardValues(nil, b.ValueGrad)
}

// saveHead makes a part of p of the head, if there is one. A head of a trunk
// that has moved since would give numbers without meaning, so those that were
// not trained along go.
func (t *trainer) saveHead(ctx context.Context, p core.Policy) error {
	if !t.alone {
		for _, part := range []string{core.PartValueHead, core.PartRewardHead} {
			if p[part] != "" && part != t.part {
				p[part] = ""
			}
		}
	}
	h := t.inner().Head(t.mean)
	if h == nil {
		return nil
	}
	var out bytes.Buffer
	if err := h.WriteSafetensors(&out); err != nil {
		return err
	}
	d, err := t.engine.blobs.Put(ctx, out.Bytes())
	p[t.part] = d
	return err
}

// head reads the head that is the named part of p, for models of a width; nil if
// p has none.
func (e *Engine) head(ctx context.Context, p core.Policy, part string, width int) (*nn.ScalarHead, error) {
	d := p[part]
	if d == "" {
		return nil, nil
	}
	b, err := e.blobs.Get(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", part, err)
	}
	h, err := nn.ReadScalarHead(width, bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", part, err)
	}
	return h, nil
}
