package env

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	registry.Env("world", registry.Doc{
		Summary: "Plays the world that made the task.",
		Detail: "It answers the solver's moves by the rules of the world, with chance and opponents from the task's own " +
			"stream: the same moves meet the same answers. What the play came to is on its last move; verifier `oracle` " +
			"replays the moves.",
		Example: "world: {}",
	}, func(context.Context, core.Host, World) (core.Environment, error) { return player{}, nil })
}

// World configures world.
type World struct{}

type player struct{}

// Environment marks the actor.
func (player) Environment() {}

// Act tells what follows the moves on the path: those of seats, which are
// signed; assistant turns of the task's own prompt are not. All alternatives
// are alike.
func (player) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(r.Hidden) == 0 {
		return nil, fmt.Errorf("playing a world: the task has no reference to tell which")
	}
	play, err := world.Start(r.Hidden)
	if err != nil {
		return nil, err
	}
	first := 0
	for first < len(r.Path) && r.Path[first].Actor == "" {
		first++
	}
	t := play(world.MovesOf(r.Path[first:]))
	o := core.Outcome{Done: t.Done, Reason: t.Reason}
	if t.Done {
		o.Return = t.Return
	}
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		nodes[i] = core.Node{Role: core.RoleUser, Content: t.Text, Data: o.Raw()}
	}
	return nodes, nil
}

// ActBatch answers all requests.
func (p player) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	out := make([][]core.Node, len(rs))
	for i, r := range rs {
		var err error
		if out[i], err = p.Act(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, ctx.Err()
}
