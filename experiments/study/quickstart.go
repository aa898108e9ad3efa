package study

import (
	"context"
	"fmt"
	"maps"

	"pawl"
	"pawl/loop"
	"pawl/optimizer"
	"pawl/recipe"
	"pawl/registry"
)

// Quickstart is what experiments/quickstart finds: the recipe with its
// labelled control at three rates.
type Quickstart struct {
	Kind  string `json:"kind"` // KindQuickstart
	Where Where  `json:"where"`
	Study
	Rates map[string]float64 `json:"rates"` // by labelled control
	Best  map[string]string  `json:"best"`  // labelled control by seed, chosen on the gate tasks
	Found Conclusion         `json:"conclusion"`
}

// KindQuickstart marks the file.
const KindQuickstart = "quickstart"

// Conclusion is what the quickstart claims, put to the test.
type Conclusion struct {
	Beats       bool    `json:"final_beats_best_labelled_in_every_seed"` // the interval of the difference lies above zero
	Margin      float64 `json:"smallest_difference"`
	Bound       float64 `json:"smallest_lower_bound"`
	BeatsEvery  bool    `json:"final_beats_labelled_at_every_rate"`
	NullGainsNo bool    `json:"null_shows_no_advantage_over_labelled"` // the interval reaches zero or lies below, in every seed
	NullOfBest  bool    `json:"null_shows_no_advantage_over_best_labelled"`
}

// rateFactors are the further rates of the labelled control.
var rateFactors = []struct {
	name string
	by   float64
}{{"labelled-half", 0.5}, {"labelled-double", 2}}

// RunQuickstart does the experiment. Set changes the recipe, for tests.
func RunQuickstart(ctx context.Context, p *pawl.Pawl, seeds []uint64, set map[string]string, observe func(loop.Event)) (*Quickstart, error) {
	q := &Quickstart{Kind: KindQuickstart, Where: Here(), Rates: map[string]float64{}, Best: map[string]string{}}
	setup, err := q.withRates(p, Setup{Recipe: pawl.Quickstart, Set: set, Observe: observe})
	if err != nil {
		return nil, err
	}
	s, err := Run(ctx, p, setup, seeds)
	if err != nil {
		return nil, err
	}
	q.Study = *s
	q.conclude()
	return q, nil
}

// withRates adds the labelled control at half and at double its rate.
func (q *Quickstart) withRates(p *pawl.Pawl, s Setup) (Setup, error) {
	plan, err := s.Plan(p)
	if err != nil {
		return s, err
	}
	labelled, ok := plan.Control("labelled")
	if !ok {
		return s, fmt.Errorf("running %s: it has no control labelled", s.Recipe)
	}
	rate := rateOf(labelled.Stages)
	q.Rates["labelled"] = rate
	set := map[string]string{}
	maps.Copy(set, s.Set)
	lane := plan.Policies[0].Name
	for _, f := range rateFactors {
		q.Rates[f.name] = rate * f.by
		set["controls."+f.name] = fmt.Sprintf("{%s: {select: {demonstrations: {tasks: labelled}}, optimize: {train: {rate: %g}}}}", lane, rate*f.by)
	}
	s.Set = set
	if plan, err = s.Plan(p); err != nil {
		return s, err
	}
	for _, f := range rateFactors {
		if err := sameButRate(plan, f.name, rate*f.by); err != nil {
			return s, err
		}
	}
	return s, nil
}

// conclude puts the claims to the test, seed by seed.
func (q *Quickstart) conclude() {
	c := Conclusion{Beats: true, BeatsEvery: true, NullGainsNo: true, NullOfBest: true, Margin: 1, Bound: 1}
	for i := range q.Trials {
		t := &q.Trials[i]
		best := t.BestLabelled()
		q.Best[fmt.Sprint(t.Seed)] = best.Name
		d := t.Pair("final", best.Name)
		c.Beats = c.Beats && d.Low > 0
		c.Margin, c.Bound = min(c.Margin, d.Difference), min(c.Bound, d.Low)
		for name := range q.Rates {
			c.BeatsEvery = c.BeatsEvery && t.Pair("final", name).Low > 0
		}
		c.NullGainsNo = c.NullGainsNo && t.Pair("null", "labelled").Low <= 0
		c.NullOfBest = c.NullOfBest && t.Pair("null", best.Name).Low <= 0
	}
	q.Found = c
}

// rateOf is the peak learning rate of the first lane; 0 if it does not train.
func rateOf(stages []recipe.Stage) float64 {
	for _, s := range stages {
		for _, u := range s.Updates {
			if c, ok := u.Optimize.Config.(optimizer.Train); ok {
				return c.Rate
			}
		}
	}
	return 0
}

// without is stages in canonical form, their rates left out.
func without(stages []recipe.Stage) []string {
	var out []string
	for _, s := range stages {
		out = append(out, fmt.Sprint(s.Steps), string(registry.Canonical(s.Sample)))
		for _, v := range s.Verify {
			out = append(out, string(registry.Canonical(v)))
		}
		for _, u := range s.Updates {
			if c, ok := u.Optimize.Config.(optimizer.Train); ok {
				c.Rate = 0
				u.Optimize.Config = c
			}
			out = append(out, u.Policy, string(registry.Canonical(u.Select)), string(registry.Canonical(u.Optimize)))
		}
	}
	return out
}
