package world_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pawl/world"
	_ "pawl/world/keysum"
	_ "pawl/world/kuhn"
)

// Sizes change what the level sets, and nothing else.
func TestOpenWithSizes(t *testing.T) {
	o := world.Options{Split: "gate", Dialect: world.Compact, Level: 1, Seed: 1}
	largest := func(o world.Options) (most, turns int) {
		w, err := world.Open("keysum", o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			var ref struct {
				Values []int
				Turns  []string
			}
			if err := json.Unmarshal(w.Task(i).Reference, &ref); err != nil {
				t.Fatal(err)
			}
			most, turns = max(most, slices.Max(ref.Values)), len(ref.Turns)
		}
		return most, turns
	}
	if most, turns := largest(o); most != 5 || turns != 4 {
		t.Errorf("at level 1, values go to %d in %d turns", most, turns)
	}
	o.Sizes = map[string]int{"largest": 13}
	if most, turns := largest(o); most != 13 || turns != 4 {
		t.Errorf("with largest 13, values go to %d in %d turns", most, turns)
	}
	for _, name := range []string{"level", "n", "seed", "form", "size", ""} {
		o.Sizes = map[string]int{name: 2}
		if _, err := world.Open("keysum", o); err == nil || !strings.Contains(err.Error(), "no size named") || !strings.Contains(err.Error(), "turns, per_turn, keys, largest") {
			t.Errorf("size %q: error %v", name, err)
		}
	}
	o.Sizes = map[string]int{"keys": 99}
	if _, err := world.Open("keysum", o); err == nil {
		t.Error("99 keys are accepted")
	}
}

// A match of 8 hands has returns 8/6 of those of 6, at level 4 as chance and as
// the oracle play it.
func TestScaleOfSizes(t *testing.T) {
	rules, _ := world.RulesOf("kuhn")
	w, err := world.Open("kuhn", world.Options{Split: "gate", Dialect: world.Compact, Level: 4, Seed: 1, Sizes: map[string]int{"hands": 8}})
	if err != nil {
		t.Fatal(err)
	}
	random6, oracle6 := rules.Scale(4, nil)
	random8, oracle8 := rules.Scale(4, w.Task(0).Reference)
	for _, c := range [][2]float64{{random8, random6 * 8 / 6}, {oracle8, oracle6 * 8 / 6}} {
		if d := c[0] - c[1]; d > 1e-12 || d < -1e-12 {
			t.Errorf("%v, want %v", c[0], c[1])
		}
	}
	if v, err := world.Scaled(w.Task(0).Reference, oracle8, 4); err != nil || v < 1-1e-12 || v > 1+1e-12 {
		t.Errorf("the oracle's return is %v on its scale, error %v", v, err)
	}
}
