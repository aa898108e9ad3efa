package sampler

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Sampler("play", registry.Doc{
		Summary: "Plays tasks against an environment, turn by turn.",
		Detail: "Solver and environment alternate until the environment says that the play is done, or the turns are out. " +
			"An attempt is a play, and stands at its last move, on which the outcome is noted; verifier `oracle` judges it by " +
			"replaying the moves.",
		Needs:   []string{registry.NeedOracle},
		Example: "play: {env: board, n: 4, turns: 12}",
	}, newPlay)
}

// Play configures play.
type Play struct {
	Env         string   `yaml:"env" ref:"seat" required:"true" inline:"true" doc:"Seat of the environment."`
	N           int      `yaml:"n" default:"1" min:"1" max:"65536" doc:"Plays per task."`
	Turns       int      `yaml:"turns" default:"20" min:"1" max:"10000" doc:"Most moves of a play."`
	Temperature *float64 `yaml:"temperature" min:"0" doc:"Sampling temperature; left out, the seat's own."`
	Logprobs    bool     `yaml:"logprobs" default:"false" doc:"Keep the log-prob of every sampled token."`
	Seat
}

func newPlay(_ context.Context, h core.Host, c Play) (core.Sampler, error) {
	solver, err := h.Actor(c.Seat.Seat)
	if err != nil {
		return nil, fmt.Errorf("seating %s: %w", c.Seat.Seat, err)
	}
	actor, err := h.Actor(c.Env)
	if err != nil {
		return nil, fmt.Errorf("seating %s: %w", c.Env, err)
	}
	environment, ok := actor.(core.Environment)
	if !ok {
		return nil, fmt.Errorf("seating %s: it is no environment; write {env: world} at the seat", c.Env)
	}
	p := &play{c, solver, environment}
	if _, ok := solver.(core.BatchActor); ok {
		return &batchPlay{p}, nil
	}
	return p, nil
}

type play struct {
	Play
	solver core.Actor
	env    core.Environment
}

// Sample plays one task.
func (p *play) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	eps, err := p.plays(ctx, []core.Call{c}, []core.Task{t})
	if err != nil {
		return nil, err
	}
	return eps[0], nil
}

// batchPlay is play with a solver that serves many requests at once.
type batchPlay struct{ *play }

// SampleBatch plays all tasks side by side, all plays of a turn in one batch.
func (p *batchPlay) SampleBatch(ctx context.Context, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	if len(calls) != len(tasks) {
		return nil, fmt.Errorf("playing %d tasks with %d calls: one call a task is needed", len(tasks), len(calls))
	}
	return p.plays(ctx, calls, tasks)
}

// match is one play under way.
type match struct {
	ep   *core.Episode
	k    int      // which play of its task
	at   core.Ref // the node to continue
	last core.Ref // the last move
}

// plays takes every play turn by turn. Play k of a task is alternative k of
// each of its turns, drawn from a seed of the turn's own.
func (p *play) plays(ctx context.Context, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	eps := make([]*core.Episode, len(tasks))
	var active []*match
	for i, t := range tasks {
		if len(t.Prompt) == 0 {
			return nil, fmt.Errorf("playing task %q: it has no prompt", t.ID)
		}
		eps[i] = core.NewEpisode(t, calls[i].Seed)
		active = append(active, &match{ep: eps[i], at: eps[i].Root()})
	}
	active, err := p.open(ctx, active)
	for turn := 0; err == nil && turn < p.Turns && len(active) > 0; turn++ {
		if err = p.move(ctx, active, turn); err == nil {
			active, err = p.answer(ctx, active, turn+1 == p.Turns)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, ep := range eps {
		if leaves := ep.Leaves(); p.N == 1 && len(leaves) == 1 && leaves[0] > ep.Root() {
			ep.Answer = leaves[0]
		}
	}
	return eps, nil
}

// open lets the environment speak first, where the prompt does not say all, and
// starts the plays of every task from there.
func (p *play) open(ctx context.Context, tasks []*match) ([]*match, error) {
	nodes, err := p.ask(ctx, tasks)
	var all []*match
	for i, m := range tasks {
		if err != nil {
			return nil, err
		}
		o, _ := core.OutcomeOf(nodes[i])
		if o.Done {
			return nil, fmt.Errorf("playing task %s: it is over before the first move: %s", m.ep.Task.ID, o.Reason)
		}
		if nodes[i].Content != "" {
			m.at = m.append(p.Env, nodes[i])
		}
		for k := range p.N {
			all = append(all, &match{ep: m.ep, k: k, at: m.at})
		}
	}
	return all, err
}

// move asks the solver for the next move of every play.
func (p *play) move(ctx context.Context, active []*match, turn int) error {
	rs := make([]core.Request, len(active))
	for i, m := range active {
		o := m.ep.Task.Options.Merge(core.Options{Temperature: p.Temperature, Logprobs: p.Logprobs, MaxTokens: p.MaxTokens})
		seed := m.ep.Seed
		if turn > 0 {
			seed = core.NewHasher("play").Uint(m.ep.Seed).Uint(uint64(turn)).Seed()
		}
		rs[i] = core.Request{Path: m.ep.PathNodes(m.at), First: m.k, N: 1, Seed: seed, Options: o}
	}
	nodes, err := each(ctx, p.solver, rs)
	if err != nil {
		return err
	}
	for i, m := range active {
		n := nodes[i]
		n.Role = core.RoleAssistant
		m.at = m.append(p.Seat.Seat, n)
		m.last = m.at
		m.ep.Usage.Calls++
		m.ep.Usage.CompletionTokens += int64(len(n.TokenIDs))
	}
	return nil
}

// answer asks the environment about every move, and gives the plays that go
// on. The last answer of a play is noted on its last move: what was sampled
// stays the leaf.
func (p *play) answer(ctx context.Context, active []*match, out bool) ([]*match, error) {
	nodes, err := p.ask(ctx, active)
	if err != nil {
		return nil, err
	}
	var on []*match
	for i, m := range active {
		o, ok := core.OutcomeOf(nodes[i])
		if !ok {
			return nil, fmt.Errorf("playing task %s: %s does not say how the play stands", m.ep.Task.ID, p.Env)
		}
		if o.Done || out {
			o.Text = nodes[i].Content
			m.ep.Node(m.last).Data = o.Raw()
			continue
		}
		m.at = m.append(p.Env, nodes[i])
		on = append(on, m)
	}
	return on, nil
}

// ask asks the environment, which alone is told the hidden side.
func (p *play) ask(ctx context.Context, ms []*match) ([]core.Node, error) {
	rs := make([]core.Request, len(ms))
	for i, m := range ms {
		rs[i] = core.Request{Path: m.ep.PathNodes(m.at), N: 1, Hidden: m.ep.Task.Reference}
	}
	return each(ctx, p.env, rs)
}

func (m *match) append(seat string, n core.Node) core.Ref {
	n.Parent, n.Actor = m.at, seat
	return m.ep.Append(n)
}

// each answers requests of one alternative each, in one batch where the actor
// can.
func each(ctx context.Context, a core.Actor, rs []core.Request) ([]core.Node, error) {
	var all [][]core.Node
	var err error
	if batch, ok := a.(core.BatchActor); ok {
		all, err = actBatch(ctx, batch, rs)
	} else {
		for _, r := range rs {
			var nodes []core.Node
			if nodes, err = a.Act(ctx, r); err != nil {
				break
			}
			all = append(all, nodes)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("playing: %w", err)
	}
	out := make([]core.Node, len(all))
	for i, nodes := range all {
		if len(nodes) != 1 {
			return nil, fmt.Errorf("playing: asked for 1 node, the actor gave %d", len(nodes))
		}
		out[i] = nodes[0]
	}
	return out, ctx.Err()
}
