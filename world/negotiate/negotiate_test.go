package negotiate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pgregory.net/rapid"
)

// The paper's own example of counts: 3 books, 2 hats, 1 ball; 1, 1 and 5 to one
// side, 2, 0 and 4 to the other.
func paper(dialect, style string, start, floor, turns int) *deal {
	return newDeal(reference{
		Counts: []int{3, 2, 1}, Mine: []int{1, 1, 5}, Theirs: []int{2, 0, 4},
		Partner: character{style, start, floor}, Turns: turns, Dialect: dialect,
	})
}

func ended(text string, value float64, why string) world.Turn {
	return world.Turn{Text: text, Done: true, Return: value, Reason: why}
}

// By hand. To the partner a book is worth 2 and the ball 4. It keeps, of what is
// worth its reservation, the least: for 8 two books and the ball, for 7 the same,
// for 6 a book and the ball (two things; three books are worth 6 too), for 5 the
// same, for 4 the ball.
func TestPlayHandWorked(t *testing.T) {
	for _, c := range []struct {
		style string
		moves string
		want  world.Turn
	}{
		{"steady", "", world.Turn{}},
		{"steady", "o 3,2,1", world.Turn{Text: "o 2,0,1:"}},                              // gives 0; wants 8, then 7
		{"steady", "o 3,2,1;o 3,2,0", world.Turn{Text: "o 1,0,1:"}},                      // gives 4
		{"steady", "o 3,2,1;o 3,2,0;o 2,2,0", ended("a=4;", .4, "the partner accepted")}, // 6 for 6
		{"steady", "o 3,2,1;o 3,2,0;o 0,2,1", ended("a=7;", .7, "the partner accepted")}, // the books: 6
		{"steady", "o 3,2,1;o 3,2,0;a", ended("=4;", .4, "the solver accepted")},
		{"steady", "o 3,2,1;o 3,2,0;w", ended("=0;", 0, "the solver walked away")},
		{"steady", "o 3,2,1;o 3,2,0;o 3,2,0", ended("w=0;", 0, "the partner left")},
		{"hasty", "o 3,2,1", world.Turn{Text: "o 1,0,1:"}}, // wants 8, then 6, and leaves
		{"hasty", "o 3,2,1;o 3,2,0", ended("w=0;", 0, "the partner left")},
		{"hasty", "o 3,2,1;o 0,2,1", ended("a=7;", .7, "the partner accepted")},
		{"mirror", "o 3,2,1;o 3,2,1", world.Turn{Text: "o 2,0,1:"}}, // given nothing, it insists on 8
		{"mirror", "o 2,2,1;o 1,2,1", world.Turn{Text: "o 0,0,1:"}}, // given 2, then 4: 8, 6, 4
		{"mirror", "o 2,2,1;o 1,2,1;o 1,2,1", ended("a=8;", .8, "the partner accepted")},
		{"mirror", "a", ended("", 0, "turn 1: there is nothing to accept before the partner has made an offer")},
		{"mirror", "o 4,0,0", ended("", 0, `turn 1: "o 4,0,0" asks for what is not on the table`)},
		{"mirror", "o 2,2,1;o 1,2", ended("", 0, `turn 2: "o 1,2" asks for what is not on the table`)},
		{"mirror", "o 2,2,1;no", ended("", 0, `turn 2: "no" is no move`)},
	} {
		d := paper(world.Compact, c.style, 8, 3, 3)
		if got, _, _ := d.run(world.ReadMoves(world.Compact, c.moves)); got != c.want {
			t.Errorf("%s, %s: %+v, want %+v", c.style, c.moves, got, c.want)
		}
	}
}

// By hand, with the tables above. Steady ends at 6: give the books, keep 7.
// Hasty too. A mirror comes down to 4 if it is given more each time, and then
// takes two books: a book, the hats and the ball are worth 8.
func TestOracleHandWorked(t *testing.T) {
	for style, want := range map[string]int{"steady": 7, "hasty": 7, "mirror": 8} {
		d := paper(world.Compact, style, 8, 3, 3)
		if got := d.Best(d.start()); got != want {
			t.Errorf("against %s the best is %d, want %d", style, got, want)
		}
	}
	d := paper(world.Compact, "mirror", 8, 3, 3)
	for text, wrong := range map[string]int{
		"o 2,2,1;o 1,2,1;o 1,2,1;": 0, "o 2,2,1;": 0, "o 3,2,1;": 1, "o 2,2,1;o 2,2,1;": 2, "o 2,2,1;a": 2, "w": 1, "a": 1, "": 1,
		"o 1,2,1;":                   1, // given 4 at once, it can only be given 6 next, which it accepts
		"o 2,2,1;o 1,2,1;o 1,2,0;":   3, // three less than could be had
		"o 2,2,1;o 1,2,1;o 1,2,1;w;": 0, // what comes after the end is not looked at
	} {
		want := wrong == 0
		if v := d.judge(text); text != "o 2,2,1;o 1,2,1;o 1,2,1;w;" && (v.FirstWrong != wrong || v.Valid != want) {
			t.Errorf("%q: %+v, want first wrong %d", text, v, wrong)
		}
	}
}

// Random play by hand: one book and one hat, 10 and 0 to the solver, 0 and 10 to
// the partner, which leaves after one offer: the offers are nothing, the hat,
// the book, both; walking away is the fifth move. Hasty, two turns: it takes
// nothing and the book, which give it 10, for 0 and 10.
func TestBlindHandWorked(t *testing.T) {
	d := newDeal(reference{Counts: []int{1, 1}, Mine: []int{10, 0}, Theirs: []int{0, 10}, Partner: character{"hasty", 8, 3}, Turns: 2})
	if got := d.Blind(d.start()); math.Abs(got-10./5) > 1e-12 {
		t.Errorf("random play gets %v, want 2", got)
	}
	// A steady one has a second turn, after the hat or both (2 of 5): it wants 7,
	// the hat, so that accepting brings 10, as does the book: 20 of 6 moves.
	d = newDeal(reference{Counts: []int{1, 1}, Mine: []int{10, 0}, Theirs: []int{0, 10}, Partner: character{"steady", 8, 3}, Turns: 2})
	if got := d.Blind(d.start()); math.Abs(got-(10+2*20./6)/5) > 1e-12 {
		t.Errorf("random play gets %v, want %v", got, (10+2*20./6)/5)
	}
}

// The oracle and the mean agree with playing every sequence of moves.
func TestOracleAgreesWithAllPlays(t *testing.T) {
	all := scenarios(2, 3, 4)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "scenario")
		p := characterOf(rapid.IntRange(0, characters-1).Draw(t, "partner"))
		ref := reference{Partner: p, Turns: rapid.IntRange(2, 3).Draw(t, "turns")}
		for _, k := range s {
			ref.Counts, ref.Mine, ref.Theirs = append(ref.Counts, k.count), append(ref.Mine, k.mine), append(ref.Theirs, k.theirs)
		}
		d := newDeal(ref)
		var search func(moves []string) (best, mean float64)
		search = func(moves []string) (best, mean float64) {
			turn, states, _ := d.run(moves)
			if turn.Done {
				return turn.Return, turn.Return
			}
			legal := d.legal(states[len(states)-1])
			for _, m := range legal {
				b, x := search(append(slices.Clip(moves), d.say(m)))
				best, mean = max(best, b), mean+x/float64(len(legal))
			}
			return best, mean
		}
		best, mean := search(nil)
		if got := float64(d.Best(d.start())) / Total; math.Abs(got-best) > 1e-12 {
			t.Fatalf("%+v: the oracle finds %v, all plays %v", ref, got, best)
		}
		if got := d.Blind(d.start()) / Total; math.Abs(got-mean) > 1e-12 {
			t.Fatalf("%+v: random play is said to get %v, all plays %v", ref, got, mean)
		}
	})
}

func TestEnglish(t *testing.T) {
	d := paper(world.Chat, "steady", 8, 3, 3)
	got, _, _ := d.run([]string{"Let me ask for all of it.\n#### offer 3, 2, 1"})
	if want := "Your partner declines. It offers instead to take 2 books and 1 ball and to leave you 1 book and 2 hats. This is your turn 2 of 3."; got.Text != want {
		t.Errorf("told %q, want %q", got.Text, want)
	}
	for _, c := range []struct {
		move, text string
	}{
		{"#### Accept.", "The negotiation is over, and you get 3 of 10 points."},
		{"#### walk away", "The negotiation is over, and you get 0 of 10 points."},
		{"#### offer 0,2,0", "Your partner accepts. The negotiation is over, and you get 2 of 10 points."},
	} {
		if got, _, _ := d.run([]string{"#### offer 3,2,1", c.move}); got.Text != c.text || !got.Done {
			t.Errorf("after %s: told %q, want %q", c.move, got.Text, c.text)
		}
	}
	if p := d.rules(); !strings.Contains(p, "On the table: 3 books, 2 hats and 1 ball.") || !strings.Contains(p, "each ball is worth 5 points") || strings.Contains(p, "%!") {
		t.Errorf("the prompt is %s", p)
	}
}

func TestScenarios(t *testing.T) {
	owner := map[string]int{}
	for level, size := range sizes {
		all := scenarios(size.kinds, size.low, size.high)
		t.Logf("level %d: %d scenarios, %d tasks", level+1, len(all), len(all)*characters*factorial(size.kinds))
		for _, s := range all {
			things, mine, theirs, key := 0, 0, 0, ""
			for i, k := range s {
				things, mine, theirs = things+k.count, mine+k.count*k.mine, theirs+k.count*k.theirs
				key += list([]int{k.count, k.mine, k.theirs}) + " "
				if i > 0 && compareKinds(s[i-1], k) >= 0 || k.mine+k.theirs == 0 || k.count < 1 {
					t.Fatalf("scenario %v", s)
				}
			}
			if things < size.low || things > size.high || mine != Total || theirs != Total {
				t.Fatalf("scenario %v: %d things, worth %d and %d", s, things, mine, theirs)
			}
			if was, ok := owner[key]; ok {
				t.Fatalf("scenario %v is at level %d and %d", s, was, level+1)
			}
			owner[key] = level + 1
		}
	}
	s := scenario{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}
	seen := map[string]bool{}
	for n := range factorial(3) {
		a := s.arranged(n)
		seen[list([]int{a[0].count, a[1].count, a[2].count})] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d orders of 3 kinds, want 6", len(seen))
	}
}

// No scenario is in two splits, whatever the order of its kinds.
func TestSplitsShareNoScenario(t *testing.T) {
	owner := map[string]string{}
	for _, split := range world.Splits {
		w, err := New(Config{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2000 {
			var ref reference
			if err := world.Decode(w.Task(i).Reference, &ref); err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for k := range ref.Counts {
				kinds = append(kinds, list([]int{ref.Counts[k], ref.Mine[k], ref.Theirs[k]}))
			}
			slices.Sort(kinds)
			key := strings.Join(kinds, " ")
			if was, ok := owner[key]; ok && was != split {
				t.Fatalf("%s is in %s and %s", key, was, split)
			}
			owner[key] = split
		}
	}
}

// Small splits are walked to the end: no task twice.
func TestAllVariantsComeOnce(t *testing.T) {
	w, err := New(Config{Level: 1, Split: "search"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range w.Len() {
		task := w.Task(i)
		if seen[task.ID] {
			t.Fatalf("%s comes twice", task.ID)
		}
		seen[task.ID] = true
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for _, prompt := range []string{
		"", "deal", "deal 1,4,1 v4,1,2 t4 #5", "deal 1,4,1 v4,1,1 t4 #5:", "deal 1,4 v4,1,2 t4 #5:", "deal 1,4,1 v4,1,2 t1 #5:",
		"deal 1,4,1 v4,1,2 t4 #99999999:", "deal 1,4,1 v4,1,2 t4 #-1:", "deal 1,,1 v4,1,2 t4 #5:", "deal 10 v1 t4 #5:",
		"deal 01,4,1 v4,1,2 t4 #5:", "deal 1,4,1 v4,1,2 t4 #5: ", "deal 0,5,1 v4,1,5 t4 #5:", "deal 9,1 v0,10 t4 #5:",
	} {
		if _, err := read(prompt); err == nil {
			t.Errorf("%q was read", prompt)
		}
	}
	for _, c := range []Config{{Level: 6}, {Turns: 1}, {Turns: 10}, {Style: "x"}, {Dialect: "x"}, {Split: "x"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, raw := range []string{
		`{}`, `[]`, `{"counts":[1,1],"mine":[5,5],"theirs":[5,5],"turns":3}`,
		`{"counts":[1,1],"mine":[5,5],"theirs":[5,4],"turns":3,"partner":{"style":"hasty","start":8,"floor":3}}`,
		`{"counts":[1,1],"mine":[10,0],"theirs":[10,0],"turns":3,"partner":{"style":"hasty","start":8,"floor":3}}`,
	} {
		if _, err := play(json.RawMessage(raw)); err == nil {
			t.Errorf("%s was played", raw)
		}
	}
}

// What a transcript looks like, and that it is as long as it may be.
func TestTranscripts(t *testing.T) {
	for level := 1; level <= 5; level++ {
		w, err := New(Config{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		longest := ""
		for i := range 200 {
			task := w.Task(i)
			p, _ := play(task.Reference)
			moves, err := demonstrate(task.Reference, rand.New(rand.NewPCG(1, uint64(i))))
			if err != nil {
				t.Fatal(err)
			}
			all := task.Text()
			for n := range moves {
				all += moves[n] + p(moves[:n+1]).Text
			}
			if len(all) > len(longest) {
				longest = all
			}
		}
		random, oracle := Scale(level, nil)
		t.Logf("level %d: random %.4f, oracle %.4f, %d bytes: %s", level, random, oracle, len(longest), longest)
		if len(longest) > 260 {
			t.Errorf("level %d: a play has %d bytes", level, len(longest))
		}
	}
}

func FuzzPlay(f *testing.F) {
	f.Add("deal 1,4,1 v4,1,2 t4 #57:", "o 1,3,1;o 1,2,0;")
	f.Add("deal 3,2,1 v1,1,5 t3 #5:", "a\n;;w;#### offer 1,1,1")
	f.Fuzz(func(t *testing.T, prompt, text string) {
		task, err := read(prompt)
		if err != nil {
			return
		}
		for _, dialect := range []string{world.Compact, world.Chat} {
			d, err := decode(task.Reference)
			if err != nil {
				t.Fatal(err)
			}
			d.Dialect = dialect
			turn, _, _ := d.run(world.ReadMoves(dialect, text))
			if best := float64(d.Best(d.start())) / Total; turn.Return < 0 || turn.Return > best || (turn.Done && turn.Reason == "") {
				t.Fatalf("%q: %+v, the best is %v", text, turn, best)
			}
			if v := d.judge(text); v.Valid != v.Right || v.Valid != (v.FirstWrong == 0) {
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
