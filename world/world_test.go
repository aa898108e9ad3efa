package world_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
	_ "pawl/world/addition"
	"pawl/world/chain"
	_ "pawl/world/countdown"
)

var _ core.Vocabularied = (*world.Source)(nil)

func TestSource(t *testing.T) {
	w, err := chain.New(chain.Config{Numbers: 2, Modulus: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := world.NewSource(w, w.Len()+1); err == nil || !strings.Contains(err.Error(), "only 40") {
		t.Errorf("more tasks than there are: %v", err)
	}
	s, err := world.NewSource(w, 7)
	if err != nil || s.Len() != 7 {
		t.Fatalf("a source of 7: %v, %v", s.Len(), err)
	}
	var got []string
	for task, err := range s.Tasks(t.Context(), 5) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, task.ID)
	}
	if want := []string{w.Task(5).ID, w.Task(6).ID}; !slices.Equal(got, want) {
		t.Errorf("from 5 on: %v, want %v", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Tasks(ctx, 0) {
		if err == nil {
			t.Error("a cancelled source yields a task")
		}
	}
}

func TestCheckNeedsAWorld(t *testing.T) {
	for _, ref := range []string{"", `{"answer":"7"}`, `{"world":"atlantis"}`, `{"world":"chain"}`,
		`{"world":"chain","numbers":[1,99],"modulus":20}`, `{"world":"addition","x":"1","y":"-"}`,
		`{"world":"countdown"}`, `{"world":"chain","numbers":"x"}`} {
		if _, err := world.Check(core.Task{ID: "t", Reference: json.RawMessage(ref)}, "7"); err == nil {
			t.Errorf("reference %s is judged", ref)
		}
	}
}

func TestRulesOf(t *testing.T) {
	want := []string{"addition", "chain", "countdown", "keysum", "kuhn", "stairs"} // those that tests of this package import, and the game of play_test.go
	if got := world.Names(); !slices.Equal(got, want) {
		t.Errorf("the imported worlds are %v, want %v", got, want)
	}
	if r, ok := world.RulesOf("chain"); !ok || r.Judge == nil || r.Play != nil {
		t.Errorf("the rules of chain: %+v, %v", r, ok)
	}
	if _, ok := world.RulesOf("atlantis"); ok {
		t.Error("atlantis has rules")
	}
	defer func() {
		if recover() == nil {
			t.Error("a world that can neither be judged nor played registers")
		}
	}()
	world.Register("idle", registry.Doc{Summary: "Nothing."}, chain.New, func(c chain.Config) int { return c.N }, world.Rules{})
}
