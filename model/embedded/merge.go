package embedded

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/nn"
)

// Merge makes a trainer a core.Merger. Adapters are added to their weights
// before; the result has none.
func (t *trainer) Merge(ctx context.Context, m core.Merge) (core.Policy, error) {
	models := make([]*nn.Model, len(m.Of))
	for i, p := range m.Of {
		f, err := t.engine.model(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("merging policy %s: %w", p.Version().Short(), err)
		}
		models[i] = f.model
	}
	var init *nn.Model
	if m.Kind != "linear" {
		f, err := t.engine.model(ctx, m.Init)
		if err != nil {
			return nil, fmt.Errorf("merging from policy %s: %w", m.Init.Version().Short(), err)
		}
		init = f.model
	}
	merged, err := merge(m, init, models)
	if err != nil {
		return nil, err
	}
	if len(models) > 0 && merged.Config() != t.start.model.Config() {
		return nil, fmt.Errorf("merging: the policies have another shape than policy %s", t.policy.Version().Short())
	}
	return t.withWeights(ctx, merged)
}

func merge(m core.Merge, init *nn.Model, models []*nn.Model) (*nn.Model, error) {
	switch m.Kind {
	case "linear":
		return nn.MergeLinear(models, m.Weights)
	case "slerp":
		return nn.MergeSlerp(init, models, m.Weights)
	case "warp":
		merged, err := nn.MergeSlerp(init, models, m.Weights)
		if err != nil {
			return nil, err
		}
		return nn.Interpolate(init, merged, m.Eta)
	}
	return nil, fmt.Errorf("merging: there is no kind %q; there are linear, slerp and warp", m.Kind)
}

// withWeights is the trainer's policy with other weights, and without the
// adapters and heads of the old ones: parts that it loses are named with no
// digest.
func (t *trainer) withWeights(ctx context.Context, m *nn.Model) (core.Policy, error) {
	d, err := t.engine.putWeights(ctx, m)
	if err != nil {
		return nil, err
	}
	p := t.policy.With(core.PartWeights, d)
	for _, part := range []string{core.PartAdapter, core.PartAdapterConfig, core.PartValueHead, core.PartRewardHead} {
		if p[part] != "" {
			p[part] = ""
		}
	}
	return p, nil
}
