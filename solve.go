package pawl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"pawl/core"
	"pawl/loop"
	"pawl/nn"
	"pawl/recipe"
	"pawl/registry"
	"pawl/store"
	"pawl/world"
)

// SolveOptions say who answers and how.
type SolveOptions struct {
	Recipe      string   // its inference half answers; "" asks the model alone
	Model       Model    // the zero Model is the newest run, of the recipe if one is named
	Temperature *float64 // nil: the recipe's, or greedy
	MaxTokens   int      // of one attempt; 0: the recipe's, or DefaultMaxTokens
	N           int      // attempts of a model asked alone; 0 is one
	Steering    recipe.Steering
	Seed        uint64
	Observe     func(loop.Event)
}

// DefaultMaxTokens bounds the answer of a model that is asked without a recipe.
const DefaultMaxTokens = 256

// Solution is what came of one task.
type Solution struct {
	ID         string   `json:"id"`
	Prompt     string   `json:"prompt"`
	Completion string   `json:"completion"`
	Abstained  bool     `json:"abstained"` // the recipe's rule gives no answer; Completion is ""
	Attempts   []string `json:"attempts,omitempty"`
	By         string   `json:"by,omitempty"`    // the verifier that chose
	Value      *float64 `json:"value,omitempty"` // its score of the answer
	// Finish says how the answer ended: "length" is an answer that the token limit
	// cut, which need not hold to what an answer was to be like. Finishes are
	// those of the attempts.
	Finish   string     `json:"finish,omitempty"`
	Finishes []string   `json:"finishes,omitempty"`
	Usage    core.Usage `json:"usage"`
}

// Cut counts what the token limit cut, and what it could have cut: the attempts,
// or the answer.
func (s *Solution) Cut() (cut, of int) {
	all := s.Finishes
	if all == nil {
		all = []string{s.Finish}
	}
	for _, finish := range all {
		if finish == "length" {
			cut++
		}
	}
	return cut, len(all)
}

// Solve answers tasks and gives each solution to sink, in order. Reference
// answers play no part, but tasks of played worlds are played by theirs.
func (p *Pawl) Solve(ctx context.Context, tasks []core.Task, o SolveOptions, sink func(Solution) error) error {
	s, err := p.solving(ctx, tasks, o)
	if err != nil {
		return err
	}
	err = s.each(ctx, tasks, func(ep *core.Episode, err error) error {
		if err != nil {
			return err // its answer would pass for an abstention
		}
		return sink(solution(s.plan, ep))
	})
	unserved, unknown := (*core.UnservedError)(nil), (*nn.UnknownTextError)(nil)
	if errors.As(err, &unknown) && !errors.As(err, &unserved) && len(tasks) == 1 {
		return inputf("solving: the model cannot read %q: its tokenizer has no tokens for all of it"+asTrained, tasks[0].Text())
	}
	return err
}

// asTrained is what to do about words that a model has no tokens for.
const asTrained = "; ask as the model's training tasks do: pawl export --tasks train shows a run's"

// solving is who answers and how, made ready.
type solving struct {
	*Pawl
	o      SolveOptions
	plan   *recipe.Plan
	policy core.Policy
	team   map[string]core.Policy

	settings core.Digest // see settled
	caveat   string
}

func (p *Pawl) solving(ctx context.Context, tasks []core.Task, o SolveOptions) (*solving, error) {
	if o.Temperature != nil && (*o.Temperature < 0 || math.IsNaN(*o.Temperature) || math.IsInf(*o.Temperature, 0)) {
		return nil, inputf("solving: the temperature is %v; it must be 0 or more", *o.Temperature)
	}
	if o.MaxTokens < 0 || o.N < 0 {
		return nil, inputf("solving: %d tokens and %d attempts; neither may be negative", o.MaxTokens, o.N)
	}
	plan, err := p.solver(&o, tasks)
	if err != nil {
		return nil, input(err)
	}
	policy, err := p.policyFor(ctx, p.defaultModel(ctx, o.Model, o.Recipe), these(tasks))
	if err != nil {
		return nil, input(err)
	}
	s := &solving{Pawl: p, o: o, plan: plan, policy: policy, team: map[string]core.Policy{}}
	for _, lane := range plan.Policies {
		s.team[lane.Name] = policy
	}
	s.settings = s.settled()
	s.caveat, err = p.warn(ctx, s.team, o.Observe)
	return s, err
}

// each answers tasks; an episode comes with the error of a task that could not be
// answered.
func (s *solving) each(ctx context.Context, tasks []core.Task, sink func(*core.Episode, error) error) error {
	player := s.player(s.plan, s.o.Seed, s.o.Observe)
	player.Parallel = s.parallel(ctx, s.team)
	player.Served = player.Parallel > 0
	err := player.AttemptEach(ctx, s.team, s.plan.Sample, s.plan.Inference(), tasks, func(ep *core.Episode, err error) error {
		return sink(ep, refusal(err))
	})
	return refusal(err)
}

// refusal marks errors of what a model cannot be asked as the caller's.
func refusal(err error) error {
	unserved, unknown := (*core.UnservedError)(nil), (*nn.UnknownTextError)(nil)
	switch {
	case IsInput(err) && !errors.As(err, &unknown):
		return err
	case errors.As(err, &unserved):
		return inputf("solving: %w", unserved)
	case uncalibrated(err):
		return inputf("solving: %w", err)
	case errors.As(err, &unknown):
		return inputf("%w"+asTrained, err)
	}
	return err
}

// uncalibrated tells whether nothing that can be read says which answers keep the
// risk that a recipe names.
func uncalibrated(err error) bool {
	return errors.Is(err, loop.ErrUncalibrated) || errors.Is(err, loop.ErrCalibrationFile)
}

// alone is the recipe of a model that is asked without one.
const alone = `
policies: {solver: {from: base}}
seats:    {solver: {policy: solver}}
sample:   {repeat: {n: 1}}
verify:   []
measure:  {sample: greedy, verify: [exact]}
`

// solver is the recipe that answers, with what the options change.
func (p *Pawl) solver(o *SolveOptions, tasks []core.Task) (*recipe.Plan, error) {
	plan, err := planAlone(tasks, false)
	if o.Recipe != "" {
		plan, err = p.Recipe(o.Recipe)
	}
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	if o.Recipe == "" {
		set["sample."+plan.Sample.Name+".n"] = fmt.Sprint(max(o.N, 1))
		if o.Temperature == nil {
			o.Temperature = new(float64)
		}
		if o.MaxTokens == 0 {
			o.MaxTokens = DefaultMaxTokens
		}
	} else if o.N > 0 {
		return nil, fmt.Errorf("solving with recipe %s: it says itself how many attempts it makes; change that with a recipe of your own, or leave n out", plan.Name)
	}
	for _, seat := range plan.Seats {
		if seat.Env.Name != "" {
			continue
		}
		if o.Temperature != nil {
			set["seats."+seat.Name+".temperature"] = fmt.Sprint(*o.Temperature)
		}
		if o.MaxTokens > 0 {
			set["seats."+seat.Name+".max_tokens"] = fmt.Sprint(o.MaxTokens)
		}
	}
	for path, value := range set {
		if err := plan.Override(path, value); err != nil {
			return nil, err
		}
	}
	if err := plan.Steer(o.Steering); err != nil {
		return nil, fmt.Errorf("solving: %w", err)
	}
	return plan, nil
}

// planOrAlone loads a recipe, or the one that only asks the model.
func (p *Pawl) planOrAlone(name string) (*recipe.Plan, error) {
	if name != "" {
		return p.Recipe(name)
	}
	plan, problems := recipe.Parse(registry.Default, "alone.yaml", []byte(alone))
	if len(problems) > 0 {
		return nil, problems
	}
	return plan, nil
}

// defaultModel makes a model that names no weights the newest run of the
// recipe, or of any.
func (p *Pawl) defaultModel(ctx context.Context, m Model, name string) Model {
	if m.Kind != "" {
		return m
	}
	m = Model{Kind: ModelRun, text: "run"}
	runs, err := p.store.Runs(ctx)
	if name == "" || err != nil {
		return m
	}
	for _, r := range runs {
		if r.Recipe == name && r.Policies != nil {
			m.Arg, m.text = r.ID, "run:"+r.ID
			return m
		}
	}
	return m
}

// player is a run that records nothing: for answering and measuring.
func (p *Pawl) player(plan *recipe.Plan, seed uint64, observe func(loop.Event)) *loop.Run {
	return &loop.Run{Plan: plan, Seed: max(seed, 1), Ledger: shelf{p.store}, Models: p.models, Registry: registry.Default, Observe: observe, Sandbox: p.Sandbox}
}

// said is the text of an attempt; of a play, its moves, one a line.
func said(ep *core.Episode, leaf core.Ref) string {
	if _, played := core.OutcomeOf(*ep.Node(leaf)); !played {
		return ep.Node(leaf).Content
	}
	return strings.Join(world.MovesOf(ep.PathNodes(leaf)[ep.Root():]), "\n")
}

// solution reads an episode that was answered.
func solution(plan *recipe.Plan, ep *core.Episode) Solution {
	s := Solution{ID: ep.Task.ID, Prompt: ep.Task.Text(), By: plan.Answer.By, Usage: ep.Usage, Abstained: ep.Answer == 0}
	leaves := ep.Leaves()
	if len(leaves) > 1 {
		for _, leaf := range leaves {
			s.Attempts = append(s.Attempts, said(ep, leaf))
			s.Finishes = append(s.Finishes, ep.Node(leaf).Finish)
		}
	}
	if ep.Answer != 0 {
		n := ep.Node(ep.Answer)
		s.Completion, s.Finish = said(ep, ep.Answer), n.Finish
		if score, ok := ep.ScoreOf(s.By, ep.Answer); ok && s.By != "" {
			s.Value = &score.Value
		}
	}
	return s
}

// shelf is a loop.Ledger for what is not a run: contents are kept, steps are
// not.
type shelf struct{ *store.Store }

func (s shelf) Do(ctx context.Context, _ core.Key, _ string, f func(ctx context.Context) (core.Digest, error)) (core.Digest, error) {
	return f(ctx)
}

func (s shelf) Seconds(context.Context, core.Key) (float64, error) { return 0, nil }

func (s shelf) Keep(context.Context, core.Key, []byte) error { return nil }

func (s shelf) Kept(context.Context, core.Key) ([]byte, error) { return nil, nil }

func (s shelf) Promote(context.Context, loop.Promotion) error { return nil }
