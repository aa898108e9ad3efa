package task

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Tasks("jsonl", registry.Doc{
		Summary: "Reads tasks from a file, JSON lines or Parquet.",
		Detail: "Rows have a prompt (prompt, question, problem or messages) and may have an id, an answer and a worked " +
			"solution. With `split` one file serves as train (60%), gate (20%) and audit (20%) set, by a hash of the prompt.",
		Example: "jsonl: {path: tasks.jsonl, split: train}",
	}, newJSONL)
}

// JSONL configures jsonl.
type JSONL struct {
	Path    string `yaml:"path" required:"true" doc:"The file; relative to the folder that the command runs in."`
	Split   string `yaml:"split" enum:"all|train|gate|audit" default:"all" doc:"Part of the file, by a hash of the prompt."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Most tasks taken, from the start; 0 takes all."`
	SkipBad int    `yaml:"skip_bad" default:"0" min:"0" doc:"Bad rows to pass over before giving up."`
	Require string `yaml:"require" enum:"nothing|answer|solution" default:"nothing" doc:"What every row must have."`
}

// newJSONL reads the file, and says which rows it passed over.
func newJSONL(ctx context.Context, h core.Host, c JSONL) (core.TaskSource, error) {
	s, err := Load(ctx, c.Path, Options{Split: c.Split, N: c.N, SkipBad: c.SkipBad, Require: c.Require})
	if err != nil {
		return nil, err
	}
	for i, r := range s.Skipped {
		h.Progress(core.Progress{Stage: "tasks", Done: i + 1, Total: len(s.Skipped), Note: "skipped " + r.Error()})
	}
	return s, nil
}
