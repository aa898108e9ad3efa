package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pawl/core"
	"pawl/exec"
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

	text string // of the recipe, where a run is resumed; Recipe is then its name
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

// job is a run made ready: everything given has been read and checked.
type job struct {
	RunOptions
	plan    *recipe.Plan
	text    string
	sets    *taskSets
	initial map[string]core.Policy
	gate    core.Digest // of the gate's tasks
	caveats []string    // of the models
}

// Run runs a recipe or continues it.
func (p *Pawl) Run(ctx context.Context, o RunOptions) (*RunResult, error) {
	j, err := p.prepare(ctx, o)
	if err != nil {
		return nil, given(ctx, err)
	}
	if j.initial, err = p.initial(ctx, j.plan, o.Model, j.sets); err != nil {
		return nil, given(ctx, err)
	}
	if err := errors.Join(j.fit(ctx), p.expressible(ctx, j.initial, j.sets.sources)); err != nil {
		return nil, given(ctx, err)
	}
	row, err := p.enroll(ctx, j)
	if err != nil {
		return nil, err
	}
	return p.drive(ctx, row, j)
}

// drive advances a run unless it has finished.
func (p *Pawl) drive(ctx context.Context, row store.Run, j *job) (*RunResult, error) {
	result := &RunResult{Run: row, Skipped: j.sets.skipped}
	if row.Status == store.Done && !j.Fresh && covers(row.Summary, j.Controls) {
		result.Finished = true
		return result, json.Unmarshal(row.Summary, &result.Report)
	}
	j.tell("run %s: %s", row.ID, shape(j))
	for _, n := range j.sets.notes {
		j.tell("note: %s", n)
	}
	var err error
	if j.caveats, err = p.caveats(ctx, j.initial); err != nil {
		return nil, err
	}
	for _, text := range j.caveats {
		j.tell("note: %s", text)
	}
	if j.gate, err = j.gateDigest(ctx); err != nil {
		return nil, given(ctx, err)
	}
	uses, err := p.gateUses(ctx, row.ID, j.gate)
	if err != nil {
		return nil, err
	}
	if uses > 0 {
		j.tell("note: %s in %s judged candidates on the same gate tasks, each with an alpha of its own; if you are trying settings until one is promoted, only the sealed audit counts", plural(uses, "other run"), p.dir)
	}
	result.Report, err = p.advance(ctx, row, j, uses)
	if after, rerr := p.store.Run(context.WithoutCancel(ctx), row.ID); rerr == nil {
		result.Run = after
	}
	return result, err
}

// Preflight reads and checks all that a run is given, and keeps nothing: a
// mistake in it leaves no data directory behind.
func Preflight(ctx context.Context, o Options, run RunOptions) error {
	o.Memory = true
	p, err := Open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	j, err := p.prepare(ctx, run)
	if err != nil {
		return given(ctx, err)
	}
	if run.Model.Kind != ModelRun {
		if j.initial, err = p.initial(ctx, j.plan, run.Model, j.sets); err != nil {
			return given(ctx, err)
		}
	}
	return given(ctx, errors.Join(j.teachable(), p.expressible(ctx, j.initial, j.sets.sources)))
}

// fit makes recipe and texts fit each other, once the model is known.
func (j *job) fit(ctx context.Context) error {
	return errors.Join(j.teachable(), j.fitText(ctx))
}

// shape says in a few words what is about to run.
func shape(j *job) string {
	s := fmt.Sprintf("recipe %s, seed %d, %s", j.plan.Name, j.Seed, plural(j.plan.Rounds, "round"))
	if len(j.Controls) > 0 {
		s += ", then controls " + strings.Join(j.Controls, ", ")
	}
	return s
}

func (j *job) tell(format string, args ...any) {
	if j.Observe != nil {
		j.Observe(loop.Event{Shape: fmt.Sprintf(format, args...)})
	}
}

// prepare loads the plan, applies overrides, and reads all task sets.
func (p *Pawl) prepare(ctx context.Context, o RunOptions) (*job, error) {
	j := &job{RunOptions: o, text: o.text}
	var err error
	if j.plan, err = p.planFor(o, &j.text); err != nil {
		return nil, err
	}
	if j.Seed == 0 {
		j.Seed = max(j.plan.Seed, 1)
	}
	made := func(p recipe.Policy) bool { return p.Init.Name != "" }
	if len(j.plan.Stages) == 0 && !slices.ContainsFunc(j.plan.Policies, made) {
		return nil, fmt.Errorf("running %s: the recipe makes and updates nothing; measure it with pawl eval", j.plan.Name)
	}
	if j.Controls == nil {
		for _, c := range j.plan.Controls {
			j.Controls = append(j.Controls, c.Name)
		}
	}
	for _, name := range j.Controls {
		if _, ok := j.plan.Control(name); !ok {
			return nil, fmt.Errorf("running %s: the recipe has no control %q; it has %s", j.plan.Name, name, controlList(j.plan))
		}
	}
	if j.sets, err = p.readSets(ctx, j.plan, o.Tasks); err != nil {
		return nil, err
	}
	checker := p.player(j.plan, 1, nil)
	checker.Sets = j.sets.sources
	if err := checker.CheckSets(ctx); err != nil {
		return nil, err
	}
	j.dropControls()
	return j, nil
}

// planFor reads the recipe, from text where there is one, and applies
// overrides.
func (p *Pawl) planFor(o RunOptions, text *string) (*recipe.Plan, error) {
	name := o.Recipe
	if name == "" {
		name = Quickstart
	}
	path := name + ".yaml"
	if *text == "" {
		source, err := p.finder.Find(name)
		if err != nil {
			return nil, err
		}
		*text, path = string(source.Text), source.Path
	}
	plan, problems := recipe.Parse(registry.Default, path, []byte(*text))
	if len(problems) > 0 {
		return nil, fmt.Errorf("loading recipe %w", problems)
	}
	for _, path := range slices.Sorted(maps.Keys(o.Set)) {
		if err := plan.Override(path, o.Set[path]); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func controlList(plan *recipe.Plan) string {
	names := []string{}
	for _, c := range plan.Controls {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// given marks an error of reading what the caller gave, unless it is an
// interruption.
func given(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return input(err)
}

// initial gives the policies that a named model replaces: all of the recipe's.
func (p *Pawl) initial(ctx context.Context, plan *recipe.Plan, m Model, sets *taskSets) (map[string]core.Policy, error) {
	if m.Kind == "" || m.Kind == ModelRecipe {
		return p.initialNano(ctx, plan)
	}
	policy, err := p.policyFor(ctx, m, sets.asked)
	if err != nil {
		return nil, err
	}
	all := map[string]core.Policy{}
	for _, lane := range plan.Policies {
		all[lane.Name] = policy
	}
	return all, nil
}

// canonical names a run by all that determines its result.
func (j *job) canonical() core.Digest {
	h := core.NewHasher("run").Bytes(j.plan.Canonical()).Uint(j.Seed).Bytes(marshal(j.initial)).Bytes(j.sets.digest)
	for _, s := range j.plan.Verifiers() {
		if d := registry.FilesDigest(s); d != "" {
			h.String(string(d))
		}
	}
	if d := registry.FilesDigest(core.Spec{Config: j.plan.Answer.AbstainBelow}); d != "" {
		h.String(string(d))
	}
	return core.Digest(h.Key())
}

// enroll finds the run of these options, or creates it.
func (p *Pawl) enroll(ctx context.Context, j *job) (store.Run, error) {
	canonical := j.canonical()
	base := j.plan.Name + "-" + string(canonical[:8])
	id := base
	for n := 2; ; n++ {
		row, err := p.store.Run(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return row, err
		}
		exists := err == nil && row.ID == id
		if exists && j.Fresh {
			id = base + "-" + strconv.Itoa(n)
			continue
		}
		if exists {
			return p.newest(ctx, base, row)
		}
		row = store.Run{ID: id, Recipe: j.plan.Name, Text: j.text, Canonical: canonical, Seed: j.Seed, Model: j.Model.String()}
		if err := p.store.CreateRun(ctx, row); err != nil {
			return row, err
		}
		return p.store.Run(ctx, id)
	}
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
func covers(summary json.RawMessage, controls []string) bool {
	var r loop.Report
	if json.Unmarshal(summary, &r) != nil {
		return false
	}
	if r.Stopped != "" {
		return true // it never came to its controls, and never will
	}
	for _, name := range controls {
		if _, ok := r.Controls[name]; !ok {
			return false
		}
	}
	return true
}

// advance takes the lease and runs the loop to its end.
func (p *Pawl) advance(ctx context.Context, row store.Run, j *job, gateUses int) (*loop.Report, error) {
	lease, err := p.store.Acquire(ctx, row.ID, leaseTTL)
	if err != nil {
		return nil, err
	}
	// What must be written after a Ctrl-C still is.
	final := context.WithoutCancel(ctx)
	ctx, stop := keepLease(ctx, lease)
	defer stop()
	l, err := p.start(final, lease, row, j)
	if err != nil {
		return nil, errors.Join(err, lease.Release(final))
	}
	// One cap over the whole loop, whatever arm or seat a call is for.
	account, err := exec.NewAccount(final, lease, row.ID, capOf(j.plan.Budget))
	if err != nil {
		return nil, errors.Join(err, lease.Release(final))
	}
	ctx = exec.OnAccount(ctx, account)
	run := &loop.Run{
		ID: row.ID, Plan: j.plan, Seed: j.Seed, Salt: salt(row), Ledger: l, Models: p.models, Registry: registry.Default,
		Sets: j.sets.sources, Initial: j.initial, Controls: j.Controls, Observe: j.Observe, Sandbox: p.Sandbox,
		Parallel: p.parallel(ctx, j.initial),
	}
	run.Served = run.Parallel > 0
	report, err := run.Do(ctx)
	report.GateUses = gateUses
	report.Caveat = strings.Join(j.caveats, "; ")
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if errors.Is(err, loop.ErrBudget) {
		err = fmt.Errorf("%w; the same command goes on with a larger budget.usd or budget.tokens, as --set budget.usd=5", err)
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

// start records that the run goes on, and with which options.
func (p *Pawl) start(ctx context.Context, lease *store.Lease, row store.Run, j *job) (*ledger, error) {
	if err := lease.SetStatus(ctx, store.Running); err != nil {
		return nil, err
	}
	if err := p.record(ctx, lease, row, j); err != nil {
		return nil, err
	}
	return newLedger(ctx, p.store, lease)
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
