package text

import (
	"math/rand/v2"
	"strings"
	"testing"

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
