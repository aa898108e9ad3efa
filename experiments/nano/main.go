// Command nano measures the model in the binary, or another, in the worlds and
// roles of the recipe pretrain-nano, at three levels. Its result is the model
// card in docs/nano.md.
//
//	go run ./experiments/nano                       # prints the card, writes result.json
//	go run ./experiments/nano -model run            # of the newest run in -dir
//	go run ./experiments/nano -worlds kuhn,harm     # measures these anew, the rest stays as the file has it
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"pawl"
	"pawl/experiments/study"
	"pawl/model/nano"
)

func main() {
	model, worlds, tasks, samples := "embedded", "", 300, 16
	os.Exit(study.Command{
		Name: "nano", Out: "experiments/nano/result.json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&model, "model", model, "model to measure")
			f.StringVar(&worlds, "worlds", worlds, "worlds to measure anew, the others being as in the result file (default: all)")
			f.IntVar(&tasks, "n", tasks, "tasks of each world")
			f.IntVar(&samples, "samples", samples, "samples of each task")
		},
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			m, err := pawl.ParseModel(model)
			if err != nil {
				return nil, err
			}
			bytes, err := nano.Bytes()
			if err != nil {
				return nil, err
			}
			if worlds == "" {
				return study.RunNano(ctx, p, m, nil, tasks, samples, bytes, say)
			}
			card := &study.Nano{}
			old, err := os.ReadFile(f.Out)
			if err == nil {
				err = json.Unmarshal(old, card)
			}
			if err != nil {
				return nil, fmt.Errorf("reading the card to be brought up to date: %w", err)
			}
			later, err := study.RunNano(ctx, p, m, strings.Split(worlds, ","), tasks, samples, bytes, say)
			if err != nil {
				return nil, err
			}
			card.Update(later)
			return card, nil
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
