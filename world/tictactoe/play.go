package tictactoe

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"pawl/registry"
	"pawl/world"
)

func init() {
	world.Register(Name, registry.Doc{
		Summary: "Tic-tac-toe from any position, against a perfect, a random or a mixed opponent.",
		Detail: "Played turn by turn. Returns 1, 0 or -1. The oracle knows all best moves of every position. " +
			"Splits share no position up to turns and reflections.",
		Example: "tictactoe: {split: train, level: 2, opponent: mixed}",
	}, New, func(c Config) int { return c.N }, world.Rules{
		Judge: judge, Play: play, Steps: world.MoveSteps, Flaw: flaw, Variant: variant, Read: read, Scale: scale, Demonstrate: demonstrate,
	})
}

// game is a reference with its position.
type game struct {
	reference
	start Board
}

func decode(raw json.RawMessage) (*game, error) {
	g := &game{}
	err := world.Decode(raw, &g.reference)
	if err != nil {
		return nil, err
	}
	if g.start, err = g.check(); err != nil {
		return nil, fmt.Errorf("reading its reference: %w", err)
	}
	return g, nil
}

// reply is the opponent's move on b, its turn-th, from 0.
func (g *game) reply(b Board, turn int) int {
	r := g.random("tictactoe reply", turn)
	moves := b.Moves()
	if g.Opponent == "perfect" || g.Opponent == "mixed" && r.IntN(2) == 0 {
		moves = Optimal(b)
	}
	return moves[r.IntN(len(moves))]
}

// run plays moves from the start on. It also gives the boards on which the
// solver moved, the last one included if it is the solver's turn there.
func (g *game) run(moves []string) (world.Turn, []Board) {
	b, side := g.start, g.start.Turn()
	boards := []Board{b}
	turn := world.Turn{}
	for i, text := range moves {
		cell, ok := g.cell(text)
		if !ok || !slices.Contains(b.Moves(), cell) {
			return world.Turn{Done: true, Return: -1, Reason: fmt.Sprintf("%.20q takes no free cell of %s", text, b)}, boards
		}
		b = b.Play(cell)
		reply := -1
		if _, over := b.Over(); !over {
			reply = g.reply(b, i)
			b = b.Play(reply)
		}
		if won, over := payoff(b, side); over {
			return world.Turn{Text: g.sayEnd(b, reply, won), Done: true, Return: won, Reason: outcome(won)}, boards
		}
		turn.Text = g.sayTurn(b, reply)
		boards = append(boards, b)
	}
	return turn, boards
}

func outcome(won float64) string { return [3]string{"lost", "drawn", "won"}[int(won)+1] }

func play(raw json.RawMessage) (world.Player, error) {
	g, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return func(moves []string) world.Turn {
		turn, _ := g.run(moves)
		return turn
	}, nil
}

// expert plays on from moves to the end, taking any best move.
func (g *game) expert(moves []string, r *rand.Rand) []string {
	for {
		turn, boards := g.run(moves)
		if turn.Done {
			return moves
		}
		best := Best(boards[len(boards)-1], g.Opponent)
		moves = append(moves, g.say(best[r.IntN(len(best))]))
	}
}

func demonstrate(raw json.RawMessage, r *rand.Rand) ([]string, error) {
	g, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return g.expert(nil, r), nil
}

// judge judges one move or several in a row: a move is wrong where it is
// illegal, or where another is better against this opponent, whatever the luck.
func (g *game) judge(text string) world.Verdict {
	moves := world.ReadMoves(g.Dialect, text)
	if len(moves) == 0 {
		return world.Verdict{FirstWrong: 1, Reason: "there is no move"}
	}
	v := world.Verdict{Answer: moves[len(moves)-1]}
	turn, boards := g.run(moves)
	for i, text := range moves {
		if i >= len(boards) {
			v.FirstWrong, v.Reason = i+1, "the game is over"
			return v
		}
		cell, ok := g.cell(text)
		best := Best(boards[i], g.Opponent)
		switch {
		case !ok || !slices.Contains(boards[i].Moves(), cell):
			v.FirstWrong, v.Reason = i+1, turn.Reason
			return v
		case !slices.Contains(best, cell):
			v.FirstWrong, v.Reason = i+1, fmt.Sprintf("on %s cell %d is worse than %d", boards[i], cell+1, best[0]+1)
			return v
		}
	}
	v.Right, v.Valid = true, true
	return v
}

func judge(raw json.RawMessage) (world.Judge, error) {
	g, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return g.judge, nil
}

// flaw is a legal move that is worse than another; where all are equally good,
// as near the end of a game, it takes a cell that is taken, or one off the board.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	g, err := decode(raw)
	if err != nil {
		return "", err
	}
	moves, best := g.start.Moves(), Best(g.start, g.Opponent)
	bad := slices.DeleteFunc(slices.Clone(moves), func(c int) bool { return slices.Contains(best, c) })
	if len(bad) == 0 {
		for c := range 9 {
			if !slices.Contains(moves, c) {
				bad = append(bad, c)
			}
		}
	}
	if len(bad) == 0 {
		bad = []int{-1} // cell 0, on an empty board
	}
	return world.WriteMoves(g.Dialect, []string{g.say(bad[r.IntN(len(bad))])}), nil
}

// variant is any best move.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	g, err := decode(raw)
	if err != nil {
		return "", err
	}
	best := Best(g.start, g.Opponent)
	return world.WriteMoves(g.Dialect, []string{g.say(best[r.IntN(len(best))])}), nil
}

// scale is the mean of Expect over all start positions of a level, each image
// of a position counted, against perfect play.
func scale(level int, _ json.RawMessage) (random, oracle float64) {
	level = min(max(level, 1), len(piecesOf))
	n := 0.0
	for _, b := range starts() {
		if onLevel(b, level) {
			images := float64(len(b.images()))
			blind, best, _ := Expect(b, Opponents[0])
			random, oracle, n = random+images*blind, oracle+images*best, n+images
		}
	}
	return random / n, oracle / n
}
