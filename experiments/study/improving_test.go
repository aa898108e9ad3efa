package study

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pawl"
	"pawl/core"
	"pawl/prompt"
)

// pupil is a small model that has learnt to solve one world, more or less, and
// to put answers together.
func pupil(t *testing.T, p *pawl.Pawl, name string) pawl.Model {
	t.Helper()
	worlds := fmt.Sprintf("{split: labelled, n: 2000, worlds: {%s: 1}, roles: {solve: 4, aggregate: 1}, only: true}", name)
	_, err := p.Run(t.Context(), pawl.RunOptions{Recipe: pawl.NanoRecipe, Seed: 1, Set: map[string]string{
		"tasks.lessons":   "{lessons: " + worlds + "}",
		"tasks.audit":     "{lessons: " + strings.Replace(worlds, "labelled, n: 2000", "audit, n: 20", 1) + "}",
		"policies.solver": "{pretrain: {tasks: lessons, steps: 100, batch: 32, rate: 4e-3, width: 16, layers: 1, heads: 2, context: 512}}",
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := pawl.ParseModel("run")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// All three recipes from one trained model, in a world that a small one soon
// knows something of.
func TestImproving(t *testing.T) {
	p := open(t)
	model := pupil(t, p, "harm")
	policy, err := p.Policy(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{
		"tasks.gate.harm.n": "40", "tasks.audit.harm.n": "60", "tasks.labelled.harm.n": "64", "tasks.train.take": "30",
		"updates[0].optimize.train.steps": "5", "updates[0].optimize.train.batch": "16", "updates[0].optimize.train.warmup": "0",
		"seats.solver.max_tokens": "16", "rounds": "2",
	}
	all := &Improving{Kind: KindImproving, Where: Here(), Model: policy.Version()}
	for _, recipe := range []string{"lmsi", "rest-em", "star"} {
		c := improvement{recipe: recipe, world: "harm", level: 1, tasks: 30, probes: 20}
		done, err := c.run(t.Context(), p, model, policy, []uint64{1, 2}, set, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		for i := range done.Study.Trials {
			trial := &done.Study.Trials[i]
			checkTrial(t, trial, []string{"base", "final", "labelled", "null"}, 60, 10)
			if trial.Arm("base").Policy != policy.Version() {
				t.Errorf("%s: seed %d starts from another base", recipe, trial.Seed)
			}
			if trial.Pair("final", "null") == nil {
				t.Errorf("%s: seed %d compares nothing with null", recipe, trial.Seed)
			}
			w := done.explain(trial.Rounds[0])
			if w.tries == nil || w.coverage == nil || w.gap == nil || w.sound == nil || *w.coverage < *w.tries-1e-9 {
				t.Errorf("%s: seed %d explains its first round by %s tries, %s covered, gap %s, %s sound", recipe, trial.Seed, optional(w.tries), optional(w.coverage), signed(w.gap), optional(w.sound))
			}
			if recipe != "lmsi" && *trial.Rounds[0].Labels != 1 {
				t.Errorf("%s: seed %d keeps what is wrong: %.2f are right", recipe, trial.Seed, *trial.Rounds[0].Labels)
			}
		}
		if n := findPair(done.Study.Pooled, "final", "base").N; n != 120 {
			t.Errorf("%s: %d results pooled, not 120", recipe, n)
		}
		if done.Base.N != 20 || done.Base.Pass == nil {
			t.Errorf("%s: the base is measured as %+v", recipe, done.Base)
		}
		all.Cases = append(all.Cases, *done)
	}
	if text := all.Markdown(); !strings.Contains(text, "### STaR in harm, level 1") || !strings.Contains(text, "right with the hint, too") {
		t.Errorf("the tables are\n%s", text)
	}
	checkRoundTrip(t, all)
}

// Every case changes its shipped recipe to a plan that can run, and to no more
// than it says: gate and audit tasks are the same for all seeds.
func TestImprovingPlans(t *testing.T) {
	p := open(t)
	levels, err := p.NanoLevels()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ImprovingCases {
		c, err := parseImprovement(name, levels)
		if err != nil {
			t.Fatal(err)
		}
		sizes, err := c.counts()
		if err != nil {
			t.Fatal(err)
		}
		one, two := c.plan(sizes, 1), c.plan(sizes, 2)
		for path := range one {
			if differs, learnt := one[path] != two[path], path == "tasks.train" || path == "tasks.labelled"; differs != learnt {
				t.Errorf("%s: with another seed, %s is %s", c, path, two[path])
			}
		}
		plan, err := Setup{Recipe: c.recipe, Set: one}.Plan(p)
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		for split, n := range sizes {
			if n < 500 {
				t.Errorf("%s: %s has %d tasks, too few to tell anything", c, split, n)
			}
			if want := map[bool]string{true: "take: ", false: "n: "}[split == "train"] + fmt.Sprint(n); !strings.Contains(one["tasks."+split], want) {
				t.Errorf("%s: %s is %s, not of %d tasks", c, split, one["tasks."+split], n)
			}
		}
		if len(plan.Controls) != 2 || plan.Measure.By() != "exact" {
			t.Errorf("%s: controls %v, measured by %s", c, plan.Controls, plan.Measure.By())
		}
	}
}

// A world that holds fewer tasks than all cases share gives all it has: of the 24²
// pairs of functions, called with each of ten digits, a quarter are worked
// examples and three in twenty are for the audit.
func TestImprovingTakesWhatASmallWorldHas(t *testing.T) {
	got, err := improvement{recipe: "lmsi", world: "functable", level: 2, tasks: improvingTasks}.counts()
	want := map[string]int{"labelled": 1440, "train": improvingTasks, "gate": improvingGate, "audit": 864}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("sizes %v, %v; want %v", got, err, want)
	}
}

func TestImprovingRefusesOtherCases(t *testing.T) {
	levels := pawl.Difficulties{Levels: map[string]int{"maze": 2, "played": 0}}
	for _, name := range []string{"", "maze", "star", "quickstart:maze", "star:sort", "star:played"} {
		if c, err := parseImprovement(name, levels); err == nil || !strings.Contains(err.Error(), "rest-em:maze") {
			t.Errorf("%q is read as %v: %v", name, c, err)
		}
	}
}

// 100 tasks, of which 60 are solved at once and 30 of the other 40 with a hint.
func TestExplainHints(t *testing.T) {
	right := 1.0
	c := ImprovingCase{Tasks: 100, Hinted: true}
	w := c.explain(Round{Sampled: 140, Kept: 90, Labels: &right, Metrics: []core.Estimate{{Name: "pass@1", Value: 0.75}, {Name: "pass@2", Value: 0.9}}})
	if *w.tries != 0.6 || *w.coverage != 0.9 || *w.gap != 0.4 {
		t.Errorf("tries %g, coverage %g, gap %g", *w.tries, *w.coverage, *w.gap)
	}
	if w.majority != nil || w.sound != nil {
		t.Error("figures that are not known are told")
	}
}

// The hinted prompt is the one that the role aggregate is asked by.
func TestJoinHint(t *testing.T) {
	ask, err := prompt.Get("aggregate")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := ask.Render(prompt.Compact, prompt.Data{
		Task: []core.Node{{Role: core.RoleUser, Content: "{prompt}"}}, Attempts: []string{"{answer}", "{answer}", "{answer}"},
	})
	if err != nil || len(asked) != 1 || fmt.Sprintf("%q", asked[0].Content) != joinHint {
		t.Errorf("aggregate is asked as %+v, hints as %s: %v", asked, joinHint, err)
	}
}
