package copy

import (
	"slices"
	"testing"

	"pawl/core"
	"pawl/world"
)

func posed(t *testing.T, prompt string) core.Task {
	t.Helper()
	rules, _ := world.RulesOf("copy")
	task, err := rules.Read(prompt)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestOracleHandWorked(t *testing.T) {
	for _, c := range []struct {
		prompt, text string
		wrong        int // 0: right
	}{
		{"copy k3fa=", "k3fa", 0},
		{"copy k3fa=", " k3fa\n", 0},
		{"copy k3fa=", "k3fb", 4},
		{"copy k3fa=", "k3f", 4},   // one is missing
		{"copy k3fa=", "k33fa", 3}, // one is doubled
		{"copy k3fa=", "3kfa", 1},
		{"copy k3fa=", "k3faa", 5},
		{"copy k3fa=", "K3fa", 1},
		{"copy k3fa=", "k3 fa", 3},
		{"copy k3fa=", "", 1},
		{"copy aaaa=", "aaa", 4}, // a dropped one of a run shows at its end
		{"copy x=", "x", 0},
	} {
		v, err := world.Check(posed(t, c.prompt), c.text)
		if err != nil {
			t.Fatal(err)
		}
		if right := c.wrong == 0; v.Right != right || v.Valid != right || v.FirstWrong != c.wrong {
			t.Errorf("%s %q: %+v, want first wrong %d", c.prompt, c.text, v, c.wrong)
		}
	}
}

func TestEnglishAnswers(t *testing.T) {
	w, err := New(Config{Length: 6, Dialect: world.Chat})
	if err != nil {
		t.Fatal(err)
	}
	task := w.Task(0)
	s := task.Ref().Answer
	for text, right := range map[string]bool{
		"#### " + s: true,
		"Sure!\n#### `" + s + "`.\nAnything else?": true,
		"####\n" + s:                      false, // not on its line
		"The copy is " + s:                true,
		"#### not it\n#### **" + s + "**": true,
		s + "\n#### " + s[1:]:             false,
		"":                                false,
	} {
		if v, err := world.Check(task, text); err != nil || v.Right != right {
			t.Errorf("%q for %s: %+v, %v", text, s, v, err)
		}
	}
}

func TestStepsAreCharacters(t *testing.T) {
	rules, _ := world.RulesOf("copy")
	for text, want := range map[string][]string{
		"k3f":    {"k", "3", "f"},
		" k3\n":  {" k", "3\n"},
		"":       nil,
		" ":      {" "},
		"é\xffa": {"é", "\xff", "a"},
	} {
		if got := rules.Steps(text); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q, want %q", text, got, want)
		}
	}
}

func TestPromptsThatAreNone(t *testing.T) {
	rules, _ := world.RulesOf("copy")
	for _, prompt := range []string{"", "copy", "copy =", "copy a", "copy A=", "copy a b=", "rev ab=", "copy a==", " copy a="} {
		if task, err := rules.Read(prompt); err == nil {
			t.Errorf("%q is read as %q", prompt, task.Text())
		}
	}
}

func TestLengthsAreExact(t *testing.T) {
	for _, length := range []int{1, 7, 11, 12, 300, 1000} {
		w, err := New(Config{Length: length, Symbols: 10})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Task(w.Len() - 1).Ref().Answer; len(got) != length {
			t.Errorf("length %d: %s", length, got)
		}
	}
}

// 36^11 is the largest power of 36 below 2^62; the train split is 40% of it.
func TestLongStringsAreNumberedByTheirBeginning(t *testing.T) {
	w, err := New(Config{Length: 40})
	if err != nil {
		t.Fatal(err)
	}
	if want := 131621703842267136 / 5 * 2; w.Len() < want || w.Len() > want+2 {
		t.Errorf("%d tasks, want about %d", w.Len(), want)
	}
}

// All strings of 4 over 3 symbols come up once over all splits.
func TestSplitsCoverEveryString(t *testing.T) {
	seen := map[string]bool{}
	for _, split := range world.Splits {
		w, err := New(Config{Length: 4, Symbols: 3, Split: split})
		if err != nil {
			t.Fatal(err)
		}
		for i := range w.Len() {
			s := w.Task(i).Ref().Answer
			if seen[s] {
				t.Fatalf("%s comes twice", s)
			}
			seen[s] = true
		}
	}
	if len(seen) != 81 {
		t.Errorf("%d strings, want 81", len(seen))
	}
}

// At level 3 strings have 16 to 96 characters, all lengths alike.
func TestLengthsAreMixed(t *testing.T) {
	w, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for i := range 81 * 40 {
		count[len(w.Task(i).Ref().Answer)]++
	}
	if len(count) != 81 || count[15] != 0 || count[16] == 0 || count[96] == 0 || count[97] != 0 {
		t.Errorf("lengths are %v", count)
	}
}

func TestConfigsThatAreNone(t *testing.T) {
	for _, c := range []Config{{Level: 6}, {Length: 3, Shortest: 4}, {Symbols: 1}, {Symbols: 37}, {Split: "tests"}, {Dialect: "latin"},
		{Length: -1}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v makes a world", c)
		}
	}
}
