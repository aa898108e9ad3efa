package optimizer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"pawl/core"
)

// ErrNothingToLearn means that the examples hold no token to learn from.
var ErrNothingToLearn = errors.New("no example has a token to learn")

// row is one encoded sequence of an example; rows of one example stand together.
type row struct {
	tokens  []int32
	weights []float32
	label   float64
	first   bool // begins an example
}

func (r row) learns() bool {
	return slices.ContainsFunc(r.weights, func(w float32) bool { return w != 0 })
}

// encode renders every leaf of every example.
func encode(ctx context.Context, h core.Host, p core.Policy, in core.Examples) ([]row, error) {
	return encodeParts(ctx, h, p, 1, func(int) core.Examples { return in }, func() {})
}

// taskPart is how many tasks are made and encoded at a stretch.
const taskPart = 256

// encodeTasks renders the worked solutions of all tasks of a source. Those of a
// generator are made as they are encoded, and both take their time: a source
// that tells its length is read by as many readers as there are processors.
func encodeTasks(ctx context.Context, h core.Host, p core.Policy, source core.TaskSource) ([]row, error) {
	total := source.Len()
	if total < 0 {
		return encode(ctx, h, p, core.Demonstrations(ctx, source))
	}
	var show sync.Mutex // progress goes up
	done := 0
	part := func(i int) core.Examples { return core.Demonstrations(ctx, stretch{source, i * taskPart}) }
	return encodeParts(ctx, h, p, (total+taskPart-1)/taskPart, part, func() {
		show.Lock()
		defer show.Unlock()
		done = min(done+taskPart, total)
		h.Progress(core.Progress{Stage: "encode", Done: done, Total: total, Note: "examples encoded"})
	})
}

// stretch is the taskPart tasks of a source from a first one on, or those left.
type stretch struct {
	of   core.TaskSource
	from int
}

func (s stretch) Len() int { return min(taskPart, s.of.Len()-s.from) }

func (s stretch) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		left := s.Len() - first
		if left <= 0 {
			return
		}
		for t, err := range s.of.Tasks(ctx, s.from+first) {
			if left--; !yield(t, err) || left == 0 {
				return
			}
		}
	}
}

// encodeParts renders examples that come in n parts, several parts at the same
// time, and tells when one is done. Rows and errors are those of reading part
// after part: parts are begun in order, and what was begun before a part that
// fails is finished, so the first error is always found. A panic is the
// caller's.
func encodeParts(ctx context.Context, h core.Host, p core.Policy, n int, part func(i int) core.Examples, done func()) ([]row, error) {
	enc, err := h.Encoder(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("encoding examples: %w", err)
	}
	parts, errs := make([][]row, n), make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var panicked atomic.Pointer[any]
	var crew sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		crew.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					failed.Store(true)
					panicked.CompareAndSwap(nil, &v)
				}
			}()
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if parts[i], errs[i] = encodeWith(ctx, enc, part(i)); errs[i] != nil {
					failed.Store(true)
					return
				}
				done()
			}
		})
	}
	crew.Wait()
	if v := panicked.Load(); v != nil {
		panic(*v)
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	rows := slices.Concat(parts...)
	if !slices.ContainsFunc(rows, row.learns) {
		return nil, ErrNothingToLearn
	}
	return rows, nil
}

func encodeWith(ctx context.Context, enc core.Encoder, in core.Examples) ([]row, error) {
	var rows []row
	for ex, err := range in {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reading examples: %w", err)
		}
		for i, leaf := range ex.Leaves {
			ids, loss, err := enc.EncodePath(ex.Episode.PathNodes(leaf))
			if err != nil {
				return nil, fmt.Errorf("encoding an example of task %s: %w", ex.Episode.Task.ID, err)
			}
			r := row{tokens: ids, weights: make([]float32, len(ids)), first: i == 0, label: 1}
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
	}
	return rows, nil
}
