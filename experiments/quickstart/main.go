// Command quickstart tests what the quickstart claims: over several seeds it
// runs the recipe with its controls, and with the labelled control also at half
// and at double its learning rate, so that the loop does not win by a badly
// tuned rival.
//
//	go run ./experiments/quickstart                 # minutes a seed; prints tables, writes result.json
//	go run ./experiments/quickstart -dir DIR        # can be stopped and continued
//	go run ./experiments/quickstart -table          # only writes the tables of docs/experiments.md anew
package main

import (
	"context"
	"fmt"
	"os"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	os.Exit(study.Command{
		Name: "quickstart", Out: "experiments/quickstart/result.json",
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			say(fmt.Sprintf("seeds %v", f.Seeds))
			return study.RunQuickstart(ctx, p, f.Seeds, f.Set, study.Lines("quickstart", say))
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
