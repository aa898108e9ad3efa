// Package worldtest is the conformance suite of worlds. The test of a world
// calls Run, its fuzz target Fuzz, and both hold it to the contract of package
// world and its Rules; what is right in the world itself, hand-worked values
// and brute force tell beside them.
package worldtest

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"pawl/core"
	"pawl/world"
)

// World says how the suite makes a world.
type World struct {
	Name string // as registered
	// New makes the world. Level 0 leaves it to the world; n is how many tasks
	// a source would offer and always 0 here.
	New func(split, dialect string, level int, seed uint64, n int) (world.World, error)
	// Canonical is what splits keep apart of a task, where that is less than
	// the compact prompt (played: the reference): the sorted numbers of a sum,
	// say. May be nil.
	Canonical func(t core.Task) string
	// Special marks settings beside the standard ones: texts may be longer,
	// Read is not asked, and Variant may know the demonstration alone.
	Special bool
}

// levels that every world has; standard is the default one.
const (
	levels   = 5
	standard = 3
)

// Run checks everything that holds for all worlds.
func Run(t *testing.T, w World) {
	t.Helper()
	rules, ok := world.RulesOf(w.Name)
	if !ok {
		t.Fatalf("no world named %q is registered", w.Name)
	}
	s := suite{w, rules}
	t.Run("tasks are pure", s.pure)
	t.Run("splits share nothing", s.splits)
	t.Run("seeds order one set", s.seeds)
	t.Run("texts keep their limits", s.limits)
	t.Run("damaged references", s.damaged)
	if rules.Judge != nil {
		t.Run("demonstrations are right", s.demonstrations)
		t.Run("the reference answer is not trusted", s.untrusted)
		t.Run("garbage completions", s.garbage)
		t.Run("several answers at once", s.hedged)
	}
	for name, test := range map[string]func(*testing.T){
		"steps": s.steps, "flaws": s.flaws, "variants": s.variants, "other words": s.restated, "reading prompts": s.read, "plans": s.plans, "ways back": s.recovered,
	} {
		t.Run(name, test)
	}
	if rules.Play != nil {
		t.Run("plays", s.plays)
		t.Run("illegal moves", s.illegal)
		t.Run("returns", s.returns)
	}
}

type suite struct {
	World
	rules world.Rules
}

func (s suite) make(t *testing.T, split, dialect string, level int, seed uint64) world.World {
	t.Helper()
	w, err := s.New(split, dialect, level, seed, 0)
	if err != nil {
		t.Fatalf("making %s, %s, %s, level %d: %v", s.Name, split, dialect, level, err)
	}
	if w.Len() < 1 {
		t.Fatalf("%s, %s, level %d has %d tasks", s.Name, split, level, w.Len())
	}
	return w
}

// each calls f with some tasks of every level in one dialect.
func (s suite) each(t *testing.T, dialect string, n int, f func(level int, task core.Task)) {
	t.Helper()
	for level := 1; level <= levels; level++ {
		w := s.make(t, "train", dialect, level, uint64(level))
		for i := range min(w.Len(), n) {
			f(level, w.Task(i))
		}
	}
}

// canonical is what may not be in two splits.
func (s suite) canonical(task core.Task) string {
	if s.Canonical != nil {
		return s.Canonical(task)
	}
	if s.rules.Play == nil {
		return task.Text()
	}
	m := map[string]any{} // prompts of plays may hide the instance
	if json.Unmarshal(task.Reference, &m) != nil {
		return task.Text()
	}
	delete(m, "solution")
	return string(encode(m))
}

// judge is the oracle of a task that the world itself made.
func (s suite) judge(t *testing.T, task core.Task) world.Judge {
	t.Helper()
	judge, err := world.Oracle(task)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) world.Verdict {
		v := judge(text)
		if v.Valid && (!v.Right || v.FirstWrong != 0) || !v.Valid && (v.FirstWrong < 1 || v.Reason == "") {
			t.Errorf("%s: verdict %+v of %q contradicts itself: valid is right and without a wrong step, not valid has one and a reason",
				task.Text(), v, text)
		}
		return v
	}
}

// stream is the randomness of the n-th call on a task.
func stream(n int) *rand.Rand { return rand.New(rand.NewPCG(uint64(n), 77)) }

// fields is a reference as a map.
func fields(t *testing.T, raw json.RawMessage) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("a reference that is no object: %s", raw)
	}
	return m
}

func encode(m map[string]any) json.RawMessage {
	raw, err := json.Marshal(m)
	if err != nil {
		panic("worldtest: " + err.Error()) // decoded JSON encodes
	}
	return raw
}
