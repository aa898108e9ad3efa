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

// Values fills b.Values.
func (t *trainer) Values(ctx context.Context, b *core.Batch) error {
	batch := t.sequences(b)
	if t.part == core.PartRewardHead {
		clear(t.masks[:cap(t.masks)])
		for i := range batch {
			batch[i].End = true
		}
	}
	values, err := t.inner().Values(ctx, batch)
	if err != nil {
		return err
	}
	for i := range values {
		copy(b.Values[i], values[i])
	}
	return nil
}

// BackwardValues adds to the gradient from b.ValueGrad.
func (t *trainer) BackwardValues(_ context.Context, b *core.Batch) error {
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
