package evaluate

import (
	"context"
	"fmt"
	"slices"

	"pawl/core"
	"pawl/stats"
)

// Confident are the settings of metrics that hold a verifier's values against
// what is right.
type Confident struct {
	Score string `yaml:"score" ref:"verifier" required:"true" doc:"Verifier whose values are measured."`
	Judged
}

// Validate refuses a verifier that would be held against itself.
func (c Confident) Validate() error {
	if c.By != "" && c.By == c.Score {
		return fmt.Errorf("%q cannot be judged by itself; give by another verifier", c.By)
	}
	return nil
}

// What metrics of values count.
const (
	countAttempts = "attempts" // every attempt
	countAnswers  = "answers"  // of each episode the attempt of the highest value
)

// scored is what was seen: item i has a value, was right or not, and is of a
// task.
type scored struct {
	values []float64
	right  []bool
	task   []string
}

// points gathers the attempts that the scoring verifier values and of which it
// is known whether they are right. Others are left out: they have no place on a
// curve.
func (c Confident) points(ctx context.Context, in core.Episodes, count string) (s scored, err error) {
	for ep, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s, err
		}
		leaves := c.leaves(ep)
		if best, _, ok := ep.Best(c.Score); count == countAnswers {
			leaves = slices.DeleteFunc(leaves, func(r core.Ref) bool { return !ok || r != best })
		}
		for _, r := range leaves {
			value, ok := ep.ScoreOf(c.Score, r)
			if !ok {
				return s, fmt.Errorf("task %s: attempt %d has no value by %q; add it to `verify`", ep.Task.ID, r, c.Score)
			}
			if value.Abstain {
				continue
			}
			if last, ok := c.score(ep, r); ok && last.By == c.Score {
				return s, fmt.Errorf("task %s: nothing but %q itself has judged attempt %d; name a verifier that knows what is right under `by`", ep.Task.ID, c.Score, r)
			}
			v, err := c.judge(ep, r)
			if err != nil {
				return s, err
			}
			if v == unknown {
				continue
			}
			s.values, s.right, s.task = append(s.values, value.Value), append(s.right, v == right), append(s.task, ep.Task.ID)
		}
	}
	return s, nil
}

// probabilities refuses values that are none.
func (s scored) probabilities(by string) error {
	for i, v := range s.values {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("task %s: %q gives the value %v, which is no probability; put calibrated around it", s.task[i], by, v)
		}
	}
	return nil
}

// resamples of whole tasks are enough for the two digits that such figures have.
const resamples = 500

// estimate is a statistic of all items with an interval from drawing whole
// tasks. The interval is of plain percentiles, widened to hold the value: errors
// that cannot be below 0 are larger on every resample than on the whole.
func (s scored) estimate(name string, statistic func(values []float64, right []bool) float64) []core.Estimate {
	if len(s.values) == 0 {
		return nil
	}
	var tasks [][]int
	at := map[string]int{}
	for i, id := range s.task {
		k, ok := at[id]
		if !ok {
			k = len(tasks)
			at[id] = k
			tasks = append(tasks, nil)
		}
		tasks[k] = append(tasks[k], i)
	}
	values, right := make([]float64, 0, len(s.values)), make([]bool, 0, len(s.values))
	interval := stats.Bootstrap{Resamples: resamples, Percentile: true}.Interval(len(tasks), func(drawn []int) float64 {
		values, right = values[:0], right[:0]
		for _, k := range drawn {
			for _, i := range tasks[k] {
				values, right = append(values, s.values[i]), append(right, s.right[i])
			}
		}
		return statistic(values, right)
	})
	value := statistic(s.values, s.right)
	interval = interval.Around(value)
	return []core.Estimate{{Name: name, Value: value, Low: interval.Low, High: interval.High, N: len(tasks), Method: "cluster bootstrap"}}
}
