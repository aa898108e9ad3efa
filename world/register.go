package world

import (
	"context"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Tasks("chain", registry.Doc{
		Summary: "Combine numbers of a finite set to one, writing every partial result; many derivations lead to one answer.",
		Detail: "The operation is addition modulo `modulus` under a random relabelling, fixed by `table`. " +
			"Each step writes two operands and their result. The oracle checks every step.",
		Example: "chain: {split: train, numbers: 4, modulus: 20, table: 1}",
	}, source(NewChain, func(c ChainConfig) int { return c.N }))
	registry.Tasks("addition", registry.Doc{
		Summary: "Add two numbers of a given length, digits written forward or reversed.",
		Paper:   "Teaching Arithmetic to Small Transformers (Lee et al., 2023)",
		Example: "addition: {split: train, digits: 5, order: reversed}",
	}, source(NewAddition, func(c AdditionConfig) int { return c.N }))
	registry.Tasks("countdown", registry.Doc{
		Summary: "Reach a target from given numbers with + - * /, each number used exactly once.",
		Detail:  "Every task is solvable; the oracle accepts any legal solution, as steps or as one expression.",
		Paper:   "Stream of Search (SoS): Learning to Search in Language (Gandhi et al., 2024)",
		Example: "countdown: {split: train, numbers: 3, max: 50}",
	}, source(NewCountdown, func(c CountdownConfig) int { return c.N }))
}

// source offers a world of this package as a task source.
func source[C any, W World](build func(C) (W, error), n func(C) int) func(context.Context, core.Host, C) (core.TaskSource, error) {
	return func(_ context.Context, _ core.Host, c C) (core.TaskSource, error) {
		w, err := build(c)
		if err != nil {
			return nil, err
		}
		return NewSource(w, n(c))
	}
}
