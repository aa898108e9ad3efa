package study

import (
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pawl"
)

func TestByLength(t *testing.T) {
	got := byLength([]item{{"addition/gate/123+456", 1}, {"addition/gate/12+99", 0}, {"addition/gate/777+111", 0}, {"copy/audit/k3fa", 1}})
	want := []Length{{2, 0, 1}, {3, 1, 2}, {4, 1, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLongestSolved(t *testing.T) {
	for _, c := range []struct {
		right []float64 // of 100, of lengths from 8 on
		want  int
	}{
		{[]float64{100, 98, 97, 100}, 9}, // a length beyond a failure does not count
		{[]float64{97, 100}, 0},
		{[]float64{100, 99}, 9},
		{nil, 0},
	} {
		var all []Length
		for i, r := range c.right {
			all = append(all, Length{8 + i, r, 100})
		}
		if got := longestSolved(all); got != c.want {
			t.Errorf("%v: %d, want %d", c.right, got, c.want)
		}
	}
}

// The whole experiment with strings over four letters: three and four of them
// labelled, then five, then six.
func TestSelfImproving(t *testing.T) {
	p, err := pawl.Open(pawl.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	set := map[string]string{"rounds": "2",
		"tasks.labelled":  "{curriculum: {vary: length, from: 3, to: 4, of: [{copy: {split: labelled, symbols: 4}}]}}",
		"tasks.rehearsed": "{curriculum: {vary: length, from: 3, to: 4, of: [{copy: {split: labelled, symbols: 4, n: 10}}]}}",
		"stages[0].steps": "1",
		"tasks.train":     "{curriculum: {vary: length, from: 5, to: 6, of: [{copy: {split: train, n: 40, symbols: 4}}]}, take: 40}",
		"tasks.gate":      "{curriculum: {vary: length, from: 4, to: 6, of: [{copy: {split: gate, n: 20, symbols: 4}}]}}",
		"tasks.audit":     "{curriculum: {vary: length, from: 4, to: 6, of: [{copy: {split: audit, n: 20, symbols: 4}}]}}",
	}
	for _, name := range []string{"a", "b", "c"} {
		set["policies."+name] = "{pretrain: {tasks: labelled, steps: 150, batch: 32, rate: 5e-3, width: 16, layers: 1, heads: 2, context: 32, rope_theta: 0}}"
		set["policies."+name+".pretrain.steps"] = "150" // the task has its own number
		set["seats."+name] = "{policy: " + name + ", max_tokens: 8}"
	}
	for _, lane := range []string{"stages[0].updates[0]", "stages[0].updates[1]", "stages[0].updates[2]"} {
		set[lane+".optimize.train.steps"] = "5"
		// What few steps teach is too little for two to agree on.
		set[lane+".select.mix.new.filter.at_least"] = "0"
	}
	s, err := RunSelfImproving(t.Context(), p, []string{"copy"}, []uint64{1}, set, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	trial := s.Studies[0].Trials[0]
	var names []string
	for _, a := range trial.Arms {
		names = append(names, a.Name)
		if len(a.Audit) != 3 || a.Audit[0].Length != 4 || a.Audit[2].N != 20 {
			t.Errorf("%s is measured on %+v", a.Name, a.Audit)
		}
		if a.Name == "base" {
			continue
		}
		if len(a.Rounds) != 2 || len(a.Rounds[1].Gate) != 3 {
			t.Fatalf("%s has rounds %+v", a.Name, a.Rounds)
		}
	}
	if !slices.Equal(names, []string{"base", "final", "null", "length"}) {
		t.Errorf("arms %q", names)
	}
	// Each of three models keeps its answer to each of 40 tasks.
	if r := trial.Arms[2].Rounds[1]; r.Kept != 120 {
		t.Errorf("null keeps %d answers, want 120", r.Kept)
	}
	if text := s.Markdown(); !strings.Contains(text, "### Copy, seed 1") || !strings.Contains(text, "| length |") {
		t.Errorf("the tables are\n%s", text)
	}
}

func TestSelfImprovingRefusesOtherTasks(t *testing.T) {
	if _, err := RunSelfImproving(t.Context(), nil, []string{"sort"}, []uint64{1}, nil, nil); err == nil || !strings.Contains(err.Error(), "addition, copy") {
		t.Errorf("%v", err)
	}
}

// At round 0 the base solves 9 of 8 to 10; at round 1 the arm solves 10.
func TestSelfImprovingFigure(t *testing.T) {
	at := func(right ...float64) []Length {
		return []Length{{8, right[0], 100}, {9, right[1], 100}, {10, right[2], 100}}
	}
	s := SelfImproving{Kind: KindSelfImproving, Studies: []LengthStudy{{Task: "addition", Trials: []LengthTrial{{Seed: 1, Arms: []LengthArm{
		{Name: "base", Audit: at(100, 99, 50)},
		{Name: "final", Audit: at(100, 99, 98), Rounds: []LengthRound{{Round: 1, Gate: at(100, 99, 98)}}},
	}}}}}}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := SelfImprovingFigure(fstest.MapFS{"r.json": {Data: b}}, "r.json")
	if err != nil || xml.Unmarshal(got, new(struct{})) != nil {
		t.Fatalf("%s: %v", got, err)
	}
	// The plot is 190 high, from 50 on, and the lengths 7 to 10 span it.
	if want := "M50.0,113.3L340.0,50.0"; !strings.Contains(string(got), want) {
		t.Errorf("no line %s in\n%s", want, got)
	}
	if got, err := SelfImprovingFigure(fstest.MapFS{}, "r.json"); err != nil || !strings.Contains(string(got), "Not measured yet.") {
		t.Errorf("%s: %v", got, err)
	}
}
