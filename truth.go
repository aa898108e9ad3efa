package pawl

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/core"
	"pawl/model/sim"
	"pawl/registry"
	"pawl/verifier"
	"pawl/world"
)

// truth is the hidden channel of simulations: what is right at a task, by the
// same oracles and comparisons by which answers are measured.
type truth struct{ p *Pawl }

// hidden is what simulations know. Models of other kinds never see it.
func (t truth) hidden() sim.Hidden { return sim.Hidden{Problem: t.problem, Pose: posed} }

// posed makes the task that a compact prompt of a world poses on its own.
func posed(text string) (core.Task, bool) {
	for _, name := range world.Names() {
		r, _ := world.RulesOf(name)
		if r.Read == nil || r.Judge == nil {
			continue
		}
		if t, err := r.Read(text); err == nil {
			return t, true
		}
	}
	return core.Task{}, false
}

// problem is the hidden side of one task.
func (t truth) problem(task core.Task) (sim.Problem, error) {
	if len(task.Reference) == 0 {
		return sim.Problem{}, sim.ErrUnknown
	}
	w := &writer{task: task, ref: task.Ref()}
	_ = json.Unmarshal(task.Reference, &w.row) // a reference of another form has none of these
	w.rules, _ = world.RulesOf(w.ref.World)
	if w.row.Target != nil {
		w.rules, _ = world.RulesOf("countdown") // puzzles of a file's own
	}
	var err error
	if w.right, err = t.judge(w); err != nil {
		return sim.Problem{}, err
	}
	p := sim.Problem{ID: task.ID, Level: w.level(), Write: w.write, Right: w.right}
	ctx := context.Background()
	text, err := w.write(ctx, rand.New(rand.NewPCG(1, 1)), true, false)
	if err != nil {
		return p, err
	}
	opened, err := w.right(ctx, "Let me see.\n"+text)
	p.Alone = !opened
	if err == nil && world.HasOracle(task) && w.rules.Steps != nil {
		judge, err := world.Oracle(task)
		if err != nil {
			return p, err
		}
		p.FirstWrong = func(attempt string) int { return judge(attempt).FirstWrong }
	}
	return p, err
}

// judge tells right attempts from wrong ones: by the world's oracle, or by the
// verifier that rows of this kind are measured with.
func (t truth) judge(w *writer) (func(context.Context, string) (bool, error), error) {
	task := w.task
	if world.HasOracle(task) {
		judge, err := world.Oracle(task)
		if err != nil {
			return nil, err
		}
		return func(_ context.Context, attempt string) (bool, error) { return judge(attempt).Right, nil }, nil
	}
	name := "exact"
	switch {
	case w.row.Test != "" || w.row.Cases != nil:
		name = "cases"
	case w.row.Choices != nil:
		name = "multiple_choice"
	case w.row.Target != nil:
		name = "countdown"
	}
	spec, err := verifierNamed(name, nil)
	if err != nil {
		return nil, err
	}
	v, err := registry.Make[core.Verifier](context.Background(), registry.Default, newVerifyHost(t.p, &Verification{spec: spec}), spec)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, attempt string) (bool, error) {
		ep := core.NewEpisode(task, 1)
		leaf := ep.Append(core.Node{Parent: ep.Root(), Role: core.RoleAssistant, Content: attempt})
		j, err := v.Verify(ctx, ep, []core.Ref{leaf})
		if err != nil {
			return false, err
		}
		if len(j.Scores) != 1 || j.Scores[0].Abstain {
			return false, fmt.Errorf("simulating task %s: %s cannot tell what is right at it: %s; a simulation wants tasks with answers", task.ID, name, j.Scores[0].Rationale)
		}
		return j.Scores[0].Value == 1, nil
	}, nil
}

// writer writes attempts at a task.
type writer struct {
	row struct { // what tells kinds of rows apart
		Level   int             `json:"level"`
		Test    string          `json:"test"`
		Cases   json.RawMessage `json:"cases"`
		Choices []string        `json:"choices"`
		Target  *int            `json:"target"`
	}
	task  core.Task
	ref   core.Reference
	rules world.Rules
	right func(context.Context, string) (bool, error)
}

// level is what the reference says, or by the steps of the worked solution: two or
// fewer are level 1, six or more level 5, and no solution is in the middle.
func (w *writer) level() int {
	if w.row.Level > 0 {
		return min(w.row.Level, sim.Levels)
	}
	steps := 0
	if w.rules.Steps != nil && w.ref.Solution != "" {
		steps = len(w.rules.Steps(w.ref.Solution))
	}
	if steps < 2 {
		steps = 0
		for line := range strings.Lines(w.ref.Solution) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "####") {
				steps++
			}
		}
	}
	if steps == 0 {
		return world.StandardLevel
	}
	return min(max(steps-1, 1), sim.Levels)
}

// triesWriting is how often a wrong attempt is written anew that happens to be
// right.
const triesWriting = 16

func (w *writer) write(ctx context.Context, r *rand.Rand, right, typical bool) (string, error) {
	if typical {
		r = rand.New(rand.NewPCG(core.NewHasher("typical").String(w.task.ID).Seed(), 0))
	}
	for range triesWriting {
		for _, text := range w.candidates(r, right) {
			is, err := w.right(ctx, text)
			if err != nil {
				return "", err
			}
			if is == right {
				return text, nil
			}
		}
	}
	kind := map[bool]string{true: "right", false: "wrong"}[right]
	return "", fmt.Errorf("simulating task %s: there is no way to write a %s attempt at it; give it an answer or a worked solution", w.task.ID, kind)
}

// candidates are texts that are likely to be as they should, the best first.
func (w *writer) candidates(r *rand.Rand, right bool) (all []string) {
	add := func(text string, err error) {
		if err == nil && text != "" {
			all = append(all, text)
		}
	}
	answer := w.ref.Answer
	if i := strings.LastIndex(answer, "####"); i >= 0 {
		answer = strings.TrimSpace(answer[i+4:])
	}
	if answer == "" && w.ref.Solution != "" {
		answer = verifier.Extract{}.Answer(w.ref.Solution)
	}
	body := ""
	if i := strings.LastIndex(w.ref.Solution, "####"); i >= 0 {
		body = w.ref.Solution[:i]
	}
	if right {
		if w.rules.Variant != nil {
			add(w.rules.Variant(w.task.Reference, r))
		}
		add(w.ref.Solution, nil)
	} else {
		if w.rules.Flaw != nil {
			add(w.rules.Flaw(w.task.Reference, r))
		}
		if answer != "" {
			answer = sim.Mistake(answer, r)
		}
		add("    return None\n", nil) // a program that does nothing
	}
	if answer != "" {
		first := body + "#### " + answer
		if !right && w.rules.Flaw == nil {
			all = append([]string{first}, all...)
		}
		all = append(all, first, "#### "+answer, answer)
	}
	return all
}
