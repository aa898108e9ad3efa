package world

import (
	"context"
	"fmt"
	"iter"

	"pawl/core"
)

// World is a set of tasks with exact answers.
type World interface {
	// Len is the number of tasks, none twice.
	Len() int
	// Task makes task i, 0 <= i < Len. It is a pure function of i.
	Task(i int) core.Task
	// Vocabulary lists every token of the compact dialect, prompts and
	// demonstrations together, in a fixed order; nil in the chat dialect.
	Vocabulary() []string
	// Unit tells what a token of Vocabulary is: core.UnitWords or
	// core.UnitCharacters.
	Unit() string
}

// Source is a world, or the first n tasks of it, as a task source. It also
// tells the world's vocabulary, so that a tokenizer can be made from it.
type Source struct {
	World
	n     int
	level int // of a world that is played; noted in references, for the scale of returns
}

// NewSource offers the first n tasks of w; 0 offers all. More than there are
// is an error, since repeated tasks would pass for independent ones.
func NewSource(w World, n int) (*Source, error) {
	switch {
	case n < 0:
		return nil, fmt.Errorf("taking %d tasks: the number may not be negative", n)
	case n > w.Len():
		return nil, fmt.Errorf("taking %d tasks: the split has only %d different ones; make the world larger or n smaller", n, w.Len())
	case n == 0:
		n = w.Len()
	}
	return &Source{World: w, n: n}, nil
}

// Len is the number of tasks offered.
func (s *Source) Len() int { return s.n }

// Tasks yields the tasks from index first on.
func (s *Source) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := max(first, 0); i < s.n; i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			t := s.Task(i)
			if s.level > 0 {
				t.Reference = noteLevel(t.Reference, s.level)
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}
