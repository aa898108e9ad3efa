package selector

import (
	"context"
	"errors"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("steps", registry.Doc{
		Summary: "Takes attempts with a value for each of their steps, for a process verifier.",
		Detail: "The verifier `by` must keep the steps that it judges, as `step_values` does with `keep: true`: an example is an attempt cut into its steps, and each step's value is " +
			"what `train_verifier` with `level: step` learns. Attempts that the verifier abstains from are left out.",
		Paper:   "Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations (Wang et al., 2023)",
		Example: "steps: {by: step_values}",
	}, newSteps)
}

// Steps configures steps.
type Steps struct {
	By string `yaml:"by" ref:"verifier" required:"true" doc:"Verifier that values the steps."`
	Limits
}

func newSteps(_ context.Context, _ core.Host, c Steps) (core.Selector, error) {
	if c.By == "" {
		return nil, errors.New("steps wants to know by which verifier")
	}
	return steps{c}, nil
}

type steps struct{ cfg Steps }

// Select yields one example per attempt: its path cut into steps, labelled with
// the value of the last, and the signal of steps.
func (s steps) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if in == nil {
		return nil, errNoInput
	}
	return examples(ctx, in, func(ep *core.Episode) []*core.Example {
		var all []picked
		cut := map[core.Ref]core.Ref{} // the last step of an attempt
		for _, leaf := range s.cfg.attempts(ep) {
			if v, ok := ep.ScoreOf(s.cfg.By, leaf); ok && !v.Abstain && v.Via != 0 {
				all, cut[leaf] = append(all, picked{leaf, v.Value}), v.Via
			}
		}
		var out []*core.Example
		for _, a := range s.cfg.apply(ep, all) {
			if ex := s.example(ep, cut[a.leaf]); ex != nil {
				out = append(out, ex)
			}
		}
		return out
	}), nil
}

// example is the path to the last step of an attempt; nil where a step has no
// value.
func (s steps) example(ep *core.Episode, last core.Ref) *core.Example {
	path := ep.Path(last)
	values := make([]float32, len(path))
	for i, r := range path {
		if r <= ep.Root() {
			continue
		}
		v, ok := ep.ScoreOf(s.cfg.By, r)
		if !ok || v.Abstain {
			return nil
		}
		values[i] = float32(v.Value)
	}
	return &core.Example{
		Episode: ep, Leaves: []core.Ref{last}, Labels: []float64{float64(values[len(values)-1])},
		Signals: map[string][][]float32{core.SignalSteps: {values}},
	}
}
