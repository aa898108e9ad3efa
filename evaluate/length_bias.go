package evaluate

import (
	"context"
	"fmt"
	"unicode/utf8"

	"pawl/core"
	"pawl/registry"
	"pawl/stats"
)

func init() {
	registry.Metric("length_bias", registry.Doc{
		Summary: "Measures how much a judge's values go with the length of attempts, the truth held fixed.",
		Detail: "length_correlation is that of value and length among the attempts at a task, over all tasks together; length_slope the change of the value for 100 more characters, " +
			"which `length_control` takes as `slope`. With `by`, both are freed of what that verifier's value explains, within tasks, so that longer attempts that are better do not count as bias; without, they do.",
		Paper:   "Length-Controlled AlpacaEval: A Simple Way to Debias Automatic Evaluators (Dubois et al., 2024)",
		Example: "length_bias: {judge: grade, by: oracle}",
	}, func(_ context.Context, _ core.Host, c LengthBias) (core.Metric, error) {
		if c.By != "" && c.By == c.Judge {
			return nil, fmt.Errorf("length_bias: %q cannot be the truth that it is held against; give `by` another verifier", c.By)
		}
		return c, nil
	})
}

// LengthBias configures and is length_bias.
type LengthBias struct {
	Judge string `yaml:"judge" ref:"verifier" default:"grade" doc:"Verifier that is measured."`
	By    string `yaml:"by" ref:"verifier" doc:"Verifier that says what is right; if not given, nothing is held fixed."`
	Attempts
}

// Measure gives length_correlation, in -1..1, and length_slope, or nothing where
// all attempts at each task are equally long.
func (m LengthBias) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	tasks, err := gather(ctx, in, m.Judge, m.By, m.leaves, func(ep *core.Episode, r core.Ref) float64 {
		n := 0
		for ; r > ep.Root(); r = ep.Node(r).Parent {
			n += utf8.RuneCountInString(ep.Node(r).Content)
		}
		return float64(n)
	})
	if err != nil {
		return nil, err
	}
	return effects(tasks,
		figure{"length_correlation", "correlation", func(s stats.Slope) float64 { return s.Correlation }},
		figure{"length_slope", "value per 100 characters", func(s stats.Slope) float64 { return 100 * s.Value }}), nil
}
