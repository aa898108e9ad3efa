package pawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"pawl/core"
	"pawl/loop"
	"pawl/store"
)

// origin is how a run was started: what resuming it needs beside its row.
type origin struct {
	Tasks    TaskFiles              `json:"tasks,omitzero"`
	Set      map[string]string      `json:"set,omitempty"`
	Controls []string               `json:"controls"`
	Initial  map[string]core.Policy `json:"initial,omitempty"`
	Gate     core.Digest            `json:"gate,omitempty"` // of the gate's tasks
}

const originEvent = "options"

// record files the options that a run goes on with. The last record counts.
func (p *Pawl) record(ctx context.Context, lease *store.Lease, row store.Run, j *job) error {
	o := origin{Tasks: j.Tasks, Set: j.Set, Controls: j.Controls, Initial: j.initial, Gate: j.gate}
	for _, path := range []*string{&o.Tasks.Train, &o.Tasks.Gate, &o.Tasks.Audit} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("recording the options of run %s: %w", row.ID, err)
		}
		*path = abs
	}
	_, err := lease.Event(ctx, originEvent, o)
	return err
}

// origin reads how a run was last started.
func (p *Pawl) origin(ctx context.Context, row store.Run) (o origin, err error) {
	events, err := p.store.Events(ctx, row.ID, 0)
	if err != nil {
		return o, err
	}
	found := false
	for _, e := range events {
		if e.Kind == originEvent {
			found, o = true, origin{}
			if err := json.Unmarshal(e.Data, &o); err != nil {
				return o, fmt.Errorf("reading the options of run %s: %w", row.ID, err)
			}
		}
	}
	if !found {
		return o, fmt.Errorf("reading the options of run %s: it was stopped before they were recorded; give the command that started it again", row.ID)
	}
	return o, nil
}

// reload makes a run ready again as it was started.
func (p *Pawl) reload(ctx context.Context, row store.Run) (*job, error) {
	from, err := p.origin(ctx, row)
	if err != nil {
		return nil, input(err)
	}
	j, err := p.prepare(ctx, RunOptions{
		Recipe: row.Recipe, text: row.Text, Seed: row.Seed, Tasks: from.Tasks, Set: from.Set, Controls: append([]string{}, from.Controls...),
	})
	if err != nil {
		return nil, given(ctx, fmt.Errorf("reloading run %s: %w", row.ID, err))
	}
	j.initial = from.Initial
	if j.Model, err = ParseModel(row.Model); err != nil {
		return nil, input(err)
	}
	if err := j.fitText(ctx); err != nil {
		return nil, given(ctx, err)
	}
	if j.canonical() != row.Canonical {
		return nil, inputf("reloading run %s: its task files, or the defaults of its recipe in this program, have changed since; start a new run with pawl run", row.ID)
	}
	return j, nil
}

// Resume continues a run by its id, or the newest where id is "".
func (p *Pawl) Resume(ctx context.Context, id string, observe func(loop.Event)) (*RunResult, error) {
	row, err := p.FindRun(ctx, id)
	if err != nil {
		return nil, err
	}
	j, err := p.reload(ctx, row)
	if err != nil {
		return nil, err
	}
	j.Observe = observe
	return p.drive(ctx, row, j)
}

// Rollback puts an earlier policy of the run in force again: by the beginning
// of its version, "base", or, for "", the one before the current. History is
// never rewritten; the rollback is one more row of it.
func (p *Pawl) Rollback(ctx context.Context, id, version string) (store.Promotion, error) {
	row, err := p.FindRun(ctx, id)
	if err != nil {
		return store.Promotion{}, err
	}
	history, err := p.store.Promotions(ctx, row.ID)
	if err != nil {
		return store.Promotion{}, err
	}
	if version, err = earlier(row.ID, history, version); err != nil {
		return store.Promotion{}, err
	}
	lease, err := p.store.Acquire(ctx, row.ID, leaseTTL)
	if err != nil {
		return store.Promotion{}, err
	}
	done, err := lease.Rollback(ctx, version)
	return done, errors.Join(missing(err), lease.Release(context.WithoutCancel(ctx)))
}

// earlier finds the version that a rollback means.
func earlier(run string, history []store.Promotion, version string) (string, error) {
	if version != "" && version != store.OutcomeBase {
		return version, nil
	}
	var force []store.Promotion // what was in force, in order
	for _, h := range history {
		if h.Arm == "" && h.InForce() {
			force = append(force, h)
		}
	}
	if len(force) == 0 {
		return "", inputf("rolling back run %s: nothing is in force yet", run)
	}
	current := force[len(force)-1].Version
	if version == store.OutcomeBase {
		if force[0].Version == current {
			return "", inputf("rolling back run %s: the base is in force already; pawl runs show %s lists its policies", run, run)
		}
		return string(force[0].Version), nil
	}
	for i := len(force) - 1; i >= 0; i-- {
		if force[i].Version != current {
			return string(force[i].Version), nil
		}
	}
	return "", inputf("rolling back run %s: only one policy was ever in force, there is none to go back to; pawl runs show %s lists its policies", run, run)
}

// Collect drops what nothing refers to. With finished, the steps of finished
// runs are forgotten too: their policies, reports and selected examples stay,
// but more of them (another control, another round) has to be done anew.
func (p *Pawl) Collect(ctx context.Context, dryRun, finished bool) (store.GCReport, error) {
	o := store.GCOptions{DryRun: dryRun}
	if finished {
		runs, err := p.store.Runs(ctx)
		if err != nil {
			return store.GCReport{}, err
		}
		done := map[string]bool{}
		for _, r := range runs {
			done[r.ID] = r.Status == store.Done
		}
		// What pawl verify judged is no run's; it can be judged anew.
		o.Keep = func(s store.Step) bool { return !done[s.Run] && !strings.HasPrefix(s.Run, store.WorkPrefix+verifyWork) }
	}
	return p.store.GC(ctx, o)
}
