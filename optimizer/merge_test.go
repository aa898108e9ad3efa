package optimizer

import (
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
)

func mergedBy(t *testing.T, b *bench, c Merge, p core.Policy) (core.Policy, error) {
	t.Helper()
	o, err := newMerge(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	return o.Optimize(t.Context(), p, coretest.Examples(lesson(3)...))
}

func TestMergeConformance(t *testing.T) {
	model := newBench(t, nil).model
	coretest.Optimizer(t, func(h *coretest.Host) (core.Optimizer, error) {
		b := newBench(t, h)
		h.Named["other"] = optimized(t, b, brief(5), b.model)
		return newMerge(t.Context(), b, Merge{Kind: "warp", Of: []string{"incumbent", "other"}, Init: "base", Eta: 0.5})
	}, model, lesson(7))
}

// At the ends every kind gives what is known: one policy alone is itself, eta 0
// is init, and what is merged may have adapters.
func TestMergeOnTheEngine(t *testing.T) {
	b := newBench(t, nil)
	c := brief(30)
	first := optimized(t, b, c, b.model)
	c.LoRA = &LoRA{Rank: 2, Alpha: 4}
	second := optimized(t, b, c, b.model)
	b.Named["first"], b.Named["second"] = first, second
	of := func(m Merge) core.Policy {
		t.Helper()
		p, err := mergedBy(t, b, m, b.model)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := of(Merge{Kind: "linear", Of: []string{"first"}}.or()); !reflect.DeepEqual(p, first) {
		t.Errorf("one policy merged is %v, want %v", p, first)
	}
	if p := of(Merge{Kind: "warp", Of: []string{"first", "second"}, Eta: 0}.or()); !reflect.DeepEqual(p, b.model) {
		t.Errorf("all the way back, %v is not the start %v", p, b.model)
	}
	if p := of(Merge{Kind: "slerp", Of: []string{"first", "second"}, Weights: []float64{1, 0}}.or()); farthest(logprobs(t, b, p), logprobs(t, b, first)) > 1e-4 {
		t.Error("a policy of weight 0 counts")
	}
	p := of(Merge{Kind: "slerp", Of: []string{"first", "second"}}.or())
	if _, has := p[core.PartAdapter]; has || p[core.PartWeights] == first[core.PartWeights] {
		t.Errorf("merged: %v", p)
	}
	warp := of(Merge{Kind: "warp", Of: []string{"first", "second"}, Eta: 1}.or())
	if farthest(logprobs(t, b, p), logprobs(t, b, warp)) > 1e-4 {
		t.Error("warp that does not go back is not slerp")
	}
	// The arc lies farther out than the chord.
	chord := of(Merge{Kind: "linear", Of: []string{"first", "second"}}.or())
	if reflect.DeepEqual(chord, p) {
		t.Error("slerp is the mean")
	}
	into, err := mergedBy(t, b, Merge{Kind: "linear", Of: []string{"first"}}.or(), second)
	if err != nil || !reflect.DeepEqual(into, first) {
		t.Errorf("adapters stay beside merged weights: %v (%v)", into, err)
	}
}

// or completes a merge as the registry would.
func (c Merge) or() Merge {
	if c.Init == "" {
		c.Init = "base"
	}
	return c
}

func TestMergesThatFail(t *testing.T) {
	b := newBench(t, nil)
	for what, c := range map[string]Merge{
		`has no policy "nobody"`: {Kind: "linear", Of: []string{"nobody"}, Init: "base"},
		`has no policy "gone"`:   {Kind: "slerp", Of: []string{"base"}, Init: "gone"},
		"there is no kind":       {Kind: "mean", Of: []string{"base"}, Init: "base"},
		"weights sum to 0":       {Kind: "linear", Of: []string{"base"}, Weights: []float64{0}, Init: "base"},
	} {
		if _, err := mergedBy(t, b, c, b.model); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
	if err := (Merge{Of: []string{"a"}, Weights: []float64{1, 2}}).Validate(); err == nil || !strings.Contains(err.Error(), "2 weights for 1 policies") {
		t.Errorf("too many weights: %v", err)
	}
	o, err := newMerge(t.Context(), host(&recorder{}), Merge{Kind: "linear", Init: "incumbent"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Optimize(t.Context(), core.Policy{}, examples("a")); err == nil || !strings.Contains(err.Error(), "cannot merge") {
		t.Errorf("a trainer that cannot merge: %v", err)
	}
}

// A policy may train from the weights of another.
func TestTrainFromAnotherPolicy(t *testing.T) {
	b := newBench(t, nil)
	b.Named["first"] = optimized(t, b, brief(20), b.model)
	c := brief(5)
	want := optimized(t, b, c, b.Named["first"])
	c.From = "first"
	if p := optimized(t, b, c, b.model); !reflect.DeepEqual(p, want) {
		t.Errorf("from another policy: %v, want %v", p, want)
	}
	c.From = "nobody"
	o, err := newTrain(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Optimize(t.Context(), b.model, coretest.Examples(lesson(3)...)); err == nil || !strings.Contains(err.Error(), "no such policy") {
		t.Errorf("from nobody: %v", err)
	}
}
