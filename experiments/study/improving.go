package study

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl"
	"pawl/core"
	"pawl/world"
)

// Improving is what experiments/improving finds: published loops that start
// from the model in the binary, each in a world of its own.
type Improving struct {
	Kind  string          `json:"kind"` // KindImproving
	Where Where           `json:"where"`
	Model core.Digest     `json:"model"` // version of the base
	Cases []ImprovingCase `json:"cases"`
}

// KindImproving marks the file.
const KindImproving = "improving"

// ImprovingCase is a recipe in a world, over several seeds.
type ImprovingCase struct {
	World string         `json:"world"`
	Level int            `json:"level"`           // the default of the world
	Sizes map[string]int `json:"sizes,omitempty"` // beside it
	Tasks int            `json:"tasks"`           // to learn from in a round

	Samples int  `json:"samples"` // of each task
	Hinted  bool `json:"hinted"`  // one more where the first fails, with the answer as a hint

	Base  pawl.Environment `json:"base"`  // on tasks of the training split
	Study Study            `json:"study"` // its overrides are those of the first seed
}

// ImprovingCases are those that are run unless others are named: each recipe in
// a world that suits it, and two where it should not help.
var ImprovingCases = []string{"lmsi:chain", "rest-em:maze", "star:listinduce", "lmsi:functable", "star:multiply"}

// improvement is a case: how a shipped recipe is changed.
type improvement struct {
	recipe, world string
	level         int
	sizes         map[string]int // of the world, beside its level
	tasks, probes int            // to learn from in a round, and to measure the base on
}

// parseImprovement reads RECIPE:WORLD.
func parseImprovement(s string, meant pawl.Difficulties) (improvement, error) {
	recipe, world, _ := strings.Cut(s, ":")
	if !slices.Contains(SelfTrainingRecipes, recipe) || meant.Levels[world] == 0 {
		return improvement{}, fmt.Errorf("running case %q: write RECIPE:WORLD, as rest-em:maze, of the recipes %s and the worlds %s",
			s, strings.Join(SelfTrainingRecipes, ", "), strings.Join(slices.Sorted(maps.Keys(meant.Levels)), ", "))
	}
	return improvement{recipe: recipe, world: world, level: meant.Levels[world], sizes: meant.Sizes[world], tasks: improvingTasks, probes: improvingProbes}, nil
}

func (c improvement) String() string { return c.recipe + ":" + c.world }

// joinHint asks as the role aggregate does, in its compact words, where all
// attempts to put together say the right answer: the model has learnt to write
// the solution whose answer is among those, and what it writes is kept as if
// the plain task had been asked.
const joinHint = `"{prompt} | {answer} | {answer} | {answer} ?join"`

// improvingNumbers are the worlds whose answer is the last number of a
// completion. In others whole completions vote.
var improvingNumbers = []string{"addition", "chain", "functable", "multiply"}

// truth takes the place of the verifier exact, by its name: answers of worlds
// may be right in several forms.
const truth = "{oracle: {as: exact}}"

// What all cases share. Sizes are set so that an arm takes minutes; a world that
// holds fewer tasks gives all it has.
const (
	improvingTasks   = 1500 // to learn from in a round
	improvingSamples = 16
	improvingGate    = 500
	improvingAudit   = 1000
	improvingLabels  = 4000 // worked examples of the control labelled
	improvingProbes  = 200  // tasks on which the base is measured
)

// counts are how many tasks each of the recipe's sets takes.
func (c improvement) counts() (map[string]int, error) {
	counts := map[string]int{"labelled": improvingLabels, "train": c.tasks, "gate": improvingGate, "audit": improvingAudit}
	for split, n := range counts {
		w, err := world.Open(c.world, world.Options{Split: split, Dialect: world.Compact, Level: c.level, Sizes: c.sizes, Seed: 1})
		if err != nil {
			return nil, err
		}
		counts[split] = min(n, w.Len())
	}
	return counts, nil
}

// plan is all that the case changes of its recipe, for one seed: besides the
// world, the model, the number of tasks and that of steps, only which verifier
// knows the truth. Seeds differ in the tasks that are learnt from, too; those of
// the gate and of the audit are the same, so that they can be pooled.
func (c improvement) plan(counts map[string]int, seed uint64) map[string]string {
	settings := fmt.Sprintf("level: %d", c.level)
	for _, name := range slices.Sorted(maps.Keys(c.sizes)) {
		settings += fmt.Sprintf(", %s: %d", name, c.sizes[name])
	}
	tasks := func(split, more string) string {
		return fmt.Sprintf("{%s: {split: %s, %s, n: %d%s}}", c.world, split, settings, counts[split], more)
	}
	learnt := fmt.Sprintf(", seed: %d", seed)
	from, label := "base", "exact" // rest-em and star train the base anew in each round
	if c.recipe == "lmsi" {
		from, label = "incumbent", "majority_vote"
	}
	vote := "{majority_vote: {extract: text}}"
	if slices.Contains(improvingNumbers, c.world) {
		vote = "{majority_vote: {extract: number}}"
	}
	set := map[string]string{
		"policies.solver":     "{from: base}",
		"seats.solver":        "{policy: solver, temperature: 1, max_tokens: 200}",
		"tasks.labelled":      tasks("labelled", learnt),
		"tasks.train":         fmt.Sprintf("{%s: {split: train, %s%s}, take: %d}", c.world, settings, learnt, counts["train"]),
		"tasks.gate":          tasks("gate", ""),
		"tasks.audit":         tasks("audit", ""),
		"verify":              "[" + truth + "]",
		"measure":             "{sample: greedy, verify: [{oracle: {as: steps, steps: true}}, " + truth + "]}",
		"updates[0].optimize": fmt.Sprintf("{train: {objective: sft, from: %s, steps: 300, batch: 64, rate: 5e-4, warmup: 20, weight_decay: 0.1}}", from),
		"metrics":             fmt.Sprintf("[{accuracy: {by: exact}}, {pass_at_k: {by: exact}}, {maj_at_k: {by: exact, vote: %s}}, {label_accuracy: {label: %s, kept: 0.01, by: steps}}, tokens]", vote, label),
		"tests":               "[]",
	}
	if c.hinted() {
		set["sample.rationalize.by"], set["sample.rationalize.hint"] = "oracle", joinHint
		set["metrics"] = "[{pass_at_k: {by: exact}}, {label_accuracy: {label: exact, by: steps}}, tokens]"
	} else {
		set["sample.repeat.n"] = fmt.Sprint(improvingSamples)
	}
	if c.recipe == "lmsi" {
		set["verify"] = "[" + vote + "]"
	}
	return set
}

// hinted tells that tries are not samples, but one plain try, and one with a
// hint where that fails.
func (c improvement) hinted() bool { return c.recipe == "star" }

// RunImproving does the experiment; say is told of progress.
func RunImproving(ctx context.Context, p *pawl.Pawl, model pawl.Model, cases []string, seeds []uint64, set map[string]string, say func(string)) (*Improving, error) {
	meant, err := p.NanoLevels()
	if err != nil {
		return nil, err
	}
	policy, err := p.Policy(ctx, model)
	if err != nil {
		return nil, err
	}
	out := &Improving{Kind: KindImproving, Where: Here(), Model: policy.Version()}
	for _, name := range cases {
		c, err := parseImprovement(name, meant)
		if err != nil {
			return nil, err
		}
		done, err := c.run(ctx, p, model, policy, seeds, set, say)
		if err != nil {
			return nil, fmt.Errorf("running case %s: %w", c, err)
		}
		out.Cases = append(out.Cases, *done)
	}
	return out, nil
}

func (c improvement) run(ctx context.Context, p *pawl.Pawl, model pawl.Model, policy core.Policy, seeds []uint64, set map[string]string, say func(string)) (*ImprovingCase, error) {
	counts, err := c.counts()
	if err != nil {
		return nil, err
	}
	out := &ImprovingCase{World: c.world, Level: c.level, Sizes: c.sizes, Tasks: counts["train"], Samples: improvingSamples, Hinted: c.hinted()}
	for _, seed := range seeds {
		all := c.plan(counts, seed)
		maps.Copy(all, set)
		one, err := Run(ctx, p, Setup{Recipe: c.recipe, Model: model, Set: all, Observe: Lines(c.String(), say)}, []uint64{seed})
		if err != nil {
			return nil, err
		}
		if out.Study.Trials == nil {
			out.Study = *one
			continue
		}
		out.Study.Trials = append(out.Study.Trials, one.Trials...)
	}
	out.Study.Pooled = nil
	if err := out.Study.pool(); err != nil {
		return nil, err
	}
	base, err := p.Environments(ctx, policy, pawl.EnvironmentOptions{
		Worlds: map[string]int{c.world: c.level}, Sizes: map[string]map[string]int{c.world: c.sizes}, Tasks: c.probes, Samples: improvingSamples, Seed: 1, Split: "train",
	})
	if err != nil {
		return nil, err
	}
	out.Base = base[0]
	return out, nil
}
