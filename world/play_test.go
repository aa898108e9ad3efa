package world_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/world"
)

// stairs is a game of the tests: a task is climbed in as many steps of "up" as
// its level says, and the return is the height reached.
type stairs struct{ level int }

func (s stairs) Len() int             { return 2 }
func (s stairs) Vocabulary() []string { return nil }
func (s stairs) Unit() string         { return core.UnitCharacters }
func (s stairs) Task(i int) core.Task {
	return world.NewTask("stairs", string(rune('a'+i)), "climb", struct {
		core.Reference
		Height int `json:"height"`
	}{core.Reference{World: "stairs"}, s.level})
}

type stairsConfig struct {
	Level int `yaml:"level" default:"3" doc:"Steps."`
}

func init() {
	world.Register("stairs", registry.Doc{Summary: "A test's own."}, func(c stairsConfig) (stairs, error) { return stairs{c.Level}, nil },
		func(stairsConfig) int { return 0 }, world.Rules{Play: climb, Scale: func(level int, _ json.RawMessage) (float64, float64) { return -1, float64(level) }})
}

func climb(reference json.RawMessage) (world.Player, error) {
	var ref struct{ Height int }
	if err := world.Decode(reference, &ref); err != nil {
		return nil, err
	}
	return func(moves []string) world.Turn {
		for i, m := range moves {
			if m != "up" {
				return world.Turn{Done: true, Return: -2, Reason: "fell"}
			}
			if i+1 == ref.Height {
				return world.Turn{Done: true, Return: float64(ref.Height), Reason: "the top"}
			}
		}
		return world.Turn{Text: "further"}
	}, nil
}

func TestPlaysAreScaledByTheLevelOfTheirSource(t *testing.T) {
	for level, want := range map[string]float64{"2": 2.0 / 3, "4": 2.0 / 5, "": 0.5} { // (1 - -1) / (level - -1)
		settings := registry.Value{}
		if level != "" {
			settings = registry.Object(registry.Member{Key: "level", Value: registry.Scalar(level)})
		}
		spec, problems := registry.Default.Decode(core.KindTasks, registry.Object(registry.Member{Key: "stairs", Value: settings}), "test")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		source, err := registry.Make[core.TaskSource](t.Context(), registry.Default, coretest.NewHost(nil), spec)
		if err != nil {
			t.Fatal(err)
		}
		for task, err := range source.Tasks(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if got, err := world.Scaled(task.Reference, 1, 5); err != nil || got != want {
				t.Errorf("level %q: 1 is scaled to %v (%v), want %v", level, got, err, want)
			}
		}
	}
	bare := stairs{3}.Task(0).Reference
	if _, err := world.Scaled(bare, 1, 0); err == nil {
		t.Error("a return without a level is scaled")
	}
	if got, err := world.Scaled(bare, 1, 3); err != nil || got != 0.5 {
		t.Errorf("with a level given: %v (%v)", got, err)
	}
}

func TestReplay(t *testing.T) {
	task := stairs{2}.Task(0)
	p, err := world.Start(task.Reference)
	if err != nil || !world.Played(task) {
		t.Fatal(err)
	}
	for _, c := range []struct {
		moves  []string
		ret    float64
		reason string
	}{{[]string{"up", "up"}, 2, "the top"}, {[]string{"down"}, -2, "fell"}, {[]string{"up"}, -2, "the play was not finished"}, {nil, -2, "the play was not finished"}} {
		if turn, ok := world.Replay(p, c.moves); !ok || turn.Return != c.ret || turn.Reason != c.reason {
			t.Errorf("%q: %+v", c.moves, turn)
		}
	}
	endless := func([]string) world.Turn { return world.Turn{} }
	if _, ok := world.Replay(endless, nil); ok {
		t.Error("a play without end has one")
	}
}

func TestMovesOf(t *testing.T) {
	said := func(role, s string) core.Node { return core.Node{Role: role, Content: s} }
	turns := []core.Node{said("user", "go"), said("assistant", "a"), said("user", "x"), said("assistant", "b"), said("assistant", "c"), said("tool", "y"), said("assistant", "")}
	if got := world.MovesOf(turns); !slices.Equal(got, []string{"a", "bc", ""}) {
		t.Errorf("%q", got)
	}
}
