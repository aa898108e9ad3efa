package maze

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pgregory.net/rapid"
)

func read1(t testing.TB, prompt string) core.Task {
	task, err := read(prompt)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// The maze has two ways from k to d, kqd and kxbd; room z is a dead end.
const small = "maze k>d:qk,dq,kx,bx,bd,zb="

func TestJudgeHandWorked(t *testing.T) {
	judge, err := judge(read1(t, small).Reference)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text         string
		right, valid bool
		wrong        int
	}{
		{"kq;qd;kqd", true, true, 0},
		{" kq;qd;kqd\n", true, true, 0},
		{"kx;xb;bd;kxbd", true, true, 0},           // one move longer
		{"kq;qd;kxbd", true, false, 3},             // the answer is another way
		{"kqd", true, false, 1},                    // no moves
		{"kd;kd", false, false, 1},                 // through a wall
		{"kq;qb;bd;kqbd", false, false, 2},         // through a wall later
		{"kx;xb;bz;kxbz", false, false, 4},         // ends in a dead end
		{"kx;xb;bz;zb;bd;kxbzbd", false, false, 4}, // enters b twice
		{"kq;qd;db;bd;kqdbd", false, false, 3},     // goes on from the goal
		{"xk;kq;qd;xkqd", false, false, 1},         // begins elsewhere
		{"kq;xd;kqd", true, false, 2},              // moves do not meet
		{"kq;qd;", false, false, 3},                // no answer
		{"kq;qd;kqd;", false, false, 3},            // an answer too long for a move
		{"none", false, false, 1},
		{"", false, false, 1},
		{";", false, false, 1},
		{"k", false, false, 1},
	} {
		v := judge(c.text)
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%q: %+v, want right %v valid %v first wrong %d", c.text, v, c.right, c.valid, c.wrong)
		}
	}
	if v := judge("kx;xb;bd;kxbd"); !strings.Contains(v.Reason, "1 moves longer") {
		t.Errorf("a longer way: %+v", v)
	}
}

func TestJudgeWithoutAWay(t *testing.T) {
	judge, err := judge(read1(t, "maze k>d:qk,kx,bd=").Reference)
	if err != nil {
		t.Fatal(err)
	}
	for text, wrong := range map[string]int{"none": 0, "kq;none": 0, "kb;none": 1, "kq;qb;bd;kqbd": 2, "kx;kx": 2} {
		if v := judge(text); v.FirstWrong != wrong || v.Valid != (wrong == 0) {
			t.Errorf("%q: %+v, want first wrong %d", text, v, wrong)
		}
	}
}

func TestJudgeChat(t *testing.T) {
	task := read1(t, small)
	task.Reference = []byte(strings.Replace(string(task.Reference), `"compact"`, `"chat"`, 1))
	judge, err := judge(task.Reference)
	if err != nil {
		t.Fatal(err)
	}
	for text, wrong := range map[string]int{
		"From k to q.\n#### k q d": 0, "#### k -> q -> d": 0, "####K,Q,D\nI am sure.": 0, "#### kxbd": 0,
		"#### k d": 1, "#### k x b z": 4, "#### k q b d": 2, "#### none": 1, "k q d": 1, "#### ": 1,
	} {
		if v := judge(text); v.FirstWrong != wrong || v.Right != (wrong == 0) {
			t.Errorf("%q: %+v, want first wrong %d", text, v, wrong)
		}
	}
	// The reference is written as the prompt asks for it, and so is what is read.
	w, err := New(Config{Dialect: world.Chat, Hops: 3, Loops: -1})
	if err != nil {
		t.Fatal(err)
	}
	if a := w.Task(0).Ref().Answer; len(a) != 7 || strings.Count(a, " ") != 3 {
		t.Errorf("a way of 3 moves is written %q", a)
	}
	for text, want := range map[string]string{"#### kxbd": "k x b d", "#### K -> Q -> D": "k q d", "#### None.": none, "#### I cannot, 3": "icannot3"} {
		if v := judge(text); v.Answer != want {
			t.Errorf("%q: answer %q, want %q", text, v.Answer, want)
		}
	}
}

// TestJudgeAgainstBruteForce walks every sequence of rooms of random graphs,
// and asks the oracle about each of them as a completion.
func TestJudgeAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const rooms = "abcde"
	for range 60 {
		var doors []string
		open := map[string]bool{}
		for i := range rooms {
			for j := range i {
				if d := rooms[j:j+1] + rooms[i:i+1]; r.IntN(2) == 0 {
					doors = append(doors, d)
					open[d], open[d[1:]+d[:1]] = true, true
				}
			}
		}
		if len(doors) == 0 {
			continue
		}
		judge, err := judge(read1(t, "maze a>e:"+strings.Join(doors, ",")+"=").Reference)
		if err != nil {
			t.Fatal(err)
		}
		some, shortest := false, 99
		var try func(way string)
		try = func(way string) {
			legal := len(way) > 1 && way[len(way)-1] == 'e'
			for i := 1; i < len(way); i++ {
				legal = legal && open[way[i-1:i+1]] && !strings.Contains(way[:i], way[i:i+1])
			}
			if v := judge(worked(way)); v.Valid != legal || v.Right != legal {
				t.Fatalf("doors %v: %q judged %+v, want %v", doors, worked(way), v, legal)
			}
			if legal {
				some, shortest = true, min(shortest, len(way))
			}
			if len(way) < len(rooms) {
				for _, c := range rooms {
					try(way + string(c))
				}
			}
		}
		try("a")
		if v := judge(none); v.Valid == some {
			t.Fatalf("doors %v: none judged %+v", doors, v)
		}
		m, _ := build("a", "e", strings.Join(doors, ","))
		if way := m.shortest('a', 0); some && len(way) != shortest || !some && way != "" {
			t.Fatalf("doors %v: the shortest way is %q, brute force says %d rooms", doors, way, shortest)
		}
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
		text[at] = rapid.SampledFrom([]byte("abcdefghijklmnopqrstuvwxyz;")).Draw(t, "to")
		v, err := world.Check(task, string(text))
		if err != nil {
			t.Fatal(err)
		}
		// One letter stands in up to three places, so no change of one is a way.
		if v.Valid != (text[at] == was) {
			t.Fatalf("%q: %+v", text, v)
		}
	})
}

func TestFlawPointsAtItsWall(t *testing.T) {
	task := read1(t, small)
	judge, _ := judge(task.Reference)
	seen := map[string]int{}
	for i := range 300 {
		text, err := flaw(task.Reference, rand.New(rand.NewPCG(uint64(i), 0)))
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = judge(text).FirstWrong
	}
	// From k no door leads to b and d; from q none to b, x and z.
	for text, wrong := range map[string]int{"kd;kd": 1, "kb;bd;kbd": 1, "kq;qb;bd;kqbd": 2, "kq;qx;xb;bd;kqxbd": 2} {
		if seen[text] != wrong {
			t.Errorf("flaw %q: wrong at %d, want %d; of %v", text, seen[text], wrong, seen)
		}
	}
}

func TestLevelsAndKnobs(t *testing.T) {
	for level := 1; level <= 5; level++ {
		w, err := New(Config{Level: level, Unsolvable: 30})
		if err != nil {
			t.Fatal(err)
		}
		closed := 0
		for i := range 400 {
			answer := w.Task(i).Ref().Answer
			if hops := len(answer) - 1; answer == none {
				closed++
			} else if hops < sizes[level].least || hops > sizes[level].most {
				t.Fatalf("level %d: %d moves", level, hops)
			}
		}
		if closed < 80 || closed > 160 { // four standard deviations around 120
			t.Errorf("level %d: %d of 400 mazes have no way, want about 120", level, closed)
		}
	}
	w, err := New(Config{Hops: 7, Loops: -1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		var ref reference
		task := w.Task(i)
		if err := world.Decode(task.Reference, &ref); err != nil || len(ref.Answer) != 8 || len(ref.Doors) != 8*3-1 {
			t.Fatalf("%s: %s, want 7 moves and 8 doors", task.Text(), ref.Answer)
		}
	}
	for _, c := range []Config{{Level: 6}, {Split: "x"}, {Dialect: "x"}, {Width: 1, Height: 2}, {Width: 7}, {Hops: 9}, {Hops: -1}, {Unsolvable: 101}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func TestPairsAreRankedOnce(t *testing.T) {
	for x := range uint64(10) {
		if a, b := unrankPair(x); a < 0 || a >= b || b > 4 || uint64(b*(b-1)/2+a) != x {
			t.Errorf("pair %d is %d, %d", x, a, b)
		}
	}
}

// TestWilsonIsUniform counts the trees of a 3 by 2 grid, of which there are 15.
func TestWilsonIsUniform(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	g := grid{width: 3, height: 2}
	count := map[string]int{}
	for range 15_000 {
		var doors []string
		for _, d := range g.tree(r) {
			doors = append(doors, string([]byte{byte('a' + min(d[0], d[1])), byte('a' + max(d[0], d[1]))}))
		}
		slices.Sort(doors)
		count[strings.Join(doors, ",")]++
	}
	if len(count) != 15 {
		t.Fatalf("%d different trees, want 15", len(count))
	}
	for tree, n := range count {
		if n < 850 || n > 1150 { // five standard deviations around 1000
			t.Errorf("tree %s drawn %d times of 15000, want about 1000", tree, n)
		}
	}
}

func TestReadRefusesGarbage(t *testing.T) {
	for _, prompt := range []string{"", "maze", "maze =", "maze a>b:=", "maze a>a:ab=", "maze a>b:ab", "maze a>b:ab,ba=",
		"maze a>b:aa=", "maze a>b:abc=", "maze a>b:a1=", "maze A>b:ab=", "maze ab:ab=", "maze a>b:ab,=", "mazes a>b:ab="} {
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
