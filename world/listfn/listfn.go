package listfn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/world"
)

// Names of the worlds.
const (
	Apply  = "listapply"
	Induce = "listinduce"
	Repair = "listrepair"
)

// Config chooses tasks of one of the worlds.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level" min:"1" max:"5" default:"3" doc:"How hard: operations, numbers of a list, examples."`
	Ops     int    `yaml:"ops" default:"0" min:"0" max:"8" doc:"Operations of a program; 0 goes by level. Programs that are to be found have at most 3."`
	Length  int    `yaml:"length" default:"0" min:"0" max:"9" doc:"Numbers of a list; 0 goes by level."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws the examples beside the first and the wrong programs."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// sizes of a task: operations, numbers of a list, shown examples, and wrong
// operations of the program to mend.
type sizes struct{ ops, length, examples, mistakes int }

var levels = map[string][5]sizes{
	Apply:  {{1, 3, 0, 0}, {2, 4, 0, 0}, {3, 5, 0, 0}, {4, 6, 0, 0}, {5, 7, 0, 0}},
	Induce: {{1, 3, 2, 0}, {1, 4, 2, 0}, {2, 4, 3, 0}, {3, 4, 3, 0}, {3, 5, 3, 0}},
	Repair: {{1, 3, 2, 1}, {2, 4, 2, 1}, {3, 4, 2, 1}, {3, 4, 3, 2}, {3, 5, 3, 3}},
}

// World is one of the worlds, named by form.
type World struct {
	form string
	cfg  Config
	sizes
	lists uint64 // how many lists have their length
	share world.Share
}

// New makes the world named form, [Apply], [Induce] or [Repair]. Zero values of
// c take the defaults.
func New(form string, c Config) (*World, error) {
	w := &World{form: form, cfg: c}
	if err := w.check(); err != nil {
		return nil, fmt.Errorf("making world %s: %w", form, err)
	}
	w.lists = 1
	for range w.length {
		w.lists *= 10
	}
	space := fmt.Sprintf("%s of %d operations on %d numbers", form, w.ops, w.length)
	var err error
	w.share, err = world.NewShare(space, w.programs()*w.lists, w.cfg.Split, c.Seed)
	return w, err
}

func (w *World) check() (err error) {
	c := &w.cfg
	of, known := levels[w.form]
	if !known {
		return fmt.Errorf("there are %s, %s and %s", Apply, Induce, Repair)
	}
	if err = world.Settle(&c.Split, &c.Level, len(of), &c.Dialect); err != nil {
		return err
	}
	w.sizes = of[c.Level-1]
	most, fewest := MaxOps, 2
	if w.form != Apply {
		most = maxSize
	}
	if c.Ops != 0 {
		w.ops = c.Ops
	}
	if c.Length != 0 {
		w.length = c.Length
	}
	switch {
	case w.ops < 1 || w.ops > most:
		return fmt.Errorf("programs of %d operations: from 1 to %d are possible", w.ops, most)
	case w.length < fewest || w.length > maxDrawn:
		return fmt.Errorf("lists of %d numbers: from %d to %d are possible", w.length, fewest, maxDrawn)
	}
	return nil
}

// programs counts the programs that tasks are made from: all functions of that
// many operations where programs are to be found; else all that repeat no
// operation at once and leave one number at the end only.
func (w *World) programs() uint64 {
	if w.form != Apply {
		return uint64(len(layers[w.length][w.ops]().asked))
	}
	if w.ops == 1 {
		return uint64(len(ops))
	}
	n := uint64(len(ops) - lumps)
	for range w.ops - 2 {
		n *= uint64(len(ops) - lumps - 1)
	}
	return n * uint64(len(ops)-1)
}

// program is number x of programs.
func (w *World) program(x uint64) program {
	if w.form != Apply {
		return layers[w.length][w.ops]().asked[x]
	}
	p := make(program, w.ops)
	for i := range p {
		n := uint64(len(ops) - lumps)
		if i == w.ops-1 {
			n = uint64(len(ops))
		}
		if i > 0 {
			n-- // all but the one before
		}
		p[i] = uint8(x % n)
		if x /= n; i > 0 && p[i] >= p[i-1] {
			p[i]++
		}
	}
	return p
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is the characters of prompts and completions.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	chars := []byte("0123456789[],;|>: " + keywords[Apply] + keywords[Induce] + keywords[Repair])
	for _, o := range ops {
		chars = append(chars, o.Name...)
	}
	slices.Sort(chars)
	return strings.Split(string(slices.Compact(chars)), "")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	x := w.share.Instance(i)
	f, rest := w.program(x/w.lists), x%w.lists
	var first list
	for range w.length {
		first.push(int(rest % 10))
		rest /= 10
	}
	if w.form == Apply {
		return applyTask(w.cfg.Split, w.cfg.Dialect, f, first)
	}
	z := makePuzzle(w.random(x), f, first, w.sizes)
	return z.task(w.cfg.Split, w.cfg.Dialect)
}

func (w *World) random(x uint64) *rand.Rand { return world.Random(w.form, w.cfg.Seed, x) }
