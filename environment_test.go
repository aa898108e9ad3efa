package pawl

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pawl/core"
	"pawl/lesson"
	_ "pawl/std"
	"pawl/world"
)

// scripted answers addition: sample s of a task is right if s is below the
// number of right ones; as a verifier it says yes to what it finds in yes.
type scripted struct {
	right map[string]int // by prompt
	yes   func(prompt string) bool
}

func (m scripted) Act(ctx context.Context, r core.Request) ([]core.Node, error) {
	out, err := m.ActBatch(ctx, []core.Request{r})
	return out[0], err
}

func (m scripted) ActBatch(_ context.Context, rs []core.Request) ([][]core.Node, error) {
	out := make([][]core.Node, len(rs))
	for i, r := range rs {
		prompt := r.Path[0].Content
		for s := range r.N {
			answer := "nothing"
			if s < m.right[prompt] {
				answer = sumOf(prompt)
			}
			out[i] = append(out[i], core.Node{Role: core.RoleAssistant, Content: answer, TokenIDs: make([]int32, 3)})
		}
	}
	return out, nil
}

func (m scripted) Score(_ context.Context, paths [][]core.Node) ([][]float32, error) {
	out := make([][]float32, len(paths))
	for i, path := range paths {
		out[i] = []float32{-1}
		if said := path[len(path)-1].Content == "yes"; said == m.yes(path[0].Content) {
			out[i] = []float32{-0.1}
		}
	}
	return out, nil
}

func sumOf(prompt string) string {
	w, err := world.RulesOf("addition")
	if !err {
		panic("no addition")
	}
	t, e := w.Read(prompt)
	if e != nil {
		panic(e)
	}
	return t.Ref().Answer
}

// A sample that a compact prompt cannot hold is not kept, and ends nothing.
func TestUnfitSamplesAreNotKept(t *testing.T) {
	v := visit{
		model: scripted{yes: func(string) bool { return true }}, o: EnvironmentOptions{Samples: 2}, name: "addition", level: 2,
		rules: must(world.RulesOf("addition")),
		tasks: []core.Task{{Prompt: []core.Node{{Role: core.RoleUser, Content: "12+34="}}}},
	}
	var e Environment
	err := v.verify(t.Context(), &e, [][]outcome{{{text: "46", right: true}, {text: "4 | 6 ?ok"}}})
	if err != nil || *e.Kept != 0.5 || *e.Verify != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func must(r world.Rules, ok bool) world.Rules {
	if !ok {
		panic("no such world")
	}
	return r
}

// Four tasks with 0, 1, 3 and 4 right of four samples: 8 of 16. The verifier
// keeps the right ones and one wrong: 9, so the gap is 8/9 - 1/2.
func TestEnvironmentByHand(t *testing.T) {
	w, err := world.Open("addition", world.Options{Split: "audit", Level: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	m := scripted{right: map[string]int{}}
	for i, n := range []int{0, 1, 3, 4} {
		m.right[w.Task(i).Text()] = n
	}
	wrong := 0
	m.yes = func(prompt string) bool {
		task, rest, _ := strings.Cut(prompt, " | ")
		if strings.HasPrefix(rest, sumOf(task)) {
			return true
		}
		wrong++
		return wrong <= 2 // asked twice of each sample: for yes and for no
	}
	var told []Visit
	o := EnvironmentOptions{Tasks: 4, Samples: 4, Seed: 1, Observe: func(v Visit) { told = append(told, v) }}
	v := visit{model: m, o: o, name: "addition", level: 2, of: 1}
	e, err := v.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := (Visit{World: "addition", Of: 1, Part: "verify", Done: 4, Tasks: 4}); len(told) != 6 || told[0].Part != "greedy" || told[1].Part != "samples" || told[5] != last {
		t.Errorf("told %+v", told)
	}
	for name, c := range map[string]struct{ got, want float64 }{
		"greedy": {e.Value, 3.0 / 4}, "samples": {*e.Mean, 8.0 / 16}, "votes": {*e.Votes, 2.0 / 4}, "pass": {*e.Pass, 3.0 / 4},
		"verifier": {*e.Verify, 15.0 / 16}, "kept": {*e.Kept, 9.0 / 16}, "gap": {*e.Gap, 8.0/9 - 8.0/16}, "tokens": {e.Tokens, 3},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if !(*e.GapLow < *e.Gap && *e.Gap < *e.GapTop) {
		t.Errorf("the gap %v is outside of its interval %v to %v", *e.Gap, *e.GapLow, *e.GapTop)
	}
}

func TestVotesByHand(t *testing.T) {
	yes, no, none := outcome{answer: "4", right: true}, outcome{answer: "5"}, outcome{}
	for _, c := range []struct {
		of   []outcome
		want float64
	}{
		{[]outcome{yes, no, yes}, 1},
		{[]outcome{no, yes, no}, 0},
		{[]outcome{yes, no}, 1. / 2}, // a tie is drawn for
		{[]outcome{no, no, yes, yes, {answer: "6"}, {answer: "6"}}, 1. / 3},
		{[]outcome{none, none, yes}, 1}, // what gives no answer casts no vote
		{[]outcome{none}, 0},
	} {
		if got := vote(c.of); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.of, got, c.want)
		}
	}
}

// One task has a gap, but nothing to tell an interval from. Of two tasks, one
// has 2 of 4 right, which are kept, and the other none, and none is kept: the gap
// is 1 - 2/8. Its tasks lie 1/4 below and above (their mean accuracies, 1/2 and
// 0, do about 1/4), so that the half width is 1.96 sqrt((1/16 + 1/16) / 1 / 2).
func TestGapsOfFewTasks(t *testing.T) {
	right := map[string]bool{"12+34": true}
	v := visit{
		model: scripted{yes: func(prompt string) bool {
			task, rest, _ := strings.Cut(prompt, "=")
			return right[task] && strings.Contains(rest, "46")
		}}, name: "addition", level: 2, rules: must(world.RulesOf("addition")),
	}
	for _, text := range []string{"12+34=", "56+78="} {
		v.tasks = append(v.tasks, core.Task{Prompt: []core.Node{{Role: core.RoleUser, Content: text}}})
	}
	good, bad := outcome{text: "46", right: true}, outcome{text: "47"}
	var one, two Environment
	if err := v.verify(t.Context(), &one, [][]outcome{{good, bad}}); err != nil || *one.Gap != 0.5 || one.GapLow != nil || one.GapTop != nil {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := json.Marshal(one); err != nil {
		t.Error(err)
	}
	err := v.verify(t.Context(), &two, [][]outcome{{good, bad, good, bad}, {bad, bad, bad, bad}})
	if half := 1.96 * math.Sqrt(1./16); err != nil || *two.Gap != 0.75 || math.Abs(*two.GapTop-0.75-half) > 1e-12 || math.Abs(*two.GapLow-0.75+half) > 1e-12 {
		t.Errorf("%v [%v, %v], %v; want 0.75 ± %v", *two.Gap, *two.GapLow, *two.GapTop, err, half)
	}
}

// asked notes what it is asked.
type asked struct {
	scripted
	temperatures map[float64]int
	seeds        map[uint64]bool
}

func (m asked) ActBatch(ctx context.Context, rs []core.Request) ([][]core.Node, error) {
	for _, r := range rs {
		m.temperatures[*r.Options.Temperature]++
		m.seeds[r.Seed] = true
	}
	return m.scripted.ActBatch(ctx, rs)
}

// Proposals are asked for in the same words, so that greedy ones were all alike.
func TestProposalsAreSampled(t *testing.T) {
	for role, temperature := range map[string]float64{"propose": 1, "verify": 0} {
		l, err := lesson.New(lesson.Config{Split: "audit", N: 70, Seed: 1, Longest: 400, Only: true, Worlds: map[string]int{"copy": 2}, Roles: map[string]float64{role: 1}})
		if err != nil {
			t.Fatal(err)
		}
		m := asked{temperatures: map[float64]int{}, seeds: map[uint64]bool{}}
		values, err := replies(t.Context(), m, l, role)
		if err != nil || len(values) != 70 || m.temperatures[temperature] != 70 || len(m.seeds) != 70 {
			t.Errorf("%s: %d values, temperatures %v, %d seeds, %v", role, len(values), m.temperatures, len(m.seeds), err)
		}
	}
}

// Who says nothing legal has at most the return of random play.
func TestPlaysAreScaled(t *testing.T) {
	for _, name := range world.Names() {
		rules, _ := world.RulesOf(name)
		if rules.Play == nil {
			continue
		}
		v := visit{model: scripted{right: map[string]int{}}, o: EnvironmentOptions{Tasks: 20, Seed: 1}, name: name, level: 2}
		e, err := v.measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e.Value > 0 {
			t.Errorf("%s: illegal moves have a scaled return of %v", name, e.Value)
		}
	}
}
