package kuhn

import (
	"fmt"
	"strings"

	"pawl/world"
)

var actionNames = map[byte]string{Check: "check", Bet: "bet", Call: "call", Fold: "fold"}

func (m *match) chat() bool { return m.Dialect == world.Chat }

// action is the move that text makes; 0 where it makes none.
func (m *match) action(text string) byte {
	text = world.Move(m.Dialect, text)
	if !m.chat() {
		if len(text) == 1 && actionNames[text[0]] != "" {
			return text[0]
		}
		return 0
	}
	text = strings.ToLower(text)
	for a, name := range actionNames {
		if text == name {
			return a
		}
	}
	return 0
}

// say is a move of the solver.
func (m *match) say(a byte) string {
	if m.chat() {
		return "#### " + actionNames[a]
	}
	return string(a)
}

// names lists actions.
func (m *match) names(legal string) string {
	if m.chat() {
		return actionNames[legal[0]] + " and " + actionNames[legal[1]]
	}
	return legal[:1] + " and " + legal[1:]
}

var manners = map[string]string{
	"equilibrium": "a game-theoretic equilibrium: it bluffs just often enough that nothing you do can gain on it",
	"random":      "at random: it tosses a coin at every decision",
	"tight":       "tight: it bets and calls with the strongest third of the cards, and with nothing else",
	"loose":       "loose: it bets and calls with every card but the weakest",
}

// rules is the prompt in English.
func (m *match) rules() string {
	return fmt.Sprintf("You are playing a match of Kuhn poker against one opponent: %s.\n\n"+
		"The deck has %d cards. From the weakest to the strongest they are: %s.\n"+
		"In each hand, both players put in an ante of 1 chip and are dealt one card, which the other does not see. "+
		"The player who goes first checks or bets 1 chip. After a check, the second player may check as well, "+
		"and the stronger card wins the antes, or may bet 1 chip. "+
		"A player who faces a bet either folds and loses the ante, or calls with 1 chip, and the stronger card wins everything. "+
		"You take turns at going first, and the deck is shuffled before every hand.\n\n"+
		"Your opponent plays %s.\n"+
		"Win as many chips as you can. Whenever you are to move, you may think first, but end with your move on its own line: "+
		"#### check, #### bet, #### call or #### fold. A move that is not allowed loses the match at once.",
		plural(m.Hands, "hand"), len(m.Deck), strings.Join(strings.Split(m.Deck, ""), " "), manners[m.Opponent])
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (s *state) sayDeal() {
	card := s.Deck[s.hands[s.hand].mine]
	if !s.chat() {
		fmt.Fprintf(&s.said, "%d%c", s.seat+1, card)
		return
	}
	fmt.Fprintf(&s.said, "Hand %d of %d. You go %s. Your card is %c.\n", s.hand+1, s.Hands, []string{"first", "second"}[s.seat], card)
}

func (s *state) sayMove(a byte) {
	if !s.chat() {
		s.said.WriteByte(a)
		return
	}
	fmt.Fprintf(&s.said, "Your opponent %ss.\n", actionNames[a])
}

func (s *state) sayTurn() {
	if !s.chat() {
		s.said.WriteByte('>')
		return
	}
	legal := Legal(s.history)
	fmt.Fprintf(&s.said, "Do you %s or %s?", actionNames[legal[0]], actionNames[legal[1]])
}

func (s *state) sayResult(won int) {
	card := s.Deck[s.hands[s.hand].theirs]
	if !s.chat() {
		if Showdown(s.history) {
			s.said.WriteByte(card)
		}
		fmt.Fprintf(&s.said, "%+d;", won)
		return
	}
	if Showdown(s.history) {
		fmt.Fprintf(&s.said, "Your opponent shows %c.\n", card)
	}
	result := "win"
	if won < 0 {
		result = "lose"
	}
	fmt.Fprintf(&s.said, "You %s %s. Your total is %+d.\n\n", result, plural(max(won, -won), "chip"), s.chips)
}
