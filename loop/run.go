package loop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"pawl/core"
	"pawl/recipe"
	"pawl/registry"
)

// Names of task sets with a role of their own.
const (
	gateSet  = "gate"
	auditSet = "audit"
	trainSet = "train"
)

// stepVersion enters every key: raise it when the meaning of a step changes,
// so that results of older code are not taken for new ones.
const stepVersion = 1

// Errors that end a run, to be matched by callers.
var (
	ErrNothingKept = errors.New("nothing was kept")
	ErrBudget      = core.ErrSpent
	// ErrNotHere is what Models answer who are asked to train weights that they do
	// not have. It ends a run after its first selection, and is no failure.
	ErrNotHere = errors.New("the weights are not here")
)

// Run is one run of a recipe.
type Run struct {
	ID       string
	Plan     *recipe.Plan
	Seed     uint64
	Salt     string // enters every key: a fresh run does finished steps again
	Ledger   Ledger
	Models   Models
	Registry *registry.Registry
	Sandbox  func() (core.Sandbox, error) // opens what runs code of others; nil where nothing does
	Sets     map[string]core.TaskSource   // replaces the recipe's sets of these names
	Initial  map[string]core.Policy       // replaces how policies are first obtained
	Controls []string                     // arms to run beside; nil for all
	Parallel int                          // most concurrent calls of one step; 0 for the processors
	Served   bool                         // by others: tasks are asked one by one, side by side, so that the calls of each are counted
	Clock    Clock                        // nil for the system's
	Observe  func(Event)                  // called in order, from one goroutine at a time; may be nil

	boxing sync.Once // opens box, or fails to, once for all steps
	box    core.Sandbox
	boxErr error

	mu      sync.Mutex // guards sources
	sources map[string]core.TaskSource
	show    sync.Mutex // one Observe at a time
	usage   core.Usage
	counted map[core.Key]bool // draws in usage: arms that share one pay once
}

// Do runs the recipe to its end, or continues it. The report is complete only
// if the error is nil; what it holds otherwise is right as far as it goes.
//
// A panic of a component becomes an error.
func (r *Run) Do(ctx context.Context) (report *Report, err error) {
	defer recoverInto(&err)
	report = &Report{Run: r.ID, Recipe: r.Plan.Name, Seed: r.Seed, Rounds: []Round{}, Audit: map[string]Audit{}, Controls: map[string]Control{}}
	base, err := r.basePolicies(ctx)
	if err != nil {
		return report, err
	}
	// What the run starts from is in force until something better is.
	err = r.Ledger.Promote(ctx, Promotion{Candidate: core.Digest(teamVersion(base)), Policies: base, Verdict: core.Verdict{Outcome: Base}})
	if err != nil {
		return report, err
	}
	main := &arm{run: r, updates: stageUpdates(r.Plan, ""), base: base, incumbent: maps.Clone(base), gated: true}
	if err := main.rounds(ctx, report); err != nil && report.Stopped == "" {
		return report, err
	}
	r.conclude(report, main.incumbent)
	if report.Stopped != "" {
		return report, nil
	}
	audit := &auditor{run: r, report: report, results: map[string][]float64{}}
	for _, a := range []struct {
		name string
		team map[string]core.Policy
	}{{"base", base}, {"final", main.incumbent}} {
		if err := audit.measure(ctx, a.name, a.team); err != nil {
			return report, err
		}
	}
	audit.compare()
	for _, c := range r.Plan.Controls {
		if r.Controls != nil && !slices.Contains(r.Controls, c.Name) {
			continue
		}
		a := &arm{run: r, name: c.Name, updates: stageUpdates(r.Plan, c.Name), base: base, incumbent: maps.Clone(base)}
		err := a.rounds(ctx, report)
		if err == nil {
			err = audit.measure(ctx, c.Name, a.incumbent)
		}
		if err != nil {
			return report, fmt.Errorf("running control %s: %w", c.Name, err)
		}
		audit.compare()
	}
	report.Usage = r.usage
	return report, nil
}

// conclude files what the real arm came to.
func (r *Run) conclude(report *Report, final map[string]core.Policy) {
	report.Policy = final[r.Plan.Policies[0].Name]
	if len(final) > 1 {
		report.Policies = final
	}
	for _, row := range report.Rounds {
		if row.Gate.Outcome == core.Promote {
			report.Promoted++
		}
		report.Seconds += row.Seconds
	}
	report.Usage = r.usage
}

// basePolicies obtains the first policy of every lane.
func (r *Run) basePolicies(ctx context.Context) (map[string]core.Policy, error) {
	team := map[string]core.Policy{}
	for _, p := range r.Plan.Policies {
		if given, ok := r.Initial[p.Name]; ok {
			team[p.Name] = given
			continue
		}
		if from, ok := team[p.From]; ok && p.From != "" { // as the page has them, from above
			team[p.Name] = from
			continue
		}
		if p.Init.Name == "" {
			return nil, fmt.Errorf("obtaining policy %s: the recipe starts from %q; give a model with --model", p.Name, p.From)
		}
		h := r.hasher("init").String(p.Name)
		r.addSpec(h, p.Init)
		if err := r.hashSets(ctx, h, p.Init); err != nil {
			return nil, err
		}
		key := h.Key()
		seed := r.seeder("init").String(p.Name).Seed()
		d, err := r.Ledger.Do(ctx, key, "init", func(ctx context.Context) (core.Digest, error) {
			step := &host{run: r, stage: p.Init.Name, key: key, seed: seed, team: team}
			built, err := step.Build(ctx, p.Init)
			if err != nil {
				return "", fmt.Errorf("obtaining policy %s: %w", p.Name, err)
			}
			return r.Ledger.Put(ctx, marshal(built.(core.Policy)))
		})
		if err != nil {
			return nil, err
		}
		if team[p.Name], err = r.policy(ctx, d); err != nil {
			return nil, err
		}
	}
	return team, nil
}

// hasher starts the key of a step of this run.
func (r *Run) hasher(kind string) *core.Hasher {
	return core.NewHasher(kind).Uint(stepVersion).String(r.Salt).String(r.Models.Identity()).Uint(r.Seed)
}

// seeder starts a random stream of this run. Salt does not enter: doing work
// anew gives the same results.
func (r *Run) seeder(kind string) *core.Hasher {
	return core.NewHasher("seed").String(kind).Uint(r.Seed)
}

func (r *Run) now() time.Time {
	if r.Clock != nil {
		return r.Clock()
	}
	return time.Now()
}

func (r *Run) emit(e Event) {
	if r.Observe == nil {
		return
	}
	e.Rounds = r.Plan.Rounds
	r.show.Lock()
	defer r.show.Unlock()
	r.Observe(e)
}

// each maps 0..n-1 to episodes on a bounded number of goroutines, in order.
// The first error cancels the rest; a panic becomes an error.
func (r *Run) each(ctx context.Context, n int, f func(ctx context.Context, i int) (*core.Episode, error)) ([]*core.Episode, error) {
	limit := r.Parallel
	if limit == 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	return mapOrdered(ctx, n, limit, f)
}

// teamVersion is one digest for all policies in force.
func teamVersion(team map[string]core.Policy) string {
	h := core.NewHasher("team")
	for _, name := range slices.Sorted(maps.Keys(team)) {
		h.String(name).String(string(team[name].Version()))
	}
	return string(h.Key())
}
