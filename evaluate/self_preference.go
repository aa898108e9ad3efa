package evaluate

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("self_preference", registry.Doc{
		Summary: "Measures how much higher a judge values one seat's attempts than others' at the same task that are as good.",
		Detail: "The difference in value between attempts of `own` and those of other seats, within tasks, freed of what the verifier `by` explains; 0 is no preference, 1 the whole scale. " +
			"It is a preference for itself where `own` is played by the model that judges. Without `by`, a seat that is better counts as preferred. Tasks at which only one side has attempts say nothing.",
		Paper:   "LLM Evaluators Recognize and Favor Their Own Generations (Panickssery et al., 2024)",
		ID:      "S246",
		Example: "self_preference: {judge: grade, own: solver, by: oracle}",
	}, func(_ context.Context, _ core.Host, c SelfPreference) (core.Metric, error) {
		if c.By != "" && c.By == c.Judge {
			return nil, fmt.Errorf("self_preference: %q cannot be the truth that it is held against; give `by` another verifier", c.By)
		}
		return c, nil
	})
}

// SelfPreference configures and is self_preference.
type SelfPreference struct {
	Judge string `yaml:"judge" ref:"verifier" default:"grade" doc:"Verifier that is measured."`
	Own   string `yaml:"own" ref:"seat" default:"solver" doc:"Seat whose attempts it may prefer."`
	By    string `yaml:"by" ref:"verifier" doc:"Verifier that says what is right; if not given, nothing is held fixed."`
}

// Measure gives one estimate, in -1..1, or nothing where no task has attempts of
// both sides.
func (m SelfPreference) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := gather(ctx, in, m.Judge, m.By, (*core.Episode).Leaves, func(ep *core.Episode, r core.Ref) float64 {
		if ep.Node(r).Actor == m.Own {
			return 1
		}
		return 0
	})
	if err != nil {
		return nil, err
	}
	return effects(tasks, figure{"self_preference", "value", func(s stats.Slope) float64 { return s.Value }}), nil
}
