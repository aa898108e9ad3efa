package loop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/stats"
)

// measured is one task's result under the recipe's measure.
type measured struct {
	ID        string  `json:"id"`
	Value     float64 `json:"value"`
	Abstained bool    `json:"abstained,omitempty"` // by the rule that answers
}

// measure answers every task of a set with the measure's sampler and scores
// the answers with its last verifier.
func (a *arm) measure(ctx context.Context, stage, set string, team map[string]core.Policy) ([]measured, float64, error) {
	d, key, err := a.measurement(ctx, stage, set, team)
	if err != nil {
		return nil, 0, err
	}
	items, err := a.run.items(ctx, d)
	if err != nil {
		return nil, 0, err
	}
	seconds, err := a.run.Ledger.Seconds(ctx, key)
	return items, seconds, err
}

// measurement is measure as a durable step: the digest of its items, and its key.
func (a *arm) measurement(ctx context.Context, stage, set string, team map[string]core.Policy) (core.Digest, core.Key, error) {
	r := a.run
	tasks, err := r.allTasks(ctx, set)
	if err != nil {
		return "", "", err
	}
	m := r.Plan.Measure
	by := m.By()
	drawn := r.sampling(a, 0, stage, team, m.Sample, m.Verify, tasks)
	answer, err := r.answer(ctx, a.name, team)
	if err != nil && !errors.Is(err, ErrUncalibrated) {
		return "", "", err
	}
	h := r.hasher("measure").String(string(drawn.key()))
	if r.Plan.Measure.Answered { // what is answered is part of what is measured
		h.Bytes(marshal(answer.By)).Bytes(marshal(answer.AbstainBelow))
		if answer.Else != "" {
			h.Bytes(marshal(answer.Else))
		}
	}
	key := h.Key()
	d, err := r.Ledger.Do(ctx, key, "measure", func(ctx context.Context) (core.Digest, error) {
		items := make([]measured, 0, len(tasks))
		for ep, err := range drawn.iterate(ctx) {
			if err != nil {
				return "", err
			}
			ep.Answer = answer.Pick(ep)
			items = append(items, measured{ep.Task.ID, r.worth(ep, by), r.Plan.Measure.Answered && ep.Answer == 0})
		}
		return r.Ledger.Put(ctx, marshal(items))
	})
	if err == nil {
		err = r.spend(ctx, drawn)
	}
	if err != nil {
		err = fmt.Errorf("measuring on %s: %w", set, err)
	}
	return d, key, err
}

// items reads a measurement.
func (r *Run) items(ctx context.Context, d core.Digest) ([]measured, error) {
	b, err := r.Ledger.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	var items []measured
	if err := json.Unmarshal(b, &items); err != nil {
		return nil, fmt.Errorf("reading a measurement: %w", err)
	}
	return items, nil
}

// worth is what a measured episode counts: the score of its answer, which is set,
// or the mean over its attempts. Abstentions, unjudged attempts and failures count nothing.
func (r *Run) worth(ep *core.Episode, by string) float64 {
	if ep.Err != "" {
		return 0
	}
	at := ep.Leaves()
	if r.Plan.Measure.Answered {
		if ep.Answer == 0 {
			return 0
		}
		at = []core.Ref{ep.Answer}
	}
	if len(at) == 0 {
		return 0
	}
	sum := 0.0
	for _, leaf := range at {
		if s, ok := ep.ScoreOf(by, leaf); ok && !s.Abstain {
			sum += s.Value
		}
	}
	return sum / float64(len(at))
}

// gate compares the candidate with the incumbent, pair by pair.
func (a *arm) gate(ctx context.Context, round int, candidate map[string]core.Policy, row *Round) error {
	r := a.run
	before, _, err := a.measure(ctx, "gate", gateSet, a.incumbent)
	if err != nil {
		return err
	}
	after, seconds, err := a.measure(ctx, "gate", gateSet, candidate)
	if err != nil {
		return err
	}
	if row.GateItems, err = r.Ledger.Put(ctx, marshal(after)); err != nil {
		return err
	}
	fixed, _, err := a.measure(ctx, "gate", gateSet, a.base)
	if err != nil {
		return err
	}
	row.Seconds += seconds
	clusters, err := r.repeats(ctx, gateSet)
	if err != nil {
		return err
	}
	trial := core.Trial{Attempt: round}
	for i := range after {
		trial.Items = append(trial.Items, core.Evidence{ID: after[i].ID, Incumbent: before[i].Value, Candidate: after[i].Value, Baseline: fixed[i].Value, Cluster: clusters[i]})
	}
	built, err := (&host{run: r, arm: a, round: round, stage: "gate", team: candidate}).Build(ctx, r.Plan.Gate)
	if err != nil {
		return fmt.Errorf("building gate %s: %w", r.Plan.Gate.Label(), err)
	}
	if row.Gate, err = built.(core.Gate).Decide(ctx, trial); err != nil {
		return fmt.Errorf("deciding with gate %s: %w", r.Plan.Gate.Label(), err)
	}
	e := estimate(values(after))
	row.GateLow, row.GateHigh = e.Low, e.High
	return r.Ledger.Promote(ctx, Promotion{
		Arm: a.name, Round: round, Parent: core.Digest(teamVersion(a.incumbent)), Candidate: core.Digest(teamVersion(candidate)),
		Policies: candidate, Verdict: row.Gate,
	})
}

// auditor measures arms on the sealed set. Each is measured as soon as its last
// decision is made, so that nobody waits for controls to see the result.
type auditor struct {
	run      *Run
	report   *Report
	names    []string
	results  map[string][]float64
	clusters []string // items of one prompt count as one unit of evidence
}

// measure audits one arm; without an audit set it does nothing.
func (x *auditor) measure(ctx context.Context, name string, team map[string]core.Policy) error {
	r := x.run
	if _, ok := r.Plan.Set(auditSet); !ok && r.Sets[auditSet] == nil {
		return nil
	}
	d, _, err := (&arm{run: r, name: name}).measurement(ctx, "audit", auditSet, team)
	if err != nil {
		return err
	}
	items, err := r.items(ctx, d)
	if err != nil {
		return err
	}
	if x.clusters, err = r.repeats(ctx, auditSet); err != nil {
		return err
	}
	x.names = append(x.names, name)
	x.results[name] = values(items)
	e := estimate(x.results[name])
	said := answered(items)
	x.report.Audit[name] = Audit{Accuracy: e.Value, Low: e.Low, High: e.High, N: e.N, Answered: said, Items: d}
	r.emit(Event{Arm: name, Stage: "audit", Audit: &e, Answered: said})
	return nil
}

// answered tells what was made of the right to abstain; nil where nobody used it.
func answered(items []measured) *Answered {
	var values []float64
	for _, it := range items {
		if !it.Abstained {
			values = append(values, 1-it.Value)
		}
	}
	if len(values) == len(items) {
		return nil
	}
	e := stats.MeanEstimate("risk", values)
	return &Answered{N: len(values), Risk: e.Value, Low: e.Low, High: e.High}
}

// compare states the gains of the final policy over every other arm.
func (x *auditor) compare() {
	final, ok := x.results["final"]
	if !ok {
		return
	}
	x.report.Gains, x.report.Advantage = nil, nil
	for _, name := range x.names {
		if name == "final" {
			continue
		}
		gain := compare(name, x.results[name], final, x.clusters)
		x.report.Gains = append(x.report.Gains, gain)
		if name == x.run.yardstick(x.names) {
			x.report.Advantage = &gain
		}
	}
}

// yardstick is the arm that the run's advantage is stated over: the control
// named labelled, else the first control of the recipe that ran, else the base. One that
// answers by another rule is none: it learns as the run does.
func (r *Run) yardstick(ran []string) string {
	if slices.Contains(ran, "labelled") {
		return "labelled"
	}
	for _, c := range r.Plan.Controls {
		if c.Answer == nil && slices.Contains(ran, c.Name) {
			return c.Name
		}
	}
	return "base"
}

func values(items []measured) []float64 {
	v := make([]float64, len(items))
	for i, it := range items {
		v[i] = it.Value
	}
	return v
}

// estimate is a mean with its 95% interval.
func estimate(v []float64) core.Estimate {
	return core.Estimate(stats.MeanEstimate("accuracy", v))
}

// compare is the paired difference of candidate minus incumbent.
func compare(name string, incumbent, candidate []float64, clusters []string) Advantage {
	c := stats.Compare{Cluster: clusters}.Paired(incumbent, candidate)
	return Advantage{Over: name, Difference: c.Difference, Low: c.Low, High: c.High, PValue: c.PValue, N: c.N}
}
