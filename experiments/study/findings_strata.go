package study

import (
	"fmt"
	"slices"

	"pawl/stats"
)

// Contrast is how much better one way to answer is than another, task by task.
type Contrast struct {
	World      string  `json:"world,omitempty"` // "" for the mean over worlds, each counting alike
	Of         string  `json:"of"`
	Over       string  `json:"over"`
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"` // 95% interval over tasks
	High       float64 `json:"high"`
	N          int     `json:"n"` // tasks
}

func (c Contrast) interval() string {
	return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", c.Difference, c.Low, c.High)
}

// strata collects values by world, with the tasks that they are of.
type strata struct {
	worlds []string
	values map[string][]float64
	tasks  map[string][]string
}

func (s *strata) add(world, task string, value float64) {
	if s.values == nil {
		s.values, s.tasks = map[string][]float64{}, map[string][]string{}
	}
	if !slices.Contains(s.worlds, world) {
		s.worlds = append(s.worlds, world)
	}
	s.values[world], s.tasks[world] = append(s.values[world], value), append(s.tasks[world], task)
}

// macro is the mean over worlds, and each of them.
func (s *strata) macro() (all stats.Estimate, each map[string]stats.Estimate) {
	each = map[string]stats.Estimate{}
	var parts []stats.Stratum
	for _, w := range s.worlds {
		part := stats.MeanStratum(s.values[w], s.tasks[w])
		parts = append(parts, part)
		each[w] = stats.Macro(w, []stats.Stratum{part})
	}
	return stats.Macro("", parts), each
}

// mean is that in a world; of "", over worlds.
func (s *strata) mean(world string) float64 {
	all, each := s.macro()
	if world == "" {
		return all.Value
	}
	return each[world].Value
}

// contrasts are the mean of a difference over worlds, and then that in each.
func (s *strata) contrasts(of, over string) []Contrast {
	all, each := s.macro()
	row := func(world string, e stats.Estimate) Contrast {
		return Contrast{world, of, over, e.Value, e.Low, e.High, e.N}
	}
	out := []Contrast{row("", all)}
	for _, w := range s.worlds {
		out = append(out, row(w, each[w]))
	}
	return out
}

// rightShare is the share of right ones.
func rightShare(right []bool) float64 {
	n := 0.0
	for _, ok := range right {
		n += one(ok)
	}
	return n / float64(max(len(right), 1))
}

// one is 1 for what is so, and 0 for what is not.
func one(so bool) float64 {
	if so {
		return 1
	}
	return 0
}
