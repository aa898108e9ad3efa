package text

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pawl/world"

	"pgregory.net/rapid"
)

func TestSpellIsOneToOne(t *testing.T) {
	seen := map[string]bool{}
	for n := range uint64(81) {
		s := Spell(n, 4, "abc", 4, nil)
		if seen[s] || len(s) != 4 || !Within(s, "abc") {
			t.Fatalf("%d is spelt %s", n, s)
		}
		seen[s] = true
	}
}

func TestSlipsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ab]{1,6}`).Draw(t, "s")
		got := Slip(s, "ab", rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		if got == s || got == "" || !Within(got, "ab") {
			t.Fatalf("%q slips to %q", s, got)
		}
	})
}

func TestStepsJoinToTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		for name, cut := range map[string]func(string) []string{"characters": Characters, "parts": Parts} {
			if got := strings.Join(cut(s), ""); got != s {
				t.Fatalf("%s of %q join to %q", name, s, got)
			}
		}
	})
}

// mutant is s with one character changed, dropped or doubled.
func mutant(t *rapid.T, s string) string {
	i := rapid.IntRange(0, len(s)-1).Draw(t, "at")
	c := rapid.StringMatching(`[ -~]`).Draw(t, "character")
	return rapid.SampledFrom([]string{s[:i] + c + s[i+1:], s[:i] + s[i+1:], s[:i+1] + s[i:]}).Draw(t, "mutant")
}

// One completion is valid, but for space around its steps, which these mutants
// do not add.
func TestMutantsAreRejected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := rapid.SliceOfN(rapid.StringMatching(`[a-c]{1,4}`), 1, 4).Draw(t, "truth")
		whole := strings.Join(truth, ";")
		text := mutant(t, whole)
		v := Stepwise(truth)(text)
		if v.Valid != (text == whole) || v.Valid != (v.FirstWrong == 0) || v.Right != (v.Answer == truth[len(truth)-1]) {
			t.Fatalf("%q for %q: %+v", text, whole, v)
		}
		text = mutant(t, truth[0])
		if v := Exactly(truth[0], world.Compact)(text); v.Right != (text == truth[0]) {
			t.Fatalf("%q for %q: %+v", text, truth[0], v)
		}
	})
}
