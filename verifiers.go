package pawl

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pawl/core"
	"pawl/registry"
)

// VerifierRow says how well a verifier that sees no answers judges a policy's
// attempts in a world.
type VerifierRow struct {
	World    string         `json:"world"`
	Level    int            `json:"level"`
	Sizes    map[string]int `json:"sizes,omitempty"` // that differ from those of the level
	Verifier string         `json:"verifier"`
	N        int            `json:"n"`        // tasks on which it has a verdict
	Attempts int            `json:"attempts"` // that it has a verdict on
	Silent   float64        `json:"silent"`   // share of all attempts that it abstains on

	// Of the attempt of the greatest value at each of N tasks; attempts of equal
	// value are drawn from.
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Sampled  float64 `json:"sampled"` // of any attempt at these tasks that it has a verdict on
	Gain     float64 `json:"gain"`    // accuracy minus sampled, paired by task
	GainLow  float64 `json:"gain_low"`
	GainTop  float64 `json:"gain_high"`

	// By how much the attempt chosen here is better than the one that another
	// verifier chooses, over all tasks, paired; where one of them abstains it is
	// worth any attempt. Nil where there is nothing to compare with.
	Against      string   `json:"against,omitempty"`
	Advantage    *float64 `json:"advantage,omitempty"`
	AdvantageLow *float64 `json:"advantage_low,omitempty"`
	AdvantageTop *float64 `json:"advantage_high,omitempty"`

	// Of attempts, by value. Nil where all are right or all wrong, or values are no
	// probabilities.
	AUROC       *float64 `json:"auroc,omitempty"`
	AUROCLow    *float64 `json:"auroc_low,omitempty"`
	AUROCTop    *float64 `json:"auroc_high,omitempty"`
	ECE         *float64 `json:"ece,omitempty"` // of the value as a probability that the attempt is right, in 10 bins of equal width
	CoverageAt5 float64  `json:"coverage_at_5"` // greatest share of all attempts, by value, of which at most 5% are wrong; those that it abstains on are not covered

	Tokens       float64 `json:"tokens"`       // that the model read or wrote for an attempt
	Milliseconds float64 `json:"milliseconds"` // for an attempt, many judged together

	// Of each task, verdict or not: its id, and the chance that the chosen attempt is
	// right; see Worth.
	Tasks  []string  `json:"-"`
	Chosen []float64 `json:"-"`
}

// VerifierOptions say which verifiers to measure where.
type VerifierOptions struct {
	EnvironmentOptions
	Verifiers []string // name, or name and settings in YAML; nil for Applicable
	Against   string   // another, whose choices every row is compared with; "" for none

	// In place of the worlds: tasks as LoadTasks reads them, with a reference answer
	// or an oracle, the first EnvironmentOptions.Tasks of them; and completions of
	// them in place of samples, of which all count.
	From        string
	Completions string

	Temperature float64     // of the samples; 0 for 1
	Judge       core.Policy // plays the seats that verifiers ask; nil for the policy itself

	// Seats that verifiers may ask beside the policy's: those of a recipe, name or
	// path, with the policies that play them. Left out, there is but solver.
	Recipe string
	Team   map[string]core.Policy

	// Votes adds a row of votes for answers as the world reads them, whatever they
	// are written as, before the others of a world: where answers are open, a
	// verifier that reads texts cannot count them so.
	Votes bool

	Greedy   bool                                 // also attempt each task greedily
	Verdicts func(row VerifierRow, of []Verdicts) // what a row is made of; may be nil
}

// Verdicts are what a verifier says of the attempts at one task, beside the truth.
type Verdicts struct {
	Task   core.Task
	Texts  []string  // of the attempts
	Right  []bool    // of each
	Values []float64 // of each; NaN where the verifier abstains
	Greedy bool      // whether the greedy attempt is right, where one was asked for
}

// Votes names the row of votes for answers as the world reads them.
const Votes = "votes"

// compositeVerifiers are applicable ones that take another verifier.
var compositeVerifiers = []string{"weighted_vote: {by: p_true}"}

// Applicable lists the verifiers that can judge attempts at any task without
// settings, reference answers, an oracle or a sandbox, by name.
func Applicable() []string {
	var names []string
	for _, c := range registry.Default.List(core.KindVerifier) {
		spec, problems := registry.Default.Decode(core.KindVerifier, registry.Scalar(c.Name), "verifier")
		if len(problems) > 0 {
			continue
		}
		beyond := func(need string) bool {
			return need == registry.NeedReference || need == registry.NeedOracle || need == registry.NeedSandbox
		}
		if !slices.ContainsFunc(registry.Default.Needs(spec), beyond) {
			names = append(names, c.Name)
		}
	}
	names = append(names, compositeVerifiers...)
	slices.Sort(names)
	return names
}

// lastPart reads the final answer of a compact solution, its last word: what follows
// the last step. The pattern is quoted since settings are YAML, where brackets are a
// list.
var lastPart = map[string]string{"extract": "regex", "pattern": "'[^; ]+;?$'"}

// WorldVerifier decodes a verifier for attempts at a world's tasks in the compact
// dialect: where it reads answers and is not told how, it reads the last word.
func WorldVerifier(text string) (core.Spec, error) {
	spec, err := verifierNamed(text, lastPart)
	if err != nil || strings.Contains(text, "extract") {
		return fileVerifier(text)
	}
	return spec, nil
}

// fileVerifier decodes a verifier for attempts in words.
func fileVerifier(text string) (core.Spec, error) {
	spec, err := verifierNamed(text, nil)
	if err != nil {
		return core.Spec{}, inputf("measuring verifiers: %w", err)
	}
	return spec, nil
}

// EvalVerifiers lets verifiers judge a policy's samples in worlds, the policy
// playing every seat that they ask, and compares them with the oracle. Of tasks
// that o.From names the truth is what Eval measures by; a nil policy is none, which
// recorded completions need not have.
func (p *Pawl) EvalVerifiers(ctx context.Context, policy core.Policy, o VerifierOptions) ([]VerifierRow, error) {
	if o.Completions == "" && o.Samples < 2 {
		return nil, inputf("measuring verifiers: --samples is %d: at least 2 a task are needed to choose from", o.Samples)
	}
	return p.judged(ctx, policy, o)
}

// judged is EvalVerifiers for any number of samples.
func (p *Pawl) judged(ctx context.Context, policy core.Policy, o VerifierOptions) ([]VerifierRow, error) {
	c, err := p.court(policy, o)
	if err != nil {
		return nil, err
	}
	if o.From != "" {
		return c.tasks(ctx)
	}
	names := slices.Sorted(maps.Keys(o.Worlds))
	if err := o.check(names); err != nil {
		return nil, err
	}
	actor, err := p.models.Actor(ctx, policy, "solver", core.Options{})
	if err != nil {
		return nil, err
	}
	model, ok := actor.(player)
	if !ok {
		return nil, fmt.Errorf("measuring verifiers: the model takes no batches or gives no log-probabilities")
	}
	if c.jury.plan, err = p.planOrAlone(o.Recipe); err != nil {
		return nil, err
	}
	if err := c.jury.plan.Override("seats.solver.max_tokens", fmt.Sprint(longestAnswer)); err != nil {
		return nil, err
	}
	var rows []VerifierRow
	for i, name := range names {
		v := visit{model: model, o: o.EnvironmentOptions, name: name, level: o.Worlds[name], index: i, of: len(names)}
		b, err := v.sampled(ctx, o)
		if err == nil && b != nil { // nil: a play of which nothing is right or wrong
			var found []VerifierRow
			found, err = c.hear(ctx, b, func(part string) { v.told(part, 0) })
			rows = append(rows, found...)
		}
		if err != nil {
			return nil, fmt.Errorf("measuring verifiers in world %s: %w", name, err)
		}
	}
	return rows, nil
}

// heat is the temperature of the samples.
func (o VerifierOptions) heat() float64 { return cmp.Or(o.Temperature, 1) }

// sampled are samples of each task, and which of them are right;
// nil in a world in which nothing is. A play is one attempt, its transcript.
func (v *visit) sampled(ctx context.Context, o VerifierOptions) (*bench, error) {
	if err := v.draw(); err != nil {
		return nil, err
	}
	if v.rules.Judge == nil {
		return nil, nil
	}
	b := &bench{name: v.name, level: v.level, sizes: v.o.Sizes[v.name], right: make([][]bool, len(v.tasks))}
	if o.Greedy {
		first, err := v.attempts(ctx, "greedy", 1, 0)
		if err != nil {
			return nil, err
		}
		for _, of := range first {
			b.greedy = append(b.greedy, of[0].right)
		}
	}
	attempts, err := v.attempts(ctx, "samples", v.o.Samples, o.heat())
	if err != nil {
		return nil, err
	}
	for i, t := range v.tasks {
		if o.Votes {
			b.votes = append(b.votes, vote(attempts[i]))
		}
		ep := core.NewEpisode(t, v.o.Seed)
		for _, a := range attempts[i] {
			n := a.node
			n.Parent, n.Actor, n.Role, n.Content = ep.Root(), "solver", core.RoleAssistant, oneLine(a.text)
			ep.Append(n)
			b.right[i] = append(b.right[i], a.right)
		}
		b.eps = append(b.eps, ep)
	}
	return b, nil
}
