package pawl

import (
	"context"
	"fmt"

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

// providers are those of this version of Pawl, whose calls payer pays for.
func providers(core.Payer) map[string]provider {
	return map[string]provider{}
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

// policy is one without weights, served by the model that a user names.
func (m *models) policy(ctx context.Context, kind ModelKind, arg, baseURL string) (core.Policy, error) {
	by, ok := m.providers[string(kind)]
	if !ok {
		return nil, fmt.Errorf("resolving model %s:%s: this version of Pawl has no models of kind %q", kind, arg, kind)
	}
	name, err := by.Resolve(ctx, arg, baseURL)
	if err != nil {
		return nil, fmt.Errorf("resolving model %s:%s: %w", kind, arg, err)
	}
	d, err := m.store.Put(ctx, name.Bytes())
	if err != nil {
		return nil, err
	}
	return core.Policy{core.PartModel: d}, nil
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

// servedTasks is how many tasks are under way at once where others serve the
// models: the machine waits then, and the payer bounds what is sent.
const servedTasks = 256

// parallel is loop.Run.Parallel for policies.
func (m *models) parallel(policies map[string]core.Policy) int {
	for _, p := range policies {
		if _, ok := p[core.PartModel]; ok {
			return servedTasks
		}
	}
	return 0
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

func (m *models) weighed(ctx context.Context, p core.Policy, doing string) error {
	name, _, ok, err := m.served(ctx, p)
	if err == nil && ok {
		err = &ServedError{doing, name.Kind + ":" + name.Name}
	}
	return err
}
