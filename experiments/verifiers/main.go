// Command verifiers lets every verifier that sees no answers judge samples of the
// model in the binary, or of another, in the worlds of the recipe pretrain-nano,
// the model playing every seat. Its result is the tables in docs/verifiers.md.
//
//	go run ./experiments/verifiers              # writes result.json
//	go run ./experiments/verifiers -n 1000      # with more tasks a world
package main

import (
	"context"
	"flag"
	"os"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	model, tasks, samples, seed := "embedded", 150, 8, uint64(1)
	os.Exit(study.Command{
		Name: "verifiers", Out: "experiments/verifiers/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&model, "model", model, "model to measure")
			f.IntVar(&tasks, "n", tasks, "tasks of each world")
			f.IntVar(&samples, "samples", samples, "samples of each task")
			f.Uint64Var(&seed, "seed", seed, "seed of the samples")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, _ *study.Flags, say func(string)) (study.Result, error) {
			m, err := pawl.ParseModel(model)
			if err != nil {
				return nil, err
			}
			return study.RunVerifiers(ctx, p, m, tasks, samples, seed, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
