// Command selftraining runs the recipes of self-training, each beside its
// labelled and its null control, over several seeds.
//
//	go run ./experiments/selftraining                # prints tables, writes result.json
//	go run ./experiments/selftraining -recipes lmsi -seeds 11
//	go run ./experiments/selftraining -table         # only writes the tables of docs/experiments.md anew
package main

import (
	"context"
	"flag"
	"os"
	"strings"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	var recipes string
	os.Exit(study.Command{
		Name: "selftraining", Out: "experiments/selftraining/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&recipes, "recipes", strings.Join(study.SelfTrainingRecipes, ","), "recipes to run")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			return study.RunSelfTraining(ctx, p, strings.Split(recipes, ","), f.Seeds, f.Set, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
