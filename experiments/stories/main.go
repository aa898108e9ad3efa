// Command stories lets a real pretrained model of 260,000 parameters improve by
// its own stories: rest-em keeps those that obey a rule, beside a control that
// keeps any. It needs PAWL_DATA, a folder with stories260k: karpathy's
// stories260K (MIT) as a Hugging Face folder.
//
//	go run ./experiments/stories                # prints tables, writes result.json
//	go run ./experiments/stories -table         # only writes the tables of docs/experiments.md anew
package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"pawl"
	"pawl/experiments/study"
)

func main() {
	os.Exit(study.Command{
		Name: "stories", Out: "experiments/stories/result.json",
		Run: func(ctx context.Context, p *pawl.Pawl, f *study.Flags, say func(string)) (study.Result, error) {
			data := os.Getenv("PAWL_DATA")
			if data == "" {
				return nil, errors.New("looking for the model: PAWL_DATA is not set; it holds stories260k/, karpathy's stories260K (MIT) as a Hugging Face folder")
			}
			return study.RunStories(ctx, p, filepath.Join(data, "stories260k"), f, say)
		},
	}.Main(os.Args[1:], os.Stdout, os.Stderr))
}
