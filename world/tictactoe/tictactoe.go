// Package tictactoe is noughts and crosses from any position: the solver is to
// move and plays to the end against a perfect, a random or a mixed opponent.
//
// A play returns 1 for a win, 0 for a draw and -1 for a loss or an illegal move.
// The oracle knows every position: 5,478 can be reached, or 765 up to turns and
// reflections, and with perfect play the empty board is a draw.
//
// The world is small and offers all of itself: the positions, with pieces by
// level, where some legal move is worse than another. Splits are drawn from the
// positions up to symmetry, over all levels at once: no set has a turned or
// reflected image of a start position of another split, whatever their levels.
// (Positions later in a play may be anywhere, as in any game.)
//
// # Compact dialect
//
// The prompt has the opponent's kind by its first letter, the board row by row,
// and whose turn it is; the solver takes a cell, 1 to 9, and is shown the board
// after the opponent's answer, or the last board and the result:
//
//	ttt p X...O..X. O:
//	4
//	X..OOX.X. O:
//
// The opponent's coins depend on the start position and the turn alone. A step
// of a transcript of one's own moves ("4;2;") is one move.
package tictactoe

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pawl/core"
	"pawl/world"
)

// Name is the world's name.
const Name = "tictactoe"

// Config chooses a world of positions.
type Config struct {
	Split    string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N        int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level    int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty: fewer pieces are on the board at higher levels."`
	Opponent string `yaml:"opponent" enum:"perfect|random|mixed" default:"perfect" doc:"How the opponent plays."`
	Seed     uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect  string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// piecesOf are the least and most pieces at each level.
var piecesOf = [][2]int{{6, 7}, {4, 6}, {3, 5}, {2, 4}, {1, 3}}

// World is the world of Config.
type World struct {
	cfg   Config
	tasks []Board
}

type reference struct {
	core.Reference
	Board    string `json:"board"`
	Opponent string `json:"opponent"`
	Dialect  string `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(piecesOf), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world tictactoe: %w", err)
	}
	if c.Opponent == "" {
		c.Opponent = Opponents[0]
	}
	if !slices.Contains(Opponents, c.Opponent) {
		return nil, fmt.Errorf("making world tictactoe: no opponent named %q; there are %v", c.Opponent, Opponents)
	}
	w := &World{cfg: c}
	classes := starts()
	share, err := world.NewShare("tictactoe positions", uint64(len(classes)), c.Split, c.Seed)
	if err != nil {
		return nil, err
	}
	for i := range share.Len() {
		if b := classes[share.Instance(i)]; onLevel(b, c.Level) {
			w.tasks = append(w.tasks, b.images()...)
		}
	}
	// Images of one position would else follow one another.
	r := world.Random("tictactoe order", c.Seed, uint64(c.Level))
	r.Shuffle(len(w.tasks), func(i, j int) { w.tasks[i], w.tasks[j] = w.tasks[j], w.tasks[i] })
	return w, nil
}

// starts lists the positions at which a play may start, one of each symmetry
// class.
func starts() []Board {
	var all []Board
	for _, b := range positions() {
		if b == b.Canonical() && len(b.Moves()) > len(Optimal(b)) {
			all = append(all, b)
		}
	}
	return all
}

func onLevel(b Board, level int) bool {
	return b.Pieces() >= piecesOf[level-1][0] && b.Pieces() <= piecesOf[level-1][1]
}

// Len is the number of different positions.
func (w *World) Len() int { return len(w.tasks) }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is every character of prompts, moves and replies.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("XO.0123456789tprm :;=+-", "")
}

// Task makes task i. Its solution is one best move.
func (w *World) Task(i int) core.Task {
	return task(reference{Board: w.tasks[i].String(), Opponent: w.cfg.Opponent, Dialect: w.cfg.Dialect})
}

// task is the task of a checked reference, whose answers it fills in.
func task(ref reference) core.Task {
	g := &game{reference: ref, start: Board([]byte(ref.Board))}
	best := Best(g.start, ref.Opponent)
	cell := best[g.random("tictactoe solution", 0).IntN(len(best))]
	ref.Reference = core.Reference{World: Name, Answer: g.say(cell), Solution: world.WriteMoves(ref.Dialect, []string{g.say(cell)})}
	prompt := fmt.Sprintf("ttt %c %s %c:", ref.Opponent[0], ref.Board, g.start.Turn())
	if ref.Dialect == world.Chat {
		prompt = g.rules()
		ref.Answer = fmt.Sprint(cell + 1)
	}
	return world.NewTask(Name, "tictactoe/"+ref.Opponent+"/"+ref.Board, prompt, ref)
}

// random is a stream of the start position alone.
func (g *game) random(kind string, turn int) *rand.Rand {
	return world.Random(kind, uint64(turn), uint64(g.start.number()))
}

// read is the task that a compact prompt poses.
func read(prompt string) (core.Task, error) {
	ref := reference{Dialect: world.Compact}
	var kind, side rune
	if _, err := fmt.Sscanf(prompt, "ttt %c %s %c:", &kind, &ref.Board, &side); err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: it should read as ttt p X...O..X. O: %w", prompt, err)
	}
	for _, o := range Opponents {
		if rune(o[0]) == kind {
			ref.Opponent = o
		}
	}
	if _, err := ref.check(); err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: %w", prompt, err)
	}
	if t := task(ref); t.Text() == prompt {
		return t, nil
	}
	return core.Task{}, fmt.Errorf("reading prompt %.60q: it is not as it would be written", prompt)
}

// check refuses what is no position to play on from.
func (r reference) check() (Board, error) {
	b, err := Parse(r.Board)
	switch {
	case err != nil:
		return b, err
	case len(b.Moves()) == 0:
		return b, fmt.Errorf("%s: the game is over", b)
	case !slices.Contains(Opponents, r.Opponent):
		return b, fmt.Errorf("no opponent named %q; there are %v", r.Opponent, Opponents)
	}
	return b, nil
}
