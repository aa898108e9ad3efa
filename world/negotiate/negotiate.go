// Package negotiate is Deal or No Deal, from "Deal or No Deal? End-to-End
// Learning for Negotiation Dialogues" (Lewis et al., 2017), without the dialogue:
// two sides divide things that are worth different amounts to each, and each
// knows its own values alone. Everything together is worth 10 to each side.
//
// The solver and a scripted partner offer in turn, the solver first; either may
// accept the other's offer or walk away. The partner accepts what is worth its
// reservation to it, which falls as turns pass, and offers what leaves it the
// least above that. How it falls is the partner's style: see Styles. A play
// returns the value of the solver's share over 10; without a deal, and after an
// illegal move, 0. The oracle is the best that any sequence of offers gets from
// this partner, by search; it knows what the solver can only guess.
//
// A scenario is what is on the table and both sides' values, whatever the order
// of the kinds. As in the paper nothing is worthless to both; other than there it
// may be that nothing is worth something to both, so that either can have all.
// Splits are drawn from scenarios; each comes in all orders and with every
// character of partner.
//
// # Compact dialect
//
// The prompt tells the counts of each kind, the solver's values, the number of
// its turns, and a number that stands for the partner, scrambled so that it
// tells nothing:
//
//	deal 1,4,1 v4,1,2 t4 #57:
//
// Moves are o (offer: what the speaker gets), a (accept) and w (walk away). What
// the solver is told next is the partner's offer, or the end and the value:
//
//	o 1,3,1      I want one, three and one
//	o 0,0,1:     no; the partner wants the one of the last kind
//	o 1,2,0
//	a=6;         accepted: worth 6
//
// A step of a transcript of one's own moves ("o 1,3,1;a;") is one move.
package negotiate

import (
	"fmt"
	"strings"

	"pawl/core"
	"pawl/world"
)

// Name is the world's name.
const Name = "negotiate"

// Config chooses a world of negotiations.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty: sets kinds of things, how many there are, and turns."`
	Turns   int    `yaml:"turns" default:"0" min:"0" max:"9" doc:"Moves that the solver has, from 2; 0 goes by level."`
	Style   string `yaml:"style" enum:"any|steady|mirror|hasty" default:"any" doc:"How partners give way."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Single letters, or English."`
}

// sizes of the levels. The paper has 3 kinds and 5 to 7 things, as level 3. No
// two levels share a scenario.
var sizes = []struct{ kinds, low, high, turns int }{
	{2, 3, 5, 3}, {3, 4, 4, 3}, {3, 5, 7, 4}, {4, 6, 8, 5}, {5, 7, 8, 6},
}

const (
	fewestTurns, mostTurns = 2, 9
	mostThings             = 9 // in a prompt of any origin
)

// World is the world of Config.
type World struct {
	cfg       Config
	share     world.Share
	scenarios []scenario
	partners  []character
	orders    int
}

type reference struct {
	core.Reference
	Counts  []int     `json:"counts"`
	Mine    []int     `json:"mine"`
	Theirs  []int     `json:"theirs"`
	Partner character `json:"partner"`
	Turns   int       `json:"turns"`
	Dialect string    `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(sizes), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world negotiate: %w", err)
	}
	size := sizes[c.Level-1]
	if c.Turns == 0 {
		c.Turns = size.turns
	}
	if c.Turns < fewestTurns || c.Turns > mostTurns {
		return nil, fmt.Errorf("making world negotiate: %d turns: take %d to %d", c.Turns, fewestTurns, mostTurns)
	}
	w := &World{cfg: c, scenarios: scenarios(size.kinds, size.low, size.high), orders: factorial(size.kinds)}
	for n := range characters {
		if p := characterOf(n); c.Style == "" || c.Style == "any" || c.Style == p.Style {
			w.partners = append(w.partners, p)
		}
	}
	if len(w.partners) == 0 {
		return nil, fmt.Errorf("making world negotiate: no style named %q; there are any, %s", c.Style, strings.Join(Styles, ", "))
	}
	space := fmt.Sprintf("negotiate %d kinds of %d to %d", size.kinds, size.low, size.high)
	w.share, err = world.NewShare(space, uint64(len(w.scenarios)), c.Split, c.Seed)
	return w, err
}

// variants is in how many ways each scenario comes.
func (w *World) variants() int { return len(w.partners) * w.orders }

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() * w.variants() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is every character of prompts, moves and replies.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("0123456789dealvtow, #:;=", "")
}

// Task makes task i: every scenario once, then every one with another partner
// or order, and so on. Its solution is the expert's moves, step by step.
func (w *World) Task(i int) core.Task {
	x := w.share.Instance(i % w.share.Len())
	n := w.variants()
	// Steps prime to n reach all variants.
	r := world.Random("negotiate variants", w.cfg.Seed, x)
	first, step := r.IntN(n), r.IntN(n)
	for gcd(step, n) != 1 {
		step++
	}
	v := (first + i/w.share.Len()*step) % n
	ref := reference{Partner: w.partners[v%len(w.partners)], Turns: w.cfg.Turns, Dialect: w.cfg.Dialect}
	for _, k := range w.scenarios[x].arranged(v / len(w.partners)) {
		ref.Counts, ref.Mine, ref.Theirs = append(ref.Counts, k.count), append(ref.Mine, k.mine), append(ref.Theirs, k.theirs)
	}
	return task(ref)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// task is the task of a checked reference, whose answers it fills in.
func task(ref reference) core.Task {
	d := newDeal(ref)
	code := ref.code()
	moves := d.expert(nil, world.Random("negotiate solution", ref.seed(), uint64(code)))
	ref.Reference = core.Reference{World: Name, Answer: world.Move(ref.Dialect, moves[len(moves)-1]), Solution: world.WriteMoves(ref.Dialect, moves)}
	prompt := fmt.Sprintf("deal %s v%s t%d #%d:", list(ref.Counts), list(ref.Mine), ref.Turns, code)
	id := fmt.Sprintf("negotiate/%s/%s/%d/%d", list(ref.Counts), list(ref.Mine), ref.Turns, code)
	if ref.Dialect == world.Chat {
		prompt = d.rules()
	}
	return world.NewTask(Name, id, prompt, ref)
}
