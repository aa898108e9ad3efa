package kuhn

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/world"
)

// match is a reference with its chance drawn: all of it before the first move,
// so that no move changes the cards or coins of what comes after.
type match struct {
	reference
	opponent Strategy
	alpha    int
	first    int // seat of the solver in the first hand
	hands    []hand
}

type hand struct {
	mine, theirs int        // ranks in the deck
	coins        [2]float64 // of the opponent's decisions
}

func newMatch(ref reference) *match {
	r := world.Random("kuhn match", uint64(len(ref.Deck)), ref.Match)
	m := &match{reference: ref, alpha: r.IntN(Alphas), first: r.IntN(2), hands: make([]hand, ref.Hands)}
	if len(ref.Deck) != 3 {
		m.alpha = 0
	}
	for i := range m.hands {
		two := r.Perm(len(ref.Deck))
		m.hands[i] = hand{two[0], two[1], [2]float64{r.Float64(), r.Float64()}}
	}
	m.opponent, _ = Opponent(ref.Opponent, len(ref.Deck), m.alpha) // checked with the reference
	return m
}

// decision is where the solver stood when it moved.
type decision struct {
	history string
	card    int
	action  byte // 0 where the move was illegal
}

// state is a match under way.
type state struct {
	*match
	hand    int
	seat    int
	history string
	chips   int
	said    strings.Builder // since the solver's last move
}

// start deals the next hand, if there is one, and lets the opponent open it.
func (s *state) start() {
	if s.hand == len(s.hands) {
		return
	}
	s.seat, s.history = (s.first+s.hand)%2, ""
	s.sayDeal()
	s.answer()
}

// answer plays the opponent's part until the solver is to move.
func (s *state) answer() {
	for Legal(s.history) != "" && Seat(s.history) != s.seat {
		h := s.hands[s.hand]
		legal := Legal(s.history)
		a := legal[0]
		if h.coins[len(s.history)/2] < s.opponent.Active(s.history, h.theirs) {
			a = legal[1]
		}
		s.history += string(a)
		s.sayMove(a)
	}
	if Legal(s.history) != "" {
		s.sayTurn()
		return
	}
	h := s.hands[s.hand]
	won := Payoff(s.history, s.seat, h.mine, h.theirs)
	s.chips += won
	s.sayResult(won)
	s.hand++
	s.start()
}

// run plays moves from the beginning on, and tells where each was made.
func (m *match) run(moves []string) (world.Turn, []decision) {
	s := &state{match: m}
	s.start()
	var made []decision
	for _, text := range moves {
		if s.hand == len(m.hands) {
			break // what comes after the end is not looked at
		}
		legal := Legal(s.history)
		a := m.action(text)
		at := decision{s.history, m.hands[s.hand].mine, a}
		if a == 0 || strings.IndexByte(legal, a) < 0 {
			at.action = 0
			return world.Turn{
				Done: true, Return: float64(-2 * len(m.hands)),
				Reason: fmt.Sprintf("hand %d: %.20q is no legal move; legal are %s", s.hand+1, text, m.names(legal)),
			}, append(made, at)
		}
		made = append(made, at)
		s.said.Reset()
		s.history += string(a)
		s.answer()
	}
	turn := world.Turn{Text: s.said.String()}
	if s.hand == len(m.hands) {
		turn.Done, turn.Return = true, float64(s.chips)
		if m.Luck == "removed" {
			turn.Return = m.skill(made)
		}
		turn.Reason = fmt.Sprintf("%+d chips after %d hands", s.chips, len(m.hands))
	}
	return turn, made
}

// skill is what decisions are worth without luck: by the lemma that the values
// of two policies differ by the advantages of one along the plays of the other.
func (m *match) skill(made []decision) float64 {
	sum := 0.0
	for i := range m.hands {
		sum += BestReply((m.first+i)%2, m.opponent)
	}
	for _, d := range made {
		sum -= Regret(d.action, d.history, d.card, m.opponent)
	}
	return sum
}

// expert plays the match to its end: an equilibrium where the opponent plays
// one, with r's coins, and else a best reply.
func (m *match) expert(r *rand.Rand) []string {
	s := &state{match: m}
	s.start()
	var moves []string
	for s.hand < len(m.hands) {
		a := m.expertMove(s.history, m.hands[s.hand].mine, r)
		moves = append(moves, m.say(a))
		s.history += string(a)
		s.answer()
	}
	return moves
}

func (m *match) expertMove(history string, card int, r *rand.Rand) byte {
	legal := Legal(history)
	if m.Opponent != "equilibrium" {
		good := Best(history, card, m.opponent)
		return good[r.IntN(len(good))]
	}
	if r.Float64() < m.opponent.Active(history, card) {
		return legal[1]
	}
	return legal[0]
}

// decode reads and checks a reference.
func decode(raw json.RawMessage) (*match, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return nil, err
	}
	if err := ref.check(); err != nil {
		return nil, fmt.Errorf("reading its reference: %w", err)
	}
	return newMatch(ref), nil
}

func play(raw json.RawMessage) (world.Player, error) {
	m, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return func(moves []string) world.Turn {
		turn, _ := m.run(moves)
		return turn
	}, nil
}

func demonstrate(raw json.RawMessage, r *rand.Rand) ([]string, error) {
	m, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return m.expert(r), nil
}
