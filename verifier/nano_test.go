package verifier

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/model/embedded"
	"pawl/model/nano"
	"pawl/prompt"
	"pawl/recipe"
	"pawl/registry"
	"pawl/world"
	_ "pawl/world/multiply"
)

// nanoHost is a host whose solver is the model in the binary.
func nanoHost(t testing.TB) *coretest.Host {
	t.Helper()
	dir := t.TempDir()
	if err := nano.Write(dir); err != nil {
		t.Fatal(err)
	}
	h := coretest.NewHost(nil)
	h.Dialect = prompt.Compact
	e := embedded.New(h)
	p, err := e.Import(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := e.Actor(t.Context(), p, "solver", core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h.Actors = map[string]core.Actor{"solver": actor}
	return h
}

// sampledBy plays the first tasks of a world, k attempts at each.
func sampledBy(t testing.TB, h *coretest.Host, name string, level, n, k int) []*core.Episode {
	t.Helper()
	source, err := world.Open(name, world.Options{Split: "audit", Dialect: prompt.Compact, Level: level, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var eps []*core.Episode
	for i := range n {
		ep := core.NewEpisode(source.Task(i), 1)
		nodes, err := h.Actors["solver"].Act(t.Context(), core.Request{Path: ep.PathNodes(ep.Root()), N: k, Seed: uint64(i), Options: core.Options{MaxTokens: 60}})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range nodes {
			a.Parent = ep.Root()
			ep.Append(a)
		}
		eps = append(eps, ep)
	}
	return eps
}

// A real model completes its attempts from the ends of their steps, and some
// completions are right.
func TestStepsOnARealModel(t *testing.T) {
	h := nanoHost(t)
	h.Builder = func(ctx context.Context, host core.Host, s core.Spec) (any, error) {
		return registry.Default.Build(ctx, host, s)
	}
	eps := sampledBy(t, h, "multiply", 2, 2, 2)
	for _, text := range []string{
		"step_values: {by: oracle, completions: 2, value: mean}", "step_values: {by: {majority_vote: {losers: share}}, completions: 2, above: 0.2}",
		"first_error: {by: oracle, completions: 2}", "locate_error: {samples: 2}",
	} {
		v := fromRecipe(t, h, text)
		js, err := v.(core.BatchVerifier).VerifyBatch(t.Context(), eps)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		best := 0.0
		for _, j := range js {
			for _, s := range j.Scores {
				t.Logf("%s: %v %v %s", text, s.Value, s.Abstain, s.Rationale)
				best = max(best, s.Value)
			}
		}
		if best == 0 {
			t.Errorf("%s: no attempt is worth anything", text)
		}
	}
}

// Of attempts with one planted mistake, carried on consistently, the first error
// by completions is where the world's own judge sees it: before it the model gets
// the task right, after it never.
func TestFirstErrorIsWhereItWasPlanted(t *testing.T) {
	h := nanoHost(t)
	h.Builder = func(ctx context.Context, host core.Host, s core.Spec) (any, error) {
		return registry.Default.Build(ctx, host, s)
	}
	rules, _ := world.RulesOf("multiply")
	source, err := world.Open("multiply", world.Options{Split: "audit", Dialect: prompt.Compact, Level: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var eps []*core.Episode
	var planted []int
	for i := range 12 {
		task := source.Task(i)
		text, err := rules.Flaw(task.Reference, rand.New(rand.NewPCG(1, uint64(i))))
		if err != nil {
			t.Fatal(err)
		}
		judge, err := world.Oracle(task)
		if err != nil {
			t.Fatal(err)
		}
		eps, planted = append(eps, coretest.Episode(task, text)), append(planted, judge(text).FirstWrong)
	}
	js, err := fromRecipe(t, h, "first_error: {by: oracle, completions: 4}").(core.BatchVerifier).VerifyBatch(t.Context(), eps)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, j := range js {
		t.Logf("planted in step %d of %q: %s", planted[i], eps[i].Nodes[len(eps[i].Nodes)-1].Content, j.Scores[0].Rationale)
		if strings.HasPrefix(j.Scores[0].Rationale, fmt.Sprintf("step %d of ", planted[i])) {
			found++
		}
	}
	if found < 11 {
		t.Errorf("%d of %d planted mistakes are found", found, len(eps))
	}
}

// fromRecipe builds a verifier as a recipe spells it.
func fromRecipe(t testing.TB, h *coretest.Host, text string) core.Verifier {
	t.Helper()
	v, problems := recipe.Read("verifier", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	spec, found := registry.Default.Decode(core.KindVerifier, v, "verifier")
	if len(found) > 0 {
		t.Fatal(registry.Problems(found))
	}
	built, err := registry.Default.Build(t.Context(), h, spec)
	if err != nil {
		t.Fatal(err)
	}
	return built.(core.Verifier)
}

// Every signal of the model itself runs on a real one, and says something.
func TestConfidenceOnARealModel(t *testing.T) {
	h := nanoHost(t)
	eps := sampledBy(t, h, "multiply", 2, 4, 4)
	for _, text := range []string{
		"p_true", "p_true: {shown: 2}", "p_ik", "likelihood", "likelihood: {logprobs: anew}", "likelihood: {against: nothing}", "self_certainty",
		"token_entropy", "token_entropy: {over: answer}", "token_margin", "answer_confidence", "mc_dropout: {readings: 4, dropout: 0.05}",
		`last_token: {token: "?", reference: -9}`, `refine_or_stop: {refine: ";"}`, `refine_or_stop: {refine: "?", stop: ";"}`, "verbalized",
	} {
		js, err := fromRecipe(t, h, text).(core.BatchVerifier).VerifyBatch(t.Context(), eps)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		said, sum := 0, 0.0
		for _, j := range js {
			for _, s := range j.Scores {
				if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
					t.Errorf("%s: %+v", text, s)
				}
				if !s.Abstain {
					said, sum = said+1, sum+s.Value
				}
			}
		}
		t.Logf("%s: %d of %d judged, mean %.3f; %s", text, said, 4*len(eps), sum/float64(max(said, 1)), js[0].Scores[0].Rationale)
		// The model never learnt to state a percentage.
		if said == 0 && text != "verbalized" {
			t.Errorf("%s: it says nothing of any attempt: %s", text, js[0].Scores[0].Rationale)
		}
	}
}
