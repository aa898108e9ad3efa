package pawl

import (
	"context"

	"pawl/core"
	"pawl/model/openai"
	"pawl/model/replay"
	"pawl/model/sim"
	"pawl/task"
)

// providers are those of every kind of model that is served; the payer pays for
// calls that cost something.
func (p *Pawl) providers(o Options) map[string]provider {
	return map[string]provider{
		string(ModelOpenAI): openai.New(openai.Options{Payer: p.payer, Prices: func() (openai.Prices, error) { return prices(o) }}),
		string(ModelSim):    sim.New(truth{p}.hidden()),
		string(ModelReplay): replay.New(replay.Files{Rows: recordedRows, Text: task.CompletionText, Tasks: recordedTasks}),
	}
}

// recordedRows reads where the completions of a recording stand.
func recordedRows(ctx context.Context, path string, each func(replay.Row) error) error {
	_, err := task.EachCompletion(ctx, path, task.CompletionOptions{Prompts: true}, func(c task.Completion) error {
		return each(replay.Row{ID: c.ID, Asked: c.Asked, Sample: c.Sample, Line: c.Line, Offset: c.Offset, Size: c.Size})
	})
	return err
}

func recordedTasks(ctx context.Context, path string) ([]core.Task, error) {
	set, err := LoadTasks(ctx, path, task.Options{})
	if err != nil {
		return nil, err
	}
	return set.List, nil
}

// these are tasks as they will be asked.
func these(tasks []core.Task) tasksAsked {
	return func(context.Context) ([]core.Task, error) { return tasks, nil }
}

// besideServed is how many calls of a step are open at a time where others serve
// the model: what they bear is found out by whoever pays them.
const besideServed = 256

// parallel is how many calls of a step run at a time; 0 is as many as there are
// processors.
func (p *Pawl) parallel(ctx context.Context, team map[string]core.Policy) int {
	for _, policy := range team {
		if _, _, served, err := p.models.served(ctx, policy); err == nil && served {
			return besideServed
		}
	}
	return 0
}
