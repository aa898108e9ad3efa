package world

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMoves(t *testing.T) {
	for _, c := range []struct {
		dialect, text string
		moves         []string
	}{
		{Compact, "b;f;", []string{"b", "f"}},
		{Compact, " b ;f ; \n", []string{"b", "f"}},
		{Compact, "b;f", []string{"b", "f"}},
		{Compact, "b;;f;", []string{"b", "", "f"}},
		{Compact, ";", []string{""}},
		{Compact, " ", nil},
		{Compact, "", nil},
		{Chat, "I bluff.\n#### Bet.\nThen\n#### **fold**", []string{"Bet", "fold"}},
		{Chat, "bet", nil},
		{Chat, "####", []string{""}},
	} {
		if got := ReadMoves(c.dialect, c.text); !slices.Equal(got, c.moves) {
			t.Errorf("%s %q: moves %q, want %q", c.dialect, c.text, got, c.moves)
		}
	}
	for _, c := range [][3]string{
		{Compact, " 5\n", "5"}, {Compact, "#### 5", "#### 5"},
		{Chat, "I take 3, no:\n#### 5\nThat wins.", "5"}, {Chat, "#### 3\n#### 5.", "5"}, {Chat, "`5`", "5"}, {Chat, "####\n5", "5"},
	} {
		if got := Move(c[0], c[1]); got != c[2] {
			t.Errorf("%s %q: move %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestMoveStepsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[b; \n]*`).Draw(t, "text")
		steps := MoveSteps(text)
		if strings.Join(steps, "") != text || slices.Contains(steps, "") {
			t.Fatalf("%q is cut into %q", text, steps)
		}
		if moves := ReadMoves(Compact, text); len(moves) != len(steps) && strings.TrimSpace(text) != "" {
			t.Fatalf("%q has moves %q and steps %q", text, moves, steps)
		}
	})
}
