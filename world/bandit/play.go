package bandit

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/world"
)

// game is a reference with its chance drawn, all of it before the first move.
type game struct {
	reference
	rates []float64 // by arm
	pays  [][]bool  // by arm and count of its pulls
}

func newGame(ref reference) *game {
	g := &game{reference: ref, rates: make([]float64, ref.Arms), pays: make([][]bool, ref.Arms)}
	for a := range g.rates {
		r := world.Random("bandit arm", uint64(a), ref.Game)
		g.rates[a] = r.Float64()
		g.pays[a] = make([]bool, ref.Pulls)
		for n := range g.pays[a] {
			g.pays[a][n] = r.Float64() < g.rates[a]
		}
	}
	return g
}

// arm is the arm that a move names, or -1.
func (g *game) arm(move string) int {
	name := world.Move(g.Dialect, move)
	if len(name) != 1 {
		return -1
	}
	return strings.Index(arms[:g.Arms], name)
}

// say writes the move that pulls an arm.
func (g *game) say(arm int) string {
	if g.Dialect == world.Chat {
		return "#### " + arms[arm:arm+1]
	}
	return arms[arm : arm+1]
}

// play answers moves. What follows the last pull is not looked at.
func (g *game) play(moves []string) world.Turn {
	count := make([]int, g.Arms)
	paid := 0
	var turn world.Turn
	for i, move := range moves[:min(len(moves), g.Pulls)] {
		a := g.arm(move)
		if a < 0 {
			return world.Turn{Done: true, Reason: fmt.Sprintf("pull %d: %.20q is no arm; there are %s", i+1, move, arms[:g.Arms])}
		}
		won := g.pays[a][count[a]]
		count[a]++
		if won {
			paid++
		}
		turn.Text = g.tell(a, won, g.Pulls-i-1)
	}
	if len(moves) >= g.Pulls {
		turn.Done, turn.Return = true, float64(paid)/float64(g.Pulls)
		turn.Reason = fmt.Sprintf("%d of %d pulls paid", paid, g.Pulls)
	}
	return turn
}

// tell is the reply to a pull.
func (g *game) tell(arm int, won bool, left int) string {
	if g.Dialect != world.Chat {
		if won {
			return "1"
		}
		return "0"
	}
	what, rest := "nothing", fmt.Sprintf("%d pulls are left.", left)
	if won {
		what = "1"
	}
	switch left {
	case 0:
		rest = "That was the last pull."
	case 1:
		rest = "1 pull is left."
	}
	return fmt.Sprintf("Machine %c pays %s. %s", arms[arm], what, rest)
}

func play(raw json.RawMessage) (world.Player, error) {
	g, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return g.play, nil
}

// demonstrate plays as the expert does.
func demonstrate(raw json.RawMessage, r *rand.Rand) ([]string, error) {
	g, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return g.moves(g.expert(nil, r)), nil
}

func (r reference) size() size { return size{r.Arms, r.Pulls} }

// scale is the mean return of random play, that of a chance drawn evenly, and of
// always pulling the best arm, the mean of the largest of as many such chances.
func scale(level int, _ json.RawMessage) (random, oracle float64) {
	k := float64(sizes[min(max(level, 1), len(sizes))-1].arms)
	return 0.5, k / (k + 1)
}
