package optimizer

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/stats"
)

// lead is how many more a's than b's a text has.
func lead(text string) int { return strings.Count(text, "a") - strings.Count(text, "b") }

// stepwise is attempts cut into steps of one to three letters, each of which is
// right while no more b's than a's have been written.
func stepwise(seed uint64, n int) []*core.Example {
	r := rand.New(rand.NewPCG(seed, 1))
	var exs []*core.Example
	for range n {
		ep := core.NewEpisode(coretest.Task("t", "p", ""), 0)
		values, at, text := []float32{0}, ep.Root(), ""
		for range 2 + r.IntN(3) {
			step := ""
			for range 1 + r.IntN(3) {
				step += string("abc"[r.IntN(3)])
			}
			text += step
			at = ep.Append(core.Node{Parent: at, Actor: "solver", Role: core.RoleAssistant, Content: step})
			value := float32(0)
			if lead(text) >= 0 {
				value = 1
			}
			values = append(values, value)
		}
		exs = append(exs, &core.Example{
			Episode: ep, Leaves: []core.Ref{at}, Labels: []float64{float64(values[len(values)-1])},
			Signals: map[string][][]float32{core.SignalSteps: {values}},
		})
	}
	return exs
}

// Where a head is asked, by level: the attempt "ab" of label 1 after the task "p",
// whose tokens follow a prompt of so many and come before an end token.
func TestPointsOfLevels(t *testing.T) {
	b := newBench(t, nil)
	enc, err := b.Encoder(t.Context(), b.model)
	if err != nil {
		t.Fatal(err)
	}
	ep := core.NewEpisode(coretest.Task("t", "p", ""), 0)
	first := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: "a"})
	last := ep.Append(core.Node{Parent: first, Actor: "solver", Role: core.RoleAssistant, Content: "b"})
	whole := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: "ab"})
	prompt, _, err := enc.EncodePath(ep.PathNodes(ep.Root()))
	if err != nil {
		t.Fatal(err)
	}
	n := len(prompt)
	for level, want := range map[string][]point{
		levelOutcome: {{n + 3, 1}},
		levelTask:    {{n, 1}},
		levelToken:   {{n + 1, 1}, {n + 2, 1}, {n + 3, 1}},
		levelStep:    {{n + 1, 0.25}, {n + 3, 1}},
	} {
		ex := &core.Example{Episode: ep, Leaves: []core.Ref{whole}, Labels: []float64{1}}
		if level == levelStep {
			ex = &core.Example{Episode: ep, Leaves: []core.Ref{last}, Labels: []float64{1}, Signals: map[string][][]float32{core.SignalSteps: {{0, 0.25, 1}}}}
		}
		for _, imitates := range []bool{false, true} {
			rows, err := valued(level, imitates)(enc, ex)
			if err != nil || len(rows) != 1 {
				t.Fatalf("%s: %d rows (%v)", level, len(rows), err)
			}
			r := rows[0]
			if len(r.points) != len(want) {
				t.Fatalf("%s: %v, want %v", level, r.points, want)
			}
			weighed := 0
			for i, p := range r.points {
				if p != want[i] {
					t.Errorf("%s: %v, want %v", level, r.points, want)
				}
				if p.at < len(r.tokens) && r.weights[p.at] == 0 {
					t.Errorf("%s: nothing is computed at %d", level, p.at)
				}
			}
			for _, w := range r.weights {
				weighed += int(w)
			}
			if computed := map[string]int{levelTask: 1, levelToken: 2, levelStep: 1}[level]; !imitates && weighed != computed || imitates && weighed != 3 {
				t.Errorf("%s, imitating %v: %d tokens have weight", level, imitates, weighed)
			}
		}
	}
	// What a path is without, and what its signal is without.
	for name, ex := range map[string]*core.Example{
		"no values of steps": {Episode: ep, Leaves: []core.Ref{last}, Labels: []float64{1}},
		"values":             {Episode: ep, Leaves: []core.Ref{last}, Labels: []float64{1}, Signals: map[string][][]float32{core.SignalSteps: {{1}}}},
		"ends with no":       {Episode: ep, Leaves: []core.Ref{ep.Root()}, Labels: []float64{1}, Signals: map[string][][]float32{core.SignalSteps: {{1}}}},
	} {
		if _, err := valued(levelStep, false)(enc, ex); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := valued(levelToken, false)(enc, &core.Example{Episode: ep, Leaves: []core.Ref{ep.Root()}, Labels: []float64{1}}); err == nil {
		t.Error("a path without an attempt has a value at every token")
	}
}

// levelled trains at a level and returns who values under the policy.
func levelled(t *testing.T, b *bench, c TrainVerifier, exs []*core.Example) core.TokenValuer {
	t.Helper()
	p, err := verifierOf(t, b, c).Optimize(t.Context(), b.model, coretest.Examples(exs...))
	if err != nil {
		t.Fatal(err)
	}
	actor, err := b.engine.Actor(t.Context(), p, "judge", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return actor.(core.TokenValuer)
}

// A process verifier tells at the end of every step whether it is right so far, in
// texts that it has not seen; one that learnt outcomes alone tells it less well.
func TestProcessVerifier(t *testing.T) {
	b := losses(newBench(t, nil))
	var paths [][]core.Node
	for _, ex := range stepwise(2, 80) {
		path := ex.Episode.PathNodes(ex.Leaves[0])
		whole := core.Node{Parent: 1, Role: core.RoleAssistant}
		for _, n := range path[1:] {
			whole.Content += n.Content
		}
		paths = append(paths, []core.Node{path[0], whole})
	}
	area := map[string]float64{}
	for _, level := range []string{levelStep, levelOutcome} {
		c := headed("outcome", 120)
		c.Batch, c.Level = 16, level
		exs := stepwise(1, 300)
		if level == levelOutcome {
			for _, ex := range exs {
				ex.Signals = nil
			}
		}
		values, err := levelled(t, b, c, exs).TokenValues(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		var scores []float64
		var right []bool
		for i, v := range values {
			text := paths[i][1].Content
			if strings.Join(v.Text, "") != text || len(v.Values) != len(text)+1 {
				t.Fatalf("%q is spelt %q, with %d values", text, v.Text, len(v.Values))
			}
			for k := range len(text) - 1 { // not the end, which both have learnt
				scores, right = append(scores, v.Values[k]), append(right, lead(text[:k+1]) >= 0)
			}
		}
		area[level], _ = stats.AUROC(scores, right)
	}
	t.Logf("AUROC of prefixes: %v", area)
	if area[levelStep] < 0.97 || area[levelStep] <= area[levelOutcome] {
		t.Errorf("AUROC of prefixes: %v", area)
	}
}

// With level: token the value of an attempt shows before its end, and with lm the
// model comes to write what is right.
func TestTokenVerifierImitates(t *testing.T) {
	b := losses(newBench(t, nil))
	exs := judged(1, 150)
	logp := map[float64]float64{}
	for _, lm := range []float64{0, 1} {
		c := headed("outcome", 80)
		c.Batch, c.Level, c.LM = 16, levelToken, lm
		actor := levelled(t, b, c, exs)
		var paths [][]core.Node
		var right []bool
		for _, ex := range judged(2, 60) {
			paths, right = append(paths, ex.Episode.PathNodes(ex.Leaves[0])), append(right, ex.Labels[0] == 1)
		}
		values, err := actor.TokenValues(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := actor.Values(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		var before []float64
		for i, v := range values {
			n := len(v.Values)
			if v.Values[n-1] != ends[i] {
				t.Fatalf("the last value is %v, that of the whole %v", v.Values[n-1], ends[i])
			}
			before = append(before, v.Values[n-2])
		}
		if area, _ := stats.AUROC(before, right); area < 0.75 {
			t.Errorf("lm %v: before the end token the AUROC is %v", lm, area)
		}
		lps, err := actor.(core.Scorer).Score(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		for i, of := range lps {
			if right[i] {
				for _, lp := range of {
					logp[lm] += float64(lp)
				}
			}
		}
	}
	if logp[1] < logp[0]+60 {
		t.Errorf("right attempts have log-probability %v with lm, %v without", logp[1], logp[0])
	}
}

// P(IK): the share of right attempts at a task, told before any.
func TestTaskVerifier(t *testing.T) {
	b := losses(newBench(t, nil))
	share := map[string]float64{"p": 0.9, "q": 0.5, "r": 0.1}
	r := rand.New(rand.NewPCG(5, 5))
	var exs []*core.Example
	for range 400 {
		prompt := string("pqr"[r.IntN(3)])
		ep := core.NewEpisode(coretest.Task("t", prompt, ""), 0)
		leaf := ep.Append(core.Node{Parent: ep.Root(), Actor: "solver", Role: core.RoleAssistant, Content: string("abc"[r.IntN(3)])})
		label := 0.0
		if r.Float64() < share[prompt] {
			label = 1
		}
		exs = append(exs, &core.Example{Episode: ep, Leaves: []core.Ref{leaf}, Labels: []float64{label}})
	}
	c := headed("outcome", 100)
	c.Batch, c.Level = 32, levelTask
	actor := levelled(t, b, c, exs)
	for prompt, want := range share {
		v, err := actor.Values(t.Context(), [][]core.Node{core.NewEpisode(coretest.Task("t", prompt, ""), 0).PathNodes(1)})
		if got := 1 / (1 + math.Exp(-v[0])); err != nil || math.Abs(got-want) > 0.15 {
			t.Errorf("task %s: %v, want %v (%v)", prompt, got, want, err)
		}
	}
}

func TestLevelsThatDoNotGoTogether(t *testing.T) {
	b := losses(newBench(t, nil))
	c := headed("pairwise", 1)
	c.Level = levelStep
	if _, err := newTrainVerifier(t.Context(), b, c); err == nil || !strings.Contains(err.Error(), "compares whole attempts") {
		t.Errorf("pairs of steps: %v", err)
	}
	for _, c := range []TrainVerifier{{Alone: true, LM: 1}, {Level: levelTask, LM: 1}} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
