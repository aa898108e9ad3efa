package negotiate

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
		Summary: "Deal or No Deal: divide things with a partner whose values are hidden, by offers in turn.",
		Detail: "Played turn by turn. Returns the value of the solver's share, 1 for everything, 0 without a deal. " +
			"The oracle searches all offers against the partner's policy.",
		Paper:   "Deal or No Deal? End-to-End Learning for Negotiation Dialogues (Lewis et al., 2017)",
		Example: "negotiate: {split: train, level: 2, style: mirror}",
	}, New, func(c Config) int { return c.N }, world.Rules{
		Judge: judge, Play: play, Steps: world.MoveSteps, Flaw: flaw, Variant: variant, Read: read, Scale: Scale, Demonstrate: demonstrate,
	})
}

// Kinds of moves.
const (
	offer = iota
	accept
	walk
)

type move struct {
	kind   int
	bundle int // that an offer asks for, by its number
}

// deal is a reference with its table.
type deal struct {
	reference
	*table
}

func newDeal(ref reference) *deal {
	s := make(scenario, len(ref.Counts))
	for i := range s {
		s[i] = kind{ref.Counts[i], ref.Mine[i], ref.Theirs[i]}
	}
	return &deal{ref, newTable(s, ref.Partner, ref.Turns)}
}

func decode(raw json.RawMessage) (*deal, error) {
	var ref reference
	if err := world.Decode(raw, &ref); err != nil {
		return nil, err
	}
	if err := ref.check(); err != nil {
		return nil, fmt.Errorf("reading its reference: %w", err)
	}
	return newDeal(ref), nil
}

// run plays moves from the beginning on. It also gives the states in which the
// solver moved, the last one included if it is the solver's turn there, and
// what the moves were, up to the first illegal one.
func (d *deal) run(moves []string) (turn world.Turn, states []state, made []move) {
	s := d.start()
	states = []state{s}
	for _, text := range moves {
		m, err := d.move(text, s)
		if err != nil {
			return world.Turn{Done: true, Reason: fmt.Sprintf("turn %d: %v", s.turn+1, err)}, states, made
		}
		made = append(made, m)
		given := d.given[m.bundle]
		end := func(how, why string, value int) world.Turn {
			return world.Turn{Text: d.sayEnd(how, value), Done: true, Return: float64(value) / Total, Reason: why}
		}
		switch {
		case m.kind == walk:
			return end("", "the solver walked away", 0), states, made
		case m.kind == accept:
			return end("", "the solver accepted", d.own[d.asks[s.reservation]]), states, made
		case given >= s.reservation:
			return end("a", "the partner accepted", d.own[m.bundle]), states, made
		case d.last(s):
			return end("w", "the partner left", 0), states, made
		}
		s = d.refused(s, given)
		turn.Text = d.sayAsk(s)
		states = append(states, s)
	}
	return turn, states, made
}

func play(raw json.RawMessage) (world.Player, error) {
	d, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return func(moves []string) world.Turn {
		turn, _, _ := d.fresh().run(moves)
		return turn
	}, nil
}

// legal lists all moves.
func (d *deal) legal(s state) []move {
	all := []move{{walk, 0}}
	if s.turn > 0 {
		all = append(all, move{accept, 0})
	}
	for b := range d.bundles {
		all = append(all, move{offer, b})
	}
	return all
}

// expertMove is one that gets the most that can be got: at once if that is
// possible, and else by the offer that gives the partner the least, of those
// the one that asks for the most.
func (d *deal) expertMove(s state, r *rand.Rand) move {
	best := d.Best(s)
	var now []move
	later, least := move{kind: walk}, [2]int{Total + 1, 0}
	for _, m := range d.legal(s) {
		if d.worthOf(s, m) != best {
			continue
		}
		switch {
		case m.kind != offer || d.given[m.bundle] >= s.reservation:
			now = append(now, m)
		default:
			if key := [2]int{d.given[m.bundle], -d.own[m.bundle]}; slices.Compare(key[:], least[:]) < 0 {
				later, least = m, key
			}
		}
	}
	if len(now) == 0 {
		return later
	}
	return now[r.IntN(len(now))]
}

// expert plays on from moves to the end.
func (d *deal) expert(moves []string, r *rand.Rand) []string {
	for {
		turn, states, _ := d.run(moves)
		if turn.Done {
			return moves
		}
		moves = append(moves, d.say(d.expertMove(states[len(states)-1], r)))
	}
}

func demonstrate(raw json.RawMessage, r *rand.Rand) ([]string, error) {
	d, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return d.expert(nil, r), nil
}

// judge judges moves in a row: one is wrong where it is illegal, or where it
// gives away some of what could still be got from this partner.
func (d *deal) judge(text string) world.Verdict {
	moves := world.ReadMoves(d.Dialect, text)
	if len(moves) == 0 {
		return world.Verdict{FirstWrong: 1, Reason: "there is no move"}
	}
	v := world.Verdict{Answer: moves[len(moves)-1]}
	turn, states, made := d.run(moves)
	for i, m := range made {
		if best, left := d.Best(states[i]), d.worthOf(states[i], m); left < best {
			v.FirstWrong, v.Reason = i+1, fmt.Sprintf("%d could be got, after %q only %d", best, moves[i], left)
			return v
		}
	}
	if len(made) < len(moves) {
		v.FirstWrong, v.Reason = len(made)+1, turn.Reason
		return v
	}
	v.Right, v.Valid = true, true
	return v
}

func judge(raw json.RawMessage) (world.Judge, error) {
	d, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return func(text string) world.Verdict { return d.fresh().judge(text) }, nil
}

// fresh is d with memories of its own: judges and players are called at once
// from several goroutines.
func (d *deal) fresh() *deal { return &deal{d.reference, d.with(d.Partner)} }

// flaw is the expert's negotiation with one legal move that gives something
// away; after it the expert goes on, if there is anything left to say.
func flaw(raw json.RawMessage, r *rand.Rand) (string, error) {
	d, err := decode(raw)
	if err != nil {
		return "", err
	}
	right := d.expert(nil, r)
	_, states, _ := d.run(right)
	i := r.IntN(len(right))
	s := states[i]
	bad := slices.DeleteFunc(d.legal(s), func(m move) bool { return d.worthOf(s, m) == d.Best(s) })
	wrong := "w"
	switch {
	case len(bad) > 0:
		wrong = d.say(bad[r.IntN(len(bad))])
	default: // nothing can be got, so nothing can be lost: say what is no move
		wrong = "o"
	}
	return world.WriteMoves(d.Dialect, d.expert(append(right[:i:i], wrong), r)), nil
}

// variant is another best negotiation: any move that keeps what can be got, as
// long as it ends.
func variant(raw json.RawMessage, r *rand.Rand) (string, error) {
	d, err := decode(raw)
	if err != nil {
		return "", err
	}
	var moves []string
	for {
		turn, states, _ := d.run(moves)
		if turn.Done {
			return world.WriteMoves(d.Dialect, moves), nil
		}
		s := states[len(states)-1]
		good := slices.DeleteFunc(d.legal(s), func(m move) bool { return d.worthOf(s, m) < d.Best(s) })
		moves = append(moves, d.say(good[r.IntN(len(good))]))
	}
}
