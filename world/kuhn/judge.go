package kuhn

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/registry"
	"pawl/world"
)

func init() {
	world.Register(Name, registry.Doc{
		Summary: "Kuhn poker: a match of several hands against an opponent at equilibrium, or one that can be exploited.",
		Detail: "Played turn by turn. Returns the chips won. The oracle is the best reply to the opponent, by enumeration of the game. " +
			"From level 3 on each prompt tells the order of the cards, from level 4 on there are more.",
		Paper:   "A Simplified Two-Person Poker (Kuhn, 1950)",
		Example: "kuhn: {split: train, level: 2, opponent: loose}",
	}, New, func(c Config) int { return c.N }, world.Rules{
		Judge: judge, Play: play, Steps: world.MoveSteps, Flaw: flaw, Variant: variant, Read: read, Scale: scale, Demonstrate: demonstrate,
	})
}

// judge judges the solver's moves against the match that they lead through: a
// move is wrong where it is illegal, or where no best reply to this opponent
// makes it with that card, whatever the luck. A transcript may end early.
func (m *match) judge(text string) world.Verdict {
	moves := world.ReadMoves(m.Dialect, text)
	if len(moves) == 0 {
		return world.Verdict{FirstWrong: 1, Reason: "there is no move"}
	}
	turn, made := m.run(moves)
	v := world.Verdict{Answer: moves[len(moves)-1]}
	for i, d := range made {
		switch {
		case d.action == 0:
			v.FirstWrong, v.Reason = i+1, turn.Reason
			return v
		case !isBest(d.action, d.history, d.card, m.opponent):
			v.FirstWrong = i + 1
			v.Reason = fmt.Sprintf("with %c after %q a best reply moves %s", m.Deck[d.card], d.history, Best(d.history, d.card, m.opponent))
			return v
		}
	}
	if len(moves) > len(made) {
		v.FirstWrong, v.Reason = len(made)+1, "the match is over"
		return v
	}
	v.Right, v.Valid = true, true
	return v
}

func judge(raw json.RawMessage) (world.Judge, error) {
	m, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return m.judge, nil
}

// flaw is the expert's match with one legal move that no best reply makes; what
// follows is the expert's again, in the hand as it then stands. Where every
// move is as good as another, as against an equilibrium happens, it calls a bet
// that nobody made.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	m, err := decode(raw)
	if err != nil {
		return "", err
	}
	right := m.expert(r)
	_, made := m.run(right)
	for _, i := range r.Perm(len(made)) {
		d := made[i]
		legal := Legal(d.history)
		if good := Best(d.history, d.card, m.opponent); len(good) == 1 {
			wrong := legal[0] + legal[1] - good[0]
			return world.WriteMoves(m.Dialect, m.finish(append(right[:i:i], m.say(wrong)), r)), nil
		}
	}
	i := r.IntN(len(made))
	illegal := byte(Call)
	if strings.IndexByte(Legal(made[i].history), illegal) >= 0 {
		illegal = Check
	}
	return world.WriteMoves(m.Dialect, append(right[:i:i], m.say(illegal))), nil
}

// finish plays on from moves as the expert does.
func (m *match) finish(moves []string, r *rand.Rand) []string {
	s := &state{match: m}
	s.start()
	var all []string
	for s.hand < len(m.hands) {
		a := byte(0)
		if len(all) < len(moves) {
			a = m.action(moves[len(all)])
		} else {
			a = m.expertMove(s.history, m.hands[s.hand].mine, r)
		}
		all = append(all, m.say(a))
		s.history += string(a)
		s.answer()
	}
	return all
}

// variant is a match of the expert with other coins.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	m, err := decode(raw)
	if err != nil {
		return "", err
	}
	return world.WriteMoves(m.Dialect, m.expert(r)), nil
}

// scale is Expect at a level, against an equilibrium.
func scale(level int, raw json.RawMessage) (random, oracle float64) {
	i := min(max(level, 1), len(cardsOf)) - 1
	cards, hands := cardsOf[i], handsOf[i]
	var own reference
	if len(raw) > 0 && json.Unmarshal(raw, &own) == nil && own.Hands > 0 && len(own.Deck) > 0 {
		cards, hands = len(own.Deck), own.Hands
	}
	random, oracle, _ = Expect(cards, hands, "equilibrium") // every deck is solved
	return random, oracle
}
