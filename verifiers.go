package pawl

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	"pawl/stats"
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

	// Of attempts, by value. Nil where all are right or all wrong, or values are no
	// probabilities.
	AUROC       *float64 `json:"auroc,omitempty"`
	AUROCLow    *float64 `json:"auroc_low,omitempty"`
	AUROCTop    *float64 `json:"auroc_high,omitempty"`
	ECE         *float64 `json:"ece,omitempty"` // of the value as a probability that the attempt is right, in 10 bins of equal width
	CoverageAt5 float64  `json:"coverage_at_5"` // greatest share of the attempts, by value, of which at most 5% are wrong

	Tokens       float64 `json:"tokens"`       // that the model read or wrote for an attempt
	Milliseconds float64 `json:"milliseconds"` // for an attempt, many judged together

	// By task, in one order for all verifiers of a world: the accuracy of what it
	// chooses; where it has no verdict, that of any attempt, which is what is left
	// to whoever asked it.
	Chosen []float64 `json:"-"`
	Tasks  []string  `json:"-"` // by name
}

// VerifierOptions say which verifiers to measure where.
type VerifierOptions struct {
	EnvironmentOptions
	Verifiers []string // name, or name and settings in YAML; nil for Applicable

	// Seats that verifiers may ask beside the policy's: those of a recipe, name or
	// path, with the policies that play them. Left out, there is but solver.
	Recipe string
	Team   map[string]core.Policy

	// Votes adds a row of votes for answers as the world reads them, whatever they
	// are written as, before the others of a world: where answers are open, a
	// verifier that reads texts cannot count them so.
	Votes bool
}

// Votes names that row.
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

// lastPart reads the final answer of a compact solution: what follows the last
// step.
var lastPart = map[string]string{"extract": "regex", "pattern": "[^;]*$"}

// worldVerifier decodes a verifier for attempts at a world's tasks in the compact
// dialect: where it reads answers and is not told how, it reads the last part.
func worldVerifier(text string) (core.Spec, error) {
	spec, err := verifierNamed(text, lastPart)
	if err != nil || strings.Contains(text, "extract") {
		spec, err = verifierNamed(text, nil)
	}
	if err != nil {
		return core.Spec{}, inputf("measuring verifiers: %w", err)
	}
	return spec, nil
}

// EvalVerifiers lets verifiers judge a policy's samples in worlds, the policy
// playing every seat that they ask, and compares them with the oracle.
func (p *Pawl) EvalVerifiers(ctx context.Context, policy core.Policy, o VerifierOptions) ([]VerifierRow, error) {
	if o.Samples < 2 {
		return nil, inputf("measuring verifiers: %d samples of a task: at least 2 are needed to choose from", o.Samples)
	}
	var rows []VerifierRow
	err := p.judgeWorlds(ctx, policy, o, func(v *visit, name string, spec core.Spec, j *jury, eps []*core.Episode, right [][]bool) error {
		if o.Votes && (len(rows) == 0 || rows[len(rows)-1].World != v.name) {
			rows = append(rows, voted(eps, v.votes))
			v.label(&rows[len(rows)-1], Votes)
		}
		row, err := j.judge(ctx, spec, eps, right)
		v.label(&row, name)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// judgeWorlds samples tasks of worlds and gives every verifier its turn at the
// attempts, which it leaves as they were.
func (p *Pawl) judgeWorlds(ctx context.Context, policy core.Policy, o VerifierOptions,
	turn func(v *visit, name string, spec core.Spec, j *jury, eps []*core.Episode, right [][]bool) error) error {
	names := slices.Sorted(maps.Keys(o.Worlds))
	if err := o.check(names); err != nil {
		return err
	}
	verifiers := o.Verifiers
	if verifiers == nil {
		verifiers = Applicable()
	}
	specs := make([]core.Spec, len(verifiers))
	for i, text := range verifiers {
		var err error
		if specs[i], err = worldVerifier(text); err != nil {
			return err
		}
	}
	actor, err := p.models.Actor(ctx, policy, "solver", core.Options{})
	if err != nil {
		return err
	}
	model, ok := actor.(player)
	if !ok {
		return fmt.Errorf("measuring verifiers: the model takes no batches or gives no log-probabilities")
	}
	plan, err := p.planOrAlone(o.Recipe)
	if err != nil {
		return err
	}
	if err := plan.Override("seats.solver.max_tokens", fmt.Sprint(longestAnswer)); err != nil {
		return err
	}
	jury := &jury{p: p, plan: plan, team: map[string]core.Policy{}, seed: o.Seed}
	maps.Copy(jury.team, o.Team)
	jury.team["solver"] = policy
	for i, name := range names {
		v := visit{model: model, o: o.EnvironmentOptions, name: name, level: o.Worlds[name], index: i, of: len(names)}
		eps, right, err := v.sampled(ctx)
		if err != nil {
			return fmt.Errorf("measuring verifiers in world %s: %w", name, err)
		}
		if eps == nil {
			continue // a play of which nothing is right or wrong
		}
		for k, spec := range specs {
			v.told(verifiers[k], 0)
			if err := turn(&v, verifiers[k], spec, jury, eps, right); err != nil {
				return fmt.Errorf("measuring verifiers in world %s: %w", name, err)
			}
		}
	}
	return nil
}

// label says what a row is of.
func (v *visit) label(row *VerifierRow, verifier string) {
	row.World, row.Level, row.Sizes, row.Verifier = v.name, v.level, v.o.Sizes[v.name], verifier
}

// voted is the row of votes that a task's attempts win with these chances.
func voted(eps []*core.Episode, votes []float64) VerifierRow {
	row := VerifierRow{N: len(votes), Chosen: votes}
	row.Accuracy, row.Low, row.High = interval(votes)
	for _, ep := range eps {
		row.Tasks = append(row.Tasks, ep.Task.ID)
	}
	return row
}

// sampled are samples at temperature 1 of each task as episodes, and which of
// them are right; v.votes is then the chance that their votes are. A play is one
// attempt, its transcript.
func (v *visit) sampled(ctx context.Context) ([]*core.Episode, [][]bool, error) {
	if err := v.draw(); err != nil {
		return nil, nil, err
	}
	if v.rules.Judge == nil {
		return nil, nil, nil
	}
	attempts, err := v.attempts(ctx, "samples", v.o.Samples, 1)
	if err != nil {
		return nil, nil, err
	}
	eps, right := make([]*core.Episode, len(v.tasks)), make([][]bool, len(v.tasks))
	v.votes = make([]float64, len(v.tasks))
	for i, t := range v.tasks {
		eps[i], v.votes[i] = core.NewEpisode(t, v.o.Seed), vote(attempts[i])
		for _, a := range attempts[i] {
			n := a.node
			n.Parent, n.Actor, n.Role, n.Content = eps[i].Root(), "solver", core.RoleAssistant, oneLine(a.text)
			eps[i].Append(n)
			right[i] = append(right[i], a.right)
		}
	}
	return eps, right, nil
}

// jury lets a policy judge in every seat.
type jury struct {
	p    *Pawl
	plan *recipe.Plan
	team map[string]core.Policy
	seed uint64
}

// judge measures one verifier. It leaves the episodes as they were.
func (j *jury) judge(ctx context.Context, spec core.Spec, eps []*core.Episode, right [][]bool) (VerifierRow, error) {
	began := time.Now()
	judged, tokens, err := j.scored(ctx, spec, eps)
	if err != nil {
		return VerifierRow{}, err
	}
	took := time.Since(began)
	row := rate(spec.Label(), judged, right)
	all := 0
	for _, of := range right {
		all += len(of)
	}
	row.Silent = 1 - float64(row.Attempts)/float64(all)
	row.Tokens = float64(tokens) / float64(all)
	row.Milliseconds = took.Seconds() * 1000 / float64(all)
	return row, nil
}

// scored are copies of the episodes with the scores of one verifier, and the
// tokens that the model read or wrote for them.
func (j *jury) scored(ctx context.Context, spec core.Spec, eps []*core.Episode) ([]*core.Episode, int64, error) {
	judged := make([]*core.Episode, len(eps))
	for i, ep := range eps {
		c := *ep
		c.Nodes, c.Scores = slices.Clip(ep.Nodes), nil
		judged[i] = &c
	}
	player := j.p.player(j.plan, j.seed, func(loop.Event) {})
	meter := &meter{Models: player.Models}
	player.Models = meter
	err := player.Judge(ctx, j.team, []core.Spec{spec}, judged)
	return judged, meter.tokens.Load(), err
}

// rate compares the scores of one verifier with the truth.
func rate(by string, eps []*core.Episode, right [][]bool) VerifierRow {
	var row VerifierRow
	var values []float64
	var truth []bool
	var cluster []string
	var chosen, sampled []float64 // of each task with a verdict
	for i, ep := range eps {
		first := ep.Root() + 1
		best, bestRight, tied, mean, n := 0.0, 0.0, 0.0, 0.0, 0.0
		any := 0.0
		for k, ok := range right[i] {
			any += b2f(ok) / float64(len(right[i]))
			s, scored := ep.ScoreOf(by, first+core.Ref(k))
			if !scored || s.Abstain {
				continue
			}
			values, truth, cluster = append(values, s.Value), append(truth, ok), append(cluster, ep.Task.ID)
			mean += b2f(ok)
			switch {
			case n == 0 || s.Value > best:
				best, bestRight, tied = s.Value, b2f(ok), 1
			case s.Value == best:
				bestRight, tied = bestRight+b2f(ok), tied+1
			}
			n++
		}
		if n > 0 {
			chosen, sampled = append(chosen, bestRight/tied), append(sampled, mean/n)
			any = bestRight / tied
		}
		row.Chosen, row.Tasks = append(row.Chosen, any), append(row.Tasks, ep.Task.ID)
	}
	row.N, row.Attempts = len(chosen), len(values)
	if row.N == 0 {
		return row
	}
	row.Accuracy, row.Low, row.High = interval(chosen)
	row.Sampled = stats.Mean(sampled)
	gains := make([]float64, len(chosen))
	for i := range gains {
		gains[i] = chosen[i] - sampled[i]
	}
	row.Gain, row.GainLow, row.GainTop = interval(gains)
	if e, ok := stats.AUROCEstimate("", values, truth, cluster); ok {
		row.AUROC, row.AUROCLow, row.AUROCTop = &e.Value, &e.Low, &e.High
	}
	if !slices.ContainsFunc(values, func(v float64) bool { return v < 0 || v > 1 }) {
		ece := stats.ECE(stats.EqualWidth(values, truth, 10))
		row.ECE = &ece
	}
	if c, ok := stats.CoverageAt(stats.RiskCoverage(values, truth), 0.05); ok {
		row.CoverageAt5 = float64(c.N) / float64(len(values))
	}
	return row
}
