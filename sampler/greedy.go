package sampler

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Sampler("greedy", registry.Doc{
		Summary: "Takes the one attempt in which every token is the most likely.",
		Example: "greedy: {}",
	}, newGreedy)
}

// Greedy configures greedy.
type Greedy struct{ Seat }

func newGreedy(_ context.Context, h core.Host, c Greedy) (core.Sampler, error) {
	zero := 0.0
	return newShots(h, c.Seat, 1, core.Options{Temperature: &zero})
}
