// Command code judges recorded programs of a real model on a public benchmark:
// CodeGen-Mono 16B on HumanEval. It runs every sample against the task's test,
// and chooses one program per task by its agreement with tests that the same
// model wrote. It needs PAWL_DATA, a folder with humaneval/: tasks of
// openai/human-eval and samples of microsoft/CodeT, both MIT.
//
//	go run ./experiments/code                # prints tables, writes result.json
//	go run ./experiments/code -tasks 10      # the first ten tasks
//	go run ./experiments/code -table         # only writes the tables of docs/experiments.md anew
package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	tasks, phases := 0, ""
	os.Exit(study.Command{
		Name: "code", Out: "experiments/code/result.json",
		Flags: func(f *flag.FlagSet) {
			f.IntVar(&tasks, "tasks", 0, "tasks to run, the first; 0 for all")
			f.StringVar(&phases, "phases", "solutions,samples,agreement,choice,plain,differences", "what to do of what the result file does not have yet")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			data := os.Getenv("PAWL_DATA")
			if data == "" {
				return nil, errors.New("looking for the programs: PAWL_DATA is not set; it holds humaneval/, from openai/human-eval and microsoft/CodeT (MIT)")
			}
			box, err := p.Sandbox()
			if err != nil {
				return nil, err
			}
			return study.RunCode(ctx, box, filepath.Join(data, "humaneval"), f.Out, tasks, strings.Split(phases, ","), say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
