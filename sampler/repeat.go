package sampler

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Sampler("repeat", registry.Doc{
		Summary: "Samples n independent attempts at each task.",
		Example: "repeat: {n: 16, temperature: 0.7}",
	}, newRepeat)
}

// Repeat configures repeat.
type Repeat struct {
	N           int      `yaml:"n" default:"16" min:"1" max:"65536" inline:"true" doc:"Attempts per task."`
	Temperature *float64 `yaml:"temperature" min:"0" doc:"Sampling temperature; left out, the seat's own."`
	Logprobs    bool     `yaml:"logprobs" default:"false" doc:"Keep the log-prob of every sampled token."`
	Seat
}

func newRepeat(_ context.Context, h core.Host, c Repeat) (core.Sampler, error) {
	return newShots(h, c.Seat, c.N, core.Options{Temperature: c.Temperature, Logprobs: c.Logprobs})
}
