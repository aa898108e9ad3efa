package listfn

import (
	"encoding/json"
	"math/rand/v2"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// register registers one of the worlds.
func register(form string, d registry.Doc, plan func(json.RawMessage) (string, error)) {
	rules := world.Rules{
		Judge: judge(form),
		Steps: cut,
		Flaw:  func(raw json.RawMessage, r *rand.Rand) (string, error) { return flaw(form, raw, r) },
		Read:  func(prompt string) (core.Task, error) { return read(form, prompt) },
		Plan:  plan,
	}
	if form != Apply {
		rules.Variant = func(raw json.RawMessage, r *rand.Rand) (string, error) { return variant(form, raw, r) }
	}
	world.Register(form, d,
		func(c Config) (world.World, error) { return New(form, c) },
		func(c Config) int { return c.N }, rules)
}
