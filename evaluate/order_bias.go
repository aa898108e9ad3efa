package evaluate

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Metric("order_bias", registry.Doc{
		Summary: "Measures how often a judge of pairs says otherwise when the two change places, and how often it prefers the first.",
		Detail: "Of a verifier that scores both orders of each pair, as `compare` does. order_flip_rate is the share of pairs whose two verdicts name different attempts; " +
			"first_place_share that of verdicts for the attempt shown first, 0.5 where the place does not matter. " +
			"A judge that is wrong at random flips as well: a flip rate with a first share of 0.5 is noise, one away from 0.5 is bias. Pairs with a verdict in one order alone do not count.",
		Paper:   "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena (Zheng et al., 2023)",
		Example: "order_bias: {judge: compare}",
	}, func(_ context.Context, _ core.Host, c OrderBias) (core.Metric, error) { return c, nil })
}

// OrderBias configures and is order_bias.
type OrderBias struct {
	Judge string `yaml:"judge" ref:"verifier" default:"compare" doc:"Verifier whose scores on pairs are measured."`
}

// Measure gives order_flip_rate and first_place_share, or nothing where no pair
// was judged in both orders.
func (m OrderBias) Measure(ctx context.Context, in core.Episodes) ([]core.Estimate, error) {
	var flips, firsts [][]float64
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		orders := map[[2]core.Ref][]float64{}
		var pairs [][2]core.Ref // in order of appearance
		for _, s := range ep.Scores {
			if s.By != m.Judge || len(s.Nodes) != 2 || s.Abstain {
				continue
			}
			p := [2]core.Ref(s.Nodes)
			if orders[p] == nil {
				pairs = append(pairs, p)
			}
			orders[p] = append(orders[p], s.Value)
		}
		var flip, first []float64
		for _, p := range pairs {
			back := orders[[2]core.Ref{p[1], p[0]}]
			for k, v := range orders[p] {
				if k >= len(back) {
					break
				}
				first = append(first, v)
				if p[0] < p[1] {
					flipped := 0.0
					if (v-0.5)*(back[k]-0.5) > 0 { // both name the first shown, or both the second
						flipped = 1
					}
					flip = append(flip, flipped)
				}
			}
		}
		if len(flip) > 0 {
			flips, firsts = append(flips, flip), append(firsts, first)
		}
	}
	return append(estimates("order_flip_rate", flips), estimates("first_place_share", firsts)...), nil
}
