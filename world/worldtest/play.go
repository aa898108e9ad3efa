package worldtest

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

// play starts a task and gives an expert's moves.
func (s suite) play(t *testing.T, task core.Task) (world.Player, []string) {
	t.Helper()
	play, err := s.rules.Play(task.Reference)
	if err != nil {
		t.Fatalf("playing %q: %v", task.Text(), err)
	}
	moves, err := s.rules.Demonstrate(task.Reference, stream(1))
	if err != nil || len(moves) == 0 {
		t.Fatalf("demonstrating %q: %q, %v", task.Text(), moves, err)
	}
	return play, moves
}

// plays: an expert's moves lead to the end and not beyond, the player is a
// pure function of the moves, and the whole play keeps its limit.
func (s suite) plays(t *testing.T) {
	for _, dialect := range []string{world.Compact, world.Chat} {
		s.each(t, dialect, 40, func(level int, task core.Task) {
			play, moves := s.play(t, task)
			given := slices.Clone(moves)
			said := len(task.Text()) + len(play(nil).Text)
			var turns []world.Turn
			for i := range len(moves) + 1 {
				turn := play(moves[:i])
				turns = append(turns, turn)
				if turn.Done != (i == len(moves)) {
					t.Fatalf("level %d: %q: after %d of the moves %q: %+v", level, task.Text(), i, moves, turn)
				}
				if i > 0 {
					said += len(moves[i-1]) + len(turn.Text)
				}
			}
			if dialect == world.Compact && level <= standard && said > 260 {
				t.Errorf("level %d: %q: the play %q says %d bytes, at most 260 are allowed", level, task.Text(), moves, said)
			}
			fresh, err := s.rules.Play(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			for i := len(moves); i >= 0; i-- { // backwards, by another player
				if again := fresh(moves[:i]); !reflect.DeepEqual(again, turns[i]) {
					t.Fatalf("level %d: %q: after %q: %+v, then %+v", level, task.Text(), moves[:i], turns[i], again)
				}
			}
			if over := play(append(slices.Clone(moves), moves[0])); !over.Done {
				t.Errorf("level %d: %q: a move after the end goes on: %+v", level, task.Text(), over)
			}
			if !slices.Equal(given, moves) {
				t.Errorf("level %d: the player changes the moves it is given", level)
			}
		})
	}
}

// unsayable are moves of no world. A number may be a legal move, if a bad one.
var unsayable = []string{"", "\x00", "####", ";;;;", "I cannot tell.", strings.Repeat("(", 3000), strings.Repeat("\n", 2000)}

// illegal: moves that are none end the play, with one payoff, the worst.
func (s suite) illegal(t *testing.T) {
	s.each(t, world.Compact, 10, func(level int, task core.Task) {
		play, moves := s.play(t, task)
		best := play(moves).Return
		worst := math.NaN()
		for _, move := range unsayable {
			for _, before := range [][]string{nil, moves[:len(moves)-1]} {
				turn := play(append(slices.Clone(before), move))
				if !turn.Done || turn.Reason == "" || turn.Return > best || !math.IsNaN(worst) && turn.Return != worst {
					t.Fatalf("level %d: %q: %.40q after %q: %+v; want the end with a reason and the worst payoff (before: %v, the expert's: %v)",
						level, task.Text(), move, before, turn, worst, best)
				}
				worst = turn.Return
			}
		}
	})
}

// moved gives a player any text as its first move.
func (s suite) moved(t *testing.T, task core.Task, text string) {
	play, err := s.rules.Play(task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	turn := play([]string{text})
	if again := play([]string{text}); !reflect.DeepEqual(turn, again) {
		t.Errorf("after %q: %+v, then %+v", text, turn, again)
	}
	if turn.Done && turn.Reason == "" {
		t.Errorf("after %q the play ends without a reason", text)
	}
}

// returns: experts do better than chance and no better than the oracle.
func (s suite) returns(t *testing.T) {
	if s.rules.Scale == nil {
		t.Fatal("a played world needs a scale of returns")
	}
	for level := 1; level <= levels; level++ {
		random, oracle := s.rules.Scale(level, nil)
		if math.IsNaN(random) || math.IsNaN(oracle) || random >= oracle {
			t.Errorf("level %d: random play gets %v, the oracle %v", level, random, oracle)
		}
		w := s.make(t, "train", world.Compact, level, 3)
		var sum, squares float64
		n := min(w.Len(), 300)
		for i := range n {
			play, moves := s.play(t, w.Task(i))
			r := play(moves).Return
			sum, squares = sum+r, squares+r*r
		}
		mean := sum / float64(n)
		se := math.Sqrt(max(squares/float64(n)-mean*mean, 0) / float64(n))
		if n == w.Len() { // the split's tasks are no sample, but those of all splits are scaled
			se += math.Abs(oracle-random) / 4
		}
		if mean <= random || mean > oracle+5*se+1e-9 {
			t.Errorf("level %d: experts get %.4f ± %.4f, random play %.4f, the oracle %.4f", level, mean, se, random, oracle)
		}
	}
}
