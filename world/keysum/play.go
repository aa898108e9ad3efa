package keysum

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"pawl/world"
)

// play is the environment. Returns lie between 0 and 1: the share of turns
// right before the first error. A move that is no number ends the play with 0.
func play(raw json.RawMessage) (world.Player, error) {
	ref, s, err := decode(raw)
	if err != nil {
		return nil, err
	}
	sums := s.running()
	if ref.Form == Once {
		return s.playOnce(sums, ref.Dialect), nil
	}
	return func(moves []string) world.Turn {
		score := score{turns: len(sums)}
		before := 0
		for t, move := range moves[:min(len(moves), len(sums))] {
			n, ok := told(move, ref.Dialect)
			if !ok {
				return world.Turn{Done: true, Reason: fmt.Sprintf("turn %d: %.20q is no number", t+1, move)}
			}
			step := sums[t]
			if t > 0 {
				step -= sums[t-1]
			}
			score.add(n == sums[t], n == before+step)
			before = n
		}
		if t := len(moves); t < len(sums) {
			return world.Turn{Text: s.ask(t, ref.Dialect)}
		}
		return score.turn()
	}, nil
}

// ask is what turn t tells.
func (s *sum) ask(t int, dialect string) string {
	if dialect == world.Chat {
		return fmt.Sprintf("Turn %d: %s", t+1, strings.Join(strings.Split(s.turns[t], ""), ", "))
	}
	return asked(s.turns[t]) + "="
}

// score counts what the paper tells apart: turns right before the first error
// (the horizon), turns right at all, and turns that add rightly to the sum of
// the turn before, were it right or not.
type score struct {
	turns, played           int
	horizon, right, updates int
}

func (s *score) add(right, update bool) {
	if right && s.horizon == s.played {
		s.horizon++
	}
	if right {
		s.right++
	}
	if update {
		s.updates++
	}
	s.played++
}

func (s *score) turn() world.Turn {
	return world.Turn{
		Done: true, Return: float64(s.horizon) / float64(s.turns),
		Reason: fmt.Sprintf("%d of %d turns right before the first error, %d in all; %d add rightly to the turn before",
			s.horizon, s.turns, s.right, s.updates),
	}
}

// playOnce is the play of a single move, a whole completion. What is right
// after the first wrong turn is not looked into.
func (s *sum) playOnce(sums []int, dialect string) world.Player {
	return func(moves []string) world.Turn {
		if len(moves) == 0 {
			return world.Turn{}
		}
		var v world.Verdict
		if dialect == world.Chat {
			v = judgeChat(sums, moves[0])
		} else {
			v = s.judge(sums, moves[0])
		}
		if v.Valid {
			return world.Turn{Done: true, Return: 1, Reason: "every turn is right"}
		}
		right := min(v.FirstWrong-1, len(sums))
		return world.Turn{Done: true, Return: float64(right) / float64(len(sums)), Reason: v.Reason}
	}
}

// demonstrate tells every running sum.
func demonstrate(raw json.RawMessage, _ *rand.Rand) ([]string, error) {
	ref, s, err := decode(raw)
	if err != nil {
		return nil, err
	}
	switch {
	case ref.Form == Turns:
		return said(s.running(), ref.Dialect), nil
	case ref.Dialect == world.Chat:
		return []string{english(s.running())}, nil
	}
	return []string{s.worked()}, nil
}

// scale tells the mean return of a player who draws every sum at random, all
// alike, from those that so many turns can reach; it is exact for any
// dictionary, since exactly one of the sums is right. The oracle always makes 1.
func scale(level int, raw json.RawMessage) (random, oracle float64) {
	if level < 1 || level >= len(sizes) {
		return 0, 1
	}
	s := sizes[level]
	var own reference
	if len(raw) > 0 && json.Unmarshal(raw, &own) == nil && len(own.Turns) > 0 {
		s.turns, s.per = len(own.Turns), len(own.Turns[0])
	}
	all := 1.0 // the chance that all turns so far are right
	for t := 1; t <= s.turns; t++ {
		all /= float64(t*s.per*(s.most-s.least) + 1)
		random += all / float64(s.turns)
	}
	return random, 1
}
