// Package keysum is a world of running sums over many turns: a dictionary of
// keys and numbers is given once, every turn names keys, and the answer of a
// turn is the sum of all values named so far.
//
// It is the task of "The Illusion of Diminishing Returns: Measuring Long
// Horizon Execution in LLMs" (Sinha et al., 2025): plan and knowledge are in
// the prompt, so that what fails is execution alone, and one slip spoils every
// later sum. The paper has a hundred words of five letters with values up to 99
// either way; here keys are single letters and values smaller, for models of
// characters.
//
// Played (form turns), every turn is told after the last one was answered; the
// play goes on after an error, since that models err more in the company of
// their errors is what the paper found. A turn that tells no number ends the play
// with 0, the worst, as an illegal move of any world does; the paper counts it as
// wrong and asks on.
//
//	keysum 3x1 a3,b-2,c9:     three turns of one key
//	+b=    -2
//	+c=    7
//	+b=    5
//
// At once (form once), all turns stand in the prompt, and one step is one turn:
// the sum before it, the values, the sum after it. The last step repeats the
// sum. A step may leave its working out.
//
//	keysum a3,b-2,c9:+b,+c,+b=
//	0-2=-2;-2+9=7;7-2=5;5
package keysum

import (
	"cmp"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// Forms of a task.
const (
	Turns = "turns" // played turn by turn
	Once  = "once"  // all turns in one prompt
)

// Config chooses a world of running sums. Zeros are filled in by level.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level" min:"1" max:"5" default:"3" doc:"Difficulty: sets the sizes that are left at 0; from 3 on values may be negative."`
	Form    string `yaml:"form" enum:"turns|once" default:"turns" doc:"Played turn by turn, or all turns in one prompt."`
	Turns   int    `yaml:"turns" default:"0" min:"0" max:"1000" doc:"Number of turns; 0 goes by level."`
	PerTurn int    `yaml:"per_turn" default:"0" min:"0" max:"10" doc:"Keys named in each turn; 0 goes by level."`
	Keys    int    `yaml:"keys" default:"0" min:"0" max:"20" doc:"Keys of the dictionary; 0 goes by level."`
	Largest int    `yaml:"largest" default:"0" min:"0" max:"999" doc:"Largest value; 0 goes by level."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// size is what a level means. Values go from least to most.
type size struct{ keys, least, most, turns, per int }

var sizes = [...]size{
	1: {4, 1, 5, 4, 1},
	2: {5, 1, 9, 6, 1},
	3: {6, -9, 9, 8, 1},
	4: {7, -9, 9, 10, 1},
	5: {8, -9, 9, 10, 2},
}

// World makes the tasks of one Config. An instance is a dictionary: which keys
// its turns name follows from it and from their number, so that a prompt of
// either form tells its whole task.
type World struct {
	cfg   Config
	size  size
	share world.Share
}

// New checks c and makes its world.
func New(c Config) (*World, error) {
	c.Form = cmp.Or(c.Form, Turns)
	fail := func(format string, args ...any) (*World, error) {
		return nil, fmt.Errorf("making world keysum: "+format, args...)
	}
	err := world.Settle(&c.Split, &c.Level, len(sizes)-1, &c.Dialect)
	if err != nil {
		return fail("%w", err)
	}
	if c.Form != Turns && c.Form != Once {
		return fail("no form named %q; there are %s and %s", c.Form, Turns, Once)
	}
	s := sizes[c.Level]
	s.keys, s.turns, s.per = cmp.Or(c.Keys, s.keys), cmp.Or(c.Turns, s.turns), cmp.Or(c.PerTurn, s.per)
	if s.most = cmp.Or(c.Largest, s.most); s.least < 0 {
		s.least = -s.most
	}
	switch {
	case s.keys < 1 || s.keys > 20:
		return fail("%d keys: 1 to 20 are possible", s.keys)
	case s.turns < 1 || s.turns > maxTurns || s.per < 1 || s.per > maxPerTurn:
		return fail("%d turns of %d keys: up to %d turns of up to %d keys are possible", s.turns, s.per, maxTurns, maxPerTurn)
	case s.most < 1 || s.most > maxValue:
		return fail("values up to %d: the largest may be 1 to %d", s.most, maxValue)
	}
	w := &World{cfg: c, size: s}
	space := fmt.Sprintf("keysum of %d keys from %d to %d", s.keys, s.least, s.most)
	n := world.LetterSets(s.keys)
	for range s.numbered() {
		n *= s.span()
	}
	w.share, err = world.NewShare(space, n, c.Split, c.Seed)
	return w, err
}

// span is how many values there are.
func (s size) span() uint64 { return uint64(s.most - s.least + 1) }

// numbered is how many of the values the instance number determines: as many
// as can be numbered. The others are drawn.
func (s size) numbered() int {
	n := world.LetterSets(s.keys)
	for k := range s.keys {
		if n > (1<<62)/s.span() {
			return k
		}
		n *= s.span()
	}
	return s.keys
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
	return strings.Split("abcdefghijklmnopqrstuvwxyz0123456789 ,:;+-=", "")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	rng := world.Random("keysum", w.cfg.Seed, n)
	s := w.size
	sets := world.LetterSets(s.keys)
	sum := sum{keys: world.UnrankLetters(n%sets, s.keys), values: make([]int, s.keys)}
	rest := n / sets
	for k := range sum.values {
		if k < s.numbered() {
			sum.values[k] = s.least + int(rest%s.span())
			rest /= s.span()
		} else {
			sum.values[k] = s.least + rng.IntN(int(s.span()))
		}
	}
	sum.draw(s.turns, s.per)
	return sum.task(fmt.Sprintf("keysum/%s/%dx%d %s", w.cfg.Split, s.turns, s.per, sum.dictionary()), w.cfg.Form, w.cfg.Dialect)
}

func init() {
	world.Register("keysum", registry.Doc{
		Summary: "Keep a running sum over many turns, each naming keys of a dictionary told once.",
		Detail: "Played, the return is the share of turns right before the first error; " +
			"the reason tells the accuracy of all turns beside it. " +
			"With `form: once`, all turns stand in one prompt and the sums are judged together.",
		Paper:   "The Illusion of Diminishing Returns: Measuring Long Horizon Execution in LLMs (Sinha et al., 2025)",
		Example: "keysum: {split: train, level: 3, form: once, turns: 6}",
	}, New, func(c Config) int { return c.N }, Rules())
}

// Rules is what the world knows of its tasks. Both forms can be judged and
// played: a task at once is a play of a single move, and of a play the transcript
// of its moves is judged.
func Rules() world.Rules {
	return world.Rules{Judge: judge, Play: play, Steps: world.MoveSteps, Flaw: flaw, Read: read, Plan: plan, Scale: scale, Demonstrate: demonstrate}
}
