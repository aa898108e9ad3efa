package keysum

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pgregory.net/rapid"
)

func task(t testing.TB, prompt string) core.Task {
	task, err := read(prompt)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// The sums are -2, 7 and 5; then 0 in the second example.
const (
	single = "keysum a3,b-2,c9:+b,+c,+b="
	double = "keysum a0,b-5,c5:+b+c,+a+b,+c+a="
)

func TestJudgeHandWorked(t *testing.T) {
	for _, c := range []struct {
		prompt, text string
		right, valid bool
		wrong        int
	}{
		{single, "0-2=-2;-2+9=7;7-2=5;5", true, true, 0},
		{single, "-2;7;5;5", true, true, 0},                      // without working
		{single, "\n-2;-2+9=7;5;5 ", true, true, 0},              // some working
		{single, "0-2=-2;-2+9=8;8-2=6;6", false, false, 2},       // an adding slip carried on
		{single, "0-2=-2;-2+3=1;1-2=-1;-1", false, false, 2},     // another key's value
		{single, "0-2=-2;-3+9=6;6-2=4;4", false, false, 2},       // goes on from elsewhere
		{single, "0-2=-2;-2+9=8;7-2=5;5", true, false, 2},        // right by luck
		{single, "0-2=-2;-2+9=7;7-2=5;4", false, false, 4},       // another answer
		{single, "0-2=-2;-2+9=7;7", false, false, 3},             // a turn is missing
		{single, "0-2=-2;-2+9=7;7-2=5;", false, false, 4},        // no answer
		{single, "0-2=-2;-2+9=7;7-2=5;5+3=8;8", false, false, 4}, // a turn too many
		{single, "0-02=-2;-2+9=7;7-2=5;5", true, false, 1},
		{single, "0+-2=-2;-2+9=7;7-2=5;5", true, false, 1},
		{single, "-2=-2;-2+9=7;7-2=5;5", true, false, 1},
		{single, "5", true, false, 1},
		{single, "+5", false, false, 1},
		{single, "", false, false, 1},
		{double, "0-5+5=0;0+0-5=-5;-5+5+0=0;0", true, true, 0},
		{double, "0+5-5=0;0-5+0=-5;-5+0+5=0;0", true, true, 0}, // values in any order
		{double, "0-5=-5;-5+5=0;0-5=-5;0", true, false, 1},
		{double, "0-5+5=0;0-0-5=-5;-5+5+0=0;0", true, false, 2},
	} {
		v, err := world.Check(task(t, c.prompt), c.text)
		if err != nil {
			t.Fatal(err)
		}
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%s %q: %+v, want right %v valid %v first wrong %d", c.prompt, c.text, v, c.right, c.valid, c.wrong)
		}
	}
}

func chat(t testing.TB, prompt string) json.RawMessage {
	return json.RawMessage(strings.Replace(string(task(t, prompt).Reference), `"compact"`, `"chat"`, 1))
}

func TestJudgeChat(t *testing.T) {
	judge, err := judge(chat(t, single))
	if err != nil {
		t.Fatal(err)
	}
	for text, right := range map[string]bool{"-2, then 7\n#### 5": true, "####+5.\nDone.": true, "#### 6": false, "5": true, "#### 5 apples": false} {
		if v := judge(text); v.Right != right {
			t.Errorf("%q: %+v, want %v", text, v, right)
		}
	}
}

// playable is the reference of a play of three turns whose keys are those of
// single.
func playable(t testing.TB, dialect string) json.RawMessage {
	var ref reference
	if err := world.Decode(task(t, single).Reference, &ref); err != nil {
		t.Fatal(err)
	}
	ref.Form, ref.Dialect = Turns, dialect
	raw, _ := json.Marshal(ref)
	return raw
}

func played(t testing.TB, dialect string) world.Player {
	player, err := play(playable(t, dialect))
	if err != nil {
		t.Fatal(err)
	}
	return player
}

func TestTranscriptsAreJudged(t *testing.T) {
	for _, c := range []struct {
		dialect, text string
		right         bool
		wrong         int
	}{
		{world.Compact, "-2;7;5;", true, 0},
		{world.Compact, "-2;-2+9=7;5", true, 0},
		{world.Compact, "-2;8;6;", false, 2},
		{world.Compact, "-2;8;5;", true, 2},
		{world.Compact, "-2;7;", false, 3},
		{world.Compact, "-2;7;5;5;", true, 4},
		{world.Compact, "-2;seven;5;", true, 2},
		{world.Compact, "", false, 1},
		{world.Chat, "#### -2\n#### 7\nand so\n#### +5.", true, 0},
		{world.Chat, "#### -2\n#### 8\n#### 6", false, 2},
	} {
		judge, err := judge(playable(t, c.dialect))
		if err != nil {
			t.Fatal(err)
		}
		if v := judge(c.text); v.Right != c.right || v.FirstWrong != c.wrong || v.Valid != (c.wrong == 0) {
			t.Errorf("%s %q: %+v, want right %v first wrong %d", c.dialect, c.text, v, c.right, c.wrong)
		}
	}
}

func TestPlayHandWorked(t *testing.T) {
	play := played(t, world.Compact)
	for i, want := range []string{"+b=", "+c=", "+b="} {
		if turn := play([]string{"1", "2"}[:i]); turn.Done || turn.Text != want {
			t.Errorf("turn %d: %+v, want %s", i+1, turn, want)
		}
	}
	for _, c := range []struct {
		moves  string
		value  float64
		reason string
	}{
		{"-2 7 5", 1, "3 of 3 turns right before the first error, 3 in all; 3 add rightly to the turn before"},
		{"0-2=-2 -2+9=7 5", 1, "3 of 3 turns right before the first error, 3 in all; 3 add rightly to the turn before"},
		{"-2 8 6", 1. / 3, "1 of 3 turns right before the first error, 1 in all; 2 add rightly to the turn before"},
		{"-2 8 5", 1. / 3, "1 of 3 turns right before the first error, 2 in all; 1 add rightly to the turn before"},
		{"2 11 9", 0, "0 of 3 turns right before the first error, 0 in all; 2 add rightly to the turn before"},
		{"-2 7 5 11", 1, "3 of 3 turns right before the first error, 3 in all; 3 add rightly to the turn before"},
		{"-2 seven", 0, `turn 2: "seven" is no number`},
		{"-2 7 05", 0, `turn 3: "05" is no number`},
	} {
		turn := play(strings.Fields(c.moves))
		if !turn.Done || turn.Return != c.value || turn.Reason != c.reason {
			t.Errorf("%s: %+v, want %v, %s", c.moves, turn, c.value, c.reason)
		}
	}
	play = played(t, world.Chat)
	if turn := play([]string{"That is\n#### -2"}); turn.Text != "Turn 2: c" {
		t.Errorf("second turn in English: %+v", turn)
	}
	if turn := play([]string{"#### -2", "#### 7", "2 + 3\n#### 5"}); turn.Return != 1 {
		t.Errorf("a play in English: %+v", turn)
	}
	if turn := play([]string{"-2", "It is seven."}); !turn.Done || turn.Return != 0 {
		t.Errorf("words for a number in English: %+v", turn)
	}
}

func TestPlayAtOnce(t *testing.T) {
	play, err := play(task(t, single).Reference)
	if err != nil {
		t.Fatal(err)
	}
	for text, value := range map[string]float64{"-2;7;5;5": 1, "-2;7;6;6": 2. / 3, "-2;7;5;6": 1, "5": 0, "": 0} {
		// Only the turns count, not the answer that repeats the last of them.
		if turn := play([]string{text}); !turn.Done || turn.Return != value {
			t.Errorf("%q: %+v, want %v", text, turn, value)
		}
	}
	if turn := play(nil); turn.Done || turn.Text != "" {
		t.Errorf("before the first move: %+v", turn)
	}
}

// TestScaleByEnumeration plays every sequence of sums of a tiny world.
func TestScaleByEnumeration(t *testing.T) {
	// Level 1 by hand: values 1 to 5 reach 5, 9, 13 and 17 sums in turns 1 to 4.
	random, oracle := scale(1, nil)
	want := (1./5 + 1./(5*9) + 1./(5*9*13) + 1./(5*9*13*17)) / 4
	if oracle != 1 || math.Abs(random-want) > 1e-15 {
		t.Errorf("level 1: %v, %v, want %v, 1", random, oracle, want)
	}
	w, err := New(Config{Level: 1})
	if err != nil {
		t.Fatal(err)
	}
	play, err := play(w.Task(0).Reference)
	if err != nil {
		t.Fatal(err)
	}
	total, n := 0.0, 0
	for a := 1; a <= 5; a++ {
		for b := 2; b <= 10; b++ {
			for c := 3; c <= 15; c++ {
				for d := 4; d <= 20; d++ {
					turn := play([]string{strconv.Itoa(a), strconv.Itoa(b), strconv.Itoa(c), strconv.Itoa(d)})
					total, n = total+turn.Return, n+1
				}
			}
		}
	}
	if mean := total / float64(n); math.Abs(mean-random) > 1e-12 {
		t.Errorf("all %d plays make %v on average, scale says %v", n, mean, random)
	}
}

// TestRunningSumsAgainstBruteForce adds up by counting keys.
func TestRunningSumsAgainstBruteForce(t *testing.T) {
	for level := 1; level <= 5; level++ {
		w, err := New(Config{Level: level, Form: Once})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			task := w.Task(i)
			_, rest, _ := strings.Cut(task.Text(), " ")
			dictionary, turns, _ := strings.Cut(rest, ":")
			total := 0
			for entry := range strings.SplitSeq(dictionary, ",") {
				v, _ := strconv.Atoi(entry[1:])
				total += v * strings.Count(turns, "+"+entry[:1])
			}
			if task.Ref().Answer != strconv.Itoa(total) {
				t.Fatalf("%s: %s, want %d", task.Text(), task.Ref().Answer, total)
			}
		}
	}
}

func TestMutantsAreWrong(t *testing.T) {
	w, err := New(Config{Level: 4, Form: Once})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		task := w.Task(rapid.IntRange(0, 1_000_000).Draw(t, "task"))
		text := []byte(task.Ref().Solution)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		was := text[at]
		text[at] = rapid.SampledFrom([]byte("0123456789+-=;")).Draw(t, "to")
		v, err := world.Check(task, string(text))
		if err != nil {
			t.Fatal(err)
		}
		// A semicolon may cut a turn in two of which the first is right.
		turn := strings.Count(string(text[:at]), ";") + 1
		if v.Valid != (text[at] == was) || text[at] != was && text[at] != ';' && v.FirstWrong > turn {
			t.Fatalf("changed in turn %d: %q: %+v", turn, text, v)
		}
	})
}

func TestKnobs(t *testing.T) {
	w, err := New(Config{Keys: 20, Largest: 999, Turns: 3, PerTurn: 4})
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := world.Decode(w.Task(5).Reference, &ref); err != nil || len(ref.Keys) != 20 || len(ref.Turns) != 3 || len(ref.Turns[0]) != 4 {
		t.Errorf("%+v, %v", ref, err)
	}
	for _, c := range []Config{{Level: -1}, {Form: "x"}, {Split: "x"}, {Dialect: "x"}, {Keys: 21}, {Turns: -1}, {PerTurn: 11}, {Largest: 1000}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func TestReadRefusesGarbage(t *testing.T) {
	for _, prompt := range []string{"", "keysum", "keysum :", "keysum a3:", "keysum 3x a3:", "keysum 0x1 a3:", "keysum 3x1 :",
		"keysum 3x1 a3,a4:", "keysum 3x1 a03:", "keysum 3x1 a:", "keysum 3x1 a3:+a=", "keysum a3:+b=", "keysum a3:a=",
		"keysum a3:=", "keysum a3:+a,=", "keysum a3:+a", "keysum a1000:+a=", "keysum a-0:+a=", "keysum 9999x1 a3:"} {
		if task, err := read(prompt); err == nil {
			t.Errorf("%q is read as %+v", prompt, task)
		}
	}
}

func FuzzPlay(f *testing.F) {
	f.Add("-2", "7", "5")
	f.Add("#### -2", "=", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, dialect := range []string{world.Compact, world.Chat} {
			turn := played(t, dialect)([]string{a, b, c})
			if !turn.Done || turn.Return < 0 || turn.Return > 1 || turn.Reason == "" {
				t.Fatalf("%q %q %q: %+v", a, b, c, turn)
			}
		}
	})
}

func TestFlawsAreOfBothKinds(t *testing.T) {
	raw := task(t, single).Reference
	seen := map[string]bool{}
	for i := range 400 {
		text, err := flaw(raw, rand.New(rand.NewPCG(uint64(i), 0)))
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = true
	}
	for _, text := range []string{"0-2=-2;-2+9=8;8-2=6;6", "0-2=-2;-2+3=1;1-2=-1;-1", "0+3=3;3+9=12;12-2=10;10", "0-2=-2;-2+9=7;7-2=-5;-5"} {
		if !seen[text] { // slips are of 1 or 10
			t.Errorf("flaw %q never comes", text)
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
