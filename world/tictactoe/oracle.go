package tictactoe

import (
	"fmt"
	"slices"
	"sync"
)

// Opponents are the ways an opponent may play: perfect (any move that minimax
// finds best, each equally likely), random (any free cell), or mixed (a coin
// decides between the two at every move).
var Opponents = []string{"perfect", "random", "mixed"}

// equal is how near values are to be the same. Different ones differ by far
// more: chances are fractions of small numbers.
const equal = 1e-9

// boards is the number of ways to fill nine cells, legal or not.
const boards = 19683

// values are of every position in which the game goes on, by number, for the
// side to move.
type values [boards]float64

// tables are what is known of the game, worked out once. A position's value
// needs those with more pieces, so they are filled from the end of the game on.
type tables struct {
	minimax values             // both sides perfect
	reply   map[string]*values // against each opponent: of the best reply to it
	blind   map[string]*values // against each opponent: of random legal play
}

var solved = sync.OnceValue(func() *tables {
	t := &tables{reply: map[string]*values{}, blind: map[string]*values{}}
	all := positions()
	slices.Reverse(all) // breadth first puts boards with fewer pieces first
	for _, b := range all {
		v := -2.0
		for _, cell := range b.Moves() {
			v = max(v, t.minimaxAfter(b, cell))
		}
		t.minimax[b.number()] = v
	}
	for _, opponent := range Opponents {
		reply, blind := new(values), new(values)
		for _, b := range all {
			best, sum, moves := -2.0, 0.0, b.Moves()
			for _, cell := range moves {
				best = max(best, t.after(b, cell, opponent, reply))
				sum += t.after(b, cell, opponent, blind)
			}
			reply[b.number()], blind[b.number()] = best, sum/float64(max(len(moves), 1))
		}
		t.reply[opponent], t.blind[opponent] = reply, blind
	}
	return t
})

// payoff is what side gets of a game that is over.
func payoff(b Board, side byte) (float64, bool) {
	switch winner, over := b.Over(); {
	case !over:
		return 0, false
	case winner == 0:
		return 0, true
	case winner == side:
		return 1, true
	}
	return -1, true
}

func (t *tables) minimaxAfter(b Board, cell int) float64 {
	next := b.Play(cell)
	if v, over := payoff(next, b.Turn()); over {
		return v
	}
	return -t.minimax[next.number()]
}

// perfect lists the moves that minimax finds best.
func (t *tables) perfect(b Board) []int {
	var best []int
	for _, cell := range b.Moves() {
		if t.minimaxAfter(b, cell) == t.minimax[b.number()] {
			best = append(best, cell)
		}
	}
	return best
}

// after is what the side to move on b gets by taking cell, if the opponent
// answers in its manner and play goes on as v has it.
func (t *tables) after(b Board, cell int, opponent string, v *values) float64 {
	side, next := b.Turn(), b.Play(cell)
	if worth, over := payoff(next, side); over {
		return worth
	}
	mean := func(replies []int) float64 {
		sum := 0.0
		for _, r := range replies {
			then := next.Play(r)
			if worth, over := payoff(then, side); over {
				sum += worth
			} else {
				sum += v[then.number()]
			}
		}
		return sum / float64(len(replies))
	}
	switch opponent {
	case "perfect":
		return mean(t.perfect(next))
	case "random":
		return mean(next.Moves())
	}
	return (mean(t.perfect(next)) + mean(next.Moves())) / 2
}

// Value is what the side to move gets if both sides play perfectly: 1, 0 or -1.
// On a board where the game is over it is what that side got.
func Value(b Board) float64 {
	if v, over := payoff(b, b.Turn()); over {
		return v
	}
	return solved().minimax[b.number()]
}

// Optimal lists all moves, cells 0 to 8, that are best against perfect play.
func Optimal(b Board) []int { return solved().perfect(b) }

// Best lists all moves of best replies to an opponent. Against perfect, these
// are the optimal ones.
func Best(b Board, opponent string) []int {
	t := solved()
	reply := t.reply[opponent]
	var best []int
	for _, cell := range b.Moves() {
		if t.after(b, cell, opponent, reply) > reply[b.number()]-equal {
			best = append(best, cell)
		}
	}
	return best
}

// Expect is the expectation, over all coins, of random legal play and of the
// best reply from a position in which the game goes on.
func Expect(b Board, opponent string) (random, oracle float64, err error) {
	if !slices.Contains(Opponents, opponent) {
		return 0, 0, fmt.Errorf("no opponent named %q; there are %v", opponent, Opponents)
	}
	t := solved()
	blind, reply := t.blind[opponent], t.reply[opponent]
	return blind[b.number()], reply[b.number()], nil
}
