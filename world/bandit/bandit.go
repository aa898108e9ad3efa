// Package bandit is the world of Bernoulli bandits, played turn by turn: some
// arms, each paying 1 with a chance of its own that is hidden and does not
// change, and a number of pulls. It is the smallest world in which a solver must
// find out before it can do well (On the Likelihood that One Unknown Probability
// Exceeds Another in View of the Evidence of Two Samples, Thompson, 1933).
//
// The chances are drawn evenly between 0 and 1. In each turn the solver names an
// arm and is told what it pays, 0 or 1. A play returns the mean of what was paid,
// between 0 and 1; an illegal move ends it with 0.
//
// The oracle judges a play by its choices: a pull is wrong where [Learner], who
// has seen the same pay, would expect more from another arm.
//
// Chance is the game's own: the n-th pull of an arm pays the same whatever was
// pulled before, so that plays of one game differ by their choices alone (common
// random numbers).
//
// # Compact dialect
//
// The prompt names the arms, the pulls and the number of the game, from which
// all chance is drawn; it tells nothing about the arms. A move is the letter of
// an arm, the reply what it pays:
//
//	bandit abc x16 #4711:   a 0 b 1 b 1 ...
//
// # Scale
//
// Random play gets 1/2 on average, and always pulling the best of k arms, as only
// an oracle can, k/(k+1). Between them lies [Learner], the best that can be
// learned in the pulls that there are, which the demonstrations show:
//
//	level  arms  pulls  random  learner  oracle  learner, scaled
//	    1     2     20   0.500    0.622   0.667             0.73
//	    2     2     16   0.500    0.616   0.667             0.70
//	    3     3     16   0.500    0.664   0.750             0.65
//	    4     4     16   0.500    0.687   0.800             0.62
//	    5     5     16   0.500    0.700   0.833             0.60
package bandit

import (
	"encoding/json"
	"fmt"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// Name is the world's name.
const Name = "bandit"

func init() {
	world.Register(Name, registry.Doc{
		Summary: "Bernoulli bandits: find out by pulling which of some arms pays best.",
		Detail: "Played turn by turn. Returns the mean reward; random play gets 1/2, the oracle, who knows the best of k arms, k/(k+1). " +
			"Demonstrations are of the best learner, by dynamic programming.",
		Paper:   "On the Likelihood that One Unknown Probability Exceeds Another in View of the Evidence of Two Samples (Thompson, 1933)",
		Example: "bandit: {split: train, level: 3}",
	}, New, func(c Config) int { return c.N }, world.Rules{
		Judge: judge, Play: play, Steps: world.MoveSteps, Flaw: flaw, Variant: variant, Read: read, Scale: scale, Demonstrate: demonstrate,
	})
}

// games is how many numbers of games there are, at every level.
const games = 1_000_000

// arms are the names of arms.
const arms = "abcde"

// Config chooses a world of games.
type Config struct {
	Split   string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N       int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level   int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty: sets arms and pulls."`
	Seed    uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Single letters, or English."`
}

// size of the games of a level.
type size struct{ arms, pulls int }

var sizes = []size{{2, 20}, {2, 16}, {3, 16}, {4, 16}, {5, 16}}

// World is the world of Config.
type World struct {
	cfg   Config
	share world.Share
}

// reference is a game. It holds no chances: the number gives them.
type reference struct {
	core.Reference
	Arms    int    `json:"arms"`
	Pulls   int    `json:"pulls"`
	Game    uint64 `json:"game"`
	Dialect string `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(sizes), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world bandit: %w", err)
	}
	w := &World{cfg: c}
	w.share, err = world.NewShare("bandit games", games, c.Split, c.Seed)
	return w, err
}

// Len is the number of different games.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is every character of prompts, moves and replies.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("0123456789abcdeintx #:;>", "")
}

// Task makes task i. Its solution is one play of the expert.
func (w *World) Task(i int) core.Task {
	of := sizes[w.cfg.Level-1]
	return task(reference{Arms: of.arms, Pulls: of.pulls, Game: w.share.Instance(i), Dialect: w.cfg.Dialect})
}

func task(ref reference) core.Task {
	g := newGame(ref)
	moves := g.moves(g.expert(nil, world.Random("bandit expert", 0, ref.Game)))
	ref.Reference = core.Reference{
		World: Name, Answer: world.Move(ref.Dialect, moves[len(moves)-1]), Solution: world.WriteMoves(ref.Dialect, moves),
	}
	prompt := fmt.Sprintf("bandit %s x%d #%d:", arms[:ref.Arms], ref.Pulls, ref.Game)
	if ref.Dialect == world.Chat {
		prompt = english(ref)
	}
	return world.NewTask(Name, fmt.Sprintf("bandit/%d/%d/%d", ref.Arms, ref.Pulls, ref.Game), prompt, ref)
}

// read is the task that a compact prompt poses.
func read(prompt string) (core.Task, error) {
	ref := reference{Dialect: world.Compact}
	var names string
	if _, err := fmt.Sscanf(prompt, "bandit %s x%d #%d:", &names, &ref.Pulls, &ref.Game); err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: it should read as bandit abc x16 #4711: %w", prompt, err)
	}
	ref.Arms = len(names)
	if err := ref.check(); err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: %w", prompt, err)
	}
	if t := task(ref); t.Text() == prompt {
		return t, nil
	}
	return core.Task{}, fmt.Errorf("reading prompt %.60q: it is not as it would be written", prompt)
}

// check refuses what is no game. References come from files, too.
func (r reference) check() error {
	if _, err := world.Dialect(r.Dialect); err != nil {
		return err
	}
	if r.Game >= games {
		return fmt.Errorf("game %d: numbers are below %d", r.Game, games)
	}
	for _, of := range sizes {
		if of == (size{r.Arms, r.Pulls}) {
			return nil
		}
	}
	return fmt.Errorf("no level has %d arms and %d pulls", r.Arms, r.Pulls)
}

// decode reads and checks a reference.
func decode(raw json.RawMessage) (*game, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return nil, err
	}
	if err := ref.check(); err != nil {
		return nil, fmt.Errorf("reading its reference: %w", err)
	}
	return newGame(ref), nil
}

func english(ref reference) string {
	names := strings.Split(arms[:ref.Arms], "")
	last := len(names) - 1
	return fmt.Sprintf("You stand before %d slot machines, named %s and %s. Each pull of a machine pays 1 or nothing. "+
		"Every machine has a chance of its own to pay, which never changes and which you are not told; any chance from 0 to 1 is as likely as any other. "+
		"You have %d pulls in all. Get paid as often as you can.\n"+
		"In each turn name the machine that you pull, on its own line at the end, as in #### %s. You will be told what it pays. (This is game %d.)",
		ref.Arms, strings.Join(names[:last], ", "), names[last], ref.Pulls, names[0], ref.Game)
}
