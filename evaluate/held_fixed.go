package evaluate

import (
	"context"

	"pawl/core"
	"pawl/stats"
)

// judgedTask is what a judge said of the attempts at one task: its values, what
// they are held against, and what is held fixed.
type judgedTask struct{ ys, xs, zs []float64 }

// gather reads what a judge said of attempts, and what is known of each beside
// it. A verifier named by truth says what is held fixed; attempts on which
// either abstains do not count.
func gather(ctx context.Context, in core.Episodes, judge, truth string, leaves func(*core.Episode) []core.Ref, x func(*core.Episode, core.Ref) float64) ([]judgedTask, error) {
	at := map[string]int{}
	var tasks []judgedTask
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for _, r := range leaves(ep) {
			s, ok := ep.ScoreOf(judge, r)
			if !ok || s.Abstain {
				continue
			}
			fixed := 0.0
			if truth != "" {
				t, ok := ep.ScoreOf(truth, r)
				if !ok || t.Abstain {
					continue
				}
				fixed = t.Value
			}
			i, ok := at[ep.Task.ID]
			if !ok {
				i = len(tasks)
				at[ep.Task.ID] = i
				tasks = append(tasks, judgedTask{})
			}
			t := &tasks[i]
			t.ys, t.xs, t.zs = append(t.ys, s.Value), append(t.xs, x(ep, r)), append(t.zs, fixed)
		}
	}
	return tasks, nil
}

// effects are estimates of figures of the effect of xs on ys within tasks, zs
// held fixed, with percentile intervals of a bootstrap of whole tasks; nothing
// where xs never varies within a task.
func effects(tasks []judgedTask, figures ...figure) []core.Estimate {
	parts := make([]stats.Within, len(tasks))
	var whole stats.Within
	for i, t := range tasks {
		parts[i] = stats.NewWithin(t.xs, t.ys, t.zs)
		whole.Add(parts[i])
	}
	if whole.Effect().N == 0 {
		return nil
	}
	var out []core.Estimate
	for _, f := range figures {
		value := f.of(whole.Effect())
		i := stats.Bootstrap{Percentile: true}.Interval(len(tasks), func(at []int) float64 {
			var drawn stats.Within
			for _, t := range at {
				drawn.Add(parts[t])
			}
			return f.of(drawn.Effect())
		}).Around(value)
		out = append(out, core.Estimate{Name: f.name, Value: value, Low: i.Low, High: i.High, N: len(tasks), Unit: f.unit, Method: "cluster bootstrap"})
	}
	return out
}

// figure is one figure of an effect.
type figure struct {
	name, unit string
	of         func(stats.Slope) float64
}
