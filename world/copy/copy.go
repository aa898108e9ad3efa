// Package copy is the world of copying a string. The compact prompt
// "copy k3fa=" is completed by "k3fa"; one step is one character, so the first
// wrong step is the first character that differs. The level sets between which
// lengths strings are; the setting length makes all of one length, up to
// thousands.
//
// It is the copying task of "Self-Improving Transformers Overcome Easy-to-Hard
// and Length Generalization Challenges" (Lee et al., 2025), where a model
// learns lengths it was never shown from its own, filtered, answers.
//
// Where all strings are of one length, a model can learn to look back a fixed
// distance, which takes minutes even for hundreds of characters; with lengths
// mixed it has to find its place by what it has written.
//
// Splits keep strings apart by their beginning, and with equal settings the same
// ones as in the world reverse: what copy trains on, reverse is not tested on.
package copy

import (
	"pawl/registry"
	"pawl/world/internal/transcribe"
)

// Config chooses strings and their lengths.
type Config = transcribe.Config

// World is the world of a Config.
type World = transcribe.World

var kind = transcribe.Kind{
	Name:    "copy",
	Keyword: "copy ",
	Lengths: [5][2]int{{4, 8}, {8, 32}, {16, 96}, {32, 150}, {64, 300}},
	Ask:     "Copy this string exactly, character by character",
	Apply:   func(s string) string { return s },
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) { return kind.New(c) }

func init() {
	kind.Register(registry.Doc{
		Summary: "Copy a string of letters and digits.",
		Detail:  "A prompt reads `copy k3fa=`; a step is a character. The oracle names the first that differs. With `length` alone, all strings are of one length.",
		Paper:   "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges (Lee et al., 2025)",
		ID:      "S224",
		Example: "copy: {split: train, length: 20}",
	})
}
