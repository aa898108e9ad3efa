package env_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	_ "pawl/std"
	"pawl/world"
)

func build() (core.Environment, error) {
	return registry.Make[core.Environment](context.Background(), registry.Default, nil, core.Spec{Kind: core.KindEnv, Name: "world"})
}

func player(t *testing.T) core.Environment {
	t.Helper()
	e, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// played builds every world that is played, in both dialects.
func played(t *testing.T) map[string]core.TaskSource {
	t.Helper()
	all := map[string]core.TaskSource{}
	for _, c := range registry.Default.List(core.KindTasks) {
		if r, _ := world.RulesOf(c.Name); r.Play == nil {
			continue
		}
		for _, dialect := range []string{world.Compact, world.Chat} {
			settings := registry.Object(registry.Member{Key: "dialect", Value: registry.Scalar(dialect)}, registry.Member{Key: "level", Value: registry.Scalar("2")})
			spec, problems := registry.Default.Decode(core.KindTasks, registry.Object(registry.Member{Key: c.Name, Value: settings}), "test")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			source, err := registry.Make[core.TaskSource](t.Context(), registry.Default, coretest.NewHost(nil), spec)
			if err != nil {
				t.Fatal(err)
			}
			all[c.Name+" "+dialect] = source
		}
	}
	if len(all) == 0 {
		t.Fatal("no world is played")
	}
	return all
}

// Every played world conforms, and an expert's moves end its plays.
func TestWorldsConform(t *testing.T) {
	for name, source := range played(t) {
		t.Run(name, func(t *testing.T) {
			n := 0
			for task, err := range source.Tasks(t.Context(), 0) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > 3 {
					break
				}
				r, _ := world.RulesOf(task.Ref().World)
				var lines [][]string
				if r.Demonstrate != nil {
					moves, err := r.Demonstrate(task.Reference, rand.New(rand.NewPCG(1, 2)))
					if err != nil {
						t.Fatal(err)
					}
					lines = append(lines, moves)
					checkPlay(t, task, moves)
				}
				coretest.Environment(t, build, task, lines...)
			}
		})
	}
}

// checkPlay plays moves: what the environment says ends with the last one, and
// the level is noted for the scale.
func checkPlay(t *testing.T, task core.Task, moves []string) {
	t.Helper()
	ep := core.NewEpisode(task, 0)
	at := ep.Root()
	for i, move := range moves {
		at = ep.Append(core.Node{Parent: at, Actor: "solver", Role: core.RoleAssistant, Content: move})
		nodes, err := player(t).Act(t.Context(), core.Request{Path: ep.PathNodes(at), N: 1, Hidden: task.Reference})
		if err != nil {
			t.Fatal(err)
		}
		o, ok := core.OutcomeOf(nodes[0])
		if !ok || o.Done != (i == len(moves)-1) {
			t.Errorf("task %s: after %d of %d moves of an expert: %+v", task.ID, i+1, len(moves), o)
		}
		if !o.Done {
			nodes[0].Parent, nodes[0].Actor = at, "board"
			at = ep.Append(nodes[0])
		} else if _, err := world.Scaled(task.Reference, o.Return, 0); err != nil {
			t.Error(err)
		}
	}
}

// Assistant turns of the task's own prompt are no moves.
func TestPromptsMayHoldExamples(t *testing.T) {
	for name, source := range played(t) {
		for task := range source.Tasks(t.Context(), 0) {
			plain := core.NewEpisode(task, 0)
			shots := task
			shots.Prompt = append([]core.Node{{Role: core.RoleUser, Content: "an example"}, {Role: core.RoleAssistant, Content: "a move"}}, task.Prompt...)
			long := core.NewEpisode(shots, 0)
			act := func(ep *core.Episode) string {
				ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: "1"})
				nodes, err := player(t).Act(t.Context(), core.Request{Path: ep.PathNodes(ep.Root() + 1), N: 1, Hidden: task.Reference})
				if err != nil {
					t.Fatal(err)
				}
				return fmt.Sprint(nodes)
			}
			if a, b := act(plain), act(long); a != b {
				t.Errorf("%s: with an example before it the move is answered %s, not %s", name, b, a)
			}
			break
		}
	}
}

func TestWorldsThatAreNotPlayed(t *testing.T) {
	for _, hidden := range []string{"", `{"world":"addition"}`, `{"world":"keysum"}`, `{"world":"nowhere"}`} {
		if _, err := player(t).Act(t.Context(), core.Request{N: 1, Hidden: []byte(hidden)}); err == nil || !strings.Contains(err.Error(), "play") {
			t.Errorf("%q is played: %v", hidden, err)
		}
	}
}
