package coretest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"pawl/core"
)

// Host is a fake core.Host. Its fields say what it offers; everything else is
// an error that names what is missing. It is safe for concurrent use once the
// fields are set.
type Host struct {
	Actors   map[string]core.Actor // by seat
	Sets     map[string]core.TaskSource
	Named    map[string]core.Policy
	Builder  func(ctx context.Context, h core.Host, s core.Spec) (any, error)
	Training core.Trainer
	Coder    core.Encoder
	Model    func(s core.ModelShape) (core.Policy, error)
	Player   func(p core.Policy, set string) ([]*core.Episode, error)
	Dialect  string            // that all seats speak; "" is chat
	Wordings map[string]string // texts of prompt templates, by name
	Box      core.Sandbox
	StepSeed uint64
	Clock    *Clock

	mu       sync.Mutex
	blobs    map[core.Digest][]byte
	kept     []byte
	progress []core.Progress
}

var _ core.Host = (*Host)(nil)

// NewHost is a host with one seat, "solver", and a clock.
func NewHost(solver core.Actor) *Host {
	h := &Host{StepSeed: 1, Clock: NewClock()}
	if solver != nil {
		h.Actors = map[string]core.Actor{"solver": solver}
	}
	return h
}

func (h *Host) Actor(seat string) (core.Actor, error) {
	if a := h.Actors[seat]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("no seat named %q", seat)
}

func (h *Host) Build(ctx context.Context, s core.Spec) (any, error) {
	if h.Builder == nil {
		return nil, fmt.Errorf("building %s %q: the fake host has no Builder", s.Kind, s.Name)
	}
	return h.Builder(ctx, h, s)
}

func (h *Host) Trainer(context.Context, core.Policy) (core.Trainer, error) {
	if h.Training == nil {
		return nil, errors.New("the fake host has no Training")
	}
	return h.Training, nil
}

func (h *Host) NewModel(_ context.Context, s core.ModelShape) (core.Policy, error) {
	if h.Model == nil {
		return nil, errors.New("the fake host has no Model")
	}
	return h.Model(s)
}

func (h *Host) Encoder(context.Context, core.Policy) (core.Encoder, error) {
	if h.Coder == nil {
		return nil, errors.New("the fake host has no Coder")
	}
	return h.Coder, nil
}

func (h *Host) Tasks(_ context.Context, set string) (core.TaskSource, error) {
	if s := h.Sets[set]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no task set named %q", set)
}

func (h *Host) Policies() map[string]core.Policy { return maps.Clone(h.Named) }

func (h *Host) Try(_ context.Context, p core.Policy, set string) ([]*core.Episode, error) {
	if h.Player == nil {
		return nil, errors.New("the fake host has no Player")
	}
	return h.Player(p, set)
}

func (h *Host) Wording(prompt, _ string) (core.Wording, error) {
	w := core.Wording{Dialect: h.Dialect, Text: h.Wordings[prompt]}
	if w.Dialect == "" {
		w.Dialect = "chat"
	}
	return w, nil
}

func (h *Host) Sandbox() (core.Sandbox, error) {
	if h.Box == nil {
		return nil, errors.New("the fake host has no Box")
	}
	return h.Box, nil
}

func (h *Host) Put(_ context.Context, content []byte) (core.Digest, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.blobs == nil {
		h.blobs = map[core.Digest][]byte{}
	}
	d := core.Sum(content)
	h.blobs[d] = append([]byte{}, content...)
	return d, nil
}

func (h *Host) Get(_ context.Context, d core.Digest) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, ok := h.blobs[d]
	if !ok {
		return nil, fmt.Errorf("no blob %s", d.Short())
	}
	return append([]byte{}, b...), nil
}

func (h *Host) Keep(_ context.Context, state []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append([]byte{}, state...)
	return nil
}

func (h *Host) Kept(context.Context) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kept, nil
}

func (h *Host) Seed() uint64 { return h.StepSeed }

func (h *Host) Now() time.Time {
	if h.Clock == nil {
		return time.Time{}
	}
	return h.Clock.Now()
}

func (h *Host) Progress(p core.Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress = append(h.progress, p)
}

// Notes are the signs of life that components gave.
func (h *Host) Notes() []core.Progress {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]core.Progress{}, h.progress...)
}

// TaskList is a task source over a slice.
type TaskList []core.Task

// Len is the number of tasks.
func (l TaskList) Len() int { return len(l) }

// Tasks yields the tasks from index first on.
func (l TaskList) Tasks(ctx context.Context, first int) iter.Seq2[core.Task, error] {
	return func(yield func(core.Task, error) bool) {
		for i := max(first, 0); i < len(l); i++ {
			if err := ctx.Err(); err != nil {
				yield(core.Task{}, err)
				return
			}
			if !yield(l[i], nil) {
				return
			}
		}
	}
}
