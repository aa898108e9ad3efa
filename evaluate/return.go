package evaluate

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Metric("return", registry.Doc{
		Summary: "Measures what attempts make on average, by a verifier that grades them.",
		Detail: "The mean score, however small or large. Of verifier `oracle` on a played world this is the return on a scale " +
			"on which random legal play makes 0 and the oracle's play 1. Attempts on which the verifier abstains are left out; " +
			"failed episodes count 0.",
		Example: "return: {by: oracle}",
	}, func(_ context.Context, _ core.Host, c Return) (core.Metric, error) { return c, nil })
}

// Return configures and is return.
type Return struct {
	By string `yaml:"by" ref:"verifier" doc:"Verifier whose scores are averaged; if not given, the one that judged an attempt last."`
	Attempts
}

// Measure gives one estimate, or none where nothing is judged.
func (m Return) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	judged := Judged{By: m.By, Attempts: m.Attempts}
	at := map[string]int{}
	var tasks [][]float64
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		var values []float64
		leaves := m.leaves(ep)
		for _, r := range leaves {
			s, ok := judged.score(ep, r)
			switch {
			case !ok && m.By != "":
				return nil, fmt.Errorf("task %s: attempt %d has no score by %q; add it to `verify` or `measure`", ep.Task.ID, r, m.By)
			case !ok:
				return nil, fmt.Errorf("task %s: no verifier has judged attempt %d; name one in `verify` or `measure`", ep.Task.ID, r)
			case !s.Abstain:
				values = append(values, s.Value)
			}
		}
		if len(leaves) == 0 {
			values = []float64{0}
		}
		if len(values) == 0 {
			continue
		}
		i, ok := at[ep.Task.ID]
		if !ok {
			i = len(tasks)
			at[ep.Task.ID] = i
			tasks = append(tasks, nil)
		}
		tasks[i] = append(tasks[i], values...)
	}
	return estimates("return", tasks), nil
}
