package loop

import (
	"context"
	"encoding/json"
	"fmt"

	"pawl/core"
	"pawl/recipe"
)

// optimize trains or rewrites one lane's policy into a candidate.
func (a *arm) optimize(ctx context.Context, round, pass int, s stage, u recipe.Update, team map[string]core.Policy, sel selection, row *Round) (core.Policy, error) {
	r := a.run
	parent := team[u.Policy]
	seed := r.seeder("optimize").String(u.Policy).Uint(uint64(round)).Uint(uint64(pass)).Seed()
	h := r.hasher("optimize")
	r.addSpec(h, u.Optimize)
	h.Bytes(marshal(parent)).Bytes(marshal(a.base[u.Policy]))
	h.String(string(sel.Examples)).Uint(seed)
	if err := r.hashSets(ctx, h, u.Optimize); err != nil {
		return nil, err
	}
	if len(SetsNamed(u.Optimize)) > 0 { // on which it may try candidates, as host.Try does
		h.String(teamVersion(team)).Bytes(r.Plan.SeatsCanonical())
		for _, s := range append([]core.Spec{r.Plan.Sample}, r.Plan.Verify...) {
			r.addSpec(h, s)
		}
	}
	key := h.Key()
	d, err := r.Ledger.Do(ctx, key, "optimize", func(ctx context.Context) (core.Digest, error) {
		step := &host{run: r, arm: a, round: round, stage: "train", lane: u.Policy, key: key, seed: seed, team: team}
		built, err := step.Build(ctx, u.Optimize)
		if err != nil {
			return "", fmt.Errorf("building optimizer %s: %w", u.Optimize.Label(), err)
		}
		packed, err := r.Ledger.Get(ctx, sel.Examples)
		if err != nil {
			return "", err
		}
		examples, err := core.DecodeExamples(packed)
		if err != nil {
			return "", fmt.Errorf("reading the selected examples: %w", err)
		}
		candidate, err := built.(core.Optimizer).Optimize(ctx, parent, sequence(examples))
		if err != nil {
			return "", fmt.Errorf("optimizing %s with %s: %w", u.Policy, u.Optimize.Label(), err)
		}
		return r.Ledger.Put(ctx, marshal(candidate))
	})
	if err != nil {
		return nil, err
	}
	seconds, err := r.Ledger.Seconds(ctx, key)
	if err != nil {
		return nil, err
	}
	row.Seconds += seconds
	return r.policy(ctx, d)
}

// policy reads a policy record.
func (r *Run) policy(ctx context.Context, d core.Digest) (core.Policy, error) {
	b, err := r.Ledger.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	var p core.Policy
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("reading policy record %s: %w", d.Short(), err)
	}
	return p, nil
}

func sequence(examples []*core.Example) core.Examples {
	return func(yield func(*core.Example, error) bool) {
		for _, ex := range examples {
			if !yield(ex, nil) {
				return
			}
		}
	}
}
