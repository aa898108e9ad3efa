// Package chain is the world of combining numbers of a finite set to one, two
// at a time, writing every partial result. Many derivations lead to the one
// answer, so that attempts at a task differ in their steps.
//
// A step is two operands and their result: 3 17 5 9 modulo 20 is solved by
// "5 9 14 3 14 17 17 17 14". The words are the numbers.
package chain

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

func init() {
	world.Register("chain", registry.Doc{
		Summary: "Combine numbers of a finite set to one, writing every partial result; many derivations lead to one answer.",
		Detail: "The operation is addition modulo `modulus` under a random relabelling, fixed by `table`. " +
			"Each step writes two operands and their result. The oracle checks every step.",
		Example: "chain: {split: train, numbers: 4, modulus: 20, table: 1}",
	}, New, func(c Config) int { return c.N }, world.Rules{
		Judge: oracle, Steps: steps, Flaw: flaw, Variant: variant, Read: readPrompt, Recover: recovered,
	})
}

// Config chooses a chain world: numbers below Modulus are combined, two
// at a time, until one is left. The operation is addition modulo Modulus under
// a relabelling of the numbers, so every order of combining gives one answer.
type Config struct {
	Split   string  `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int     `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int     `yaml:"level,omitzero" default:"0" min:"0" max:"5" doc:"Difficulty from 1 to 5: 2, 3, 4, 5 and 6 numbers; 0 is as 3."`
	Numbers int     `yaml:"numbers" default:"0" min:"0" max:"64" doc:"Numbers to combine, from 2; one step less is needed. 0 is by level."`
	Modulus int     `yaml:"modulus" default:"20" min:"2" max:"1000" doc:"Size of the set that the numbers come from."`
	Order   string  `yaml:"order" enum:"free|fixed" default:"free" doc:"Combine any two of the remaining values, or left to right."`
	Table   uint64  `yaml:"table" default:"0" doc:"Relabelling of the numbers that shapes the operation; 0 is plain addition."`
	By      string  `yaml:"by" enum:"tuple|multiset" default:"tuple" doc:"What splits keep apart: ordered tuples, or sets of numbers in any order."`
	Hinted  float64 `yaml:"hinted" default:"0" min:"0" max:"1" doc:"Share of prompts that end with = and the answer and :, to teach a model to use hints."`
	Seed    uint64  `yaml:"seed" default:"1" doc:"Orders the tasks and draws the demonstrations."`
	Dialect string  `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare numbers, or English."`
}

// promptEnd closes a compact prompt. Without it nothing but a count of tokens
// tells a number of the prompt from the first operand.
const promptEnd = " :"

// World is the world of Config. Compact prompts are the numbers
// ("3 17 5 9 :"), completions the steps "x y r" one after the other
// ("5 9 14 3 14 17 17 17 14"), whose last word is the answer.
type World struct {
	cfg   Config
	op    operation
	share world.Share
	drawn int // numbers that the instance number determines; the rest are drawn
}

// reference is what the oracle needs to know, and what reports show.
type reference struct {
	core.Reference
	Numbers []int  `json:"numbers"`
	Modulus int    `json:"modulus"`
	Order   string `json:"order"`
	Table   uint64 `json:"table"`
	Dialect string `json:"dialect"`
}

// settle fills in what c leaves to the defaults and the level.
func (c Config) settle() (Config, error) {
	if c.Level < 0 || c.Level > 5 {
		return c, fmt.Errorf("making world chain: level %d: there are 1 to 5", c.Level)
	}
	c.Split = cmp.Or(c.Split, "train")
	c.Order = cmp.Or(c.Order, "free")
	c.By = cmp.Or(c.By, "tuple")
	c.Numbers = cmp.Or(c.Numbers, 1+cmp.Or(c.Level, 3))
	c.Modulus = cmp.Or(c.Modulus, 20)
	var err error
	if c.Dialect, err = world.Dialect(c.Dialect); err != nil {
		return c, fmt.Errorf("making world chain: %w", err)
	}
	switch {
	case c.Numbers < 2 || c.Modulus < 2:
		return c, fmt.Errorf("making world chain: %d numbers modulo %d: at least 2 of each are needed", c.Numbers, c.Modulus)
	case c.Order != "free" && c.Order != "fixed":
		return c, fmt.Errorf("making world chain: no order named %q; there are free and fixed", c.Order)
	}
	return c, nil
}

// Validate tells settings that make no world, before any is made.
func (c Config) Validate() error {
	_, err := c.settle()
	return err
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	c, err := c.settle()
	if err != nil {
		return nil, err
	}
	w := &World{cfg: c, op: newOperation(c.Modulus, c.Table)}
	space := fmt.Sprintf("chain of %d modulo %d by %s", c.Numbers, c.Modulus, c.By)
	var size uint64
	switch c.By {
	case "tuple":
		size, w.drawn = world.Powers(uint64(c.Modulus), c.Numbers)
	case "multiset":
		size, w.drawn = world.Multisets(c.Modulus, c.Numbers), c.Numbers
	default:
		return nil, fmt.Errorf("making world chain: cannot split by %q; use tuple or multiset", c.By)
	}
	if w.share, err = world.NewShare(space, size, c.Split, c.Seed); err != nil {
		return nil, err
	}
	return w, nil
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is words: every number is one token.
func (w *World) Unit() string { return core.UnitWords }

// Vocabulary is the numbers in order, the end of prompts, and "=" where prompts
// carry hints.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	words := make([]string, w.cfg.Modulus)
	for i := range words {
		words[i] = strconv.Itoa(i)
	}
	words = append(words, strings.TrimSpace(promptEnd))
	if w.cfg.Hinted > 0 {
		words = append(words, "=")
	}
	return words
}

// Task makes task i with a random derivation as its solution.
func (w *World) Task(i int) core.Task {
	x := w.share.Instance(i)
	rng := world.Random("chain", w.cfg.Seed, x)
	numbers := w.numbers(x, rng)
	steps := derive(w.op, w.cfg.Order == "free", numbers, rng)
	answer := strconv.Itoa(steps[len(steps)-1][2])
	ref := reference{
		Reference: core.Reference{Answer: answer, World: "chain"},
		Numbers:   numbers, Modulus: w.cfg.Modulus, Order: w.cfg.Order, Table: w.cfg.Table, Dialect: w.cfg.Dialect,
	}
	var prompt string
	if w.cfg.Dialect == world.Chat {
		ref.Solution = chatSolution(steps)
		prompt = chatPrompt(w.cfg, w.op, numbers)
	} else {
		ref.Solution = written(steps)
		prompt = world.Words(numbers) + promptEnd
		if w.cfg.Hinted > 0 && rng.Float64() < w.cfg.Hinted {
			prompt += " = " + answer + promptEnd
		}
	}
	id := "chain/" + w.cfg.Split + "/" + strings.ReplaceAll(world.Words(numbers), " ", "-")
	return world.NewTask("chain", id, prompt, ref)
}

// numbers is the instance with number x.
func (w *World) numbers(x uint64, rng *rand.Rand) []int {
	ns := make([]int, w.cfg.Numbers)
	if w.cfg.By == "multiset" {
		world.UnrankMultiset(x, w.cfg.Modulus, ns)
		rng.Shuffle(len(ns), func(i, j int) { ns[i], ns[j] = ns[j], ns[i] })
		return ns
	}
	for i := range ns {
		if i < w.drawn {
			ns[i] = int(x % uint64(w.cfg.Modulus))
			x /= uint64(w.cfg.Modulus)
		} else {
			ns[i] = rng.IntN(w.cfg.Modulus)
		}
	}
	return ns
}
