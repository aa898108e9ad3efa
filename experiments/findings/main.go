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
	"strings"

	"pawl"
	"pawl/experiments/study"
	_ "pawl/std"
)

func main() {
	tasks, samples, recipe, parts := 350, 8, "experiments/findings/recover.yaml", strings.Join(study.FindingParts, ",")
	os.Exit(study.Command{
		Name: "findings", Out: "experiments/findings/result.json",
		Flags: func(f *flag.FlagSet) {
			f.IntVar(&tasks, "n", tasks, "tasks of each world with each seed")
			f.IntVar(&samples, "samples", samples, "samples of each task")
			f.StringVar(&recipe, "recipe", recipe, "recipe that teaches the model to find hidden numbers")
			f.StringVar(&parts, "parts", parts, "parts to measure; a result for the document has all of them")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			return study.FindingsSetup{Tasks: tasks, Samples: samples, Seeds: f.Seeds, Recipe: recipe, Parts: strings.Split(parts, ","), Say: say}.Run(ctx, p)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
