package kuhn

import "strings"

// Actions, as they are written in histories.
const (
	Check = 'k'
	Bet   = 'b'
	Call  = 'c'
	Fold  = 'f'
)

// Legal lists the actions that may follow a history, the passive one (check or
// fold) first; none after the end of a hand.
func Legal(history string) string {
	switch history {
	case "", "k":
		return "kb"
	case "b", "kb":
		return "fc"
	}
	return ""
}

// Seat is whose turn it is after a history: 0 for the first player.
func Seat(history string) int { return len(history) % 2 }

// Showdown tells whether a finished hand is decided by the cards.
func Showdown(history string) bool { return !strings.HasSuffix(history, string(Fold)) }

// Payoff is what a finished hand brings the player in seat, who holds mine
// against theirs: 1 chip is the ante, 1 the bet. Cards are ranks from 0.
func Payoff(history string, seat, mine, theirs int) int {
	won := 1
	switch {
	case !Showdown(history):
		// Whoever did not fold wins; the last action was the folder's.
		if (len(history)-1)%2 == seat {
			won = -1
		}
		return won
	case strings.HasSuffix(history, string(Call)):
		won = 2
	}
	if mine < theirs {
		return -won
	}
	return won
}

// Histories lists every history of a hand from the empty one on, the nine nodes
// of the betting tree, each after its parent.
func Histories() []string {
	all := []string{""}
	for i := 0; i < len(all); i++ {
		for _, a := range Legal(all[i]) {
			all = append(all, all[i]+string(a))
		}
	}
	return all
}
