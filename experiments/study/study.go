package study

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pawl"
	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/stats"
)

// Where tells under which circumstances figures came about.
type Where struct {
	Machine pawl.Machine `json:"machine"`
	Version string       `json:"version"` // of Pawl
	Date    string       `json:"date"`
}

// Here is this machine, today.
func Here() Where {
	return Where{Machine: pawl.ThisMachine(), Version: pawl.Version, Date: time.Now().UTC().Format(time.DateOnly)}
}

func (w Where) String() string {
	return fmt.Sprintf("%s, %s, Pawl %s, %s.", w.Machine, w.Machine.Go, w.Version, w.Date)
}

// Study is one recipe over several seeds.
type Study struct {
	Recipe string            `json:"recipe"`
	Title  string            `json:"title"`
	Plan   core.Digest       `json:"plan"`          // of what the recipe says, overrides and defaults included
	Set    map[string]string `json:"set,omitempty"` // overrides
	Trials []Trial           `json:"trials"`
	Pooled []Pair            `json:"pooled"` // over the seeds, in the order of a trial's pairs
}

// Run does a study, one seed after the other.
func Run(ctx context.Context, p *pawl.Pawl, s Setup, seeds []uint64) (*Study, error) {
	plan, err := s.Plan(p)
	if err != nil {
		return nil, err
	}
	out := &Study{Recipe: plan.Name, Title: plan.About.Title, Plan: core.Sum(plan.Canonical()), Set: s.Set}
	for _, seed := range seeds {
		t, err := s.Do(ctx, p, seed)
		if err != nil {
			return nil, err
		}
		out.Trials = append(out.Trials, *t)
	}
	return out, out.pool()
}

// pool takes the seeds together. One task is answered once a seed, so it is
// the task that is drawn and flipped: the interval covers which tasks were
// asked, and the seeds that ran, but no seeds that did not.
func (s *Study) pool() error {
	if len(s.Trials) == 0 {
		return nil
	}
	for _, p := range s.Trials[0].Pairs {
		var of, over []float64
		var ids []string
		for i := range s.Trials {
			a, b := s.Trials[i].Arm(p.Of), s.Trials[i].Arm(p.Over)
			if a == nil || b == nil || len(a.items) != len(b.items) {
				return fmt.Errorf("pooling %s over %s: seed %d has other arms than seed %d", p.Of, p.Over, s.Trials[i].Seed, s.Trials[0].Seed)
			}
			for k, it := range a.items {
				if it.ID != b.items[k].ID {
					return fmt.Errorf("pooling %s over %s: the arms of seed %d answered different tasks", p.Of, p.Over, s.Trials[i].Seed)
				}
				ids = append(ids, it.ID)
			}
			of, over = append(of, values(a.items)...), append(over, values(b.items)...)
		}
		s.Pooled = append(s.Pooled, pair(p.Of, p.Over, stats.Compare{Cluster: ids}.Paired(over, of)))
	}
	return nil
}

// IsLabelled reports whether an arm is the labelled control, at any rate.
func IsLabelled(arm string) bool { return arm == "labelled" || strings.HasPrefix(arm, "labelled-") }

// BestLabelled is the labelled control whose last candidate does best on the
// gate tasks; of equals the first.
func (t *Trial) BestLabelled() *Arm {
	var best *Arm
	for i := range t.Arms {
		a := &t.Arms[i]
		if IsLabelled(a.Name) && len(a.Gate) > 0 && (best == nil || last(a.Gate) > last(best.Gate)) {
			best = a
		}
	}
	return best
}

func last(v []float64) float64 { return v[len(v)-1] }

// Lines gives a line of text for each round and each audit, for progress.
func Lines(prefix string, say func(string)) func(loop.Event) {
	return func(e loop.Event) {
		arm := e.Arm
		if arm == "" {
			arm = "final"
		}
		switch {
		case e.Row != nil:
			say(fmt.Sprintf("%s %s round %d: kept %d of %d, gate %.3f, %s, %.0f s", prefix, arm, e.Round, e.Row.Kept, e.Row.Sampled, e.Row.Gate.Candidate, e.Row.Gate.Outcome, e.Row.Seconds))
		case e.Audit != nil:
			say(fmt.Sprintf("%s %s audit %.3f [%.3f, %.3f]", prefix, arm, e.Audit.Value, e.Audit.Low, e.Audit.High))
		}
	}
}

// sameButRate checks that a control is the labelled control at another rate.
func sameButRate(plan *recipe.Plan, name string, rate float64) error {
	a, ok := plan.Control("labelled")
	b, found := plan.Control(name)
	if !ok || !found {
		return fmt.Errorf("comparing rates: the recipe has no controls labelled and %s", name)
	}
	if !slices.Equal(without(a.Stages), without(b.Stages)) {
		return fmt.Errorf("comparing rates: control %s differs from labelled in more than its rate", name)
	}
	if got := rateOf(b.Stages); got != rate {
		return fmt.Errorf("comparing rates: control %s has rate %g, not %g", name, got, rate)
	}
	return nil
}
