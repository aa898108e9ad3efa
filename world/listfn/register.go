package listfn

import (
	"encoding/json"
	"math/rand/v2"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	plan := func(raw json.RawMessage) (string, error) {
		_, p, _, _, err := decode(Apply, raw)
		return strings.ReplaceAll(p.String(), "|", ";"), err
	}
	register(Apply, registry.Doc{
		Summary: "Carry out a small program on a list, operation by operation.",
		Detail: "Programs are operations such as sort or add1, joined by |; the lists hold numbers from 0 to 99. " +
			"Each step is the list after one operation, and the last is the answer.",
		Example: "listapply: {split: train, level: 3}",
	}, plan)
	register(Induce, registry.Doc{
		Summary: "Find a program on lists from examples of what it does.",
		Detail: "Any program is right that agrees with the shown examples and with hidden ones; no short program " +
			"agrees with the shown ones alone. The oracle carries programs out. Steps apply one operation to all shown inputs.",
		Paper:   "Phenomenal Yet Puzzling: Testing Inductive Reasoning Capabilities of Language Models with Hypothesis Refinement (Qiu et al., 2023)",
		Example: "listinduce: {split: train, level: 3}",
	}, nil)
	register(Repair, registry.Doc{
		Summary: "Mend a wrong program on lists, given examples of what it shall do.",
		Detail:  "As listinduce, but a program is given that one change makes right.",
		Example: "listrepair: {split: train, level: 3}",
	}, nil)
}

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
