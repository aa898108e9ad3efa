package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pawl/core"
	"pgregory.net/rapid"
)

func chainTask(order string, table uint64, modulus int, numbers ...int) core.Task {
	return newTask("chain", "t", words(numbers), chainReference{
		Reference: core.Reference{World: "chain"}, Numbers: numbers, Modulus: modulus, Order: order, Table: table, Dialect: Compact,
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
		v, err := Check(task, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if v.Right != c.right || v.Valid != c.valid || v.FirstWrong != c.wrong {
			t.Errorf("%q: %+v, want right %v valid %v first wrong %d", c.text, v, c.right, c.valid, c.wrong)
		}
	}
	fixed := chainTask("fixed", 0, 20, 3, 17, 5, 9)
	if v, _ := Check(fixed, "3 17 0 0 5 5 5 9 14"); !v.Valid {
		t.Errorf("left to right: %+v", v)
	}
	if v, _ := Check(fixed, "5 9 14 3 14 17 17 17 14"); v.Valid || v.FirstWrong != 1 {
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
				legal[words([]int{a, b, r, r, c, op.of(r, c)})] = true
				legal[words([]int{a, b, r, c, r, op.of(r, c)})] = true
			}
			judge, err := Oracle(chainTask("free", table, m, numbers[:]...))
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
				v := judge(words(text))
				if v.Valid != legal[words(text)] || v.Right != (strconv.Itoa(text[5]) == right) {
					t.Fatalf("table %d, %v: %v judged %+v, brute force says valid %v, answer %s", table, numbers, text, v, legal[words(text)], right)
				}
			}
		}
	}
}

func TestChainRejectsMutants(t *testing.T) {
	w, err := NewChain(ChainConfig{Table: 3})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		task := w.Task(rapid.IntRange(0, w.Len()-1).Draw(t, "task"))
		text := strings.Fields(task.Ref().Solution)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		was := text[at]
		text[at] = strconv.Itoa(rapid.IntRange(0, 19).Draw(t, "to"))
		v, err := Check(task, strings.Join(text, " "))
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

func TestMultisetsAreRankedOnce(t *testing.T) {
	if n := multisets(20, 4); n != 8855 {
		t.Errorf("multisets of 4 of 20: %d, want 8855", n)
	}
	seen := map[string]bool{}
	into := make([]int, 3)
	for x := range multisets(6, 3) {
		unrankMultiset(x, 6, into)
		if !slices.IsSorted(into) || into[0] < 0 || into[2] > 5 || seen[fmt.Sprint(into)] {
			t.Fatalf("rank %d gives %v", x, into)
		}
		seen[fmt.Sprint(into)] = true
	}
	if len(seen) != 56 {
		t.Errorf("%d multisets of 3 of 6, want 56", len(seen))
	}
}

func TestChainSizes(t *testing.T) {
	total := 0
	for _, split := range Splits {
		w, err := NewChain(ChainConfig{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		total += w.Len()
	}
	if total != 160_000 {
		t.Errorf("splits of 4 numbers modulo 20 have %d tasks, want 160000", total)
	}
	for _, c := range []ChainConfig{{Split: "x"}, {Order: "x"}, {By: "x"}, {Dialect: "x"}, {Numbers: 1}, {Modulus: -1},
		{Numbers: 60, Modulus: 1000, By: "multiset"}, {Numbers: 2, Modulus: 2, Split: "search"}} {
		if _, err := NewChain(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}

func TestChainHints(t *testing.T) {
	w, err := NewChain(ChainConfig{Hinted: 0.5})
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
	w, err := NewChain(ChainConfig{Table: 1})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		w.Task(i % w.Len())
	}
}

func BenchmarkChainCheck(b *testing.B) {
	w, err := NewChain(ChainConfig{Table: 1})
	if err != nil {
		b.Fatal(err)
	}
	task := w.Task(0)
	solution := task.Ref().Solution
	for range b.N {
		if v, _ := Check(task, solution); !v.Valid {
			b.Fatal("a right solution is refused")
		}
	}
}
