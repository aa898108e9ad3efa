package selector

import (
	"context"
	"errors"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Selector("pairs", registry.Doc{
		Summary: "Makes preferences: a better attempt beside a worse one at the same task.",
		Detail: "Attempts are paired whose values, of the verifier `by`, differ by at least `margin`, and at all; the better comes first, with the values as labels. " +
			"`each: all` takes every such pair, as V-STaR does of right and wrong attempts; `best` the first of the greatest value with the first of the least, " +
			"as ScPO does (Self-Consistency Preference Optimization, Prasad et al., 2024). Pairs come in turns, each better attempt with another worse one, so that `per_task` keeps few " +
			"pairs of the same attempt. " +
			"Attempts that the verifier abstains from, or has not judged, are in no pair.",
		Paper:   "V-STaR: Training Verifiers for Self-Taught Reasoners (Hosseini et al., 2024)",
		ID:      "S100",
		Example: "pairs: {by: majority_vote, margin: 0.3}",
	}, newPairs)
}

// Pairs configures pairs.
type Pairs struct {
	By     string  `yaml:"by" ref:"verifier" required:"true" doc:"Verifier whose values are compared."`
	Margin float64 `yaml:"margin" default:"0" min:"0" doc:"Least difference of the two values."`
	Each   string  `yaml:"each" enum:"all|best" default:"all" doc:"Every pair, or the best attempt with the worst."`
	Limits
}

func newPairs(_ context.Context, _ core.Host, c Pairs) (core.Selector, error) {
	if c.By == "" {
		return nil, errors.New("pairs wants to know by which verifier")
	}
	return pairs{c}, nil
}

type pairs struct{ cfg Pairs }

// Select yields one example per pair: two leaves, the better first, and their
// values as labels.
func (p pairs) Select(ctx context.Context, in core.Episodes) (core.Examples, error) {
	if in == nil {
		return nil, errNoInput
	}
	return examples(ctx, in, func(ep *core.Episode) []*core.Example {
		var out []*core.Example
		for _, pair := range p.pairs(p.judged(ep)) {
			out = append(out, &core.Example{
				Episode: ep, Leaves: []core.Ref{pair[0].leaf, pair[1].leaf}, Labels: []float64{pair[0].label, pair[1].label},
			})
		}
		return out
	}), nil
}

// judged are the attempts with a value; with distinct each text once.
func (p pairs) judged(ep *core.Episode) []picked {
	var all []picked
	for _, leaf := range p.cfg.attempts(ep) {
		if s, ok := ep.ScoreOf(p.cfg.By, leaf); ok && !s.Abstain {
			all = append(all, picked{leaf, s.Value})
		}
	}
	limits := p.cfg.Limits
	limits.PerTask = 0 // which here counts pairs
	return limits.apply(ep, all)
}

func (p pairs) differ(a, b picked) bool { return a.label > b.label && a.label-b.label >= p.cfg.Margin }

func (p pairs) pairs(all []picked) [][2]picked {
	if len(all) == 0 {
		return nil
	}
	if p.cfg.Each == "best" {
		best, worst := all[0], all[0]
		for _, a := range all {
			if a.label > best.label {
				best = a
			}
			if a.label < worst.label {
				worst = a
			}
		}
		if !p.differ(best, worst) {
			return nil
		}
		return [][2]picked{{best, worst}}
	}
	var better []picked
	var worse [][]picked // than each of these
	for _, a := range all {
		var than []picked
		for _, b := range all {
			if p.differ(a, b) {
				than = append(than, b)
			}
		}
		if than != nil {
			better, worse = append(better, a), append(worse, than)
		}
	}
	// In turns, each better attempt takes one of those it is better than; the k-th
	// begins with the k-th of them.
	var out [][2]picked
	for turn := range all {
		for k, a := range better {
			if n := len(worse[k]); turn < n {
				out = append(out, [2]picked{a, worse[k][(k+turn)%n]})
			}
			if p.cfg.PerTask > 0 && len(out) == p.cfg.PerTask {
				return out
			}
		}
	}
	return out
}
