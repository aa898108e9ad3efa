package bandit

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/world"
	"pawl/world/worldtest"

	"pgregory.net/rapid"
)

func suite() worldtest.World {
	return worldtest.World{
		Name: Name,
		New: func(split, dialect string, level int, seed uint64, n int) (world.World, error) {
			return New(Config{Split: split, Dialect: dialect, Level: level, Seed: seed, N: n})
		},
	}
}

func TestConforms(t *testing.T) { worldtest.Run(t, suite()) }

func FuzzPlay(f *testing.F) { worldtest.Fuzz(f, suite()) }

// fixed is a game whose chance is known.
func fixed(dialect string, pulls int, pays ...[]bool) *game {
	return &game{reference: reference{Arms: len(pays), Pulls: pulls, Dialect: dialect}, pays: pays}
}

func TestPlayHandWorked(t *testing.T) {
	const o, x = true, false
	a, b := []bool{o, x, o}, []bool{x, x, o}
	for _, c := range []struct {
		dialect, moves, text string
		done                 bool
		payoff               float64
		reason               string
	}{
		{world.Compact, "", "", false, 0, ""},
		{world.Compact, "a", "1", false, 0, ""},
		{world.Compact, "b,a", "1", false, 0, ""}, // the first pull of a, whatever came before
		{world.Compact, "a,a,a", "1", true, 2.0 / 3, "2 of 3 pulls paid"},
		{world.Compact, " a ,b\n,a", "0", true, 1.0 / 3, "1 of 3 pulls paid"},
		{world.Compact, "a,a,a,a", "1", true, 2.0 / 3, "2 of 3 pulls paid"},
		{world.Compact, "a,a,a,c", "1", true, 2.0 / 3, "2 of 3 pulls paid"},
		{world.Compact, "a,c", "", true, 0, `pull 2: "c" is no arm; there are ab`},
		{world.Compact, "ab", "", true, 0, `pull 1: "ab" is no arm; there are ab`},
		{world.Compact, "A", "", true, 0, `pull 1: "A" is no arm; there are ab`},
		{world.Chat, "I try it.\n#### a", "Machine a pays 1. 2 pulls are left.", false, 0, ""},
		{world.Chat, "a,#### a.", "Machine a pays nothing. 1 pull is left.", false, 0, ""},
		{world.Chat, "a,b,b", "Machine b pays nothing. That was the last pull.", true, 1.0 / 3, "1 of 3 pulls paid"},
	} {
		var moves []string
		if c.moves != "" {
			moves = strings.Split(c.moves, ",")
		}
		want := world.Turn{Text: c.text, Done: c.done, Return: c.payoff, Reason: c.reason}
		if got := fixed(c.dialect, 3, a, b).play(moves); got != want {
			t.Errorf("%s %q: %+v, want %+v", c.dialect, c.moves, got, want)
		}
	}
}

// The n-th pull of an arm pays the same in every order of pulls.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGame(reference{Arms: 3, Pulls: 16, Game: rapid.Uint64Range(0, games-1).Draw(t, "game")})
		moves := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 16, 16).Draw(t, "moves")
		one := g.play(moves).Return
		if two := g.play(rapid.Permutation(moves).Draw(t, "permuted")).Return; one != two {
			t.Fatalf("%v returns %v, and %v in another order", moves, one, two)
		}
	})
}

func TestLearnerHandWorked(t *testing.T) {
	// Two pulls of two arms: the first pays 1/2. If it did, the same arm pays
	// 2/3; if not, the other one pays 1/2. In all 1/2 + 1/3 + 1/4.
	l := &learner{size: size{2, 2}, values: map[state]float64{}}
	if got, want := l.value(make(record, 2)), 13.0/12; math.Abs(got-want) > 1e-12 {
		t.Errorf("two pulls are worth %v, want %v", got, want)
	}
	if good := l.best(record{{won: 1}, {}}); len(good) != 1 || good[0] != 0 {
		t.Errorf("after a win the best arms are %v", good)
	}
	if good := l.best(record{{lost: 1}, {}}); len(good) != 1 || good[0] != 1 {
		t.Errorf("after a loss the best arms are %v", good)
	}
	if good := l.best(record{{}, {}}); len(good) != 2 {
		t.Errorf("at first the best arms are %v", good)
	}
}

// Every plan for three pulls of two arms, by its expectation over all outcomes:
// a sequence with w wins and l losses of an arm has probability
// w! l! / (w+l+1)! under even chances.
func TestLearnerIsBruteForce(t *testing.T) {
	factorial := []float64{1, 1, 2, 6, 24}
	best := 0.0
	for plan := range 1 << 7 { // an arm for each of the 1 + 2 + 4 situations
		mean := 0.0
		for outcome := range 1 << 3 {
			var won, lost [2]int
			node, sum := 0, 0
			for i := range 3 {
				a, paid := plan>>node&1, outcome>>i&1
				won[a] += paid
				lost[a] += 1 - paid
				sum += paid
				node = 2*node + 1 + paid
			}
			p := 1.0
			for a := range 2 {
				p *= factorial[won[a]] * factorial[lost[a]] / factorial[won[a]+lost[a]+1]
			}
			mean += p * float64(sum)
		}
		best = max(best, mean)
	}
	l := &learner{size: size{2, 3}, values: map[state]float64{}}
	if got := l.value(make(record, 2)); math.Abs(got-best) > 1e-12 {
		t.Errorf("three pulls are worth %v, the best plan gets %v", got, best)
	}
}

// Returns of random play, of the best learner and of the oracle, over games.
func TestScale(t *testing.T) {
	for level := 1; level <= len(sizes); level++ {
		w, err := New(Config{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		random, oracle := scale(level, nil)
		const n = 3000
		var sums, squares [3]float64
		r := rand.New(rand.NewPCG(1, uint64(level)))
		for i := range n {
			g, err := decode(w.Task(i).Reference)
			if err != nil {
				t.Fatal(err)
			}
			moves, err := demonstrate(w.Task(i).Reference, r)
			if err != nil {
				t.Fatal(err)
			}
			blind, knowing := make([]string, g.Pulls), make([]string, g.Pulls)
			top := 0
			for a, rate := range g.rates {
				if rate > g.rates[top] {
					top = a
				}
			}
			for k := range blind {
				blind[k], knowing[k] = g.say(r.IntN(g.Arms)), g.say(top)
			}
			for k, moves := range [][]string{blind, moves, knowing} {
				x := g.play(moves).Return
				sums[k] += x
				squares[k] += x * x
			}
		}
		for k, want := range []float64{random, Learner(level), oracle} {
			mean := sums[k] / n
			se := math.Sqrt((squares[k]/n - mean*mean) / n)
			if math.Abs(mean-want) > 4*se {
				t.Errorf("level %d, player %d: mean return %.4f ± %.4f, want %.4f", level, k, mean, se, want)
			}
		}
	}
}

// What the package comment says about the levels.
func TestLevels(t *testing.T) {
	for i, want := range []struct{ arms, pulls, learner, scaled float64 }{
		{2, 20, 0.622, 0.73}, {2, 16, 0.616, 0.70}, {3, 16, 0.664, 0.65}, {4, 16, 0.687, 0.62}, {5, 16, 0.700, 0.60},
	} {
		level := i + 1
		random, oracle := scale(level, nil)
		l := Learner(level)
		if of := sizes[i]; float64(of.arms) != want.arms || float64(of.pulls) != want.pulls ||
			math.Abs(l-want.learner) > 5e-4 || math.Abs((l-random)/(oracle-random)-want.scaled) > 5e-3 {
			t.Errorf("level %d: %+v, learner %.4f, scaled %.4f; want %+v", level, of, l, (l-random)/(oracle-random), want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for prompt, want := range map[string]string{
		"bandit abc x16":           "it should read as",
		"bandit abc x16 #1":        "it should read as",
		"bandit abc x12 #1:":       "no level has 3 arms and 12 pulls",
		"bandit acb x16 #1:":       "not as it would be written",
		"bandit abc x16 #01:":      "not as it would be written",
		"bandit abc x16 #1:a":      "not as it would be written",
		"bandit abc x16 #1000000:": "numbers are below 1000000",
	} {
		if _, err := read(prompt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", prompt, err, want)
		}
	}
	for _, c := range []Config{{Level: 6}, {Split: "test"}, {Dialect: "latin"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func BenchmarkTask(b *testing.B) {
	w, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		w.Task(i % w.Len())
	}
}

func BenchmarkDemonstrate(b *testing.B) {
	w, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := 0; b.Loop(); i++ {
		if _, err := demonstrate(w.Task(i%w.Len()).Reference, r); err != nil {
			b.Fatal(err)
		}
	}
}
