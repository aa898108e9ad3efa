package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Metric("tokens", registry.Doc{
		Summary: "Counts the tokens that a task takes.",
		Detail:  "The mean over tasks, prompt and completion tokens of all calls together, judges included.",
		Example: "tokens: {}",
	}, func(_ context.Context, _ core.Host, c Tokens) (core.Metric, error) { return c, nil })
}

// Tokens configures and is tokens.
type Tokens struct {
	Count string `yaml:"count" enum:"all|prompt|completion" default:"all" doc:"Which tokens."`
}

// Measure gives one estimate, in tokens a task.
func (m Tokens) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	var values []float64
	at := map[string]int{}
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		i, ok := at[ep.Task.ID]
		if !ok {
			i = len(values)
			at[ep.Task.ID] = i
			values = append(values, 0)
		}
		switch m.Count {
		case "prompt":
			values[i] += float64(ep.Usage.PromptTokens)
		case "completion":
			values[i] += float64(ep.Usage.CompletionTokens)
		default:
			values[i] += float64(ep.Usage.Tokens())
		}
	}
	return spread("tokens", "tokens per task", values), nil
}
