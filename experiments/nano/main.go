// Command nano measures the model in the binary, or another, in the worlds and
// roles of the recipe pretrain-nano, at three levels. Its result is the model
// card in docs/nano.md.
//
//	go run ./experiments/nano                       # prints the card, writes result.json
//	go run ./experiments/nano -model run            # of the newest run in -dir
package main

import (
	"context"
	"flag"
	"os"

	"pawl"
	"pawl/experiments/study"
	"pawl/model/nano"
)

func main() {
	model, tasks, samples := "embedded", 300, 16
	os.Exit(study.Command{
		Name: "nano", Out: "experiments/nano/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&model, "model", model, "model to measure")
			f.IntVar(&tasks, "n", tasks, "tasks of each world")
			f.IntVar(&samples, "samples", samples, "samples of each task")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, _ *study.Flags, say func(string)) (study.Result, error) {
			m, err := pawl.ParseModel(model)
			if err != nil {
				return nil, err
			}
			bytes, err := nano.Bytes()
			if err != nil {
				return nil, err
			}
			return study.RunNano(ctx, p, m, tasks, samples, bytes, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
