// Command trained trains verifiers on the own attempts of the model in the binary,
// each kind in a policy of its own, and lets them choose among samples of sealed
// tasks, beside votes. Its result is the section of trained verifiers in
// docs/verifiers.md.
//
//	go run ./experiments/trained -seeds 1,2                         # writes result.json
//	go run ./experiments/trained -worlds maze -seeds 1,2            # this world anew, the rest stays as the file has it
//	go run ./experiments/trained -worlds maze -split gate -o x.json # while choosing settings
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	o := study.TrainedOptions{Recipe: "experiments/trained/recipe.yaml", Tasks: 1000, Samples: 8}
	worlds, verifiers := "countdown,edit,listapply,listinduce,listrepair", ""
	os.Exit(study.Command{
		Name: "trained", Out: "experiments/trained/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&worlds, "worlds", worlds, "worlds to train and measure in; others stay as the result file has them")
			f.StringVar(&verifiers, "verifiers", verifiers, "verifiers to ask, parted by semicolons, in place of those of the study")
			f.IntVar(&o.Tasks, "n", o.Tasks, "tasks of each world")
			f.IntVar(&o.Samples, "samples", o.Samples, "samples of each task")
			f.StringVar(&o.Split, "split", "audit", "split of the tasks measured on")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			o.Worlds, o.Seeds, o.Set = strings.Split(worlds, ","), f.Seeds, f.Set
			if verifiers != "" {
				o.Verifiers = strings.Split(verifiers, ";")
			}
			all := &study.Trained{}
			old, err := os.ReadFile(f.Out)
			if err == nil {
				err = json.Unmarshal(old, all)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("reading the result to be brought up to date: %w", err)
			}
			later, err := study.RunTrained(ctx, p, o, say)
			if err != nil {
				return nil, err
			}
			all.Update(later)
			return all, nil
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
