// Command selfimproving runs the recipe self-improving-transformer, beside its
// controls, on addition and on copying strings, and tells how long the problems
// are that each arm solves, round by round.
//
//	go run ./experiments/selfimproving                # prints tables, writes result.json
//	go run ./experiments/selfimproving -tasks copy -seeds 11
//	go run ./experiments/selfimproving -table         # only writes the tables of docs/experiments.md anew
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
	var tasks string
	os.Exit(study.Command{
		Name: "selfimproving", Out: "experiments/selfimproving/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&tasks, "tasks", "addition,copy", "tasks to run")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			return study.RunSelfImproving(ctx, p, strings.Split(tasks, ","), f.Seeds, f.Set, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
