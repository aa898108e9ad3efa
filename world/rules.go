package world

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"pawl/core"
	"pawl/registry"
)

// Rules is what a world knows beside making tasks. The functions get the
// reference of a task and trust the instance in it, never its answer; they are
// pure and safe for concurrent use. Those that a world has no use for are nil,
// but one of Judge and Play is there.
type Rules struct {
	// Judge makes the oracle of whole completions, in either dialect.
	Judge func(reference json.RawMessage) (Judge, error)
	// Play starts a world that is played turn by turn.
	Play func(reference json.RawMessage) (Player, error)
	// Steps cuts a compact completion into steps; joined, they are text again.
	Steps func(text string) []string
	// Flaw writes a compact completion that Judge finds wrong: with one
	// realistic mistake, and all that follows carried on consistently from it.
	Flaw func(reference json.RawMessage, r *rand.Rand) (text string, err error)
	// Variant writes a right compact completion, where there are several.
	Variant func(reference json.RawMessage, r *rand.Rand) (text string, err error)
	// Restate poses a task in other words, with the same answer; ok is false
	// where there are none.
	Restate func(t core.Task, r *rand.Rand) (other core.Task, ok bool)
	// Read makes the task that a compact prompt poses. Its reference equals
	// that of a generated task in all that defines the instance; the error
	// says why the text poses none.
	Read func(prompt string) (core.Task, error)
	// Plan names the sub-goals of a compact solution without working them out.
	Plan func(reference json.RawMessage) (string, error)
	// Recover hides one number of the compact prompt behind an x, and writes how it is
	// found again from the right answer: its last part, after a semicolon, is the
	// number.
	Recover func(reference json.RawMessage, r *rand.Rand) (masked, text string, err error)
	// Scale is, of a level of a played world, the mean return of random legal
	// play and of the oracle's, exact or enumerated. A reference tells sizes that
	// differ from those of the level; nil has none.
	Scale func(level int, reference json.RawMessage) (random, oracle float64)
	// Demonstrate plays a played world as an expert: all moves to the end.
	Demonstrate func(reference json.RawMessage, r *rand.Rand) (moves []string, err error)
}

// Player answers the solver's moves so far. It is a pure function of them and
// of the instance: chance and opponents draw from the instance's own stream,
// by turn.
type Player func(moves []string) Turn

// Turn is where a play stands.
type Turn struct {
	Text   string  // what the solver is told next; "" before the first move where the prompt says all
	Done   bool    // the play is over
	Return float64 // once Done: the payoff, in the world's documented range; an illegal move ends the play with the worst
	Reason string  // why it ended, or what is illegal
}

var rules struct {
	sync.RWMutex
	of      map[string]Rules
	open    map[string]func(Options) (World, error)
	derived map[string]Rules // oracles of tasks that are made of those of worlds
}

// Register offers a world as the task source of its name and makes its rules
// known. N is how many tasks a config asks for, 0 for all. It panics on a name
// taken twice and on rules that neither judge nor play, which are mistakes of
// the program.
func Register[C any, W World](name string, d registry.Doc, build func(C) (W, error), n func(C) int, r Rules) {
	if r.Judge == nil && r.Play == nil {
		panic(fmt.Sprintf("world: %s can neither be judged nor played", name))
	}
	registry.Tasks(name, d, func(_ context.Context, _ core.Host, c C) (core.TaskSource, error) {
		w, err := build(c)
		if err != nil {
			return nil, err
		}
		s, err := NewSource(w, n(c))
		if err == nil && r.Play != nil {
			s.level = levelOf(c)
		}
		return s, err
	})
	rules.Lock()
	defer rules.Unlock()
	if rules.of == nil {
		rules.of = map[string]Rules{}
		rules.open = map[string]func(Options) (World, error){}
	}
	rules.of[name] = r
	if open := opener(build); open != nil {
		rules.open[name] = open
	}
}

// RulesOf gives the rules of a registered world, or of tasks made of those of
// worlds.
func RulesOf(name string) (Rules, bool) {
	rules.RLock()
	defer rules.RUnlock()
	r, ok := rules.of[name]
	if !ok {
		r, ok = rules.derived[name]
	}
	return r, ok
}

// Names lists the registered worlds in order.
func Names() []string {
	rules.RLock()
	defer rules.RUnlock()
	return slices.Sorted(maps.Keys(rules.of))
}

// RegisterOracle makes an oracle known for tasks that are made of those of
// worlds, under the name that their references give as their world.
func RegisterOracle(name string, judge func(reference json.RawMessage) (Judge, error)) {
	rules.Lock()
	defer rules.Unlock()
	if rules.derived == nil {
		rules.derived = map[string]Rules{}
	}
	rules.derived[name] = Rules{Judge: judge}
}

// Transcript is a play in one line, as who judges it sees it: what the solver
// was told, >, its move, ;, and so on to the last of the moves or the end. The >
// is left out where what was told ends in a sign that calls for a move.
func Transcript(next Player, moves []string) string {
	var b strings.Builder
	t := next(nil)
	for i := 0; i < len(moves) && !t.Done; i++ {
		b.WriteString(t.Text)
		if t.Text == "" || !strings.ContainsAny(t.Text[len(t.Text)-1:], ">:=") {
			b.WriteByte('>')
		}
		b.WriteString(moves[i] + ";")
		t = next(moves[:i+1])
	}
	return b.String()
}
