package loop

import (
	"context"
	"math"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/world"
)

// experts are models that play keysum as its expert does, but for the plays of
// odd number, in which they give up after the first move.
type experts struct{ *skills }

func (experts) Actor(context.Context, core.Policy, string, core.Options) (core.Actor, error) {
	return &coretest.Batch{Scripted: &coretest.Scripted{Tokens: true, Reply: func(r core.Request, k int) (string, error) {
		rules, _ := world.RulesOf("keysum")
		task, err := rules.Read(r.Path[0].Content)
		if err != nil {
			return "", err
		}
		moves, err := rules.Demonstrate(task.Reference, nil)
		if err != nil {
			return "", err
		}
		turn := len(world.MovesOf(r.Path[1:]))
		if k%2 == 1 && turn > 0 {
			return "?", nil
		}
		return moves[turn], nil
	}}}, nil
}

// A recipe plays a world: gate and audit compare returns, and a metric gives
// them with an interval.
func TestWorldsArePlayed(t *testing.T) {
	plan := parsed(t, `
seats:   {solver: {}, board: {env: world}}
tasks:   {audit: {keysum: {split: audit, level: 2, n: 30}}}
sample:  {play: {env: board, n: 2}}
verify:  [oracle]
measure: {sample: {play: {env: board, temperature: 0}}, verify: [oracle]}
metrics: [return]
`)
	l := newLedger()
	s := newSkills(l)
	r := &Run{Plan: plan, Seed: 1, Ledger: l, Models: experts{s}, Registry: registry.Default}
	team := map[string]core.Policy{"solver": s.policy(t, 1)}
	tasks, err := r.TaskList(t.Context(), "audit")
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := (&arm{run: r}).measure(t.Context(), "audit", "audit", team)
	if err != nil || len(values) != 30 {
		t.Fatal(len(values), err)
	}
	for _, v := range values {
		if math.Abs(v.Value-1) > 1e-12 {
			t.Errorf("task %s: an expert makes %v", v.ID, v.Value)
		}
	}
	var eps []*core.Episode
	err = r.Attempt(t.Context(), team, plan.Sample, plan.Verify, tasks, func(ep *core.Episode) error {
		eps = append(eps, ep)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.Metrics(t.Context(), team, eps)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	// Giving up after one of five turns makes nothing: a fifth is right, but a
	// move that is no number ends the play with 0.
	rules, _ := world.RulesOf("keysum")
	random, oracle := rules.Scale(2, nil)
	want := (1 + (0-random)/(oracle-random)) / 2
	if e := found[0]; math.Abs(e.Value-want) > 1e-9 || e.N != 30 || e.Low > e.Value || e.High < e.Value {
		t.Errorf("%+v, want %v", e, want)
	}
}
