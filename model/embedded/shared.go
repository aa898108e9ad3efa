package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"weak"

	"pawl/core"
	"pawl/nn"
)

// frozen is a model in memory that is never written. All policies with the same
// weights share it, whatever else they differ in, and with it the packed copy
// that its sampler reads.
type frozen struct {
	model *nn.Model

	sampling sync.Once
	shared   *nn.Sampler

	scoring sync.Mutex
	scorer  *nn.Trainer // made when first needed

	probing sync.Mutex
	probe   *nn.Probe // made when first needed
}

func (f *frozen) sampler() *nn.Sampler {
	f.sampling.Do(func() { f.shared = nn.NewSampler(f.model, nn.SamplerOptions{}) })
	return f.shared
}

// cache finds models in memory by the digest of what they are made of. It holds
// them weakly: a model lives as long as somebody uses it.
type cache struct {
	mu     sync.Mutex
	models map[core.Digest]weak.Pointer[frozen]
}

// get returns the model of that name, made by open if it is not in memory. Two
// callers at once may both make it; one of the two is then forgotten.
func (c *cache) get(name core.Digest, open func() (*nn.Model, error)) (*frozen, error) {
	if f := c.find(name); f != nil {
		return f, nil
	}
	m, err := open()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.models[name].Value(); f != nil {
		return f, nil
	}
	if c.models == nil {
		c.models = map[core.Digest]weak.Pointer[frozen]{}
	}
	for name, p := range c.models {
		if p.Value() == nil {
			delete(c.models, name)
		}
	}
	m.Freeze()
	f := &frozen{model: m}
	c.models[name] = weak.Make(f)
	return f, nil
}

func (c *cache) find(name core.Digest) *frozen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.models[name].Value()
}

// base is the model of p without its adapters.
func (e *Engine) base(ctx context.Context, p core.Policy) (*frozen, error) {
	return e.models.get(core.Sum([]byte(p[core.PartConfig]+p[core.PartWeights])), func() (*nn.Model, error) {
		config, err := e.part(ctx, p, core.PartConfig)
		if err != nil {
			return nil, err
		}
		var c nn.Config
		if err := json.Unmarshal(config, &c); err != nil {
			return nil, fmt.Errorf("config.json: %w", err)
		}
		weights, err := e.part(ctx, p, core.PartWeights)
		if err != nil {
			return nil, err
		}
		return nn.ReadModel(c, bytes.NewReader(weights))
	})
}

// model is the model of p, adapters added.
func (e *Engine) model(ctx context.Context, p core.Policy) (*frozen, error) {
	if p[core.PartAdapter] == "" {
		return e.base(ctx, p)
	}
	parts := p[core.PartConfig] + p[core.PartWeights] + p[core.PartAdapter] + p[core.PartAdapterConfig]
	return e.models.get(core.Sum([]byte(parts)), func() (*nn.Model, error) {
		b, err := e.base(ctx, p)
		if err != nil {
			return nil, err
		}
		a, err := e.adapter(ctx, p, b.model)
		if err != nil {
			return nil, err
		}
		return a.Merge(b.model)
	})
}

// adapter is the adapters of p, which belong to the model m.
func (e *Engine) adapter(ctx context.Context, p core.Policy, m *nn.Model) (*nn.LoRA, error) {
	config, err := e.part(ctx, p, core.PartAdapterConfig)
	if err != nil {
		return nil, err
	}
	weights, err := e.part(ctx, p, core.PartAdapter)
	if err != nil {
		return nil, err
	}
	return nn.ReadLoRA(m, config, bytes.NewReader(weights))
}

// part is the content of a part that p must have.
func (e *Engine) part(ctx context.Context, p core.Policy, name string) ([]byte, error) {
	d, ok := p[name]
	if !ok {
		return nil, fmt.Errorf("the policy has no part %q (%s); it is not one of the embedded engine", name, files[name])
	}
	b, err := e.blobs.Get(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", name, err)
	}
	return b, nil
}
