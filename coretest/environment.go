package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"pawl/core"
)

// Guess is an environment for tests: the solver guesses a number of 1 to 9,
// which is the answer of the task's reference, and is told whether it is higher
// or lower. A right guess makes 5 less one for each guess before; after five
// guesses, or one that is no number, nothing.
type Guess struct{}

// Environment marks the actor.
func (Guess) Environment() {}

// Act tells what follows the guesses on the path.
func (Guess) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	var hidden core.Reference
	if err := json.Unmarshal(r.Hidden, &hidden); err != nil {
		return nil, fmt.Errorf("guessing: %w", err)
	}
	goal, err := strconv.Atoi(hidden.Answer)
	if err != nil {
		return nil, fmt.Errorf("guessing: %w", err)
	}
	text, o, guesses := "", core.Outcome{}, 0
	for _, n := range r.Path {
		if n.Actor == "" || n.Role != core.RoleAssistant || o.Done {
			continue
		}
		guess, err := strconv.Atoi(strings.TrimPrefix(n.Content, "#### "))
		guesses++
		switch {
		case err != nil:
			o = core.Outcome{Done: true, Reason: "no number"}
		case guess == goal:
			o = core.Outcome{Done: true, Return: float64(6 - guesses), Reason: "found"}
		case guesses == 5:
			o = core.Outcome{Done: true, Reason: "out of guesses"}
		case guess < goal:
			text = "higher"
		default:
			text = "lower"
		}
	}
	nodes := make([]core.Node, r.N)
	for i := range nodes {
		nodes[i] = core.Node{Role: core.RoleUser, Content: text, Data: o.Raw()}
	}
	return nodes, ctx.Err()
}

// garbage are moves that no game knows.
var garbage = []string{"", " ", "\x00", "\xff\xfe", "9999999999999999999999", "-1", "#### ", "####", "%s%d", strings.Repeat("(", 10000), "A\nB", "🂡"}

// Environment checks an environment: what it says is a function of the moves
// on the path and of the task's hidden side, all alternatives are alike, and no
// move makes it fail. Each line is the moves of one play of the task, which need
// not end; with none, only garbage is played.
func Environment(t T, build func() (core.Environment, error), task core.Task, lines ...[]string) {
	t.Helper()
	NoLeaks(t)
	ctx := t.Context()
	make1 := func() core.Environment {
		e, err := build()
		if err != nil {
			t.Fatalf("building: %v", err)
		}
		return e
	}
	env := make1()
	act := func(e core.Environment, path []core.Node) core.Node {
		nodes, err := e.Act(ctx, core.Request{Path: path, N: 1, Hidden: task.Reference})
		if err != nil || len(nodes) != 1 {
			t.Fatalf("task %s: %d nodes (%v)", task.ID, len(nodes), err)
		}
		return nodes[0]
	}
	var requests []core.Request
	for _, line := range lines {
		ep := core.NewEpisode(task, 0)
		at := ep.Root()
		for i := 0; ; i++ {
			path := ep.PathNodes(at)
			requests = append(requests, core.Request{Path: path, N: 3, Hidden: task.Reference})
			said := act(env, path)
			o, ok := core.OutcomeOf(said)
			if !ok || said.Role == "" || said.Role == core.RoleAssistant || !finite(o.Return) {
				t.Errorf("task %s: after %q the node is %+v, which tells no outcome or is an assistant's", task.ID, line[:i], said)
			}
			if again := act(make1(), forgetful(path)); !reflect.DeepEqual(again, said) {
				t.Errorf("task %s: after %q another environment, which was not told what was said before, says %+v, not %+v", task.ID, line[:i], again, said)
			}
			if o.Done || i == len(line) {
				break
			}
			if said.Content != "" {
				said.Parent, said.Actor = at, "env"
				at = ep.Append(said)
			}
			at = ep.Append(core.Node{Parent: at, Actor: "solver", Role: core.RoleAssistant, Content: line[i]})
		}
		for _, move := range garbage {
			path := ep.PathNodes(at)
			path = append(path, core.Node{Parent: core.Ref(len(path)), Actor: "solver", Role: core.RoleAssistant, Content: move})
			calm(t, fmt.Sprintf("the move %.20q", move), func() { act(env, path) })
		}
	}
	ep := core.NewEpisode(task, 0)
	for _, move := range garbage {
		path := append(ep.PathNodes(ep.Root()), core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: move})
		calm(t, fmt.Sprintf("the first move %.20q", move), func() {
			act(env, path)
			requests = append(requests, core.Request{Path: path, N: 2, Hidden: task.Reference})
		})
	}
	for i, r := range requests {
		nodes, err := env.Act(ctx, r)
		r.First, r.Seed, r.Options = 7, 99, core.Options{MaxTokens: 1}
		other, err2 := env.Act(ctx, r)
		if err != nil || err2 != nil || !reflect.DeepEqual(nodes, other) || !reflect.DeepEqual(nodes[0], nodes[len(nodes)-1]) {
			t.Errorf("request %d: alternatives, seeds or options change what is said (%v, %v)", i, err, err2)
		}
	}
	calm(t, "a task without hidden side", func() {
		for _, hidden := range []json.RawMessage{nil, json.RawMessage(`null`), json.RawMessage(`{"world":7}`), json.RawMessage(`[]`)} {
			if _, err := env.Act(ctx, core.Request{Path: ep.PathNodes(ep.Root()), N: 1, Hidden: hidden}); err == nil {
				t.Errorf("an environment plays with the hidden side %q", hidden)
			}
		}
	})
	Actor(t, func() (core.Actor, error) { return build() }, requests...)
}

// forgetful is a path in which the environment's own turns say nothing.
func forgetful(path []core.Node) []core.Node {
	out := append([]core.Node{}, path...)
	for i, n := range out {
		if n.Actor == "env" {
			out[i].Content, out[i].Data = "", nil
		}
	}
	return out
}
