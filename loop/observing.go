package loop

import (
	"context"
	"encoding/json"
	"fmt"

	"pawl/core"
	"pawl/stats"
)

// observation is what a round's samples show to people; nothing trains on it.
type observation struct {
	Attempts int             `json:"attempts"`
	Usage    core.Usage      `json:"usage"`
	Failed   int             `json:"failed,omitempty"`  // tasks that could not be played
	Failure  string          `json:"failure,omitempty"` // why, of the first
	Metrics  []core.Estimate `json:"metrics"`
}

// observe measures the drawn episodes with the recipe's metrics, after the
// measure's verifiers have judged every attempt.
func (a *arm) observe(ctx context.Context, drawn *sampling, row *Round) error {
	r := a.run
	h := r.hasher("observe").String(string(drawn.key()))
	for _, v := range r.Plan.Measure.Verify {
		r.addSpec(h, v)
	}
	for _, m := range r.Plan.Metrics {
		r.addSpec(h, m)
	}
	d, err := r.Ledger.Do(ctx, h.Key(), "observe", func(ctx context.Context) (core.Digest, error) {
		eps, err := drawn.all(ctx)
		if err != nil {
			return "", err
		}
		var o observation
		for _, ep := range eps {
			o.Attempts += len(ep.Leaves())
			o.Usage.Add(ep.Usage)
			if ep.Err != "" {
				if o.Failed++; o.Failed == 1 {
					o.Failure = ep.Err
				}
			}
		}
		step := &host{run: r, arm: a, round: drawn.round, stage: "observe", team: drawn.team}
		if err := r.judge(ctx, step, r.Plan.Measure.Verify, eps); err != nil {
			return "", err
		}
		if o.Metrics, err = r.metrics(ctx, step, eps); err != nil {
			return "", err
		}
		return r.Ledger.Put(ctx, marshal(o))
	})
	if err != nil {
		return err
	}
	b, err := r.Ledger.Get(ctx, d)
	if err != nil {
		return err
	}
	var o observation
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("reading an observation: %w", err)
	}
	row.Sampled += o.Attempts
	row.Tokens += o.Usage.Tokens()
	row.Metrics = append(row.Metrics, o.Metrics...)
	if row.Failed += o.Failed; row.Failure == "" {
		row.Failure = o.Failure
	}
	r.count(drawn.key(), o.Usage)
	for _, k := range drawn.keys {
		s, err := r.Ledger.Seconds(ctx, k)
		if err != nil {
			return err
		}
		row.Seconds += s
	}
	return r.withinBudget()
}

// count adds what a draw used to the run's usage: once, however many arms
// share the draw.
func (r *Run) count(draw core.Key, used core.Usage) {
	if r.counted == nil {
		r.counted = map[core.Key]bool{}
	}
	if !r.counted[draw] {
		r.counted[draw] = true
		r.usage.Add(used)
	}
}

// spend counts what a measured draw used and holds it against the budget. It is
// a step of its own, so that a resumed run knows without the episodes.
func (r *Run) spend(ctx context.Context, drawn *sampling) error {
	draw := drawn.key()
	if r.counted[draw] {
		return nil
	}
	key := r.hasher("usage").String(string(draw)).Key()
	d, err := r.Ledger.Do(ctx, key, "usage", func(ctx context.Context) (core.Digest, error) {
		var used core.Usage
		for ep, err := range drawn.iterate(ctx) {
			if err != nil {
				return "", err
			}
			used.Add(ep.Usage)
		}
		return r.Ledger.Put(ctx, marshal(used))
	})
	if err != nil {
		return err
	}
	b, err := r.Ledger.Get(ctx, d)
	if err != nil {
		return err
	}
	var used core.Usage
	if err := json.Unmarshal(b, &used); err != nil {
		return fmt.Errorf("reading what a measurement used: %w", err)
	}
	r.count(draw, used)
	return r.withinBudget()
}

// metrics measures judged episodes with the recipe's metrics, in its order.
func (r *Run) metrics(ctx context.Context, step *host, eps []*core.Episode) ([]core.Estimate, error) {
	var out []core.Estimate
	for _, spec := range r.Plan.Metrics {
		built, err := step.Build(ctx, spec)
		if err != nil {
			return nil, fmt.Errorf("building metric %s: %w", spec.Label(), err)
		}
		found, err := built.(core.Metric).Measure(ctx, episodes(eps))
		if err != nil {
			return nil, fmt.Errorf("measuring %s: %w", spec.Label(), err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func (r *Run) withinBudget() error {
	b := r.Plan.Budget
	if b.Tokens > 0 && r.usage.Tokens() > b.Tokens {
		return fmt.Errorf("%w: %d tokens used, %d allowed", ErrBudget, r.usage.Tokens(), b.Tokens)
	}
	if b.USD > 0 && float64(r.usage.MicroUSD)/1e6 > b.USD {
		return fmt.Errorf("%w: $%.2f used, $%.2f allowed", ErrBudget, float64(r.usage.MicroUSD)/1e6, b.USD)
	}
	return nil
}

// labels is how often the kept attempts of this pass are right, by the
// measure: known where tasks have references, and reported only.
func (a *arm) labels(ctx context.Context, drawn *sampling, sel selection, row *Round) error {
	if sel.Kept == 0 {
		return nil
	}
	r := a.run
	h := r.hasher("labels").String(string(sel.Examples)).String(string(drawn.key()))
	for _, v := range r.Plan.Measure.Verify {
		r.addSpec(h, v)
	}
	d, err := r.Ledger.Do(ctx, h.Key(), "labels", func(ctx context.Context) (core.Digest, error) {
		found, err := r.labelValues(ctx, drawn, sel)
		if err != nil {
			return "", err
		}
		return r.Ledger.Put(ctx, marshal(found))
	})
	if err != nil {
		return err
	}
	b, err := r.Ledger.Get(ctx, d)
	if err != nil {
		return err
	}
	var found [][]float64
	if err := json.Unmarshal(b, &found); err != nil {
		return fmt.Errorf("reading label accuracies: %w", err)
	}
	if len(found) > 0 {
		e := core.Estimate(stats.ClusteredEstimate("label_accuracy", found))
		row.Labels, row.LabelLow, row.LabelHi = &e.Value, &e.Low, &e.High
	}
	return nil
}

// labelValues judges the kept attempts on fresh tasks that have a reference;
// one list a task, since attempts at one task are right or wrong together.
func (r *Run) labelValues(ctx context.Context, drawn *sampling, sel selection) ([][]float64, error) {
	packed, err := r.Ledger.Get(ctx, sel.Examples)
	if err != nil {
		return nil, err
	}
	examples, err := core.DecodeExamples(packed)
	if err != nil {
		return nil, fmt.Errorf("reading the selected examples: %w", err)
	}
	fresh, whole := drawn.seeds(), map[string]core.Task{}
	for _, t := range drawn.tasks {
		if ref := t.Ref(); ref.Answer != "" || ref.Solution != "" || ref.World != "" {
			whole[t.ID] = t
		} else {
			delete(fresh, t.ID)
		}
	}
	var eps []*core.Episode
	for _, ex := range examples {
		if sampledLeaves(ex, fresh) > 0 {
			ep := *ex.Episode // judged on a copy, with the reference that selectors may have dropped
			ep.Task, ep.Scores = whole[ep.Task.ID], nil
			ep.Nodes = append([]core.Node(nil), ep.Nodes...)
			eps = append(eps, &ep)
		}
	}
	step := &host{run: r, arm: drawn.arm, round: drawn.round, stage: "observe", team: drawn.team}
	if err := r.judge(ctx, step, r.Plan.Measure.Verify, eps); err != nil {
		return nil, err
	}
	by := r.Plan.Measure.By()
	found := [][]float64{}
	cluster := map[string]int{}
	for _, ep := range eps {
		for _, leaf := range ep.Leaves() {
			s, ok := ep.ScoreOf(by, leaf)
			if !ok || s.Abstain {
				continue
			}
			at, seen := cluster[ep.Task.ID]
			if !seen {
				at = len(found)
				cluster[ep.Task.ID] = at
				found = append(found, nil)
			}
			found[at] = append(found[at], s.Value)
		}
	}
	return found, nil
}

func episodes(eps []*core.Episode) core.Episodes {
	return func(yield func(*core.Episode, error) bool) {
		for _, ep := range eps {
			if !yield(ep, nil) {
				return
			}
		}
	}
}
