package verifier

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Verifier("random", registry.Doc{
		Summary: "Judges attempts by chance: the control of every other verifier.",
		Detail: "The value is drawn evenly from 0 to 1 for each attempt, whatever it says, and the same when that is judged again: " +
			"the greatest value is a bare draw, in which frequent answers win as often as they come. What learns from such verdicts as much as from others learns from something else than these.",
		Example: "random",
	}, newRandom)
}

// RandomConfig has no settings.
type RandomConfig struct{}

func newRandom(_ context.Context, h core.Host, _ RandomConfig) (core.Verifier, error) {
	seed := h.Seed()
	return lots{attempts{"random", "judging by chance", func(_ context.Context, items []item) ([]ruling, error) {
		rulings := make([]ruling, len(items))
		for i, it := range items {
			drawn := core.NewHasher("random").Uint(seed).Uint(it.ep.Seed).String(it.about()).Seed()
			rulings[i] = said(float64(drawn>>11)/(1<<53), 0, "drawn")
		}
		return rulings, nil
	}}}, nil
}

// lots are verifiers whose judgement of an attempt depends on its place among
// those at its task.
type lots struct{ attempts }

func (lots) Grouped() bool { return true }
