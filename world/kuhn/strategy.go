package kuhn

import "fmt"

// Strategy is a way to play both seats: for each of the four points of decision
// and each card, from the weakest, the probability of the active move (bet or
// call) times Den.
type Strategy struct {
	Den   int
	Open  []int // first player: bet at once
	Stab  []int // second player: bet after a check
	Call  []int // second player: call a bet
	Catch []int // first player: call a bet after having checked
}

// Active is the probability of betting or calling with card after history.
func (s Strategy) Active(history string, card int) float64 {
	at := map[string][]int{"": s.Open, "k": s.Stab, "b": s.Call, "kb": s.Catch}[history]
	return float64(at[card]) / float64(s.Den)
}

// Alphas is how many members of the classic game's family of equilibria are
// numbered: alpha = 0, 1/30, ... 1/3.
const Alphas = 11

// Equilibrium is a pair of optimal strategies, one for each seat, for a deck of
// 3 to 9 cards. For 3 cards it is the member alpha/30 of the known family, in
// which the first player bets the weakest card with probability alpha/30 and
// the strongest with three times that; the second player's optimum is unique.
// Larger decks have one each here: solutions of the game's linear program
// in exact arithmetic. That no reply gains against any of them is tested.
func Equilibrium(cards, alpha int) (Strategy, error) {
	if cards == 3 && alpha >= 0 && alpha < Alphas {
		return Strategy{
			Den:  30,
			Open: []int{alpha, 0, 3 * alpha}, Catch: []int{0, alpha + 10, 30},
			Stab: []int{10, 0, 30}, Call: []int{0, 10, 30},
		}, nil
	}
	s, ok := solved[cards]
	if !ok {
		return s, fmt.Errorf("an equilibrium of %d cards, alpha %d: solutions are known for 3 to 9 cards, and for 3 with alpha 0 to 10 thirtieths", cards, alpha)
	}
	return s, nil
}

// solved are vertices of the sets of optimal strategies.
var solved = map[int]Strategy{
	4: {4, []int{1, 0, 0, 3}, []int{2, 0, 2, 4}, []int{0, 0, 4, 4}, []int{0, 1, 4, 4}},
	5: {3, []int{1, 0, 0, 0, 3}, []int{2, 0, 0, 3, 3}, []int{0, 0, 2, 3, 3}, []int{0, 0, 3, 3, 3}},
	6: {36, []int{15, 0, 0, 0, 9, 36}, []int{30, 0, 0, 18, 36, 36}, []int{0, 4, 8, 36, 36, 36}, []int{0, 0, 27, 36, 36, 36}},
	7: {12, []int{9, 0, 0, 0, 12, 3, 12}, []int{12, 0, 0, 0, 12, 12, 12}, []int{0, 0, 8, 4, 12, 12, 12}, []int{0, 0, 9, 12, 12, 12, 12}},
	8: {36, []int{0, 27, 0, 0, 0, 36, 9, 36}, []int{36, 6, 0, 0, 18, 36, 36, 36}, []int{0, 0, 20, 4, 36, 36, 36, 36}, []int{0, 0, 0, 27, 36, 36, 36, 36}},
	9: {12, []int{1, 12, 0, 0, 0, 12, 12, 3, 12}, []int{12, 4, 0, 0, 0, 12, 12, 12, 12}, []int{0, 0, 1, 12, 3, 12, 12, 12, 12}, []int{0, 0, 0, 9, 12, 12, 12, 12, 12}},
}

// Opponents are the ways an opponent may play.
var Opponents = []string{"equilibrium", "random", "tight", "loose"}

// Opponent is the strategy of an opponent: equilibrium (with its alpha), random
// (every move a coin toss), tight (bets and calls with the strongest third of
// the deck alone) or loose (with everything but the weakest card).
func Opponent(name string, cards, alpha int) (Strategy, error) {
	if _, err := Equilibrium(cards, alpha); err != nil {
		return Strategy{}, err
	}
	flat := func(active func(card int) int) Strategy {
		p := make([]int, cards)
		for c := range p {
			p[c] = active(c)
		}
		return Strategy{Den: 2, Open: p, Stab: p, Call: p, Catch: p}
	}
	from := func(first int) Strategy {
		return flat(func(c int) int {
			if c >= first {
				return 2
			}
			return 0
		})
	}
	switch name {
	case "equilibrium":
		return Equilibrium(cards, alpha)
	case "random":
		return flat(func(int) int { return 1 }), nil
	case "tight":
		return from(cards - cards/3), nil
	case "loose":
		return from(1), nil
	}
	return Strategy{}, fmt.Errorf("no opponent named %q; there are %v", name, Opponents)
}
