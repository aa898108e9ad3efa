package optimizer

import (
	"fmt"
	"slices"

	"pawl/core"
)

// The levels at which a head learns to value an attempt.
const (
	levelOutcome = "outcome" // its end
	levelToken   = "token"   // every token of it
	levelStep    = "step"    // the end of every step
	levelTask    = "task"    // what comes before it
)

// valued renders examples for a head that values at a level: rows have points,
// and weight only where the trainer is to compute something, at these points, or
// with imitates at all tokens of the attempt.
func valued(level string, imitates bool) func(core.Encoder, *core.Example) ([]row, error) {
	return func(enc core.Encoder, ex *core.Example) ([]row, error) {
		var rows []row
		var err error
		if level == levelStep {
			rows, err = encodeSteps(enc, ex)
		} else {
			rows, err = encodeExample(enc, ex)
		}
		if err != nil {
			return nil, err
		}
		for i := range rows {
			r := &rows[i]
			first := slices.IndexFunc(r.weights, func(w float32) bool { return w != 0 })
			if first < 0 {
				return nil, fmt.Errorf("encoding an example of task %s: it has no token of an attempt to value", ex.Episode.Task.ID)
			}
			switch level {
			case levelOutcome:
				r.points = []point{{len(r.tokens), r.label}}
			case levelTask:
				r.points = []point{{first, r.label}}
			case levelToken:
				for t := first; t < len(r.tokens); t++ {
					if r.weights[t] != 0 && (t+1 == len(r.tokens) || r.weights[t+1] != 0) {
						r.points = append(r.points, point{t + 1, r.label})
					}
				}
			}
			if imitates {
				continue
			}
			if level == levelTask { // what the head does not see needs no computing
				r.tokens, r.weights = r.tokens[:first+1], r.weights[:first+1]
			}
			clear(r.weights)
			for _, p := range r.points {
				if p.at < len(r.weights) {
					r.weights[p.at] = 1
				}
			}
		}
		return rows, nil
	}
}

// encodeSteps renders an example whose signal "steps" has a value for every node
// of its paths: the turns at the end of a path that are an attempt's steps are one
// text, as it was sampled, and each ends at a point. The label is the last value.
func encodeSteps(enc core.Encoder, ex *core.Example) ([]row, error) {
	fail := func(err error) ([]row, error) {
		return nil, fmt.Errorf("encoding the steps of an example of task %s: %w", ex.Episode.Task.ID, err)
	}
	speller, ok := enc.(core.Speller)
	if !ok {
		return fail(fmt.Errorf("this model does not tell which tokens a step ends with; name one that runs in this process"))
	}
	signal := ex.Signals[core.SignalSteps]
	if len(signal) != len(ex.Leaves) {
		return fail(fmt.Errorf("it has no values of steps; select with steps, by a verifier that keeps them"))
	}
	var rows []row
	for i, leaf := range ex.Leaves {
		path := ex.Episode.PathNodes(leaf)
		if len(signal[i]) != len(path) {
			return fail(fmt.Errorf("it has %d values for the %d nodes of a path", len(signal[i]), len(path)))
		}
		from := len(path)
		for from > int(ex.Episode.Root()) && path[from-1].Role == core.RoleAssistant {
			from--
		}
		if from == len(path) {
			return fail(fmt.Errorf("its path ends with no attempt"))
		}
		whole := path[from]
		var ends []int
		whole.Content = ""
		for _, n := range path[from:] {
			whole.Content += n.Content
			ends = append(ends, len(whole.Content))
		}
		if len(ends) > 1 { // ids of a step are not those of the whole
			whole.TokenIDs = nil
		}
		ids, loss, text, err := speller.SpellPath(append(path[:from:from], whole))
		if err != nil {
			return fail(err)
		}
		at, err := core.StepEnds(text, ends)
		if err != nil {
			return fail(err)
		}
		r := row{tokens: ids, weights: make([]float32, len(ids)), first: i == 0, label: float64(signal[i][len(path)-1]), task: ex.Episode.Task.ID}
		for t := len(ids) - len(text); t < len(ids); t++ {
			if loss[t] {
				r.weights[t] = 1
			}
		}
		for k, t := range at {
			r.points = append(r.points, point{len(ids) - len(text) + t + 1, float64(signal[i][from+k])})
		}
		rows = append(rows, r)
	}
	return rows, nil
}
