// Command findings measures what papers predict of judging without answers on the
// model in the binary: what votes, weighted votes, self-critique, located errors and
// backward verification are worth. Its result is a section of docs/verifiers.md.
//
//	go run ./experiments/findings -dir /tmp/findings   # writes result.json; goes on where it was stopped
package main

import (
	"context"
	"flag"
	"os"

	"pawl"
	"pawl/experiments/study"
	_ "pawl/std"
)

func main() {
	tasks, samples := 1000, 8
	os.Exit(study.Command{
		Name: "findings", Out: "experiments/findings/result.json",
		Flags: func(f *flag.FlagSet) {
			f.IntVar(&tasks, "n", tasks, "tasks of each world")
			f.IntVar(&samples, "samples", samples, "samples of each task")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			return study.RunFindings(ctx, p, tasks, samples, f.Seeds, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
