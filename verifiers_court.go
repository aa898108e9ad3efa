package pawl

import (
	"context"
	"maps"
	"slices"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
)

// bench is what verifiers are measured on: attempts of which it is known which are
// right.
type bench struct {
	name   string // world or file
	level  int
	sizes  map[string]int
	eps    []*core.Episode
	right  [][]bool
	greedy []bool    // of each task, where it was asked for
	votes  []float64 // of each task, where they were asked for: the chance that the votes are right
}

// voted is the row of the votes.
func (b *bench) voted() VerifierRow {
	row := VerifierRow{World: b.name, Level: b.level, Sizes: b.sizes, Verifier: Votes, N: len(b.votes), Chosen: b.votes}
	row.Accuracy, row.Low, row.High = interval(b.votes)
	for _, ep := range b.eps {
		row.Tasks = append(row.Tasks, ep.Task.ID)
	}
	return row
}

// court is a measurement of verifiers.
type court struct {
	p         *Pawl
	o         VerifierOptions
	verifiers []string
	specs     []core.Spec
	against   *core.Spec
	jury      *jury
}

// court checks what is to be measured.
func (p *Pawl) court(policy core.Policy, o VerifierOptions) (*court, error) {
	if o.Judge != nil {
		policy = o.Judge
	}
	c := &court{p: p, o: o, verifiers: o.Verifiers, jury: &jury{p: p, team: map[string]core.Policy{}, seed: o.Seed}}
	maps.Copy(c.jury.team, o.Team)
	c.jury.team["solver"] = policy
	decode := WorldVerifier
	if o.From != "" && !NamesTasks(o.From) {
		decode = fileVerifier
	}
	if c.verifiers == nil {
		c.verifiers = Applicable()
	}
	for _, text := range c.verifiers {
		spec, err := decode(text)
		if err != nil {
			return nil, err
		}
		c.specs = append(c.specs, spec)
	}
	if o.Against != "" {
		spec, err := decode(o.Against)
		if err != nil {
			return nil, err
		}
		c.against = &spec
	}
	return c, nil
}

// hear measures all verifiers on one bench.
func (c *court) hear(ctx context.Context, b *bench, told func(part string)) ([]VerifierRow, error) {
	var rows []VerifierRow
	var other []choice
	if c.against != nil {
		told(c.o.Against)
		_, of, err := c.jury.judge(ctx, *c.against, b)
		if err != nil {
			return nil, err
		}
		other = choices(of)
	}
	if b.votes != nil {
		rows = append(rows, b.voted())
	}
	for k, spec := range c.specs {
		told(c.verifiers[k])
		row, of, err := c.jury.judge(ctx, spec, b)
		if err != nil {
			return nil, err
		}
		row.World, row.Level, row.Sizes, row.Verifier = b.name, b.level, b.sizes, c.verifiers[k]
		if other != nil {
			row.compare(choices(of), other)
			row.Against = c.o.Against
		}
		if c.o.Verdicts != nil {
			c.o.Verdicts(row, of)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// jury lets a policy judge in every seat.
type jury struct {
	p    *Pawl
	plan *recipe.Plan
	team map[string]core.Policy
	seed uint64
}

// judge measures one verifier. It leaves the episodes as they were.
func (j *jury) judge(ctx context.Context, spec core.Spec, b *bench) (VerifierRow, []Verdicts, error) {
	judged := make([]*core.Episode, len(b.eps))
	for i, ep := range b.eps {
		c := *ep
		c.Nodes, c.Scores = slices.Clip(ep.Nodes), nil
		judged[i] = &c
	}
	player := j.p.player(j.plan, j.seed, func(loop.Event) {})
	meter := &meter{Models: player.Models}
	player.Models = meter
	began := time.Now()
	if err := player.Judge(ctx, j.team, []core.Spec{spec}, judged); err != nil {
		return VerifierRow{}, nil, err
	}
	took := time.Since(began)
	of := verdicts(spec.Label(), judged, b)
	row, all := rate(of), 0
	for _, right := range b.right {
		all += len(right)
	}
	row.Silent = 1 - float64(row.Attempts)/float64(all)
	row.Tokens = float64(meter.tokens.Load()) / float64(all)
	row.Milliseconds = took.Seconds() * 1000 / float64(all)
	return row, of, nil
}
