// Package kuhn is Kuhn poker, the smallest poker with bluffing: a match of
// several hands against an opponent of a known kind.
//
// In a hand both players ante 1 chip and get one card each of a small deck. The
// first player checks or bets 1 chip; after a check the second may check too,
// which leads to a showdown, or bet; whoever faces a bet folds, or calls, which
// leads to a showdown. The seats alternate from hand to hand. A play returns the
// chips won over all hands; an illegal move returns the most that the match can
// lose. The game is from "A Simplified Two-Person Poker" (Kuhn, 1950), which has
// 3 cards; larger decks keep the rules. From level 3 on the cards' order of
// strength differs from task to task and is told in the prompt.
//
// Chips depend on the cards far more than on the moves. With luck: removed a play
// returns instead what a best reply wins on average, less what each move made
// gave away on average given what the player had seen. For every way to play its
// mean is that of the chips, its variance a small part of theirs, and none for a
// best reply.
//
// # Compact dialect
//
// The prompt tells the deck from the weakest card, the number of hands, the
// opponent's kind by its first letter, and the number of the match, from which
// the deals and the opponent's coins are drawn:
//
//	kuhn JQK x2 e#714:
//
// Each turn of the solver is one move: k checks, b bets, c calls, f folds. What
// it is told next has the opponent's move, at a showdown the opponent's card, and
// after a hand the chips; then the next hand: its seat (1 goes first), its card
// and, where it goes second, the opponent's move.
//
//	1K>        hand 1: you go first with a king
//	b          you bet
//	cQ+2;2Jb>  called, a queen is shown, 2 chips won; hand 2: the opponent bets
//	f          you fold
//	-1;        1 chip lost, the end
//
// A step of a transcript of one's own moves ("b;f;") is one move.
package kuhn

import (
	"fmt"
	"slices"
	"strings"

	"pawl/core"
	"pawl/world"
)

// Name is the world's name.
const Name = "kuhn"

// matches is how many numbers of matches there are, at every level.
const matches = 1_000_000

// ranks are the names of cards; a deck of n has the last n.
const ranks = "56789TJQK"

// Config chooses a world of matches.
type Config struct {
	Split    string `yaml:"split" enum:"labelled|train|search|gate|audit" default:"train" doc:"Share of the world; shares never overlap."`
	N        int    `yaml:"n" default:"0" min:"0" doc:"Number of tasks; 0 takes the whole split."`
	Level    int    `yaml:"level" default:"3" min:"1" max:"5" doc:"Difficulty: sets cards, hands and order."`
	Cards    int    `yaml:"cards" default:"0" min:"0" max:"9" doc:"Size of the deck, from 3; 0 goes by level."`
	Hands    int    `yaml:"hands" default:"0" min:"0" max:"20" doc:"Hands of a match; 0 goes by level."`
	Order    string `yaml:"order" enum:"level|ranked|shuffled" default:"level" doc:"Strength of the cards: as in poker, or told in each prompt."`
	Opponent string `yaml:"opponent" enum:"equilibrium|random|tight|loose" default:"equilibrium" doc:"How the opponent plays."`
	Luck     string `yaml:"luck" enum:"kept|removed" default:"kept" doc:"Return the chips won, or what the moves made are worth on average."`
	Seed     uint64 `yaml:"seed" default:"1" doc:"Orders the tasks."`
	Dialect  string `yaml:"dialect" enum:"compact|chat" default:"compact" doc:"Single letters, or English."`
}

// sizes of the levels.
var (
	cardsOf = []int{3, 3, 3, 5, 7}
	handsOf = []int{2, 4, 6, 6, 8}
)

const shuffledFrom = 3 // level from which the order of strength is told

// World is the world of Config.
type World struct {
	cfg   Config
	share world.Share
}

// reference is a match: the prompt's contents and the dialect.
type reference struct {
	core.Reference
	Deck     string `json:"deck"` // from the weakest card
	Hands    int    `json:"hands"`
	Opponent string `json:"opponent"`
	Match    uint64 `json:"match"`
	Luck     string `json:"luck,omitempty"` // "removed", or kept
	Dialect  string `json:"dialect"`
}

// New checks c and makes its world. Zero values take the defaults.
func New(c Config) (*World, error) {
	err := world.Settle(&c.Split, &c.Level, len(cardsOf), &c.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making world kuhn: %w", err)
	}
	if c.Opponent == "" {
		c.Opponent = "equilibrium"
	}
	if c.Cards == 0 {
		c.Cards = cardsOf[c.Level-1]
	}
	if c.Hands == 0 {
		c.Hands = handsOf[c.Level-1]
	}
	switch c.Order {
	case "", "level":
		c.Order = "ranked"
		if c.Level >= shuffledFrom {
			c.Order = "shuffled"
		}
	case "ranked", "shuffled":
	default:
		return nil, fmt.Errorf("making world kuhn: no order named %q; there are level, ranked and shuffled", c.Order)
	}
	switch c.Luck {
	case "", "kept":
		c.Luck = ""
	case "removed":
	default:
		return nil, fmt.Errorf("making world kuhn: luck %q: it is kept or removed", c.Luck)
	}
	if c.Cards < 3 || c.Cards > len(ranks) || c.Hands < 1 || c.Hands > maxHands {
		return nil, fmt.Errorf("making world kuhn: %d hands with %d cards: take 1 to %d hands and 3 to %d cards", c.Hands, c.Cards, maxHands, len(ranks))
	}
	if _, err := Opponent(c.Opponent, c.Cards, 0); err != nil {
		return nil, fmt.Errorf("making world kuhn: %w", err)
	}
	w := &World{cfg: c}
	w.share, err = world.NewShare("kuhn matches", matches, c.Split, c.Seed)
	return w, err
}

const maxHands = 20

// Len is the number of different matches.
func (w *World) Len() int { return w.share.Len() }

// Unit is characters.
func (w *World) Unit() string { return core.UnitCharacters }

// Vocabulary is every character of prompts, moves and replies.
func (w *World) Vocabulary() []string {
	if w.cfg.Dialect == world.Chat {
		return nil
	}
	return strings.Split("0123456789TJQKkuhnxertlbcf #:>;+-", "")
}

// Task makes task i. Its solution is the expert's moves, step by step.
func (w *World) Task(i int) core.Task {
	match := w.share.Instance(i)
	deck := []byte(ranks[len(ranks)-w.cfg.Cards:])
	if w.cfg.Order == "shuffled" {
		r := world.Random("kuhn deck", uint64(w.cfg.Cards), match)
		r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	}
	return task(reference{
		Deck: string(deck), Hands: w.cfg.Hands, Opponent: w.cfg.Opponent, Match: match, Luck: w.cfg.Luck, Dialect: w.cfg.Dialect,
	})
}

// task is the task of a checked reference, whose answers it fills in.
func task(ref reference) core.Task {
	m := newMatch(ref)
	moves := m.expert(world.Random("kuhn solution", uint64(ref.Hands), ref.Match))
	ref.Reference = core.Reference{World: Name, Answer: world.Move(ref.Dialect, moves[len(moves)-1]), Solution: world.WriteMoves(m.Dialect, moves)}
	prompt := fmt.Sprintf("kuhn %s x%d %c#%d:", ref.Deck, ref.Hands, ref.Opponent[0], ref.Match)
	id := fmt.Sprintf("kuhn/%s/%d/%s/%d", ref.Deck, ref.Hands, ref.Opponent, ref.Match)
	if ref.Dialect == world.Chat {
		prompt = m.rules()
	}
	return world.NewTask(Name, id, prompt, ref)
}

// read is the task that a compact prompt poses.
func read(prompt string) (core.Task, error) {
	ref := reference{Dialect: world.Compact}
	var kind rune
	_, err := fmt.Sscanf(prompt, "kuhn %s x%d %c#%d:", &ref.Deck, &ref.Hands, &kind, &ref.Match)
	if err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: it should read as kuhn JQK x4 e#17: %w", prompt, err)
	}
	for _, o := range Opponents {
		if rune(o[0]) == kind {
			ref.Opponent = o
		}
	}
	if err := ref.check(); err != nil {
		return core.Task{}, fmt.Errorf("reading prompt %.60q: %w", prompt, err)
	}
	if t := task(ref); t.Text() == prompt {
		return t, nil
	}
	return core.Task{}, fmt.Errorf("reading prompt %.60q: it is not as it would be written", prompt)
}

// check refuses what is no match. References come from files too.
func (r reference) check() error {
	n := len(r.Deck)
	if n < 3 || n > len(ranks) {
		return fmt.Errorf("a deck of %d cards: 3 to %d are possible", n, len(ranks))
	}
	sorted := []byte(r.Deck)
	slices.SortFunc(sorted, func(a, b byte) int { return strings.IndexByte(ranks, a) - strings.IndexByte(ranks, b) })
	switch {
	case string(sorted) != ranks[len(ranks)-n:]:
		return fmt.Errorf("%q is no deck: %d cards are %s in any order", r.Deck, n, ranks[len(ranks)-n:])
	case r.Hands < 1 || r.Hands > maxHands:
		return fmt.Errorf("%d hands: 1 to %d are possible", r.Hands, maxHands)
	case r.Match >= matches:
		return fmt.Errorf("match %d: numbers are below %d", r.Match, matches)
	case !slices.Contains(Opponents, r.Opponent):
		return fmt.Errorf("no opponent named %q; there are %v", r.Opponent, Opponents)
	}
	return nil
}
