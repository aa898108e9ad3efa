// Package reverse is the world of writing a string backwards. The compact
// prompt "rev k3fa=" is completed by "af3k"; one step is one character. A causal
// model has to look ever further back, which makes it harder than copying at
// the same length.
//
// Reversal is one of the string tasks by which "Exploring Length Generalization
// in Large Language Models" (Anil et al., 2022) and many after it probe what
// transformers learn. The level sets between which lengths strings are. With equal
// settings splits keep the same strings apart as in the world copy.
package reverse

import (
	"slices"

	"pawl/registry"
	"pawl/world/internal/transcribe"
)

// Config chooses strings and their lengths.
type Config = transcribe.Config

// World is the world of a Config.
type World = transcribe.World

var kind = transcribe.Kind{
	Name:    "reverse",
	Keyword: "rev ",
	Lengths: [5][2]int{{4, 8}, {4, 16}, {8, 40}, {16, 80}, {32, 160}},
	Ask:     "Write this string backwards, its last character first",
	Apply:   backwards,
}

// backwards is s from its last byte to its first; strings are ASCII here.
func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) { return kind.New(c) }

func init() {
	kind.Register(registry.Doc{
		Summary: "Write a string of letters and digits backwards.",
		Detail:  "A prompt reads `rev k3fa=`; a step is a character. The oracle names the first that differs. With `length` alone, all strings are of one length.",
		Paper:   "Exploring Length Generalization in Large Language Models (Anil et al., 2022)",
		Example: "reverse: {split: train, length: 12}",
	})
}
