package chain

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pawl/core"
	"pawl/world"
	"pawl/world/worldtest"
	"pgregory.net/rapid"
)

func chainTask(order string, table uint64, modulus int, numbers ...int) core.Task {
	return world.NewTask("chain", "t", world.Words(numbers), reference{
		Reference: core.Reference{World: "chain"}, Numbers: numbers, Modulus: modulus, Order: order, Table: table, Dialect: world.Compact,
	})
}

func TestChainHandWorked(t *testing.T) {
	// 3 + 17 + 5 + 9 = 34 = 14 modulo 20.
	task := chainTask("free", 0, 20, 3, 17, 5, 9)
	for _, c := range []struct {
		text         string
		right, valid bool
		wrong        int
	}{
		{"5 9 14 3 14 17 17 17 14", true, true, 0},
		{"17 3 0 9 0 9 5 9 14", true, true, 0},
		{"3 17 0 5 9 14 0 14 14", true, true, 0},
		{"5 9 14 3 14 17 17 17 13", false, false, 3},       // wrong sum at the end
		{"5 9 15 3 15 18 18 17 15", false, false, 1},       // an early slip carried on
		{"5 5 10 3 10 13 17 13 14", true, false, 1},        // uses 5 twice; right by luck
		{"5 9 14 3 14 17", false, false, 3},                // stops early
		{"5 9 14 3 14 17 17 17 14 14", true, false, 4},     // goes on
		{"14", true, false, 1},                             // the answer alone
		{"5 9 14 3 14 17 17 17 014", false, false, 3},      // not a word of the world
		{"5 9 14 3 14 17 17 17 14 0 0 0", false, false, 4}, // a step too many
		{"", false, false, 1},
	} {
		v, err := world.Check(task, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%q: %+v, want right %v valid %v first wrong %d", c.text, v, c.right, c.valid, c.wrong)
		}
	}
	fixed := chainTask("fixed", 0, 20, 3, 17, 5, 9)
	if v, _ := world.Check(fixed, "3 17 0 0 5 5 5 9 14"); !v.Valid {
		t.Errorf("left to right: %+v", v)
	}
	if v, _ := world.Check(fixed, "5 9 14 3 14 17 17 17 14"); v.Valid || v.FirstWrong != 1 {
		t.Errorf("out of order: %+v", v)
	}
}

// TestChainOracleAgainstBruteForce lists every legal derivation by another
// route, and asks the oracle about every text of two steps.
func TestChainOracleAgainstBruteForce(t *testing.T) {
	const m = 4
	for table := range uint64(3) {
		op := newOperation(m, table)
		for _, numbers := range [][3]int{{0, 1, 2}, {3, 3, 1}, {2, 2, 2}} {
			legal := map[string]bool{}
			for _, p := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				a, b, c := numbers[p[0]], numbers[p[1]], numbers[p[2]]
				r := op.of(a, b)
				legal[world.Words([]int{a, b, r, r, c, op.of(r, c)})] = true
				legal[world.Words([]int{a, b, r, c, r, op.of(r, c)})] = true
			}
			judge, err := world.Oracle(chainTask("free", table, m, numbers[:]...))
			if err != nil {
				t.Fatal(err)
			}
			right := strconv.Itoa(op.of(op.of(numbers[0], numbers[1]), numbers[2]))
			text := make([]int, 6)
			for n := range m * m * m * m * m * m {
				for i := range text {
					text[i] = n % m
					n /= m
				}
				v := judge(world.Words(text))
				if v.Valid != legal[world.Words(text)] || v.Right != (strconv.Itoa(text[5]) == right) {
					t.Fatalf("table %d, %v: %v judged %+v, brute force says valid %v, answer %s", table, numbers, text, v, legal[world.Words(text)], right)
				}
			}
		}
	}
}

func TestChainRejectsMutants(t *testing.T) {
	w, err := New(Config{Table: 3})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		task := w.Task(rapid.IntRange(0, w.Len()-1).Draw(t, "task"))
		text := strings.Fields(task.Ref().Solution)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		was := text[at]
		text[at] = strconv.Itoa(rapid.IntRange(0, 19).Draw(t, "to"))
		v, err := world.Check(task, strings.Join(text, " "))
		if err != nil {
			t.Fatal(err)
		}
		if changed := text[at] != was; v.Valid == changed {
			t.Fatalf("changed %v at %d: %+v", changed, at, v)
		}
		if text[at] != was && v.FirstWrong > len(text)/3 {
			t.Fatalf("first wrong step %d of %d", v.FirstWrong, len(text)/3)
		}
	})
}

func TestChainOperationIsAssociative(t *testing.T) {
	for table := range uint64(4) {
		op := newOperation(11, table)
		for x := range 11 {
			for y := range 11 {
				if op.of(x, y) != op.of(y, x) {
					t.Fatalf("table %d: %d and %d do not commute", table, x, y)
				}
				if table == 0 && op.of(x, y) != (x+y)%11 {
					t.Fatalf("table 0 is not addition: %d, %d", x, y)
				}
				for z := range 11 {
					if op.of(op.of(x, y), z) != op.of(x, op.of(y, z)) {
						t.Fatalf("table %d: %d, %d, %d do not associate", table, x, y, z)
					}
				}
			}
		}
	}
	if slices.Equal(newOperation(20, 1).label, newOperation(20, 2).label) {
		t.Error("two tables are one operation")
	}
}

func TestChainSizes(t *testing.T) {
	total := 0
	for _, split := range world.Splits {
		w, err := New(Config{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		total += w.Len()
	}
	if total != 160_000 {
		t.Errorf("splits of 4 numbers modulo 20 have %d tasks, want 160000", total)
	}
	for _, c := range []Config{{Split: "x"}, {Order: "x"}, {By: "x"}, {Dialect: "x"}, {Numbers: 1}, {Modulus: -1},
		{Numbers: 60, Modulus: 1000, By: "multiset"}, {Numbers: 2, Modulus: 2, Split: "search"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func TestChainHints(t *testing.T) {
	w, err := New(Config{Hinted: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	hinted := 0
	for i := range 400 {
		task := w.Task(i)
		if strings.HasSuffix(task.Text(), " = "+task.Ref().Answer+" :") {
			hinted++
		} else if strings.Contains(task.Text(), "=") {
			t.Fatalf("a hint that is not the answer: %q", task.Text())
		}
	}
	if hinted < 150 || hinted > 250 { // five standard deviations around 200
		t.Errorf("%d of 400 prompts are hinted, want about 200", hinted)
	}
}

func BenchmarkChainTask(b *testing.B) {
	w, err := New(Config{Table: 1})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		w.Task(i % w.Len())
	}
}

func BenchmarkChainCheck(b *testing.B) {
	w, err := New(Config{Table: 1})
	if err != nil {
		b.Fatal(err)
	}
	task := w.Task(0)
	solution := task.Ref().Solution
	for range b.N {
		if v, _ := world.Check(task, solution); !v.Valid {
			b.Fatal("a right solution is refused")
		}
	}
}

// Tasks are parts of recorded runs: their content may never change.
func TestTasksNeverChange(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{}, "0e66d434b31343db"},
		{Config{Split: "audit", Table: 4, Seed: 1}, "bf6ca5a803ed237e"},
		{Config{Numbers: 30, Order: "fixed", Seed: 7}, "dfcacbdd0af997f1"},
		{Config{Split: "gate", By: "multiset", Seed: 1}, "366353d8dbba07c2"},
		{Config{Split: "labelled", Modulus: 10, Hinted: 0.5}, "530d8c10fb6efc5f"},
		{Config{Table: 2, Seed: 1, Dialect: world.Chat}, "75cccf70a4fa82c8"},
		{Config{Order: "fixed", Dialect: world.Chat}, "0524ed5f159b2190"},
	} {
		w, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := worldtest.Digest(w); got != c.want {
			t.Errorf("%+v: the first tasks have digest %s, want %s", c.config, got, c.want)
		}
	}
}
