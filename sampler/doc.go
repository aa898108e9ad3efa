// Package sampler holds the components that decide who acts when. Each is in
// the file of its name. A sampler appends nodes in the order of its requests,
// never in the order of completion, and returns the error of an actor that
// fails; whether the episode is tried again or recorded as failed is for the
// caller to say.
package sampler

import (
	"context"
	"fmt"

	"pawl/core"
)

// Seat is embedded by samplers that ask one seat.
type Seat struct {
	Seat      string `yaml:"seat" ref:"seat" default:"solver" doc:"Seat that answers."`
	MaxTokens int    `yaml:"max_tokens" default:"0" min:"0" doc:"Longest attempt, in tokens; 0 leaves it to the task and the model."`
}

// shots samples n alternatives below a task's prompt.
type shots struct {
	actor   core.Actor
	seat    string
	n       int
	options core.Options
}

// newShots asks the host for the seat. The result also plays many tasks at
// once where the actor does.
func newShots(h core.Host, s Seat, n int, o core.Options) (core.Sampler, error) {
	if s.Seat == "" {
		s.Seat = "solver"
	}
	if n < 1 {
		return nil, fmt.Errorf("sampling %d attempts: at least 1 is needed", n)
	}
	actor, err := h.Actor(s.Seat)
	if err != nil {
		return nil, fmt.Errorf("seating %s: %w", s.Seat, err)
	}
	o.MaxTokens = s.MaxTokens
	sh := &shots{actor, s.Seat, n, o}
	if batch, ok := actor.(core.BatchActor); ok {
		return &batchShots{sh, batch}, nil
	}
	return sh, nil
}

// start begins an episode and makes the request that continues it.
func (s *shots) start(c core.Call, t core.Task) (*core.Episode, core.Request, error) {
	if len(t.Prompt) == 0 {
		return nil, core.Request{}, fmt.Errorf("sampling task %q: it has no prompt", t.ID)
	}
	ep := core.NewEpisode(t, c.Seed)
	return ep, core.Request{Path: ep.PathNodes(ep.Root()), N: s.n, Seed: c.Seed, Options: t.Options.Merge(s.options)}, nil
}

// finish appends what the actor gave.
func (s *shots) finish(ep *core.Episode, nodes []core.Node) (*core.Episode, error) {
	if err := appendAttempts(ep, s.seat, s.n, nodes); err != nil {
		return nil, err
	}
	return ep, nil
}

// Sample asks once for all alternatives.
func (s *shots) Sample(ctx context.Context, c core.Call, t core.Task) (*core.Episode, error) {
	ep, r, err := s.start(c, t)
	if err != nil {
		return nil, err
	}
	nodes, err := s.act(ctx, c, r)
	if err != nil {
		return nil, fmt.Errorf("sampling task %s: %w", t.ID, err)
	}
	return s.finish(ep, nodes)
}

// act tells a single attempt as it comes, where the call wants that and the actor
// can: then it is the answer.
func (s *shots) act(ctx context.Context, c core.Call, r core.Request) ([]core.Node, error) {
	if streamer, ok := s.actor.(core.Streamer); ok && c.Stream != nil && r.N == 1 {
		node, err := streamer.Stream(ctx, r, c.Stream)
		return []core.Node{node}, err
	}
	return s.actor.Act(ctx, r)
}

// batchShots is shots on an actor that serves many requests at once.
type batchShots struct {
	*shots
	batch core.BatchActor
}

// SampleBatch plays all tasks in one batch.
func (s *batchShots) SampleBatch(ctx context.Context, calls []core.Call, tasks []core.Task) ([]*core.Episode, error) {
	if len(calls) != len(tasks) {
		return nil, fmt.Errorf("sampling %d tasks with %d calls: one call a task is needed", len(tasks), len(calls))
	}
	eps, rs := make([]*core.Episode, len(tasks)), make([]core.Request, len(tasks))
	for i, t := range tasks {
		var err error
		if eps[i], rs[i], err = s.start(calls[i], t); err != nil {
			return nil, err
		}
	}
	all, err := actBatch(ctx, s.batch, rs)
	if err != nil {
		return nil, err
	}
	for i, nodes := range all {
		if _, err := s.finish(eps[i], nodes); err != nil {
			return nil, err
		}
	}
	return eps, nil
}

// actBatch checks what a batch actor promises.
func actBatch(ctx context.Context, a core.BatchActor, rs []core.Request) ([][]core.Node, error) {
	if len(rs) == 0 {
		return nil, ctx.Err()
	}
	all, err := a.ActBatch(ctx, rs)
	if err != nil {
		return nil, fmt.Errorf("sampling %d tasks: %w", len(rs), err)
	}
	if len(all) != len(rs) {
		return nil, fmt.Errorf("sampling %d tasks: the actor answered %d", len(rs), len(all))
	}
	return all, nil
}

// appendAttempts hangs n alternatives below the prompt and counts them. The
// task's prompt tokens are known to the actor alone and not counted here.
func appendAttempts(ep *core.Episode, seat string, n int, nodes []core.Node) error {
	if len(nodes) != n {
		return fmt.Errorf("sampling task %s: asked for %d attempts, the actor gave %d", ep.Task.ID, n, len(nodes))
	}
	for _, node := range nodes {
		node.Parent, node.Actor = ep.Root(), seat
		if node.Role == "" {
			node.Role = core.RoleAssistant
		}
		ep.Append(node)
		ep.Usage.CompletionTokens += int64(len(node.TokenIDs))
	}
	ep.Usage.Calls++
	return nil
}
