package optimizer

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Policy("pretrain", registry.Doc{
		Summary: "Trains a model from scratch on the worked solutions of a task set.",
		Detail: "The tokens are the words of the task set's world, or bytes where the set has no " +
			"vocabulary of its own. The model is a Llama-shaped transformer of the given size. With `ramp` it begins with " +
			"the first tasks of the set, where they are in the order of their difficulty (curriculum learning: Bengio et " +
			"al., 2009): small models learn long problems much sooner after short ones.",
		Example: "pretrain: {tasks: labelled, steps: 2500, rate: 2e-3}",
	}, newPretrain)
}

// Pretrain configures a first policy.
type Pretrain struct {
	Tasks      string  `yaml:"tasks" ref:"tasks" default:"labelled" doc:"Task set whose worked solutions are learnt."`
	Steps      int     `yaml:"steps" default:"2500" min:"1" doc:"Optimizer steps."`
	Width      int     `yaml:"width" default:"64" min:"8" doc:"Width of the residual stream."`
	Layers     int     `yaml:"layers" default:"2" min:"1" doc:"Transformer blocks."`
	Heads      int     `yaml:"heads" default:"4" min:"1" doc:"Attention heads."`
	KVHeads    int     `yaml:"kv_heads" default:"0" min:"0" doc:"Key-value heads; 0 for as many as heads."`
	Hidden     int     `yaml:"hidden" default:"0" min:"0" doc:"Feed-forward width; 0 for 8/3 of the width."`
	Context    int     `yaml:"context" default:"64" min:"2" doc:"Longest sequence, in tokens."`
	RopeTheta  float64 `yaml:"rope_theta" default:"10000" min:"0" doc:"Base of the rotary positions; 0 for none."`
	Ramp       float64 `yaml:"ramp,omitzero" default:"0" min:"0" max:"1" doc:"First part of the steps, in which the tasks come in at a constant rate, in their order; 0 for all from the start."`
	PerExample float64 `yaml:"per_example,omitzero" default:"0" min:"0" max:"1" doc:"How far examples count alike, however long: each token of n that are learnt weighs n to the power of minus this. 0 weighs all tokens alike, 1 all examples."`
	Settings
}

func newPretrain(ctx context.Context, h core.Host, c Pretrain) (core.Policy, error) {
	source, err := h.Tasks(ctx, c.Tasks)
	if err != nil {
		return nil, fmt.Errorf("pretraining on task set %q: %w", c.Tasks, err)
	}
	shape := core.ModelShape{
		Width: c.Width, Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, Hidden: c.Hidden,
		Context: c.Context, RopeTheta: c.RopeTheta, Seed: h.Seed(),
	}
	if v, ok := source.(core.Vocabularied); ok {
		shape.Vocabulary, shape.Spaced = v.Vocabulary(), v.Unit() == core.UnitWords
	}
	empty, err := h.NewModel(ctx, shape)
	if err != nil {
		return nil, fmt.Errorf("making the model to pretrain: %w", err)
	}
	rows, err := encodeTasks(ctx, h, empty, source)
	if err != nil {
		return nil, fmt.Errorf("pretraining on task set %q: %w", c.Tasks, err)
	}
	evenOut(rows, c.PerExample)
	sft, err := h.Build(ctx, core.Spec{Kind: core.KindObjective, Name: "sft"})
	if err != nil {
		return nil, fmt.Errorf("building the pretraining objective: %w", err)
	}
	return fit(ctx, h, empty, rows, job{Settings: c.Settings, steps: c.Steps, ramp: c.Ramp, loss: core.Loss{Objective: sft.(core.Objective)}})
}

// evenOut weighs the tokens of a row by how many of them are learnt. Where long
// solutions and verdicts of one word are learnt together, the latter hardly
// count among tokens.
func evenOut(rows []row, power float64) {
	if power == 0 {
		return
	}
	for _, r := range rows {
		n := 0
		for _, w := range r.weights {
			if w != 0 {
				n++
			}
		}
		if n == 0 {
			continue
		}
		by := float32(math.Pow(float64(n), -power))
		for i := range r.weights {
			r.weights[i] *= by
		}
	}
}
