package optimizer

import (
	"context"
	"errors"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Optimizer("train", registry.Doc{
		Summary: "Trains the policy's weights on the selected examples by gradient descent.",
		Detail: "AdamW with linear warm-up, a constant rate, and a linear fall to zero over the last " +
			"`decay_fraction` of the steps (warmup-stable-decay: Hu et al., 2024, who let the rate fall exponentially). " +
			"Every optimization starts with fresh optimizer state. With `from: base` the weights start from the base " +
			"model's in every round, as in ReST-EM and STaR; the number of steps is fixed, where ReST-EM stops by a " +
			"validation reward and STaR takes a fifth more steps each round. With `lora` the weights stay and low-rank " +
			"adapters learn (Hu et al., 2021): of the policy only its parts `adapter` and `adapter_config` change. " +
			"Adapters of the same shape are trained further, others are added to the weights first. `ema` gives the " +
			"exponential moving average of the weights instead of the last ones; with `reference: ema` and `result: last` " +
			"it is the anchor of WARP (Ramé et al., 2024).",
		Paper:   "Decoupled Weight Decay Regularization (Loshchilov and Hutter, 2019)",
		Example: "train: {objective: sft, steps: 1000, rate: 1.5e-3}",
	}, newTrain)
}

// Train configures gradient optimization.
type Train struct {
	Objective core.Spec `yaml:"objective" kind:"objective" default:"sft" doc:"What is minimised."`
	From      string    `yaml:"from" ref:"policy" allow:"incumbent|base" default:"incumbent" doc:"Weights to start from: the incumbent's, the base model's, or those of another policy of the recipe."`
	Steps     int       `yaml:"steps" default:"1000" min:"1" doc:"Optimizer steps."`
	Settings
	Accumulate int     `yaml:"accumulate" default:"1" min:"1" doc:"Parts in which a step's batch is computed; their gradients add up."`
	LoRA       *LoRA   `yaml:"lora" doc:"Low-rank adapters to train in place of all weights."`
	EMA        float64 `yaml:"ema" default:"0" min:"0" max:"0.999999" doc:"Decay of an exponential moving average of the weights; 0 for none."`
	Result     string  `yaml:"result" enum:"average|last" default:"average" doc:"What training with ema gives: the average, or the last weights."`
	Reference  string  `yaml:"reference" ref:"policy" allow:"start|base|ema" default:"start" doc:"What objectives with a reference compare with: the policy that training starts from, the base, the moving average, or another policy of the recipe."`
}

// Validate says which settings do not go together.
func (c Train) Validate() error {
	if c.Reference == "ema" && c.EMA == 0 {
		return errors.New("reference: ema needs a decay; add ema: 0.99")
	}
	return nil
}

// LoRA configures low-rank adapters.
type LoRA struct {
	Rank    int      `yaml:"rank" default:"8" min:"1" max:"4096" doc:"Rank of the adapters."`
	Alpha   float64  `yaml:"alpha" default:"16" min:"0.000001" doc:"The adapters are scaled by alpha over rank."`
	Targets []string `yaml:"targets" enum:"q|k|v|o|gate|up|down" doc:"Matrices to adapt; none means all."`
}

func (l *LoRA) shape(seed uint64) core.LoRA {
	return core.LoRA{Rank: l.Rank, Alpha: l.Alpha, Targets: l.Targets, Seed: seed}
}

func newTrain(ctx context.Context, h core.Host, c Train) (core.Optimizer, error) {
	built, err := h.Build(ctx, c.Objective)
	if err != nil {
		return nil, fmt.Errorf("building the objective of train: %w", err)
	}
	loss, ok := core.AsLoss(built)
	if _, values := built.(core.ValueLoss); values {
		return nil, fmt.Errorf("building train: %s is a loss of a reward head; train one with train_verifier", c.Objective.Label())
	}
	if !ok {
		return nil, fmt.Errorf("building train: %s is a %T, not an objective", c.Objective.Label(), built)
	}
	return &train{host: h, config: c, loss: loss}, nil
}

type train struct {
	host   core.Host
	config Train
	loss   core.Loss
}

// trained are the parts that training starts from and replaces; other parts,
// such as a prompt, are the incumbent's even where training starts from the base.
var trained = []string{core.PartWeights, core.PartConfig, core.PartTokenizer, core.PartAdapter, core.PartAdapterConfig, core.PartTraining}

// Optimize trains from p, or from the base's weights where the recipe says so,
// and returns p with new weights. No examples is an error: a policy that was
// not trained must not pass for a candidate.
func (t *train) Optimize(ctx context.Context, p core.Policy, in core.Examples) (core.Policy, error) {
	start := p
	if from := t.config.From; from != "" && from != "incumbent" {
		other, ok := t.host.Policies()[from]
		if !ok {
			return nil, fmt.Errorf("training from %s: the run has no such policy", from)
		}
		for _, part := range trained {
			start = start.With(part, other[part])
		}
	}
	rows, err := encode(ctx, t.host, start, in)
	if err != nil {
		return nil, err
	}
	c := &t.config
	against, err := t.reference(start)
	if err != nil {
		return nil, err
	}
	return fit(ctx, t.host, start, rows, job{
		Settings: c.Settings, steps: c.Steps, loss: t.loss,
		accumulate: c.Accumulate, ema: c.EMA, last: c.Result == "last", lora: c.LoRA,
		reference: c.Reference, against: against,
	})
}

// reference is the policy that the objective compares with.
func (t *train) reference(start core.Policy) (core.Policy, error) {
	switch name := t.config.Reference; name {
	case "", "start", "ema":
		return start, nil
	default:
		p, ok := t.host.Policies()[name]
		if !ok {
			return nil, fmt.Errorf("training against reference %q: the run has no such policy", name)
		}
		return p, nil
	}
}
