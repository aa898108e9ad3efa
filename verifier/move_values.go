package verifier

import (
	"context"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	registry.Verifier("move_values", registry.Doc{
		Summary: "Values each move of a play by what a seat makes of the state after it, playing on to the end; trains nothing.",
		Detail: "From the state after every move a seat plays on several times against the environment; the value of the move is the mean of what " +
			"those plays return, on the scale of `oracle` where the task is of a world: 0 what random play makes on average, 1 what the oracle makes. " +
			"A move that ends the play has its return. What an environment says is a function of the moves so far, so that a play goes on from any " +
			"state without being played anew; moves that lead to the same state by the same way share their plays. " +
			"Moves are nodes, and have scores of their own where whole episodes are judged: a move that is worth less than another at the same " +
			"place is the worse half of a pair. `value` makes one figure of them. Plays that are not over after `turns` moves return what an illegal move would. " +
			"The paper has the agent's own policy play on, at every step of an expert's trajectory and of the agent's in its place, " +
			"and trains on the pairs; seat the expert's moves and the agent's as attempts at one task for that.",
		Paper:   "Watch Every Step! LLM Agent Learning via Iterative Step-Level Process Refinement (Xiong et al., 2024)",
		ID:      "S116",
		Example: "move_values: {env: board, plays: 8}",
		Needs:   []string{registry.NeedOracle},
	}, newMoveValues)
}

// MoveValuesConfig configures move_values.
type MoveValuesConfig struct {
	Asking
	Env         string   `yaml:"env" ref:"seat" required:"true" doc:"Seat of the environment."`
	Of          string   `yaml:"of" ref:"seat" allow:"any" default:"solver" doc:"Seat whose plays are judged, or any."`
	Plays       int      `yaml:"plays" default:"8" min:"1" max:"1024" doc:"Plays from the state after each move."`
	Turns       int      `yaml:"turns" default:"20" min:"1" max:"10000" doc:"Most moves of a play, from its beginning."`
	Temperature *float64 `yaml:"temperature" min:"0" doc:"Temperature of the moves; left out, the seat's own. Greedy plays are all alike."`
	Level       int      `yaml:"level" default:"0" min:"0" max:"5" doc:"Level of tasks that do not tell theirs, for the scale of returns."`
	Value       string   `yaml:"value" enum:"least|last|mean" default:"mean" doc:"What is made of the moves' values; last is the return of the play itself."`
}

func newMoveValues(_ context.Context, h core.Host, c MoveValuesConfig) (core.Verifier, error) {
	if c.Seat == "" {
		c.Seat = "solver"
	}
	if c.Of == "" {
		c.Of = "solver"
	}
	if c.Value == "" {
		c.Value = "mean"
	}
	if c.Plays <= 0 {
		c.Plays = 8
	}
	if c.Turns <= 0 {
		c.Turns = 20
	}
	m := moveValues{cfg: c, seed: h.Seed()}
	var err error
	if m.solver, err = h.Actor(c.Seat); err != nil {
		return nil, fmt.Errorf("making move_values: %w", err)
	}
	env, err := h.Actor(c.Env)
	if err != nil {
		return nil, fmt.Errorf("making move_values: %w", err)
	}
	var ok bool
	if m.env, ok = env.(core.Environment); !ok {
		return nil, fmt.Errorf("making move_values: the seat %q is no environment; write {env: world} at it", c.Env)
	}
	return attempts{"move_values", "valuing moves by playing on from them", m.judge}, nil
}

type moveValues struct {
	cfg    MoveValuesConfig
	solver core.Actor
	env    core.Environment
	seed   uint64
}

// afterMove is the state after a move, and what came of playing on from it.
type afterMove struct {
	task    core.Task
	path    []core.Node // to the move
	returns []float64
	usage   core.Usage
	paid    bool
}

// mean is what the move is worth.
func (a *afterMove) mean() (sum float64) {
	for _, r := range a.returns {
		sum += r / float64(len(a.returns))
	}
	return sum
}

func (m moveValues) judge(ctx context.Context, items []item) ([]ruling, error) {
	rulings := make([]ruling, len(items))
	moves := make([][]core.Ref, len(items))
	states := make([][]*afterMove, len(items))
	var all []*afterMove
	seen := map[string]*afterMove{}
	for i, it := range items {
		if moves[i] = m.moves(it); len(moves[i]) == 0 {
			rulings[i] = silent("it is no play of " + m.cfg.Of)
			continue
		}
		for _, r := range moves[i] {
			path := it.ep.PathNodes(r)
			key := fmt.Sprintf("%d %q", it.in, world.MovesOf(path[it.ep.Root():]))
			a, ok := seen[key]
			if !ok {
				a = &afterMove{task: it.ep.Task, path: path}
				seen[key], all = a, append(all, a)
			}
			states[i] = append(states[i], a)
		}
	}
	if err := m.playOn(ctx, all); err != nil {
		return nil, err
	}
	for i, of := range states {
		if len(of) == 0 {
			continue
		}
		values, shown := make([]float64, len(of)), make([]string, len(of))
		for k, a := range of {
			values[k] = a.mean()
			shown[k] = fmt.Sprintf("%.3g", values[k])
			if !a.paid { // who comes first pays for what is shared
				a.paid = true
				rulings[i].usage.Add(a.usage)
			}
		}
		r := said(combined(m.cfg.Value, values), 0, "moves are worth "+strings.Join(shown, ", "))
		r.usage = rulings[i].usage
		r.of = cut{nodes: moves[i]}.onNodes(values)
		rulings[i] = r
	}
	return rulings, nil
}

// moves are the nodes of an attempt's moves, in order; none where another seat
// made the last one. Of a move in several nodes it is the last.
func (m moveValues) moves(it item) (refs []core.Ref) {
	if !playedBy(it.ep, it.at, m.cfg.Of) {
		return nil
	}
	after := ""
	for r := it.at; r > it.ep.Root(); r = it.ep.Node(r).Parent {
		role := it.ep.Node(r).Role
		if role == core.RoleAssistant && after != role {
			refs = append([]core.Ref{r}, refs...)
		}
		after = role
	}
	return refs
}
