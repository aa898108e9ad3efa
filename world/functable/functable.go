// Package functable is a world of knowledge to be learnt by heart: a secret
// table of functions on the digits, under invented names. Tasks ask for
// compositions of them.
//
// It is a toy of "SE-Bench: Benchmarking Self-Evolution with Knowledge
// Internalization" (2026), which renames a library and asks for simple code:
// easy with the documentation in the prompt (book open), impossible without it
// (book closed), unless the table has been learnt. A table is fixed by its
// number and named in the prompt, fn for table 0 and fn7 for table 7, so that a
// model that knows one table can be taught another; the first tables share no
// name.
//
//	fn dage(rozi(5))=
//	rozi(5)=7;dage(7)=7;7
//
//	fn dage 2546389710,rozi 1094572836:dage(rozi(5))=
//	rozi(5)=7;dage(7)=7;7
//
// An entry of the book lists a function's values at 0 to 9, each a permutation
// of the digits. One step is one call, from the inside out; the last step is
// the value.
//
// Levels set how many calls are nested. All of them use the same functions, so
// that splits keep compositions apart, never facts: every fact occurs in the
// training tasks from level 2 on. At level 1 the tasks are the facts, ten to a
// function, and there the splits do keep facts apart.
package functable

import (
	"cmp"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// Books: whether a prompt documents the functions that it calls.
const (
	Open   = "open"
	Closed = "closed"
)

// Config chooses a function table and its tasks. Zeros are filled in by level.
type Config struct {
	Split     string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N         int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level     int    `yaml:"level" min:"1" max:"5" default:"3" doc:"Difficulty: how many calls are nested, where depth is 0."`
	Depth     int    `yaml:"depth" default:"0" min:"0" max:"12" doc:"Calls nested in each other; 0 goes by level."`
	Functions int    `yaml:"functions" default:"24" min:"1" max:"64" doc:"Functions in use, the first ones of the table."`
	Table     uint64 `yaml:"table" default:"0" doc:"Fixes the names of the functions and their values."`
	Book      string `yaml:"book" enum:"open|closed" default:"closed" doc:"Whether the prompt lists the values of the functions it calls."`
	Seed      uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect   string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

const maxDepth = 12

// World makes the tasks of one Config.
type World struct {
	cfg   Config
	table []function
	share world.Share
}

// New checks c and makes its world.
func New(c Config) (*World, error) {
	c.Book, c.Functions = cmp.Or(c.Book, Closed), cmp.Or(c.Functions, 24)
	fail := func(format string, args ...any) (*World, error) {
		return nil, fmt.Errorf("making world functable: "+format, args...)
	}
	err := world.Settle(&c.Split, &c.Level, 5, &c.Dialect)
	if err != nil {
		return fail("%w", err)
	}
	switch {
	case c.Book != Open && c.Book != Closed:
		return fail("no book named %q; there are %s and %s", c.Book, Open, Closed)
	case c.Functions < 1 || c.Functions > tableSize:
		return fail("%d functions: 1 to %d are possible", c.Functions, tableSize)
	}
	c.Depth = cmp.Or(c.Depth, c.Level)
	n := uint64(10)
	for range c.Depth {
		if n > (1<<62)/uint64(c.Functions) {
			return fail("%d nested calls of %d functions cannot be numbered; take fewer", c.Depth, c.Functions)
		}
		n *= uint64(c.Functions)
	}
	if c.Depth < 1 || c.Depth > maxDepth {
		return fail("%d nested calls: 1 to %d are possible", c.Depth, maxDepth)
	}
	w := &World{cfg: c, table: makeTable(c.Table)}
	space := fmt.Sprintf("functable of %d calls of %d functions", c.Depth, c.Functions)
	w.share, err = world.NewShare(space, n, c.Split, c.Seed)
	return w, err
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is letters, digits and the marks between them.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("abcdefghijklmnopqrstuvwxyz0123456789 ,:;()=", "")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	e := expression{table: w.cfg.Table, argument: int(n % 10)}
	for rest := n / 10; len(e.calls) < w.cfg.Depth; rest /= uint64(w.cfg.Functions) {
		e.calls = append(e.calls, w.table[rest%uint64(w.cfg.Functions)])
	}
	return e.task(fmt.Sprintf("functable/%s/%d/%s", w.cfg.Split, w.cfg.Table, e.text()), w.cfg.Book, w.cfg.Dialect)
}

func init() {
	world.Register("functable", registry.Doc{
		Summary: "Apply invented functions of a secret table to digits, one call inside another.",
		Detail: "With `book: open` the prompt lists the values of the functions that it calls; " +
			"with `book: closed` they have to be known. `table` fixes all functions.",
		Paper:   "SE-Bench: Benchmarking Self-Evolution with Knowledge Internalization (2026)",
		Example: "functable: {split: train, table: 7, depth: 2, book: open}",
	}, New, func(c Config) int { return c.N }, Rules())
}

// Rules is what the world knows of its tasks.
func Rules() world.Rules {
	return world.Rules{Judge: judge, Steps: world.MoveSteps, Flaw: flaw, Read: read, Plan: plan, Recover: recovered}
}
