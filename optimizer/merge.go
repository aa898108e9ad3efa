package optimizer

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Optimizer("merge", registry.Doc{
		Summary: "Mixes the weights of several policies of one shape; trains nothing.",
		Detail: "`linear` is the mean of the weights. `slerp` interpolates between what the policies have learnt since `init` " +
			"along an arc, tensor by tensor, which keeps the length that a mean loses; more than two are merged one after the " +
			"other. `warp` then goes back towards `init`: the result lies at `eta` between the two. That makes WARP of two " +
			"stages: in the first several policies train `from` this one (with `reference: ema` for its anchor), in the second " +
			"this one merges them, and is where the next round starts. The stage's examples are not looked at, but there must be some.",
		Paper:   "WARP: On the Benefits of Weight Averaged Rewarded Policies (Ramé et al., 2024)",
		Example: "merge: {kind: warp, of: [first, second], eta: 0.5}",
	}, newMerge)
}

// Merge configures the mixing of weights.
type Merge struct {
	Kind    string    `yaml:"kind" enum:"linear|slerp|warp" default:"warp" doc:"How weights are mixed."`
	Of      []string  `yaml:"of" ref:"policy" allow:"incumbent|base" required:"true" min:"1" doc:"The policies to merge; incumbent is the one that is updated."`
	Weights []float64 `yaml:"weights" doc:"A weight for each of them; none for equal ones."`
	Init    string    `yaml:"init" ref:"policy" allow:"incumbent|base" default:"incumbent" doc:"Where the policies started, for slerp and warp."`
	Eta     float64   `yaml:"eta" default:"0.5" min:"0" max:"1" doc:"For warp: 0 gives init, 1 what slerp gives."`
}

// Validate says what does not go together.
func (c Merge) Validate() error {
	if c.Weights != nil && len(c.Weights) != len(c.Of) {
		return fmt.Errorf("%d weights for %d policies; give each policy one, or none", len(c.Weights), len(c.Of))
	}
	return nil
}

func newMerge(_ context.Context, h core.Host, c Merge) (core.Optimizer, error) {
	return &merge{host: h, config: c}, nil
}

type merge struct {
	host   core.Host
	config Merge
}

// Optimize returns p with merged weights.
func (m *merge) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	if err := some(ctx, in); err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	find := func(name string) (core.Policy, error) {
		if name == "incumbent" {
			return p, nil
		}
		q, ok := m.host.Policies()[name]
		if !ok {
			return nil, fmt.Errorf("merging: the run has no policy %q", name)
		}
		return q, nil
	}
	order := core.Merge{Kind: m.config.Kind, Weights: m.config.Weights, Eta: m.config.Eta}
	var err error
	if order.Init, err = find(m.config.Init); err != nil {
		return nil, err
	}
	for _, name := range m.config.Of {
		q, err := find(name)
		if err != nil {
			return nil, err
		}
		order.Of = append(order.Of, q)
	}
	tr, err := m.host.Trainer(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	defer tr.Close()
	merger, ok := tr.(core.Merger)
	if !ok {
		return nil, fmt.Errorf("merging: the model's trainer cannot merge weights")
	}
	q, err := merger.Merge(ctx, order)
	if err != nil {
		return nil, err
	}
	return replaced(p, q), nil
}

// replaced is p with the parts of q, which has new weights; parts of q without a
// digest go, and so does the calibration, which was of the old weights.
func replaced(p, q core.Policy) core.Policy {
	p = p.With(core.PartCalibration, "")
	for part, d := range q {
		p = p.With(part, d)
	}
	return p
}
