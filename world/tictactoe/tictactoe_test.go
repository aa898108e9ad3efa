package tictactoe

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
)

func board(t testing.TB, s string) Board {
	b, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The known counts of the game: positions, those where it is over, and both up
// to symmetry.
func TestCounts(t *testing.T) {
	var all, over, classes, open int
	for _, b := range positions() {
		all++
		_, done := b.Over()
		if done {
			over++
		}
		if b == b.Canonical() {
			classes++
			if !done {
				open++
			}
		}
		if _, err := Parse(b.String()); err != nil {
			t.Errorf("a position that games reach is refused: %v", err)
		}
	}
	if all != 5478 || over != 958 || classes != 765 || open != 627 {
		t.Errorf("%d positions, %d over; %d and %d open up to symmetry; want 5478, 958, 765, 627", all, over, classes, open)
	}
	// And Parse accepts no other of the ways to fill nine cells.
	accepted := 0
	for n := range boards {
		var b Board
		for i := range b {
			b[i] = ".XO"[n%3]
			n /= 3
		}
		if _, err := Parse(b.String()); err == nil {
			accepted++
		}
	}
	if accepted != 5478 {
		t.Errorf("Parse accepts %d boards, want 5478", accepted)
	}
}

// negamax is the textbook search, without tables.
func negamax(b Board) float64 {
	if v, over := payoff(b, b.Turn()); over {
		return v
	}
	best := -2.0
	for _, c := range b.Moves() {
		best = max(best, -negamax(b.Play(c)))
	}
	return best
}

func TestValuesAgreeWithSearch(t *testing.T) {
	for _, b := range positions() {
		if b.Pieces() < 4 {
			continue // slow without tables; what follows from them is hand-worked
		}
		if got, want := Value(b), negamax(b); got != want {
			t.Fatalf("%s: value %v, search finds %v", b, got, want)
		}
		for _, image := range b.images() {
			if Value(image) != Value(b) || len(Optimal(image)) != len(Optimal(b)) {
				t.Fatalf("%s and its image %s differ", b, image)
			}
		}
	}
}

func TestHandWorked(t *testing.T) {
	for _, c := range []struct {
		board   string
		value   float64
		optimal []int // cells from 1
	}{
		{".........", 0, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"X........", 0, []int{5}},          // only the centre holds against a corner
		{"....X....", 0, []int{1, 3, 7, 9}}, // only corners against the centre
		{"XX.OO....", 1, []int{3}},
		{"XX..O....", 0, []int{3}},           // block
		{"XO.......", 1, []int{4, 5, 7}},     // the corner and an edge beside it
		{"X.O.O.X..", 1, []int{4, 8, 9}},     // win, or threaten twice
		{"X...O...X", 0, []int{2, 4, 6, 8}},  // corners lose to the double threat
		{"X.X.O.O.X", -1, []int{2, 4, 6, 8}}, // two threats: nothing helps
	} {
		b := board(t, c.board)
		var got []int
		for _, cell := range Optimal(b) {
			got = append(got, cell+1)
		}
		if Value(b) != c.value || !slices.Equal(got, c.optimal) {
			t.Errorf("%s: value %v by %v, want %v by %v", b, Value(b), got, c.value, c.optimal)
		}
	}
}

func TestExpectHandWorked(t *testing.T) {
	for _, c := range []struct {
		board, opponent string
		random, oracle  float64
	}{
		// O takes 6 or 7, and X the other: 7 completes the left column, 6 nothing.
		{"XOXXO..XO", "perfect", -.5, 0},
		{"XOXXO..XO", "random", -.5, 0},
		// X wins at once by 9. After X 7, O wins by 8, and draws by 9. After X 8,
		// O draws by 9, and loses by 7.
		{"XOXOOX...", "perfect", (1. - 1 + 0) / 3, 1},
		{"XOXOOX...", "random", (1 - .5 + .5) / 3, 1},
		{"XOXOOX...", "mixed", (1 - .75 + .25) / 3, 1},
	} {
		random, oracle, err := Expect(board(t, c.board), c.opponent)
		if err != nil || math.Abs(random-c.random) > 1e-12 || math.Abs(oracle-c.oracle) > 1e-12 {
			t.Errorf("%s against %s: random %v, oracle %v, %v; want %v and %v", c.board, c.opponent, random, oracle, err, c.random, c.oracle)
		}
	}
}

// No best reply loses to minimax, and against perfect play the two agree.
func TestBestRepliesDominate(t *testing.T) {
	for _, b := range positions() {
		if len(b.Moves()) == 0 {
			continue
		}
		for _, o := range Opponents {
			random, oracle, _ := Expect(b, o)
			if oracle < Value(b)-equal || random > oracle+equal || len(Best(b, o)) == 0 {
				t.Fatalf("%s against %s: random %v, oracle %v, value %v", b, o, random, oracle, Value(b))
			}
		}
		if !slices.Equal(Best(b, "perfect"), Optimal(b)) {
			t.Fatalf("%s: best against perfect is %v, optimal %v", b, Best(b, "perfect"), Optimal(b))
		}
	}
}

func TestSplitsShareNoPositionUpToSymmetry(t *testing.T) {
	owner := map[Board]string{}
	for _, split := range world.Splits {
		for level := 1; level <= 5; level++ {
			w, err := New(Config{Split: split, Level: level, Seed: uint64(level)})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, level %d: %d", split, level, w.Len())
			if w.Len() == 0 {
				t.Errorf("level %d has nothing for %s", level, split)
			}
			seen := map[Board]bool{}
			for _, b := range w.tasks {
				if c := b.Canonical(); owner[c] != "" && owner[c] != split {
					t.Fatalf("%s is in %s and in %s", b, split, owner[c])
				}
				owner[b.Canonical()] = split
				if seen[b] {
					t.Fatalf("%s twice in %s", b, split)
				}
				seen[b] = true
			}
		}
	}
}

func TestPlayHandWorked(t *testing.T) {
	g := &game{reference{Board: "XX.OO....", Opponent: "perfect", Dialect: world.Compact}, board(t, "XX.OO....")}
	for _, c := range []struct {
		moves string
		want  world.Turn
	}{
		{"", world.Turn{}},
		{"3", world.Turn{Text: "XXXOO....=1;", Done: true, Return: 1, Reason: "won"}},
		{"3 4", world.Turn{Text: "XXXOO....=1;", Done: true, Return: 1, Reason: "won"}},
		{"6", world.Turn{Text: "XXOOOX... X:"}},
		{"6 8", world.Turn{Text: "XXOOOXOX.=-1;", Done: true, Return: -1, Reason: "lost"}},
		{"4", world.Turn{Done: true, Return: -1, Reason: `"4" takes no free cell of XX.OO....`}},
		{"10", world.Turn{Done: true, Return: -1, Reason: `"10" takes no free cell of XX.OO....`}},
	} {
		if got, _ := g.run(strings.Fields(c.moves)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.moves, got, c.want)
		}
	}
	for text, wrong := range map[string]int{"3;": 0, " 3": 0, "6;": 1, "9;": 1, "4;": 1, "": 1, ";": 1, "3;5;": 2, "x": 1} {
		if v := g.judge(text); v.FirstWrong != wrong || v.Valid != (wrong == 0) {
			t.Errorf("%q: %+v, want first wrong %d", text, v, wrong)
		}
	}
	g.Dialect = world.Chat
	got, _ := g.run([]string{"Six blocks.\n#### 6"})
	if want := "X | X | O\nO | O | X\n7 | 8 | 9"; !strings.Contains(got.Text, want) || got.Done || !strings.Contains(got.Text, "takes cell 3.") {
		t.Errorf("told %q", got.Text)
	}
	if v := g.judge("I win the top row.\n#### 3\n"); !v.Valid || v.Answer != "3" {
		t.Errorf("%+v", v)
	}
}

func TestTasks(t *testing.T) {
	for level := 1; level <= 5; level++ {
		for _, o := range Opponents {
			for _, d := range []string{world.Compact, world.Chat} {
				w, err := New(Config{Level: level, Opponent: o, Dialect: d})
				if err != nil {
					t.Fatal(err)
				}
				longest, known := "", strings.Join(w.Vocabulary(), "")
				for i := range min(w.Len(), 120) {
					task := w.Task(i)
					r := rand.New(rand.NewPCG(1, uint64(i)))
					g, err := decode(task.Reference)
					if err != nil {
						t.Fatal(err)
					}
					if v := g.judge(task.Ref().Solution); !v.Valid || v.Answer != task.Ref().Answer {
						t.Fatalf("%s: solution %q: %+v", task.Text(), task.Ref().Solution, v)
					}
					if text, err := flaw(task.Reference, r); err != nil || g.judge(text).FirstWrong != 1 {
						t.Fatalf("%s: flaw %q, %v", task.Text(), text, err)
					}
					if text, err := variant(task.Reference, r); err != nil || !g.judge(text).Valid {
						t.Fatalf("%s: variant %q, %v", task.Text(), text, err)
					}
					moves := g.expert(nil, r)
					turn, _ := g.run(moves)
					if o == "perfect" && turn.Return != Value(g.start) {
						t.Fatalf("%s: the expert gets %v, the position is worth %v", task.Text(), turn.Return, Value(g.start))
					}
					if v := g.judge(world.WriteMoves(d, moves)); !v.Valid {
						t.Fatalf("%s: the expert's %q: %+v", task.Text(), moves, v)
					}
					if d == world.Chat {
						continue
					}
					again, err := read(task.Text())
					if err != nil || !reflect.DeepEqual(again.Reference, task.Reference) {
						t.Fatalf("%q reads as %s, %v", task.Text(), again.Reference, err)
					}
					all := task.Text()
					for n := range moves {
						turn, _ := g.run(moves[:n+1])
						all += moves[n] + turn.Text
					}
					if len(all) > len(longest) {
						longest = all
					}
					if rest := strings.Trim(all, known); rest != "" || len(all) > 260 {
						t.Fatalf("%q is long, or has characters that the vocabulary lacks", all)
					}
				}
				if d == world.Compact && o == "perfect" {
					random, oracle := scale(level, nil)
					t.Logf("level %d: random %.4f, oracle %.4f, %d bytes: %s", level, random, oracle, len(longest), longest)
					if random >= oracle {
						t.Errorf("level %d: random play gets %v, the oracle %v", level, random, oracle)
					}
				}
			}
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, prompt := range []string{
		"", "ttt", "ttt p ......... X", "ttt p ......... O:", "ttt z ......... X:", "ttt p X.X...... X:", "ttt p XXXOO.... O:",
		"ttt p XOXXOXOXO O:", "ttt p ........ X:", "ttt p .........  X:", "ttt p XXXOOO... X:",
	} {
		if _, err := read(prompt); err == nil {
			t.Errorf("%q was read", prompt)
		}
	}
	for _, c := range []Config{{Level: 6}, {Opponent: "x"}, {Dialect: "x"}, {Split: "x"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, raw := range []string{`{}`, `{"board":"........."}`, `[]`, `{"board":"XXXOO....","opponent":"perfect"}`} {
		if _, err := play(json.RawMessage(raw)); err == nil {
			t.Errorf("%s was played", raw)
		}
	}
}

func FuzzPlay(f *testing.F) {
	f.Add("ttt p X...O..X. O:", "4;2;")
	f.Add("ttt m ......... X:", "5\n;;x")
	f.Fuzz(func(t *testing.T, prompt, text string) {
		task, err := read(prompt)
		if err != nil {
			return
		}
		for _, d := range []string{world.Compact, world.Chat} {
			g, err := decode(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			g.Dialect = d
			turn, _ := g.run(world.ReadMoves(d, text))
			if math.Abs(turn.Return) > 1 || (turn.Done && turn.Reason == "") {
				t.Fatalf("%q: %+v", text, turn)
			}
			if v := g.judge(text); v.Valid != v.Right || v.Valid != (v.FirstWrong == 0) {
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
