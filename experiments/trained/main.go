// Command trained trains verifiers on the own attempts of the model in the binary,
// each kind in a policy of its own, and lets them choose among samples of sealed
// tasks, beside votes. Its result is the section of trained verifiers in
// docs/verifiers.md.
//
//	go run ./experiments/trained                          # writes result.json
//	go run ./experiments/trained -worlds maze -split gate # while choosing settings
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
	o := study.TrainedOptions{Recipe: "experiments/trained/recipe.yaml", Tasks: 1000, Samples: 8}
	worlds, lanes := "countdown,edit,listinduce,listrepair,maze", ""
	os.Exit(study.Command{
		Name: "trained", Out: "experiments/trained/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&worlds, "worlds", worlds, "worlds to train and measure in")
			f.StringVar(&lanes, "lanes", lanes, "verifiers to measure (default: all)")
			f.IntVar(&o.Tasks, "n", o.Tasks, "tasks of each world")
			f.IntVar(&o.Samples, "samples", o.Samples, "samples of each task")
			f.StringVar(&o.Split, "split", "audit", "split of the tasks measured on")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			o.Worlds, o.Seeds, o.Set = strings.Split(worlds, ","), f.Seeds, f.Set
			if lanes != "" {
				o.Lanes = strings.Split(lanes, ",")
			}
			return study.RunTrained(ctx, p, o, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
