package verifier

import (
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/world"
	"pawl/world/keysum"
)

// playing is an episode in which every line was played at task, as sampler play
// leaves it, with what its last move notes of the outcome.
func playing(task core.Task, noted core.Outcome, lines ...[]string) *core.Episode {
	ep := core.NewEpisode(task, 0)
	for _, line := range lines {
		at := ep.Root()
		for i, move := range line {
			if i > 0 {
				at = ep.Append(core.Node{Parent: at, Actor: "board", Role: core.RoleUser, Content: "go on", Data: core.Outcome{}.Raw()})
			}
			at = ep.Append(core.Node{Parent: at, Actor: "solver", Role: core.RoleAssistant, Content: move})
		}
		ep.Node(at).Data = noted.Raw()
	}
	return ep
}

func TestOracleReplaysPlays(t *testing.T) {
	w, err := keysum.New(keysum.Config{Level: 1})
	if err != nil {
		t.Fatal(err)
	}
	task := w.Task(0)
	rules, _ := world.RulesOf("keysum")
	expert, err := rules.Demonstrate(task.Reference, nil)
	if err != nil || len(expert) != 4 {
		t.Fatal(expert, err)
	}
	half := append(append([]string{}, expert[:2]...), "9999", expert[3])
	// What is noted on a move is not believed.
	ep := playing(task, core.Outcome{Done: true, Return: 99}, expert, half, []string{"x"}, expert[:3])
	v := oracle{OracleConfig{Level: 1}}
	j, err := v.Verify(t.Context(), ep, nil)
	if err != nil {
		t.Fatal(err)
	}
	random, best := rules.Scale(1, nil)
	for i, ret := range []float64{1, 0.5, 0, 0} {
		want := (ret - random) / (best - random)
		if s := j.Scores[i]; math.Abs(s.Value-want) > 1e-12 || s.Abstain || s.Confidence != 1 || s.Rationale == "" {
			t.Errorf("play %d: %+v, want the value %v", i, s, want)
		}
	}
	if j.Scores[2].Value >= 0 {
		t.Error("worse than random is not below 0")
	}
	if _, err := (oracle{}).Verify(t.Context(), ep, nil); err == nil || !strings.Contains(err.Error(), "level") {
		t.Errorf("a level that nothing tells: %v", err)
	}
	if _, err := (oracle{OracleConfig{Level: 1, Steps: true}}).Verify(t.Context(), ep, nil); err == nil || !strings.Contains(err.Error(), "steps") {
		t.Errorf("steps of a play: %v", err)
	}
	// A completion at once is judged as one.
	once, err := keysum.New(keysum.Config{Level: 1, Form: keysum.Once})
	if err != nil {
		t.Fatal(err)
	}
	whole := once.Task(0)
	j, err = (oracle{}).Verify(t.Context(), coretest.Episode(whole, whole.Ref().Solution, "nonsense"), nil)
	if err != nil || j.Scores[0].Value != 1 || j.Scores[1].Value != 0 {
		t.Errorf("%+v (%v)", j.Scores, err)
	}
	coretest.Verifier(t, func(*coretest.Host) (core.Verifier, error) { return v, nil }, ep)
}
