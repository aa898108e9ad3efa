package kuhn

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func opponent(t testing.TB, name string, cards, alpha int) Strategy {
	s, err := Opponent(name, cards, alpha)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTree(t *testing.T) {
	want := []string{"", "k", "b", "kk", "kb", "bf", "bc", "kbf", "kbc"}
	if got := Histories(); !slices.Equal(got, want) {
		t.Errorf("the tree is %q, want %q", got, want)
	}
	for _, c := range []struct {
		history            string
		seat, mine, theirs int
		want               int
	}{
		{"kk", 0, 2, 1, 1}, {"kk", 0, 0, 1, -1}, {"kk", 1, 0, 1, -1},
		{"bc", 0, 2, 1, 2}, {"bc", 1, 1, 2, -2},
		{"kbc", 0, 0, 2, -2}, {"kbc", 1, 2, 0, 2},
		{"bf", 0, 0, 2, 1}, {"bf", 1, 2, 0, -1}, // the folder loses the ante, whatever it held
		{"kbf", 0, 2, 0, -1}, {"kbf", 1, 0, 2, 1},
	} {
		if got := Payoff(c.history, c.seat, c.mine, c.theirs); got != c.want {
			t.Errorf("%s: seat %d with %d against %d gets %d, want %d", c.history, c.seat, c.mine, c.theirs, got, c.want)
		}
	}
}

// Kuhn's own result, for every alpha of the family on either side.
func TestValueOfTheClassicGame(t *testing.T) {
	for a := range Alphas {
		for b := range Alphas {
			x, y := opponent(t, "equilibrium", 3, a), opponent(t, "equilibrium", 3, b)
			if v := Value(x, 0, y); !near(v, -1.0/18) {
				t.Errorf("alpha %d/30 against %d/30: the first player gets %v, want -1/18", a, b, v)
			}
			if v := Value(x, 1, y); !near(v, 1.0/18) {
				t.Errorf("alpha %d/30 against %d/30: the second player gets %v, want 1/18", a, b, v)
			}
		}
	}
}

func TestNothingGainsAgainstAnEquilibrium(t *testing.T) {
	// Values of the linear program of each deck, solved in exact arithmetic
	// apart from this code.
	value := map[int]float64{3: -1. / 18, 4: -1. / 24, 5: -1. / 15, 6: -11. / 180, 7: -1. / 14, 8: -1. / 16, 9: -7. / 108}
	for cards := 3; cards <= 9; cards++ {
		s := opponent(t, "equilibrium", cards, 0)
		if !near(Exploitability(s), 0) {
			t.Errorf("%d cards: exploitable by %v", cards, Exploitability(s))
		}
		if !near(BestReply(0, s), value[cards]) || !near(BestReply(1, s), -value[cards]) {
			t.Errorf("%d cards: the seats get at best %v and %v, want ±%v", cards, BestReply(0, s), BestReply(1, s), value[cards])
		}
	}
	for alpha := range Alphas {
		if s := opponent(t, "equilibrium", 3, alpha); !near(Exploitability(s), 0) {
			t.Errorf("alpha %d/30: exploitable by %v", alpha, Exploitability(s))
		}
	}
}

// By hand. Going first against tight with 3 cards: a jack gains by bluffing
// (the queen folds: +1, the king calls: -2), a queen by checking (+1, -1), a
// king gets the ante either way: (-1/2 + 0 + 1)/3. Going second: a jack bluffs
// against the queen's check and folds to the king's bet (+1, -1), a queen wins
// against the jack and folds to the king, a king wins the ante: (0 + 0 + 1)/3.
func TestHandWorked(t *testing.T) {
	tight, coin := opponent(t, "tight", 3, 0), opponent(t, "random", 3, 0)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"first against tight", BestReply(0, tight), 1. / 6},
		{"second against tight", BestReply(1, tight), 1. / 3},
		// Showdowns cancel; a fold to a bet has chance 1/4, one after a check 1/8.
		{"coins against coins, first", Blind(0, coin), 1. / 8},
		{"coins against coins, second", Blind(1, coin), -1. / 8},
		{"tight is exploited by", Exploitability(tight), 1. / 4},
	} {
		if !near(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	for _, c := range []struct {
		history, want string
		card          int
	}{
		{"", "b", 0}, {"", "k", 1}, {"", "kb", 2},
		{"k", "b", 0}, {"k", "kb", 1}, {"k", "kb", 2},
		{"b", "f", 0}, {"b", "f", 1}, {"b", "fc", 2}, // a king is never bet into: nothing to lose
	} {
		if got := Best(c.history, c.card, tight); got != c.want {
			t.Errorf("against tight with %d after %q: %q, want %q", c.card, c.history, got, c.want)
		}
	}
}

// The best reply agrees with the maximum over all pure strategies.
func TestBestReplyIsTheBestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const cards = 3
		draw := func(name string) []int {
			return rapid.SliceOfN(rapid.IntRange(0, 4), cards, cards).Draw(t, name)
		}
		o := Strategy{4, draw("open"), draw("stab"), draw("call"), draw("catch")}
		for seat := range 2 {
			most, least := math.Inf(-1), math.Inf(1)
			for bits := range 1 << (2 * cards) {
				p := make([]int, 2*cards)
				for i := range p {
					p[i] = bits >> i & 1
				}
				pure := Strategy{1, p[:cards], p[:cards], p[cards:], p[cards:]}
				v := Value(pure, seat, o)
				most, least = max(most, v), min(least, v)
			}
			if got := BestReply(seat, o); !near(got, most) {
				t.Fatalf("seat %d: the best reply gets %v, the best pure strategy %v", seat, got, most)
			}
			if b := Blind(seat, o); b > most+1e-12 || b < least-1e-12 {
				t.Fatalf("seat %d: coins get %v, outside %v to %v", seat, b, least, most)
			}
		}
	})
}

func TestScale(t *testing.T) {
	for level := 1; level <= 5; level++ {
		random, oracle := scale(level, nil)
		if !near(oracle, 0) || random >= oracle {
			t.Errorf("level %d: random play gets %v, the oracle %v; the seats' values cancel", level, random, oracle)
		}
		t.Logf("level %d: random %.4f, oracle %.4f", level, random, oracle)
	}
}
