// Package maze is a world of small mazes: find a way from one room to another
// through the doors that the prompt lists.
//
// A maze is drawn on a grid by Wilson's algorithm (loop-erased random walks,
// Wilson, 1996), so that every tree of the grid is equally likely, with a few
// doors more to make ways differ. Only the doors are told, in random order and
// under random letters: the grid itself is hidden, and the way has to be found
// by looking doors up. "Self-Improving Transformers Overcome Easy-to-Hard and
// Length Generalization Challenges" (Lee et al., 2025) grows such mazes by the
// number of moves, as levels do here.
//
//	maze k>d:qk,dq,kx,bx=
//	kq;qd;kqd
//
// One step is one move, the room left and the room entered; the last step
// repeats the whole way, or is none where there is no way. A way enters no room
// twice, so that every maze has finitely many; any of them is right, shortest
// or not.
package maze

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/core"
	"pawl/registry"
	"pawl/world"
)

// Config chooses a maze world. Zeros are filled in by level.
type Config struct {
	Split      string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N          int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level      int    `yaml:"level" min:"1" max:"5" default:"3" doc:"Difficulty: sets the sizes that are left at 0."`
	Width      int    `yaml:"width" default:"0" min:"0" max:"10" doc:"Rooms in a row of the grid; 0 goes by level."`
	Height     int    `yaml:"height" default:"0" min:"0" max:"10" doc:"Rows of the grid; 0 goes by level."`
	Hops       int    `yaml:"hops" default:"0" min:"0" max:"19" doc:"Moves of the shortest way; 0 draws it from the level's range."`
	Loops      int    `yaml:"loops" default:"0" min:"-1" max:"20" doc:"Doors beyond those of a tree; 0 goes by level, -1 has none."`
	Unsolvable int    `yaml:"unsolvable" default:"0" min:"0" max:"100" doc:"Percentage of mazes without a way, whose answer is none."`
	Seed       uint64 `yaml:"seed" default:"1" doc:"Orders the tasks and draws the doors."`
	Dialect    string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Bare characters, or English."`
}

// sizes are what a level means.
var sizes = [...]struct{ width, height, loops, least, most int }{
	1: {3, 2, 1, 1, 2},
	2: {4, 2, 1, 2, 3},
	3: {3, 3, 2, 3, 4},
	4: {4, 3, 2, 4, 6},
	5: {4, 4, 3, 5, 8},
}

// World makes the tasks of one Config. What splits keep apart is the set of
// letters together with the unordered pair of start and goal.
type World struct {
	cfg   Config
	grid  grid
	share world.Share
	least int // moves of the shortest way
	most  int
}

// New checks c and makes its world.
func New(c Config) (*World, error) {
	fail := func(format string, args ...any) (*World, error) {
		return nil, fmt.Errorf("making world maze: "+format, args...)
	}
	err := world.Settle(&c.Split, &c.Level, len(sizes)-1, &c.Dialect)
	if err != nil {
		return fail("%w", err)
	}
	size := sizes[c.Level]
	w := &World{cfg: c, least: cmp.Or(c.Hops, size.least), most: cmp.Or(c.Hops, size.most)}
	w.grid = grid{width: cmp.Or(c.Width, size.width), height: cmp.Or(c.Height, size.height), loops: max(cmp.Or(c.Loops, size.loops), 0)}
	cells := w.grid.cells()
	switch {
	case w.grid.width < 1 || w.grid.height < 1 || cells < 4 || cells > 20:
		return fail("a grid of %d by %d: 4 to 20 rooms are possible", w.grid.width, w.grid.height)
	case c.Unsolvable < 0 || c.Unsolvable > 100:
		return fail("%d%% of mazes without a way: the percentage goes from 0 to 100", c.Unsolvable)
	case c.Hops < 0 || !w.grid.reaches(w.least, w.most):
		return fail("no two rooms of a grid of %d by %d with %d loops are %d moves apart; take fewer hops or a larger grid",
			w.grid.width, w.grid.height, w.grid.loops, w.least)
	}
	space := fmt.Sprintf("maze of %d rooms", cells)
	w.share, err = world.NewShare(space, world.LetterSets(cells)*pairs(cells), c.Split, c.Seed)
	return w, err
}

// Len is the number of different tasks.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is the letters and the marks between them.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("abcdefghijklmnopqrstuvwxyz >:,;=", "")
}

// Task makes task i.
func (w *World) Task(i int) core.Task {
	n := w.share.Instance(i)
	rng := world.Random("maze", w.cfg.Seed, n)
	m := w.draw(n, rng)
	return m.task(fmt.Sprintf("maze/%s/%d/%d", w.cfg.Split, w.grid.cells(), n), w.cfg.Dialect)
}

// draw makes the maze of instance n: its letters, start and goal come from the
// number, its doors from rng.
func (w *World) draw(n uint64, rng *rand.Rand) maze {
	cells := w.grid.cells()
	names := world.UnrankLetters(n/pairs(cells), cells)
	a, b := unrankPair(n % pairs(cells))
	start, goal := names[a], names[b]
	if rng.IntN(2) == 1 {
		start, goal = goal, start
	}
	at := w.grid.draw(rng, w.least, w.most)
	if rng.IntN(100) < w.cfg.Unsolvable {
		at.cut(rng)
	}
	// The other letters go to the other rooms at random.
	others := make([]byte, 0, cells)
	for _, name := range names {
		if name != start && name != goal {
			others = append(others, name)
		}
	}
	rng.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	room := make([]byte, cells)
	for c := range room {
		switch c {
		case at.start:
			room[c] = start
		case at.goal:
			room[c] = goal
		default:
			room[c], others = others[0], others[1:]
		}
	}
	m := maze{start: start, goal: goal}
	for _, d := range at.doors {
		x, y := room[d[0]], room[d[1]]
		if rng.IntN(2) == 1 {
			x, y = y, x
		}
		m.open(x, y)
	}
	rng.Shuffle(len(m.doors), func(i, j int) { m.doors[i], m.doors[j] = m.doors[j], m.doors[i] })
	return m
}

func init() {
	world.Register("maze", registry.Doc{
		Summary: "Find a way through a maze whose doors are listed, move by move.",
		Detail: "Every way that enters no room twice is right. " +
			"With `unsolvable`, some mazes have none, and the right answer is none.",
		Paper:   "Self-Improving Transformers Overcome Easy-to-Hard and Length Generalization Challenges (Lee et al., 2025)",
		Example: "maze: {split: train, level: 3, unsolvable: 20}",
	}, New, func(c Config) int { return c.N }, Rules())
}

// Rules is what the world knows of its tasks.
func Rules() world.Rules {
	return world.Rules{Judge: judge, Steps: world.MoveSteps, Flaw: flaw, Variant: variant, Read: read, Plan: plan}
}
