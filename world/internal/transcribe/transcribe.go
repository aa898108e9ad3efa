// Package transcribe is what the worlds have in common in which a string is
// written down once more in a certain order: the generator, the oracle, mistakes
// and the reading of prompts. A step is one character.
package transcribe

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
	"pawl/world/internal/text"
)

// Config chooses strings: of lengths between two, drawn evenly, or all of one
// length.
type Config struct {
	Split    string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N        int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level    int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty, which sets the lengths."`
	Length   int    `yaml:"length" default:"0" min:"0" max:"10000" doc:"Characters of each string, or of the longest; 0 goes by the level."`
	Shortest int    `yaml:"shortest" default:"0" min:"0" max:"10000" doc:"Characters of the shortest string; 0 makes all of one length where that is given, and else goes by the level."`
	Symbols  int    `yaml:"symbols" default:"36" min:"2" max:"36" doc:"How many of a to z, then 0 to 9, occur."`
	Seed     uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws what the split does not fix."`
	Dialect  string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// Kind is one such world.
type Kind struct {
	Name    string              // of the world
	Keyword string              // begins compact prompts, with the space after it
	Lengths [5][2]int           // of the shortest and the longest string, by level
	Ask     string              // the English order, before a colon and the string
	Apply   func(string) string // what is asked for
}

const end = "=" // closes a compact prompt

// maxRead bounds the strings of prompts that others write.
const maxRead = 10_000

type reference struct {
	core.Reference
	Text    string `json:"text"`
	Dialect string `json:"dialect"`
}

// World is a set of strings.
type World struct {
	kind     *Kind
	cfg      Config
	alphabet string
	share    world.Share
	numbered int // characters that the instance number determines; the rest is drawn, as is the length
}

// New checks c and makes the world. Zero values take the defaults.
func (k *Kind) New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(k.Lengths), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world %s: %w", k.Name, err)
	}
	if c.Symbols == 0 {
		c.Symbols = len(text.Alphabet)
	}
	if c.Symbols < 2 || c.Symbols > len(text.Alphabet) {
		return nil, fmt.Errorf("making world %s: %d symbols: from 2 to %d can be had", k.Name, c.Symbols, len(text.Alphabet))
	}
	c.Shortest, c.Length = k.lengths(c)
	if c.Shortest < 1 || c.Length < c.Shortest {
		return nil, fmt.Errorf("making world %s: strings of %d to %d characters: at least 1, and the shortest first, are needed", k.Name, c.Shortest, c.Length)
	}
	w := &World{kind: k, cfg: c, alphabet: text.Alphabet[:c.Symbols]}
	var size uint64
	size, w.numbered = world.Powers(uint64(c.Symbols), c.Shortest)
	// The space is named without the world: strings that begin like one that
	// copy trains on are not in a test of reverse with the same settings.
	space := fmt.Sprintf("strings over %d symbols by their first %d", c.Symbols, w.numbered)
	w.share, err = world.NewShare(space, size, c.Split, c.Seed)
	return w, err
}

// lengths are those of the shortest and the longest string.
func (k *Kind) lengths(c Config) (shortest, longest int) {
	by := k.Lengths[c.Level-1]
	switch {
	case c.Length != 0 && c.Shortest != 0:
		return c.Shortest, c.Length
	case c.Length != 0:
		return c.Length, c.Length
	case c.Shortest != 0:
		return c.Shortest, by[1]
	}
	return by[0], by[1]
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return text.Unit }

// Vocabulary is the symbols and what a prompt has besides.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return text.Vocabulary(w.alphabet, w.kind.Keyword, end)
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	r := world.Random(w.kind.Name, w.cfg.Seed, n)
	length := w.cfg.Shortest
	if w.cfg.Length > length {
		length += r.IntN(w.cfg.Length - length + 1)
	}
	s := text.Spell(n, w.numbered, w.alphabet, length, r)
	return w.kind.task(w.kind.Name+"/"+w.cfg.Split+"/"+s, s, w.cfg.Dialect)
}

// task poses s. The reference is a function of the prompt.
func (k *Kind) task(id, s, dialect string) core.Task {
	answer := k.Apply(s)
	ref := reference{
		Reference: core.Reference{Answer: answer, Solution: answer, World: k.Name},
		Text:      s, Dialect: dialect,
	}
	prompt := k.Keyword + s + end
	if dialect == world.Chat {
		prompt = k.Ask + ": " + s + "\nEnd with the result on its own line, as #### result."
		ref.Solution = "#### " + answer
	}
	return world.NewTask(k.Name, id, prompt, ref)
}

// truth is the answer that raw's instance has.
func (k *Kind) truth(raw json.RawMessage) (truth, dialect string, err error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return "", "", err
	}
	if !text.Within(ref.Text, text.Alphabet) {
		return "", "", fmt.Errorf("reading its reference: %.20q is no string of small letters and digits", ref.Text)
	}
	return k.Apply(ref.Text), ref.Dialect, nil
}

// Rules are the world's oracle and all that goes with it.
func (k *Kind) Rules() world.Rules {
	return world.Rules{
		Judge: func(raw json.RawMessage) (world.Judge, error) {
			truth, dialect, err := k.truth(raw)
			if err != nil {
				return nil, err
			}
			return text.Exactly(truth, dialect), nil
		},
		Steps: text.Characters,
		Flaw: func(raw json.RawMessage, r *rand.Rand) (string, error) {
			truth, dialect, err := k.truth(raw)
			if err != nil {
				return "", err
			}
			slipped := text.Slip(truth, text.Alphabet, r)
			if dialect == world.Chat {
				slipped = "#### " + slipped
			}
			return slipped, nil
		},
		Read: k.read,
	}
}

func (k *Kind) read(prompt string) (core.Task, error) {
	s, err := text.Read(prompt, k.Keyword, end)
	if err != nil {
		return core.Task{}, err
	}
	if !text.Within(s, text.Alphabet) || len(s) > maxRead {
		return core.Task{}, fmt.Errorf("reading prompt %.40q: it wants 1 to %d small letters and digits", prompt, maxRead)
	}
	return k.task(k.Name+"/read/"+s, s, world.Compact), nil
}

// Register makes the world known under its name.
func (k *Kind) Register(d registry.Doc) {
	world.Register(k.Name, d, k.New, func(c Config) int { return c.N }, k.Rules())
}
