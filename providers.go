package pawl

import (
	"context"

	"pawl/core"
	"pawl/model/replay"
	"pawl/model/sim"
	"pawl/task"
)

// providers are those of every kind of model that is served.
func (p *Pawl) providers() map[string]provider {
	return map[string]provider{
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
