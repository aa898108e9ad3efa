package functable

import (
	"math/rand/v2"
	"slices"
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

// bilu(1) = 4, zopa(4) = 9, zopa(9) = 0.
const opened = "fn bilu 3415926870,zopa 1234987650:zopa(zopa(bilu(1)))="

func TestJudgeHandWorked(t *testing.T) {
	for _, c := range []struct {
		text         string
		right, valid bool
		wrong        int
	}{
		{"bilu(1)=4;zopa(4)=9;zopa(9)=0;0", true, true, 0},
		{" bilu(1)=4;zopa(4)=9;zopa(9)=0;0\n", true, true, 0},
		{"bilu(1)=4;zopa(4)=8;zopa(8)=5;5", false, false, 2},
		{"bilu(1)=4;zopa(4)=8;zopa(9)=0;0", true, false, 2},
		{"bilu(1)=4;zopa(4)=9;zopa(9)=0;1", false, false, 4},
		{"bilu(1)=4;zopa(4)=9;zopa(9)=0;", false, false, 4},
		{"bilu(1)=4;zopa(4)=9;zopa(9)=0;0;", false, false, 4},
		{"bilu(1)=4;zopa(4)=9;zopa(9)=0;zopa(0)=1;1", false, false, 4},
		{"bilu(1)=4;zopa(4)=9;0", true, false, 3},
		{"zopa(1)=2;bilu(2)=1;1", false, false, 1},
		{"0", true, false, 1},
		{"", false, false, 1},
	} {
		v, err := world.Check(task(t, opened), c.text)
		if err != nil {
			t.Fatal(err)
		}
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%q: %+v, want right %v valid %v first wrong %d", c.text, v, c.right, c.valid, c.wrong)
		}
	}
	if p, err := plan(task(t, opened).Reference); err != nil || p != "bilu,zopa,zopa" {
		t.Errorf("plan %q, %v", p, err)
	}
}

func TestJudgeChat(t *testing.T) {
	raw := strings.Replace(string(task(t, opened).Reference), `"compact"`, `"chat"`, 1)
	judge, err := judge([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for text, right := range map[string]bool{"bilu(1) = 4 ...\n#### 0": true, "####0.\nSure.": true, "#### 9": false, "0": false, "#### 00": false} {
		if v := judge(text); v.Right != right || v.Valid != right {
			t.Errorf("%q: %+v, want %v", text, v, right)
		}
	}
}

func TestTables(t *testing.T) {
	seen := map[string]uint64{}
	for table := range uint64(76) {
		functions := makeTable(table)
		if !slices.Equal(functions, makeTable(table)) {
			t.Fatalf("table %d differs the second time", table)
		}
		for _, f := range functions {
			if other, ok := seen[f.name]; ok || !isName(f.name) {
				t.Fatalf("name %q is in tables %d and %d", f.name, other, table)
			}
			seen[f.name] = table
			digits := []byte(f.values)
			slices.Sort(digits)
			if string(digits) != "0123456789" {
				t.Fatalf("%s = %s is no permutation", f.name, f.values)
			}
		}
	}
	makeTable(1<<64 - 1) // any number makes one
}

// TestAnswersAgainstBruteForce rewrites prompts with a book as a reader would:
// innermost call first, until a digit is left.
func TestAnswersAgainstBruteForce(t *testing.T) {
	w, err := New(Config{Book: Open, Level: 4, Table: 5})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		task := w.Task(i)
		listed, text, _ := strings.Cut(strings.TrimPrefix(task.Text(), "fn5 "), ":")
		text = strings.TrimSuffix(text, "=")
		for strings.Contains(text, "(") {
			before := text
			for entry := range strings.SplitSeq(listed, ",") {
				name, values, _ := strings.Cut(entry, " ")
				for x := range 10 {
					text = strings.ReplaceAll(text, name+"("+strconv.Itoa(x)+")", values[x:x+1])
				}
			}
			if text == before {
				t.Fatalf("%s is stuck at %s", task.Text(), text)
			}
		}
		if text != task.Ref().Answer {
			t.Fatalf("%s: %s, want %s", task.Text(), task.Ref().Answer, text)
		}
	}
}

func TestBooksAgree(t *testing.T) {
	open, err := New(Config{Book: Open, Table: 3})
	if err != nil {
		t.Fatal(err)
	}
	closed, err := New(Config{Table: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		a, b := open.Task(i), closed.Task(i)
		if a.ID != b.ID || a.Ref() != b.Ref() || strings.Contains(b.Text(), ":") {
			t.Fatalf("%s and %s differ in more than the book", a.Text(), b.Text())
		}
		if _, text, _ := strings.Cut(a.Text(), ":"); "fn3 "+text != b.Text() {
			t.Fatalf("%s and %s ask different things", a.Text(), b.Text())
		}
	}
}

// TestEveryFactIsTrained: from level 2 on, splits keep compositions apart, but
// each fact occurs in the train split.
func TestEveryFactIsTrained(t *testing.T) {
	w, err := New(Config{Level: 2})
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string]bool{}
	for i := range w.Len() {
		all := world.MoveSteps(w.Task(i).Ref().Solution)
		for _, s := range all[:len(all)-1] {
			facts[s] = true
		}
	}
	if len(facts) != 240 {
		t.Errorf("%d facts in the train split, want 24 functions at 10 digits", len(facts))
	}
}

func TestMutantsAreWrong(t *testing.T) {
	w, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		task := w.Task(rapid.IntRange(0, w.Len()-1).Draw(t, "task"))
		text := []byte(task.Ref().Solution)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		was := text[at]
		text[at] = rapid.SampledFrom([]byte("0123456789abdefgiklmnoprstuvz()=;")).Draw(t, "to")
		v, err := world.Check(task, string(text))
		if err != nil {
			t.Fatal(err)
		}
		step := 0
		if text[at] != was {
			step = strings.Count(task.Ref().Solution[:at], ";") + 1
		}
		if v.Valid != (step == 0) || v.FirstWrong != step {
			t.Fatalf("changed in step %d: %q: %+v", step, text, v)
		}
	})
}

func TestFlawsCarryOn(t *testing.T) {
	task := task(t, opened)
	judge, _ := judge(task.Reference)
	at := map[int]bool{}
	for i := range 100 {
		text, err := flaw(task.Reference, rand.New(rand.NewPCG(uint64(i), 0)))
		if err != nil {
			t.Fatal(err)
		}
		v := judge(text)
		at[v.FirstWrong] = true
		// All facts after the wrong one are those of the book.
		book := map[string]string{"bilu": "3415926870", "zopa": "1234987650"}
		parts := strings.Split(text, ";")
		for k, s := range parts[:3] {
			y := book[s[:4]][s[5]-'0']
			if k+1 != v.FirstWrong && s[8] != y || k+1 == v.FirstWrong && s[8] == y || k > 0 && s[5] != parts[k-1][8] {
				t.Fatalf("step %d of flaw %q, said to be wrong at %d", k+1, text, v.FirstWrong)
			}
		}
	}
	if !at[1] || !at[2] || !at[3] || len(at) != 3 {
		t.Errorf("flaws at steps %v, want 1, 2 and 3", at)
	}
}

func TestKnobs(t *testing.T) {
	w, err := New(Config{Depth: 1, Functions: 64, Split: "gate"})
	if err != nil || w.Len() != 96 {
		t.Fatalf("15%% of 640 facts: %d, %v", w.Len(), err)
	}
	for _, c := range []Config{{Level: 6}, {Split: "x"}, {Dialect: "x"}, {Book: "x"}, {Functions: 65}, {Functions: -1},
		{Depth: 13, Functions: 2}, {Depth: -1}, {Depth: 12, Functions: 64}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func TestReadRefusesGarbage(t *testing.T) {
	name := makeTable(0)[0].name
	task(t, "fn "+name+"(3)=") // is fine
	for _, prompt := range []string{"", "fn", "fn =", "fn " + name + "(3)", "fn " + name + "(10)=", "fn " + name + "()=", "fn nono(3)=",
		"fn1 " + name + "(3)=", "fn0 " + name + "(3)=", "fn-1 " + name + "(3)=", "fn 3=", "fn " + name + "(3))=", "fn " + name + "((3))=",
		"fn bilu 341592687:bilu(1)=", "fn bilu 3415926870:zopa(1)=", "fn bilu 3415926870,zopa 1234987650:bilu(1)=",
		"fn zopa 1234987650,bilu 3415926870:zopa(bilu(1))=", "fn :zopa(1)="} {
		if task, err := read(prompt); err == nil {
			t.Errorf("%q is read as %+v", prompt, task)
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
