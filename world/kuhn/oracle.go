package kuhn

import "slices"

// equal is how near expectations are to be the same. Different ones differ by
// far more: probabilities are fractions of small numbers.
const equal = 1e-9

// A node weighs the outcomes of the moves at one of the player's decisions.
type node func(history string, card int, values []float64) float64

func best(_ string, _ int, v []float64) float64  { return max(v[0], v[1]) }
func blind(_ string, _ int, v []float64) float64 { return (v[0] + v[1]) / 2 }

// follow weighs by the strategy s.
func follow(s Strategy) node {
	return func(history string, card int, v []float64) float64 {
		p := s.Active(history, card)
		return (1-p)*v[0] + p*v[1]
	}
}

// worth is the sum over the opponent's cards d of reach[d] times what the player
// in seat, holding card, gets from history on. The player decides without
// seeing d, so that all d go down the tree together.
func worth(history string, seat, card int, reach []float64, opponent Strategy, at node) float64 {
	legal := Legal(history)
	switch {
	case legal == "":
		sum := 0.0
		for d, p := range reach {
			if d != card {
				sum += p * float64(Payoff(history, seat, card, d))
			}
		}
		return sum
	case Seat(history) == seat:
		return at(history, card, []float64{
			worth(history+legal[:1], seat, card, reach, opponent, at),
			worth(history+legal[1:], seat, card, reach, opponent, at),
		})
	}
	return worth(history+legal[:1], seat, card, split(history, reach, opponent, false), opponent, at) +
		worth(history+legal[1:], seat, card, split(history, reach, opponent, true), opponent, at)
}

// split is how likely each of the opponent's cards comes past its decision.
func split(history string, reach []float64, opponent Strategy, active bool) []float64 {
	next := make([]float64, len(reach))
	for d, p := range reach {
		q := opponent.Active(history, d)
		if !active {
			q = 1 - q
		}
		next[d] = p * q
	}
	return next
}

// mean is the expectation of one hand in seat, over all deals.
func mean(seat int, opponent Strategy, at node) float64 {
	n := len(opponent.Open)
	sum := 0.0
	for card := range n {
		sum += worth("", seat, card, even(n), opponent, at)
	}
	return sum / float64(n*(n-1))
}

func even(n int) []float64 {
	reach := make([]float64, n)
	for d := range reach {
		reach[d] = 1
	}
	return reach
}

// Value is the expectation, in chips a hand, of playing s in seat against an
// opponent in the other seat.
func Value(s Strategy, seat int, opponent Strategy) float64 { return mean(seat, opponent, follow(s)) }

// BestReply is the expectation of the best reply to opponent from seat.
func BestReply(seat int, opponent Strategy) float64 { return mean(seat, opponent, best) }

// Blind is the expectation of tossing a coin at every decision.
func Blind(seat int, opponent Strategy) float64 { return mean(seat, opponent, blind) }

// Exploitability is what a best reply wins a hand against s on average over both
// seats: 0 for equilibria, positive for all else.
func Exploitability(s Strategy) float64 { return (BestReply(0, s) + BestReply(1, s)) / 2 }

// qualities are what the passive and the active move after history bring with
// card, if a best reply plays on: means over the opponent's cards and coins,
// given what the player has seen. Both are 0 where the opponent never lets
// history come about.
func qualities(history string, card int, opponent Strategy) (passive, active float64) {
	legal, seat := Legal(history), Seat(history)
	reach := even(len(opponent.Open))
	for i := range history {
		if Seat(history[:i]) != seat {
			reach = split(history[:i], reach, opponent, history[i] == Bet)
		}
	}
	chance := 0.0
	for d, p := range reach {
		if d != card {
			chance += p
		}
	}
	if chance == 0 {
		return 0, 0
	}
	return worth(history+legal[:1], seat, card, reach, opponent, best) / chance,
		worth(history+legal[1:], seat, card, reach, opponent, best) / chance
}

// Best lists the actions after history that a best reply to opponent may take
// with card. All are best where the opponent never lets history come about.
func Best(history string, card int, opponent Strategy) string {
	legal := Legal(history)
	passive, active := qualities(history, card, opponent)
	switch {
	case passive > active+equal:
		return legal[:1]
	case active > passive+equal:
		return legal[1:]
	}
	return legal
}

// Regret is how many chips an action gives away on average: 0 for the best.
func Regret(action byte, history string, card int, opponent Strategy) float64 {
	passive, active := qualities(history, card, opponent)
	if action == Legal(history)[1] {
		return max(passive-active, 0)
	}
	return max(active-passive, 0)
}

// Expect is the expectation of a match of that many hands, half of them in each
// seat: of random legal play, and of the best reply. Equilibria of 3 cards are
// averaged over the family's members that opponents play.
func Expect(cards, hands int, opponent string) (random, oracle float64, err error) {
	alphas := 1
	if cards == 3 && opponent == "equilibrium" {
		alphas = Alphas
	}
	for alpha := range alphas {
		s, err := Opponent(opponent, cards, alpha)
		if err != nil {
			return 0, 0, err
		}
		share := float64(hands) / 2 / float64(alphas)
		random += share * (Blind(0, s) + Blind(1, s))
		oracle += share * (BestReply(0, s) + BestReply(1, s))
	}
	return random, oracle, nil
}

// isBest tells whether action is among the best.
func isBest(action byte, history string, card int, opponent Strategy) bool {
	return slices.Contains([]byte(Best(history, card, opponent)), action)
}
