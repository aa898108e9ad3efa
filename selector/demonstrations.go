package selector

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("demonstrations", registry.Doc{
		Summary: "Takes the worked solutions of labelled tasks as examples.",
		Detail:  "Without `tasks`, the solutions are those of the tasks just sampled. The attempts are not used.",
		Example: "demonstrations: {tasks: labelled}",
		Needs:   []string{registry.NeedReference},
	}, newDemonstrations)
}

// Demonstrations configures demonstrations.
type Demonstrations struct {
	Tasks string `yaml:"tasks" ref:"tasks" default:"" doc:"Task set with worked solutions; left out, the tasks sampled."`
}

func newDemonstrations(ctx context.Context, h core.Host, c Demonstrations) (core.Selector, error) {
	if c.Tasks == "" {
		return demonstrations{}, nil
	}
	source, err := h.Tasks(ctx, c.Tasks)
	if err != nil {
		return nil, fmt.Errorf("opening task set %q: %w", c.Tasks, err)
	}
	if source.Len() < 0 {
		return nil, fmt.Errorf("task set %q has no end, and cannot be learnt as a whole", c.Tasks)
	}
	return demonstrations{source}, nil
}

type demonstrations struct{ source core.TaskSource }

// Select yields one example per task, labelled 1. A task without a worked
// solution is an error.
func (d demonstrations) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if d.source != nil {
		return core.Demonstrations(ctx, d.source), nil
	}
	if in == nil {
		return nil, errNoInput
	}
	return core.Demonstrations(ctx, sampled{in}), nil
}
