package verifier

import (
	"context"
	"fmt"

	"pawl/core"
	"pawl/world"
)

// branch is one play from the state after a move.
type branch struct {
	from *afterMove
	k    int // which of its plays
	path []core.Node
	left int // moves that it may still have
}

// playOn plays every state to its end as often as is asked for, all plays of a
// turn in one batch, and notes what they return.
func (m moveValues) playOn(ctx context.Context, states []*afterMove) error {
	var active []*branch
	for _, a := range states {
		done := len(world.MovesOf(a.path[len(a.task.Prompt):]))
		active = append(active, &branch{from: a, path: a.path, left: m.cfg.Turns - done})
	}
	active, err := m.stand(ctx, active)
	if err != nil {
		return err
	}
	var plays []*branch
	for _, b := range active {
		for k := range m.cfg.Plays {
			plays = append(plays, &branch{from: b.from, k: k, path: b.path, left: b.left})
		}
	}
	for len(plays) > 0 {
		requests := make([]core.Request, len(plays))
		for i, b := range plays {
			seed := core.NewHasher("playing on").Uint(m.seed).String(b.from.task.ID)
			for _, move := range world.MovesOf(b.from.path[len(b.from.task.Prompt):]) {
				seed.String(move)
			}
			seed.Uint(uint64(b.left))
			requests[i] = core.Request{
				Path: ownIDs(append([]core.Node(nil), b.path...), m.cfg.Seat), First: b.k, N: 1, Seed: seed.Seed(),
				Options: b.from.task.Options.Merge(core.Options{Temperature: m.cfg.Temperature}),
			}
		}
		replies, long, err := core.Fitting(requests, func(rs []core.Request) ([][]core.Node, error) { return actAll(ctx, m.solver, rs) })
		if err != nil {
			return fmt.Errorf("playing on with %s: %w", m.cfg.Seat, err)
		}
		var on []*branch
		for i, b := range plays {
			n := core.Node{} // what a seat cannot hold it has no move for
			if !long[i] {
				n = replies[i][0]
				b.from.usage.Add(used(replies[i]))
			}
			n.Parent, n.Actor, n.Role = core.Ref(len(b.path)), m.cfg.Seat, core.RoleAssistant
			b.path = append(b.path[:len(b.path):len(b.path)], n)
			b.left--
			on = append(on, b)
		}
		if plays, err = m.stand(ctx, on); err != nil {
			return err
		}
	}
	return nil
}

// stand asks the environment how plays stand, notes the returns of those that are
// over, or have no move left, and gives the others with what it said.
func (m moveValues) stand(ctx context.Context, plays []*branch) (on []*branch, err error) {
	requests := make([]core.Request, len(plays))
	for i, b := range plays {
		requests[i] = core.Request{Path: b.path, N: 1, Hidden: b.from.task.Reference}
	}
	replies, err := actAll(ctx, m.env, requests)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", m.cfg.Env, err)
	}
	for i, b := range plays {
		o, ok := core.OutcomeOf(replies[i][0])
		if !ok {
			return nil, fmt.Errorf("asking %s: it does not say how the play stands", m.cfg.Env)
		}
		if !o.Done && b.left > 0 {
			n := replies[i][0]
			n.Parent, n.Actor = core.Ref(len(b.path)), m.cfg.Env
			b.path = append(b.path[:len(b.path):len(b.path)], n)
			on = append(on, b)
			continue
		}
		value, err := m.worth(b, o)
		if err != nil {
			return nil, err
		}
		b.from.returns = append(b.from.returns, value)
	}
	return on, nil
}

// worth is a return on the scale of its world. A play that is cut off returns what
// it would after an illegal move, as where `oracle` replays it.
func (m moveValues) worth(b *branch, o core.Outcome) (float64, error) {
	task := b.from.task
	if !world.Played(task) {
		return o.Return, nil
	}
	if !o.Done {
		player, err := world.Start(task.Reference)
		if err != nil {
			return 0, err
		}
		turn, _ := world.Replay(player, world.MovesOf(b.path[len(task.Prompt):]))
		o.Return = turn.Return
	}
	return world.Scaled(task.Reference, o.Return, m.cfg.Level)
}
