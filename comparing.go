package pawl

import (
	"context"
	"encoding/json"

	"pawl/core"
	"pawl/loop"
	"pawl/stats"
)

// RunsComparison sets two runs side by side: their policies in force, measured
// on the same tasks in the same way.
type RunsComparison struct {
	A          RunFigures `json:"a"`
	B          RunFigures `json:"b"`
	Set        string     `json:"set"`
	N          int        `json:"n"`
	Difference float64    `json:"difference"` // B minus A, paired, with its 95% interval
	Low        float64    `json:"low"`
	High       float64    `json:"high"`
	PValue     float64    `json:"p_value"` // one-sided: B better
}

// RunFigures is one run of a comparison.
type RunFigures struct {
	Run      string     `json:"run"`
	Recipe   string     `json:"recipe"`
	Seed     uint64     `json:"seed"`
	Accuracy loop.Audit `json:"audit"` // of the policy in force
	Promoted int        `json:"promoted"`
	Tokens   int64      `json:"tokens"`
	Seconds  float64    `json:"seconds"`
}

// CompareRuns measures the policies in force of two runs on the audit tasks of
// the first, by its measure.
func (p *Pawl) CompareRuns(ctx context.Context, a, b string, observe func(loop.Event)) (*RunsComparison, error) {
	const set = "audit"
	c := &RunsComparison{Set: set}
	var values [2][]float64
	var first *job
	for i, id := range []string{a, b} {
		row, err := p.FindRun(ctx, id)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if first, err = p.reload(ctx, row); err != nil {
				return nil, err
			}
		}
		policy, err := p.runPolicy(ctx, row.ID)
		if err != nil {
			return nil, given(ctx, err)
		}
		if values[i], err = p.auditValues(ctx, first, policy, set, observe); err != nil {
			return nil, err
		}
		e := stats.MeanEstimate("accuracy", values[i])
		f := RunFigures{Run: row.ID, Recipe: row.Recipe, Seed: row.Seed, Accuracy: loop.Audit{Accuracy: e.Value, Low: e.Low, High: e.High, N: e.N}}
		var report loop.Report
		if json.Unmarshal(row.Summary, &report) == nil {
			f.Promoted, f.Tokens, f.Seconds = report.Promoted, report.Usage.Tokens(), report.Seconds
		}
		*[]*RunFigures{&c.A, &c.B}[i] = f
	}
	d := stats.ComparePaired(values[0], values[1])
	c.N, c.Difference, c.Low, c.High, c.PValue = d.N, d.Difference, d.Low, d.High, d.PValue
	return c, nil
}

// auditValues is what a policy scores on each task of a set, by a run's measure.
func (p *Pawl) auditValues(ctx context.Context, j *job, policy core.Policy, set string, observe func(loop.Event)) ([]float64, error) {
	player := p.player(j.plan, j.Seed, observe)
	player.Sets = j.sets.sources
	tasks, err := player.TaskList(ctx, set)
	if err != nil {
		return nil, given(ctx, err)
	}
	team := map[string]core.Policy{}
	for _, lane := range j.plan.Policies {
		team[lane.Name] = policy
	}
	var values []float64
	err = player.Attempt(ctx, team, j.plan.Measure.Sample, j.plan.Measure.Verify, tasks, func(ep *core.Episode) error {
		values = append(values, player.Value(ep))
		return nil
	})
	return values, err
}
