package pawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"pawl/core"
	"pawl/loop"
	"pawl/model/embedded"
)

// provider makes actors of models that are served rather than weighed: a package
// of model, for its kind.
type provider interface {
	// Resolve names the model that a user calls arg, as --model KIND:arg.
	Resolve(ctx context.Context, arg, baseURL string) (core.ModelName, error)
	// Actor plays seat; o are the seat's own options, which a request's override.
	Actor(ctx context.Context, m core.ModelName, seat string, o core.Options) (core.Actor, error)
	// Dialect is how the model is best asked.
	Dialect(m core.ModelName) string
}

// tasked is the companion of providers whose models know tasks: recordings, of
// which a task's samples are asked for, and simulations, which know the answers.
type tasked interface {
	// ResolveFor is Resolve where the tasks that will be asked are known.
	ResolveFor(ctx context.Context, arg string, tasks []core.Task) (core.ModelName, error)
}

// learner is the companion of providers that want to know the tasks also where a
// run's policy names their model.
type learner interface{ Learn(tasks []core.Task) }

// caveat is the companion of providers whose figures need a word of warning.
type caveat interface {
	Caveat(m core.ModelName) string
}

// models is loop.Models over every kind of model: a policy with a PartModel is
// served by the provider of its kind, any other by the embedded engine.
type models struct {
	*embedded.Engine
	store     embedded.Blobs
	providers map[string]provider
}

var (
	_ loop.Models   = (*models)(nil)
	_ loop.Dialects = (*models)(nil)
)

// close closes what providers hold open.
func (m *models) close() error {
	var all []error
	for _, by := range m.providers {
		if c, ok := by.(io.Closer); ok {
			all = append(all, c.Close())
		}
	}
	return errors.Join(all...)
}

// policy is one without weights, served by the model that a user names; tasks
// gives those that will be asked, where they are known.
func (m *models) policy(ctx context.Context, kind ModelKind, arg, baseURL string, tasks tasksAsked) (core.Policy, error) {
	by, ok := m.providers[string(kind)]
	if !ok {
		return nil, fmt.Errorf("resolving model %s:%s: this version of Pawl has no models of kind %q", kind, arg, kind)
	}
	resolve := func() (core.ModelName, error) { return by.Resolve(ctx, arg, baseURL) }
	if knows, ok := by.(tasked); ok && tasks != nil {
		resolve = func() (core.ModelName, error) {
			list, err := tasks(ctx)
			if err != nil {
				return core.ModelName{}, err
			}
			return knows.ResolveFor(ctx, arg, list)
		}
	}
	name, err := resolve()
	if err != nil {
		return nil, fmt.Errorf("resolving model %s:%s: %w", kind, arg, err)
	}
	d, err := m.store.Put(ctx, name.Bytes())
	if err != nil {
		return nil, err
	}
	return core.Policy{core.PartModel: d}, nil
}

// introduce makes tasks known to whoever serves a policy, where it wants to know.
func (m *models) introduce(ctx context.Context, policy core.Policy, tasks tasksAsked) error {
	_, by, ok, err := m.served(ctx, policy)
	learns, wants := by.(learner)
	if err != nil || !ok || !wants || tasks == nil {
		return err
	}
	list, err := tasks(ctx)
	if err == nil {
		learns.Learn(list)
	}
	return err
}

// caveats are what a reader of figures of policies must know first.
func (p *Pawl) caveats(ctx context.Context, team map[string]core.Policy) (all []string, err error) {
	for _, lane := range slices.Sorted(maps.Keys(team)) {
		name, by, ok, err := p.models.served(ctx, team[lane])
		if err != nil {
			return nil, err
		}
		if warns, has := by.(caveat); ok && has {
			if text := warns.Caveat(name); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all, nil
}

// warn tells them, and gives them as one text.
func (p *Pawl) warn(ctx context.Context, team map[string]core.Policy, tell func(loop.Event)) (string, error) {
	all, err := p.caveats(ctx, team)
	for _, text := range all {
		if tell != nil {
			tell(loop.Event{Shape: "note: " + text})
		}
	}
	return strings.Join(all, "; "), err
}

// served is the name of the model that serves p; ok is false where p has weights.
func (m *models) served(ctx context.Context, p core.Policy) (name core.ModelName, by provider, ok bool, err error) {
	d, ok := p[core.PartModel]
	if !ok {
		return name, nil, false, nil
	}
	content, err := m.store.Get(ctx, d)
	if err == nil {
		name, err = core.ParseModelName(content)
	}
	if err != nil {
		return name, nil, true, err
	}
	by, known := m.providers[name.Kind]
	if !known {
		return name, nil, true, fmt.Errorf("serving model %s: this version of Pawl has no models of kind %q", name.Name, name.Kind)
	}
	return name, by, true, nil
}

// Actor is the actor that plays seat under policy p.
func (m *models) Actor(ctx context.Context, p core.Policy, seat string, o core.Options) (core.Actor, error) {
	name, by, ok, err := m.served(ctx, p)
	switch {
	case err != nil:
		return nil, fmt.Errorf("seating %s: %w", seat, err)
	case ok:
		return by.Actor(ctx, name, seat, o)
	}
	return m.Engine.Actor(ctx, p, seat, o)
}

// Dialect tells how p is best asked.
func (m *models) Dialect(ctx context.Context, p core.Policy) (string, error) {
	name, by, ok, err := m.served(ctx, p)
	if err != nil || !ok {
		if err != nil {
			return "", err
		}
		return m.Engine.Dialect(ctx, p)
	}
	return by.Dialect(name), nil
}

// Trainer starts training from p.
func (m *models) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	if err := m.weighed(ctx, p, "training"); err != nil {
		return nil, err
	}
	return m.Engine.Trainer(ctx, p)
}

// Encoder renders paths to the tokens of p.
func (m *models) Encoder(ctx context.Context, p core.Policy) (core.Encoder, error) {
	if err := m.weighed(ctx, p, "encoding for"); err != nil {
		return nil, err
	}
	return m.Engine.Encoder(ctx, p)
}

// ServedError refuses what needs weights to a model that has none here.
type ServedError struct{ Doing, Model string }

func (e *ServedError) Error() string {
	return fmt.Sprintf("%s model %s: others serve it, so its weights are not here; use embedded, embedded:DIR or run[:ID]", e.Doing, e.Model)
}

// Is makes it loop's ErrNotHere.
func (e *ServedError) Is(target error) bool { return target == loop.ErrNotHere }

func (m *models) weighed(ctx context.Context, p core.Policy, doing string) error {
	name, _, ok, err := m.served(ctx, p)
	if err == nil && ok {
		err = &ServedError{doing, name.Kind + ":" + name.Name}
	}
	return err
}
