package pawl

import (
	"context"
	"fmt"
	"math"

	"pawl/core"
	"pawl/recipe"
	"pawl/registry"
)

// Following is a run whose policy in force is asked for again and again.
type Following struct {
	p    *Pawl
	id   string
	lane string
	plan *recipe.Plan
}

// Follow follows a run by its id, or the newest for "", which stays the one that was
// newest then.
func (p *Pawl) Follow(ctx context.Context, id string) (*Following, error) {
	r, err := p.FindRun(ctx, id)
	if err != nil {
		return nil, err
	}
	plan, problems := recipe.Parse(registry.Default, r.Recipe+".yaml", []byte(r.Text))
	if len(problems) > 0 {
		return nil, fmt.Errorf("reading the recipe of run %s: %w", r.ID, problems)
	}
	return &Following{p, r.ID, plan.Policies[0].Name, plan}, nil
}

// InForce is the run's first policy as it is now.
func (f *Following) InForce(ctx context.Context) (core.Policy, error) {
	r, err := f.p.store.Run(ctx, f.id)
	if err != nil {
		return nil, err
	}
	policy, ok := r.Policies[f.lane]
	if !ok {
		return nil, inputf("taking the policy of run %s: it has none in force yet (status %s)", f.id, r.Status)
	}
	return policy, nil
}

// probes and probeTokens are how many texts a policy is probed on, and how long they
// are at most.
const (
	probes      = 4
	probeTokens = 32
)

// Probe gives the largest difference between log-probabilities as they are served,
// token by token from a cache, and as training computes them, over texts that p
// writes at some of the run's own tasks.
func (f *Following) Probe(ctx context.Context, p core.Policy) (float64, error) {
	actor, err := f.p.models.Actor(ctx, p, "probe", core.Options{})
	if err != nil {
		return 0, err
	}
	served, ok := actor.(local)
	if !ok {
		return 0, nil // others serve it: there is nothing here that trains it
	}
	var rs []core.Request
	for i, path := range f.prompts(ctx) {
		temperature := 1.0
		rs = append(rs, core.Request{Path: path, N: 1, Seed: uint64(i + 1), Options: core.Options{Temperature: &temperature, MaxTokens: probeTokens}})
	}
	nodes, seen, err := served.ActInstrumented(ctx, rs, core.Instruments{})
	if err != nil {
		return 0, err
	}
	most := 0.0
	for i := range rs {
		n := nodes[i][0]
		n.Parent = core.Ref(len(rs[i].Path))
		trained, err := served.Score(ctx, [][]core.Node{append(rs[i].Path[:len(rs[i].Path):len(rs[i].Path)], n)})
		if err != nil {
			return 0, err
		}
		for t, logp := range trained[0] {
			most = max(most, math.Abs(float64(logp)-float64(seen[i][0].Raw[t])))
		}
	}
	return most, nil
}

// prompts are those of the first tasks of a set that the run has, or an empty turn
// where none can be read any more.
func (f *Following) prompts(ctx context.Context) (paths [][]core.Node) {
	run := f.p.player(f.plan, f.plan.Seed, nil)
	for _, set := range []string{"train", "gate"} {
		if s, ok := f.plan.Set(set); !ok || s.Source.Name == "" {
			continue
		}
		tasks, err := run.Draw(ctx, set)
		for _, t := range tasks[:min(len(tasks), probes)] {
			paths = append(paths, core.NewEpisode(t, 0).PathNodes(core.Ref(len(t.Prompt))))
		}
		if err == nil && len(paths) > 0 {
			return paths
		}
	}
	return [][]core.Node{{{Role: core.RoleUser}}}
}
