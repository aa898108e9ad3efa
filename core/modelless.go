package core

import (
	"context"
	"fmt"
)

// Modelless is the part of a Host behind which there is no model and no run.
// Hosts that offer a few things embed it; whatever else a component asks for is
// refused, with what was asked and Why.
type Modelless struct{ Why string }

func (m Modelless) refuse(what string) error { return fmt.Errorf("%s: %s", what, m.Why) }

func (m Modelless) Actor(seat string) (Actor, error) {
	return nil, m.refuse(fmt.Sprintf("asking the seat %q", seat))
}

func (m Modelless) Trainer(context.Context, Policy) (Trainer, error) {
	return nil, m.refuse("training")
}

func (m Modelless) NewModel(context.Context, ModelShape) (Policy, error) {
	return nil, m.refuse("making a model")
}

func (m Modelless) Encoder(context.Context, Policy) (Encoder, error) {
	return nil, m.refuse("encoding for a model")
}

func (m Modelless) Tasks(_ context.Context, set string) (TaskSource, error) {
	return nil, m.refuse(fmt.Sprintf("reading the task set %q of a recipe", set))
}

func (m Modelless) Try(context.Context, Policy, string) ([]*Episode, error) {
	return nil, m.refuse("trying a candidate")
}

func (m Modelless) Wording(string, string) (Wording, error) {
	return Wording{}, m.refuse("wording a prompt")
}

func (m Modelless) Policies() map[string]Policy { return nil }

func (m Modelless) Sandbox() (Sandbox, error) { return nil, m.refuse("opening a sandbox") }
