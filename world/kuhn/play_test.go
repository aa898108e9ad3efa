package kuhn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

// dealt is a match with hand-picked cards and coins.
func dealt(dialect string, first int, kind string, hands ...hand) *match {
	s, _ := Opponent(kind, 3, 0)
	return &match{reference: reference{Deck: "JQK", Hands: len(hands), Opponent: kind, Dialect: dialect}, opponent: s, first: first, hands: hands}
}

func TestPlayHandWorked(t *testing.T) {
	low, high := [2]float64{0, 0}, [2]float64{.99, .99} // coins that bet and call wherever possible, or only when certain
	m := dealt(world.Compact, 0, "random", hand{2, 1, low}, hand{0, 2, low}, hand{1, 0, high})
	for _, c := range []struct {
		moves  string
		text   string
		done   bool
		chips  float64
		reason string
	}{
		{"", "1K>", false, 0, ""},
		{"b", "cQ+2;2Jb>", false, 0, ""},
		{"b f", "-1;1Q>", false, 0, ""},
		{"b c", "K-2;1Q>", false, 0, ""},
		{"b f k", "kJ+1;", true, 2, "+2 chips after 3 hands"},
		{"b f b", "f+1;", true, 2, "+2 chips after 3 hands"},
		{"b f b b b", "f+1;", true, 2, "+2 chips after 3 hands"},
		{"k", "b>", false, 0, ""},
		{"k c f k", "kJ+1;", true, 2, "+2 chips after 3 hands"},
		{"k f", "-1;2Jb>", false, 0, ""},
		{"b k", "", true, -6, `hand 2: "k" is no legal move; legal are f and c`},
		{"b f bb", "", true, -6, `hand 3: "bb" is no legal move; legal are k and b`},
	} {
		got, _ := m.run(strings.Fields(c.moves))
		want := world.Turn{Text: c.text, Done: c.done, Return: c.chips, Reason: c.reason}
		if got != want {
			t.Errorf("%s: %+v, want %+v", c.moves, got, want)
		}
	}
}

func TestPlayInEnglish(t *testing.T) {
	m := dealt(world.Chat, 1, "random", hand{0, 2, [2]float64{0, 0}}, hand{2, 1, [2]float64{0, 0}})
	got, _ := m.run(nil)
	if want := "Hand 1 of 2. You go second. Your card is J.\nYour opponent bets.\nDo you fold or call?"; got.Text != want {
		t.Errorf("told %q, want %q", got.Text, want)
	}
	got, _ = m.run([]string{"A jack cannot win.\n#### Fold."})
	if want := "You lose 1 chip. Your total is -1.\n\nHand 2 of 2. You go first. Your card is K.\nDo you check or bet?"; got.Text != want {
		t.Errorf("told %q, want %q", got.Text, want)
	}
	got, _ = m.run([]string{"fold", "**bet**"})
	if want := "Your opponent calls.\nYour opponent shows Q.\nYou win 2 chips. Your total is +1.\n\n"; got.Text != want || !got.Done || got.Return != 1 {
		t.Errorf("told %q with %v, want %q with 1", got.Text, got.Return, want)
	}
}

func TestJudgeHandWorked(t *testing.T) {
	m := dealt(world.Compact, 0, "tight", hand{0, 1, [2]float64{}}, hand{1, 2, [2]float64{}})
	// A jack bluffs against tight, and the queen folds. Then the king bets.
	for _, c := range []struct {
		text  string
		wrong int
	}{
		{"b;f;", 0}, {"b;", 0}, {" b ; f", 0}, {"k;", 1}, {"b;c;", 2}, {"b;b;", 2}, {"b;f;k;", 3}, {"", 1}, {";", 1}, {"b;;", 2},
	} {
		if v := m.judge(c.text); v.FirstWrong != c.wrong || v.Valid != (c.wrong == 0) || v.Right != v.Valid {
			t.Errorf("%q: %+v, want first wrong %d", c.text, v, c.wrong)
		}
	}
}

func worlds(t testing.TB, f func(name string, w *World)) {
	for level := 1; level <= 5; level++ {
		for _, d := range []string{world.Compact, world.Chat} {
			for _, o := range Opponents {
				w, err := New(Config{Level: level, Dialect: d, Opponent: o})
				if err != nil {
					t.Fatal(err)
				}
				f(strings.Join([]string{d, o, string(rune('0' + level))}, " "), w)
			}
		}
	}
}

func TestTasks(t *testing.T) {
	worlds(t, func(name string, w *World) {
		for i := range 30 {
			task := w.Task(i)
			j, err := judge(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			if v := j(task.Ref().Solution); !v.Valid || v.Answer != task.Ref().Answer {
				t.Fatalf("%s: solution %q: %+v", name, task.Ref().Solution, v)
			}
			if got := strings.Join(world.MoveSteps(task.Ref().Solution), ""); got != task.Ref().Solution {
				t.Fatalf("%s: steps join to %q", name, got)
			}
			r := rand.New(rand.NewPCG(1, uint64(i)))
			if text, err := variant(task.Reference, r); err != nil || !j(text).Valid {
				t.Fatalf("%s: variant %q: %+v, %v", name, text, j(text), err)
			}
			if text, err := flaw(task.Reference, r); err != nil || j(text).Right || j(text).FirstWrong == 0 {
				t.Fatalf("%s: flaw %q: %+v, %v", name, text, j(text), err)
			}
			if strings.Contains(name, world.Compact) {
				again, err := read(task.Text())
				if err != nil || !reflect.DeepEqual(again.Reference, task.Reference) {
					t.Fatalf("%s: %q reads as %s, %v; want %s", name, task.Text(), again.Reference, err, task.Reference)
				}
			}
		}
	})
}

// Plays fit, end when they should, and use the vocabulary alone.
func TestPlays(t *testing.T) {
	limit := map[int]int{1: 260, 2: 260, 3: 260, 4: 260, 5: 300}
	for level, most := range limit {
		w, err := New(Config{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		known := strings.Join(w.Vocabulary(), "")
		longest := ""
		for i := range 300 {
			task := w.Task(i)
			moves, err := demonstrate(task.Reference, rand.New(rand.NewPCG(2, uint64(i))))
			if err != nil {
				t.Fatal(err)
			}
			p, _ := play(task.Reference)
			all := task.Text() + p(nil).Text
			for n := range moves {
				turn := p(moves[:n+1])
				all += moves[n] + turn.Text
				if turn.Done != (n == len(moves)-1) {
					t.Fatalf("%q: done is %v after move %d of %d", all, turn.Done, n+1, len(moves))
				}
			}
			if len(all) > len(longest) {
				longest = all
			}
			if rest := strings.Trim(all, known); rest != "" {
				t.Fatalf("%q has characters that the vocabulary lacks", all)
			}
		}
		if len(longest) > most {
			t.Errorf("level %d: %d bytes: %s", level, len(longest), longest)
		}
		t.Logf("level %d: %d bytes: %s", level, len(longest), longest)
	}
}

// The means of many plays lie where the enumeration says, with luck and without.
func TestPlaysReturnWhatIsExpected(t *testing.T) {
	const n = 2000
	for _, kind := range Opponents {
		random, oracle, err := Expect(3, 4, kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, luck := range []string{"kept", "removed"} {
			w, err := New(Config{Level: 2, Opponent: kind, Luck: luck})
			if err != nil {
				t.Fatal(err)
			}
			var expert, blind, squares float64
			for i := range n {
				m, _ := decode(w.Task(i).Reference)
				r := rand.New(rand.NewPCG(3, uint64(i)))
				turn, _ := m.run(m.expert(r))
				expert += turn.Return / n
				var moves []string
				for turn, _ = m.run(nil); !turn.Done; turn, _ = m.run(moves) {
					legal := "kb"
					if bet := strings.TrimSuffix(turn.Text, ">"); strings.HasSuffix(bet, "b") {
						legal = "fc"
					}
					moves = append(moves, string(legal[r.IntN(2)]))
				}
				blind += turn.Return / n
				squares += turn.Return * turn.Return / n
			}
			spread := math.Sqrt(squares - blind*blind)
			t.Logf("%s, luck %s: expert %.3f (%.3f), random play %.3f ± %.3f (%.3f)", kind, luck, expert, oracle, blind, spread, random)
			if tolerance := 5 * spread / math.Sqrt(n); math.Abs(expert-oracle) > tolerance || math.Abs(blind-random) > tolerance {
				t.Errorf("%s, luck %s: the expert gets %.3f (expected %.3f), random play %.3f (expected %.3f)", kind, luck, expert, oracle, blind, random)
			}
			if luck == "removed" && math.Abs(expert-oracle) > 1e-9 {
				t.Errorf("%s: without luck the expert gets %v, the oracle %v", kind, expert, oracle)
			}
		}
	}
}

// By hand, against tight with 3 cards: a jack that checks gives away 1/2 (it
// gets -1, a bluff -1/2).
func TestLuckRemovedHandWorked(t *testing.T) {
	m := dealt(world.Compact, 0, "tight", hand{0, 1, [2]float64{}})
	m.Luck = "removed"
	for moves, want := range map[string]float64{"b": 1. / 6, "k": 1./6 - 1./2} {
		if got, _ := m.run([]string{moves}); math.Abs(got.Return-want) > 1e-12 || !got.Done {
			t.Errorf("%s returns %v, want %v", moves, got.Return, want)
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, prompt := range []string{
		"", "kuhn", "kuhn JQK x4 e#17", "kuhn JQK x4 e#17: ", "kuhn JQQ x4 e#17:", "kuhn JK x4 e#17:", "kuhn JQK x0 e#17:",
		"kuhn JQK x4 z#17:", "kuhn JQK x4 e#1000000:", "kuhn JQK x04 e#17:", "kuhn JQK x4 e#-1:", "kuhn 89T x4 e#17:", "kuhn JQK x4 é#17:",
	} {
		if _, err := read(prompt); err == nil {
			t.Errorf("%q was read", prompt)
		}
	}
	for _, c := range []Config{{Level: 6}, {Cards: 2}, {Cards: 10}, {Hands: 21}, {Order: "x"}, {Opponent: "x"}, {Luck: "x"}, {Dialect: "x"}, {Split: "x"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, raw := range []string{`{}`, `{"deck":"JQK","hands":99,"opponent":"tight"}`, `[]`, `{"deck":"JQK","hands":1,"opponent":"x"}`} {
		if _, err := play(json.RawMessage(raw)); err == nil {
			t.Errorf("%s was played", raw)
		}
	}
}

func FuzzPlay(f *testing.F) {
	f.Add("kuhn JQK x4 e#17:", "b;f;b")
	f.Add("kuhn 9TJQK x6 t#5:", "k\nc;;x")
	f.Fuzz(func(t *testing.T, prompt, text string) {
		task, err := read(prompt)
		if err != nil {
			return
		}
		for _, d := range []string{world.Compact, world.Chat} {
			m, err := decode(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			m.Dialect = d
			moves := world.ReadMoves(d, text)
			turn, made := m.run(moves)
			most := float64(2 * m.Hands)
			if turn.Return < -most || turn.Return > most || len(made) > len(moves) || (turn.Done && turn.Reason == "") {
				t.Fatalf("%q: %+v after %d moves", moves, turn, len(made))
			}
			if v := m.judge(text); v.Valid != v.Right || v.Valid != (v.FirstWrong == 0) {
				t.Fatalf("%q: %+v", text, v)
			}
		}
	})
}

func BenchmarkTask(b *testing.B) {
	w, _ := New(Config{})
	var t core.Task
	for i := range b.N {
		t = w.Task(i % w.Len())
	}
	_ = t
}
