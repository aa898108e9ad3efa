package sim

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"pawl/core"
	"pawl/prompt"
)

// Problem is the hidden side of a task.
type Problem struct {
	ID    string // of the task; "" where the prompt alone poses it
	Level int    // 1 to Levels
	// Write writes an attempt that Right agrees with, or a wrong one: with the
	// typical mistake of the task where that is asked for. It draws from r alone.
	Write func(ctx context.Context, r *rand.Rand, right, typical bool) (string, error)
	// Right judges an attempt.
	Right func(ctx context.Context, attempt string) (bool, error)
	// FirstWrong is the number of the first wrong step, 0 for none; nil where steps
	// cannot be told apart.
	FirstWrong func(attempt string) int
	// Alone tells that an attempt may hold nothing beside what Write writes.
	Alone bool
}

// Hidden is the hidden channel: what a simulation knows of tasks. It is safe for
// concurrent use.
type Hidden struct {
	// Problem is what is known of a task; ErrUnknown where that is nothing.
	Problem func(t core.Task) (Problem, error)
	// Pose makes the task that a prompt poses on its own; nil makes none.
	Pose func(prompt string) (core.Task, bool)
}

// ErrUnknown is the error of a task of which nobody can tell what is right.
var ErrUnknown = errors.New("nothing is known of what is right")

// mostKnown bounds the problems that are kept ready.
const mostKnown = 1 << 16

// knowledge finds problems by what prompts show of a task.
type knowledge struct {
	hidden Hidden

	mu    sync.Mutex
	tasks map[core.Digest]core.Task // by the transcript's digest
	ready map[core.Digest]Problem
}

func newKnowledge(h Hidden) *knowledge {
	return &knowledge{hidden: h, tasks: map[core.Digest]core.Task{}, ready: map[core.Digest]Problem{}}
}

// learn makes tasks known. Of two that read alike the later counts.
func (k *knowledge) learn(tasks []core.Task) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range tasks {
		key := core.Sum([]byte(prompt.Transcript(t.Prompt)))
		k.tasks[key] = t
		delete(k.ready, key)
	}
}

// find gives the problem that a text poses; ok is false where it is unknown.
func (k *knowledge) find(text string) (p Problem, ok bool, err error) {
	key := core.Sum([]byte(text))
	k.mu.Lock()
	p, ok = k.ready[key]
	t, told := k.tasks[key]
	k.mu.Unlock()
	if ok {
		return p, true, nil
	}
	if ok = told; ok {
		p, ok, err = k.problem(t)
	}
	if posed := k.hidden.Pose; !ok && err == nil && posed != nil {
		if t, told = posed(text); told {
			p, ok, err = k.problem(t)
		}
	}
	if !ok && err == nil {
		p, ok = sum(text)
	}
	if !ok || err != nil {
		return p, false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ready) >= mostKnown {
		clear(k.ready)
	}
	k.ready[key] = p
	return p, true, nil
}

// problem asks the hidden channel.
func (k *knowledge) problem(t core.Task) (p Problem, ok bool, err error) {
	if k.hidden.Problem == nil {
		return p, false, nil
	}
	p, err = k.hidden.Problem(t)
	if errors.Is(err, ErrUnknown) {
		return p, false, nil
	}
	return p, err == nil, err
}
