package optimizer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pawl/core"
)

// ErrNothingToLearn means that the examples hold no token to learn from.
var ErrNothingToLearn = errors.New("no example has a token to learn")

// row is one encoded sequence of an example; rows of one example stand together.
type row struct {
	tokens  []int32
	weights []float32
	label   float64
	first   bool   // begins an example
	task    string // whose path it is
	points  []point
}

// point is where a head is to say something: the value of the first so many
// tokens of a row, and what it is to be.
type point struct {
	at     int
	target float64
}

func (r row) learns() bool {
	return len(r.points) > 0 || slices.ContainsFunc(r.weights, func(w float32) bool { return w != 0 })
}

// encode renders every leaf of every example.
func encode(ctx context.Context, h core.Host, p core.Policy, in core.Examples) ([]row, error) {
	return encodeBy(ctx, h, p, in, encodeExample)
}

// encodeBy renders every example in a way of its own.
func encodeBy(ctx context.Context, h core.Host, p core.Policy, in core.Examples, example func(core.Encoder, *core.Example) ([]row, error)) ([]row, error) {
	enc, err := h.Encoder(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("encoding examples: %w", err)
	}
	var rows []row
	for ex, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reading examples: %w", err)
		}
		of, err := example(enc, ex)
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	return taught(rows)
}

// taught are rows, if there is anything to learn from them.
func taught(rows []row) ([]row, error) {
	if !slices.ContainsFunc(rows, row.learns) {
		return nil, ErrNothingToLearn
	}
	return rows, nil
}

// encodedEvery is after how many tasks there is a sign of life.
const encodedEvery = 1000

// encodeTasks renders the worked solutions of all tasks of a source, on all
// processors where it tells its length. The rows are those of encode.
func encodeTasks(ctx context.Context, h core.Host, p core.Policy, source core.TaskSource) ([]row, error) {
	total := source.Len()
	if total < 0 {
		return encode(ctx, h, p, core.Demonstrations(ctx, source))
	}
	enc, err := h.Encoder(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("encoding examples: %w", err)
	}
	encoded := core.MapTasks(ctx, source, total, func(t core.Task) ([]row, error) {
		ex, err := core.Demonstration(t)
		if err != nil {
			return nil, fmt.Errorf("reading examples: %w", err)
		}
		return encodeExample(enc, ex)
	})
	var rows []row
	done := 0
	for of, err := range encoded {
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
		if done++; done%encodedEvery == 0 || done == total {
			h.Progress(core.Progress{Stage: "encode", Done: done, Total: total, Note: "examples encoded"})
		}
	}
	return taught(rows)
}

func encodeExample(enc core.Encoder, ex *core.Example) ([]row, error) {
	var rows []row
	for i, leaf := range ex.Leaves {
		ids, loss, err := enc.EncodePath(ex.Episode.PathNodes(leaf))
		if err != nil {
			return nil, fmt.Errorf("encoding an example of task %s: %w", ex.Episode.Task.ID, err)
		}
		r := row{tokens: ids, weights: make([]float32, len(ids)), first: i == 0, label: 1, task: ex.Episode.Task.ID}
		if i < len(ex.Labels) {
			r.label = ex.Labels[i]
		}
		for j := 1; j < len(ids); j++ { // position 0 predicts nothing
			if loss[j] {
				r.weights[j] = 1
			}
		}
		if w, ok := ex.Signals["weights"]; ok && i < len(w) {
			if len(w[i]) != len(ids) {
				return nil, fmt.Errorf("encoding an example of task %s: %d weights for %d tokens", ex.Episode.Task.ID, len(w[i]), len(ids))
			}
			for j := range r.weights {
				r.weights[j] *= w[i][j]
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}
