// Command calibration measures what the values of verifiers are worth as
// probabilities, before and after calibration on other tasks, and whether
// thresholds keep the risks that they promise. Its result is the tables in
// docs/calibration.md.
//
//	go run ./experiments/calibration                     # writes result.json
//	go run ./experiments/calibration -votes-only -worlds chain -votes 16 -n 4000 -o experiments/calibration/votes.json
//	go run ./experiments/calibration -table -doc docs/calibration.md
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
	model, worlds := "embedded", "chain,functable,keysum,maze,multiply,reverse"
	o := study.CalibrationOptions{Tasks: 1000, Votes: 8, Seed: 1, Resamples: 400, Splits: 1000}
	os.Exit(study.Command{
		Name: "calibration", Out: "experiments/calibration/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&model, "model", model, "model to measure")
			f.StringVar(&worlds, "worlds", worlds, "worlds of the recipe pretrain-nano, with commas between")
			f.IntVar(&o.Tasks, "n", o.Tasks, "tasks of each split of each world")
			f.IntVar(&o.Votes, "votes", o.Votes, "samples of a task that vote")
			f.IntVar(&o.Resamples, "resamples", o.Resamples, "bootstrap resamples of each interval")
			f.IntVar(&o.Splits, "splits", o.Splits, "resamplings of the thresholds")
			f.BoolVar(&o.VotesOnly, "votes-only", false, "leave out the verifiers that ask the model")
			f.StringVar(&o.Answers, "answers", "", "file that keeps what the verifiers said; if it exists, they are not asked again")
			f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of samples and resamplings")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, _ *study.Flags, say func(string)) (study.Result, error) {
			m, err := pawl.ParseModel(model)
			if err != nil {
				return nil, err
			}
			o.Worlds = strings.Split(worlds, ",")
			return study.RunCalibration(ctx, p, m, o, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
