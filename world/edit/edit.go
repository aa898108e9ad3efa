// Package edit is the world of editing a string: a short list of operations is
// applied to it, one after the other, and the string is written down after each.
//
// The compact prompt "edit abcd d2 i1x r3q:" is completed by "acd;xacd;xaqd".
// Positions count from 1. The operations are
//
//	d2   delete the 2nd character
//	i1x  insert x so that it becomes the 1st
//	r3q  replace the 3rd by q
//	s2   swap the 2nd and the 3rd
//
// A step is the string after one operation with the semicolon behind it; the
// last step is the answer. The answer alone is right, but not valid. Every
// operation of a task changes the string, so a step that is left out shows.
//
// Language models see tokens rather than characters and are known to be weak at
// this: "CUTE: Measuring LLMs' Understanding of Their Tokens" (Edman et al.,
// 2024). Here the work can be shown. Splits keep the strings apart that are
// edited, whatever is done to them.
package edit

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
	"pawl/world/internal/text"
)

// Config chooses edits: strings of one length, a fixed number of operations.
type Config struct {
	Split      string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N          int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level      int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty, which sets length and operations."`
	Length     int    `yaml:"length" default:"0" min:"0" max:"1000" doc:"Characters of each string, at least 2; 0 goes by the level."`
	Operations int    `yaml:"operations" default:"0" min:"0" max:"100" doc:"Operations on each string; 0 goes by the level."`
	Seed       uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws the operations."`
	Dialect    string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// levels are lengths and numbers of operations.
var levels = [5][2]int{{4, 1}, {5, 2}, {6, 3}, {8, 4}, {12, 6}}

// letters are the characters of strings: no digits, which are positions.
const letters = "abcdefghijklmnopqrstuvwxyz"

// World is the world of a Config.
type World struct {
	cfg      Config
	share    world.Share
	numbered int // characters that the instance number determines; all else is drawn
}

type reference struct {
	core.Reference
	Text       string   `json:"text"`
	Operations []string `json:"operations"`
	Dialect    string   `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(levels), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world edit: %w", err)
	}
	if c.Length == 0 {
		c.Length = levels[c.Level-1][0]
	}
	if c.Operations == 0 {
		c.Operations = levels[c.Level-1][1]
	}
	if c.Length < 2 || c.Operations < 1 {
		return nil, fmt.Errorf("making world edit: %d operations on %d characters: at least 1 and 2 are needed", c.Operations, c.Length)
	}
	size, numbered := world.Powers(uint64(len(letters)), c.Length)
	w := &World{cfg: c, numbered: numbered}
	w.share, err = world.NewShare(fmt.Sprintf("edits of %d letters", c.Length), size, c.Split, c.Seed)
	return w, err
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return text.Unit }

// Vocabulary is letters, digits and the marks of prompts and steps.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return text.Vocabulary(letters, "0123456789 :;")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	r := world.Random("edit", w.cfg.Seed, n)
	s := text.Spell(n, w.numbered, letters, w.cfg.Length, r)
	ops := draw(s, w.cfg.Operations, r)
	return task("edit/"+w.cfg.Split+"/"+s+"-"+strings.Join(words(ops), "-"), s, ops, w.cfg.Dialect)
}

// draw makes k operations, each of which changes the string that it meets. The
// string keeps at least 2 characters and grows by at most 2.
func draw(s string, k int, r *rand.Rand) []operation {
	low, high := 2, len(s)+2
	ops := make([]operation, 0, k)
	for len(ops) < k {
		o := operation{kind: kinds[r.IntN(len(kinds))]}
		switch o.kind {
		case insert:
			o.at = 1 + r.IntN(len(s)+1)
		case swap:
			o.at = 1 + r.IntN(len(s)-1)
		default:
			o.at = 1 + r.IntN(len(s))
		}
		if o.kind == insert || o.kind == replace {
			o.char = letters[r.IntN(len(letters))]
		}
		t := o.apply(s)
		if t == s || len(t) < low || len(t) > high {
			continue
		}
		ops, s = append(ops, o), t
	}
	return ops
}

// task poses ops on s. The reference is a function of the prompt.
func task(id, s string, ops []operation, dialect string) core.Task {
	truth, _ := states(s, ops)
	ref := reference{
		Reference: core.Reference{Answer: truth[len(truth)-1], Solution: strings.Join(truth, ";"), World: "edit"},
		Text:      s, Operations: words(ops), Dialect: dialect,
	}
	prompt := keyword + s + " " + strings.Join(ref.Operations, " ") + end
	if dialect == world.Chat {
		prompt = chatPrompt(s, ops)
		ref.Solution = chatSolution(truth)
	}
	return world.NewTask("edit", id, prompt, ref)
}

func init() {
	world.Register("edit", registry.Doc{
		Summary: "Apply a list of edit operations to a string, writing the string after each.",
		Detail: "A prompt reads `edit abcd d2 i1x r3q:` (delete the 2nd character, insert x as the 1st, replace the 3rd by q; " +
			"`s2` swaps the 2nd and 3rd), its completion `acd;xacd;xaqd`. The oracle checks every step.",
		Paper:   "CUTE: Measuring LLMs' Understanding of Their Tokens (Edman et al., 2024)",
		Example: "edit: {split: train, level: 2}",
	}, New, func(c Config) int { return c.N }, rules)
}
