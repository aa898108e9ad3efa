package reverse

import (
	"testing"

	"pawl/world"
	copying "pawl/world/copy"
)

func TestOracleHandWorked(t *testing.T) {
	rules, _ := world.RulesOf("reverse")
	for _, c := range []struct {
		prompt, text string
		wrong        int // 0: right
	}{
		{"rev k3fa=", "af3k", 0},
		{"rev k3fa=", "k3fa", 1},
		{"rev k3fa=", "af3", 4},
		{"rev k3fa=", "afk3", 3},
		{"rev abca=", "acba", 0},
		{"rev abca=", "abca", 2},
		{"rev aba=", "aba", 0}, // a palindrome
		{"rev aba=", "aba ", 0},
		{"rev aba=", "aba;", 4},
	} {
		task, err := rules.Read(c.prompt)
		if err != nil {
			t.Fatal(err)
		}
		v, err := world.Check(task, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if right := c.wrong == 0; v.Right != right || v.Valid != right || v.FirstWrong != c.wrong {
			t.Errorf("%s %q: %+v, want first wrong %d", c.prompt, c.text, v, c.wrong)
		}
	}
}

// Over all strings of 3 from 3 symbols: of all strings of 3, the oracle takes
// exactly the one that reads the same from the other end.
func TestOracleAgreesWithBruteForce(t *testing.T) {
	rules, _ := world.RulesOf("reverse")
	var all []string
	for _, a := range "abc" {
		for _, b := range "abc" {
			for _, c := range "abc" {
				all = append(all, string([]rune{a, b, c}))
			}
		}
	}
	for _, s := range all {
		task, err := rules.Read("rev " + s + "=")
		if err != nil {
			t.Fatal(err)
		}
		for _, answer := range all {
			want := s[0] == answer[2] && s[1] == answer[1] && s[2] == answer[0]
			if v, err := world.Check(task, answer); err != nil || v.Right != want {
				t.Fatalf("%s, %s: %+v, %v", s, answer, v, err)
			}
		}
	}
}

// What copy trains on, reverse is not tested on.
func TestSplitsAreThoseOfCopy(t *testing.T) {
	trained := map[string]bool{}
	w, err := copying.New(copying.Config{Length: 3, Symbols: 10, Split: "train"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.Len() {
		trained[w.Task(i).Ref().Answer] = true
	}
	tested, err := New(Config{Length: 3, Symbols: 10, Split: "gate", Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	for i := range tested.Len() {
		if s := backwards(tested.Task(i).Ref().Answer); trained[s] {
			t.Fatalf("%s is copied in training and reversed in tests", s)
		}
	}
}
