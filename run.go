package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"pawl/core"
	"pawl/loop"
	"pawl/recipe"
	"pawl/registry"
	"pawl/store"
)

// RunOptions say what to run and how. All but Fresh, Controls and Observe
// determine the run's identity: the same options continue the same run.
type RunOptions struct {
	Recipe   string            // name or path; "" for the quickstart
	Model    Model             // where policies come from
	Seed     uint64            // 0 takes the recipe's
	Tasks    TaskFiles         // user files, in place of the recipe's task sets
	Set      map[string]string // overrides by path, as rounds=2
	Controls []string          // nil for all of the recipe's
	Fresh    bool              // start over beside an earlier run of the same options
	Observe  func(loop.Event)
}

// RunResult is a report and how it came about.
type RunResult struct {
	Report   *loop.Report
	Finished bool // it had been finished before: nothing was done
	Run      store.Run
	Skipped  []error // rows of user files that were tolerated
}

// lease times: a killed run can be taken over by another host after leaseTTL,
// on the same host at once.
const (
	leaseTTL   = 30 * time.Second
	leaseRenew = 10 * time.Second
)

// Run runs a recipe or continues it.
func (p *Pawl) Run(ctx context.Context, o RunOptions) (*RunResult, error) {
	plan, sets, err := p.prepare(ctx, &o)
	if err != nil {
		return nil, input(err)
	}
	initial, err := p.initial(ctx, plan, o.Model)
	if err != nil {
		return nil, input(err)
	}
	row, err := p.enroll(ctx, plan, o, sets, initial)
	if err != nil {
		return nil, err
	}
	result := &RunResult{Run: row, Skipped: sets.skipped}
	if row.Status == store.Done && !o.Fresh && covers(row.Summary, plan, o.Controls) {
		result.Finished = true
		return result, json.Unmarshal(row.Summary, &result.Report)
	}
	result.Report, err = p.advance(ctx, row, plan, o, sets, initial)
	if after, rerr := p.store.Run(context.WithoutCancel(ctx), row.ID); rerr == nil {
		result.Run = after
	}
	return result, err
}

// prepare loads the plan, applies overrides, and reads user files.
func (p *Pawl) prepare(ctx context.Context, o *RunOptions) (*recipe.Plan, *taskSets, error) {
	plan, err := p.Recipe(o.Recipe)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(o.Set)) {
		if err := plan.Override(path, o.Set[path]); err != nil {
			return nil, nil, err
		}
	}
	if o.Seed == 0 {
		o.Seed = max(plan.Seed, 1)
	}
	if len(plan.Stages) == 0 {
		return nil, nil, fmt.Errorf("running %s: the recipe updates nothing; measure it with pawl eval", plan.Name)
	}
	for _, name := range o.Controls {
		if _, ok := plan.Control(name); !ok {
			return nil, nil, fmt.Errorf("running %s: the recipe has no control %q", plan.Name, name)
		}
	}
	sets, err := readTaskFiles(ctx, plan, o.Tasks)
	return plan, sets, err
}

// initial gives the policies that a named model replaces: all of the recipe's.
func (p *Pawl) initial(ctx context.Context, plan *recipe.Plan, m Model) (map[string]core.Policy, error) {
	if m.Kind == "" || m.Kind == ModelRecipe {
		return nil, nil
	}
	policy, err := p.Policy(ctx, m)
	if err != nil {
		return nil, err
	}
	all := map[string]core.Policy{}
	for _, lane := range plan.Policies {
		all[lane.Name] = policy
	}
	return all, nil
}

// enroll finds the run of these options, or creates it.
func (p *Pawl) enroll(ctx context.Context, plan *recipe.Plan, o RunOptions, sets *taskSets, initial map[string]core.Policy) (store.Run, error) {
	canonical := core.NewHasher("run").Bytes(plan.Canonical()).Uint(o.Seed).Bytes(marshal(initial)).Bytes(sets.digest).Key()
	base := plan.Name + "-" + string(canonical[:8])
	id := base
	for n := 2; ; n++ {
		row, err := p.store.Run(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return row, err
		}
		exists := err == nil && row.ID == id
		if exists && o.Fresh {
			id = base + "-" + strconv.Itoa(n)
			continue
		}
		if exists {
			return p.newest(ctx, base, row)
		}
		row = store.Run{ID: id, Recipe: plan.Name, Text: p.recipeText(o.Recipe), Canonical: canonical, Seed: o.Seed, Model: o.Model.String()}
		if err := p.store.CreateRun(ctx, row); err != nil {
			return row, err
		}
		return p.store.Run(ctx, id)
	}
}

// recipeText is the recipe as it was given, for the record.
func (p *Pawl) recipeText(name string) string {
	if name == "" {
		name = Quickstart
	}
	source, err := p.finder.Find(name)
	if err != nil {
		return ""
	}
	return string(source.Text)
}

// newest is the last fresh start of a run: the one to continue.
func (p *Pawl) newest(ctx context.Context, base string, row store.Run) (store.Run, error) {
	for n := 2; ; n++ {
		next, err := p.store.Run(ctx, base+"-"+strconv.Itoa(n))
		if errors.Is(err, store.ErrNotFound) {
			return row, nil
		}
		if err != nil {
			return row, err
		}
		row = next
	}
}

// covers reports whether a summary has every control that is asked for.
func covers(summary json.RawMessage, plan *recipe.Plan, controls []string) bool {
	var r loop.Report
	if json.Unmarshal(summary, &r) != nil {
		return false
	}
	if controls == nil {
		for _, c := range plan.Controls {
			controls = append(controls, c.Name)
		}
	}
	for _, name := range controls {
		if _, ok := r.Controls[name]; !ok {
			return false
		}
	}
	return true
}

// advance takes the lease and runs the loop to its end.
func (p *Pawl) advance(ctx context.Context, row store.Run, plan *recipe.Plan, o RunOptions, sets *taskSets, initial map[string]core.Policy) (*loop.Report, error) {
	lease, err := p.store.Acquire(ctx, row.ID, leaseTTL)
	if err != nil {
		return nil, err
	}
	// What must be written after a Ctrl-C still is.
	final := context.WithoutCancel(ctx)
	ctx, stop := keepLease(ctx, lease)
	defer stop()
	if err := lease.SetStatus(final, store.Running); err != nil {
		return nil, err
	}
	l, err := newLedger(ctx, p.store, lease)
	if err != nil {
		return nil, errors.Join(err, lease.Release(final))
	}
	run := &loop.Run{
		ID: row.ID, Plan: plan, Seed: o.Seed, Salt: salt(row), Ledger: l, Models: p.engine, Registry: registry.Default,
		Sets: sets.sources, Initial: initial, Controls: o.Controls, Observe: o.Observe,
	}
	report, err := run.Do(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	status := store.Done
	switch {
	case errors.Is(err, context.Canceled):
		status = store.Interrupted
	case err != nil:
		status = store.Failed
	}
	if endErr := lease.End(final, status, marshal(report)); endErr != nil && !errors.Is(endErr, store.ErrFenced) {
		err = errors.Join(err, endErr)
	}
	return report, err
}

// salt makes the steps of a fresh start distinct from those of the first run.
func salt(row store.Run) string {
	if base := row.Recipe + "-" + string(row.Canonical[:8]); row.ID != base {
		return row.ID
	}
	return ""
}

// keepLease renews the lease until stop; losing it cancels the context with
// the reason.
func keepLease(ctx context.Context, lease *store.Lease) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := lease.Renew(ctx); errors.Is(err, store.ErrFenced) {
					cancel(err)
				}
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// marshal encodes plain data, which cannot fail.
func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("pawl: encoding %T: %v", v, err))
	}
	return b
}

// Export writes a policy as a Hugging Face folder.
func (p *Pawl) Export(ctx context.Context, policy core.Policy, dir string) error {
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return fmt.Errorf("exporting to %s: it is a file; name a folder", dir)
	}
	return p.engine.Export(ctx, policy, dir)
}
