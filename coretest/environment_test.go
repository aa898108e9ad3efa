package coretest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pawl/core"
)

func guess() core.Task { return Task("guess", "1 to 9", "7") }

func TestGuess(t *testing.T) {
	Environment(t, func() (core.Environment, error) { return Guess{}, nil }, guess(), []string{"5", "8", "7"}, []string{"1", "2", "3", "4", "5"}, nil)
	ep := core.NewEpisode(guess(), 0)
	at := ep.Root()
	for _, c := range []struct {
		guess, text string
		o           core.Outcome
	}{{"5", "higher", core.Outcome{}}, {"8", "lower", core.Outcome{}}, {"7", "lower", core.Outcome{Done: true, Return: 3, Reason: "found"}}} {
		at = ep.Append(core.Node{Parent: at, Actor: "solver", Role: core.RoleAssistant, Content: c.guess})
		nodes, err := Guess{}.Act(t.Context(), core.Request{Path: ep.PathNodes(at), N: 1, Hidden: ep.Task.Reference})
		if err != nil {
			t.Fatal(err)
		}
		if o, ok := core.OutcomeOf(nodes[0]); !ok || o != c.o || !o.Done && nodes[0].Content != c.text {
			t.Errorf("after %s: %+v", c.guess, nodes[0])
		}
	}
}

// broken environments, one for each thing that the suite looks for.
type broken struct {
	Guess
	change func(r core.Request, n *core.Node)
}

func (b broken) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	nodes, err := b.Guess.Act(ctx, r)
	for i := range nodes {
		b.change(r, &nodes[i])
	}
	return nodes, err
}

func TestEnvironmentSuiteFindsFaults(t *testing.T) {
	for _, c := range []struct {
		what, want string
		change     func(r core.Request, n *core.Node)
	}{
		{"tells no outcome", "tells no outcome", func(_ core.Request, n *core.Node) { n.Data = nil }},
		{"speaks as a solver", "is an assistant's", func(_ core.Request, n *core.Node) { n.Role = core.RoleAssistant }},
		{"draws by the seed", "change what is said", func(r core.Request, n *core.Node) { n.Content += strings.Repeat("!", int(r.Seed)) }},
		{"draws at random", "was not told what was said before", func(_ core.Request, n *core.Node) { n.Content += fmt.Sprint(calls.Add(1)) }},
		{"remembers what it said", "was not told what was said before", func(r core.Request, n *core.Node) {
			for _, turn := range r.Path {
				n.Content += turn.Content
			}
		}},
		{"panics", "panics: a move without a number", func(r core.Request, _ *core.Node) {
			if len(r.Path) > 1 && r.Path[len(r.Path)-1].Content == "####" {
				panic("a move without a number")
			}
		}},
	} {
		finds(t, c.what, c.want, func(t T) {
			Environment(t, func() (core.Environment, error) { return broken{change: c.change}, nil }, guess(), []string{"5", "8", "7"})
		})
	}
}
