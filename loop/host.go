package loop

import (
	"context"
	"fmt"
	"maps"
	"time"

	"pawl/core"
	"pawl/registry"
)

// host is the core.Host of one step.
type host struct {
	run   *Run
	arm   *arm
	round int
	stage string
	lane  string   // the policy that the step updates; "" where it updates none
	key   core.Key // of the step that runs; "" where checkpoints make no sense
	seed  uint64
	team  map[string]core.Policy // policies in force within the step

	prompts []string // templates that the component being built may ask with
}

func (h *host) Sandbox() (core.Sandbox, error) { return h.run.sandbox() }

func (h *host) Actor(seat string) (core.Actor, error) {
	s, ok := h.run.Plan.Seat(seat)
	if !ok {
		return nil, fmt.Errorf("seating an actor: the recipe has no seat %q", seat)
	}
	if s.Env.Name != "" {
		return registry.Make[core.Environment](context.Background(), h.run.Registry, h.scoped(s.Env), s.Env)
	}
	p, ok := h.team[s.Policy]
	if !ok {
		return nil, fmt.Errorf("seating %s: the recipe has no policy %q", seat, s.Policy)
	}
	return h.run.Models.Actor(context.Background(), p, seat, s.Options)
}

func (h *host) Build(ctx context.Context, s core.Spec) (any, error) {
	return h.run.Registry.Build(ctx, h.scoped(s), s)
}

// scoped is h for a component and those nested in it.
func (h *host) scoped(s core.Spec) *host {
	if h.prompts != nil {
		return h // nested: its templates are among those of the whole
	}
	scoped := *h
	scoped.prompts = append([]string{}, promptsNamed(s)...)
	return &scoped
}

func (h *host) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	return h.run.Models.Trainer(ctx, p)
}

func (h *host) NewModel(ctx context.Context, s core.ModelShape) (core.Policy, error) {
	return h.run.Models.NewModel(ctx, s)
}

func (h *host) Encoder(ctx context.Context, p core.Policy) (core.Encoder, error) {
	return h.run.Models.Encoder(ctx, p)
}

func (h *host) Tasks(ctx context.Context, set string) (core.TaskSource, error) {
	return h.run.tasks(ctx, set)
}

// updated is the policy that the step is about: the one whose lane it is, or
// the first of the recipe.
func (h *host) updated() string {
	if h.lane != "" {
		return h.lane
	}
	return h.run.Plan.Policies[0].Name
}

// Policies are those in force, and "base": the base of the policy that the
// step updates.
func (h *host) Policies() map[string]core.Policy {
	all := maps.Clone(h.team)
	if all == nil {
		all = map[string]core.Policy{}
	}
	if h.arm != nil {
		if p, ok := h.arm.base[h.updated()]; ok {
			all["base"] = p
		}
	}
	return all
}

// Try plays p, in place of the policy that the step updates, on a search set,
// with the recipe's own sampler and verifiers.
func (h *host) Try(ctx context.Context, p core.Policy, set string) ([]*core.Episode, error) {
	if set == gateSet || set == auditSet {
		return nil, fmt.Errorf("trying a candidate on %q: only search sets may be looked at", set)
	}
	team := maps.Clone(h.team)
	if team == nil {
		team = map[string]core.Policy{}
	}
	team[h.updated()] = p
	tasks, err := h.run.allTasks(ctx, set)
	if err != nil {
		return nil, fmt.Errorf("trying a candidate: %w", err)
	}
	s := h.run.sampling(h.arm, h.round, "try", team, h.run.Plan.Sample, h.run.Plan.Verify, tasks)
	return s.all(ctx)
}

func (h *host) Put(ctx context.Context, b []byte) (core.Digest, error) {
	return h.run.Ledger.Put(ctx, b)
}

func (h *host) Get(ctx context.Context, d core.Digest) ([]byte, error) {
	return h.run.Ledger.Get(ctx, d)
}

func (h *host) Keep(ctx context.Context, state []byte) error {
	if h.key == "" {
		return nil
	}
	return h.run.Ledger.Keep(ctx, h.key, state)
}

func (h *host) Kept(ctx context.Context) ([]byte, error) {
	if h.key == "" {
		return nil, nil
	}
	return h.run.Ledger.Kept(ctx, h.key)
}

func (h *host) Seed() uint64   { return h.seed }
func (h *host) Now() time.Time { return h.run.now() }

func (h *host) Progress(p core.Progress) {
	h.run.emit(Event{Arm: h.arm.label(), Round: h.round, Stage: h.stage, Progress: p})
}
