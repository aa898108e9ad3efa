package world

import (
	"fmt"
	"slices"
	"testing"
)

func TestMultisetsAreRankedOnce(t *testing.T) {
	if n := Multisets(20, 4); n != 8855 {
		t.Errorf("multisets of 4 of 20: %d, want 8855", n)
	}
	seen := map[string]bool{}
	into := make([]int, 3)
	for x := range Multisets(6, 3) {
		UnrankMultiset(x, 6, into)
		if !slices.IsSorted(into) || into[0] < 0 || into[2] > 5 || seen[fmt.Sprint(into)] {
			t.Fatalf("rank %d gives %v", x, into)
		}
		seen[fmt.Sprint(into)] = true
	}
	if len(seen) != 56 {
		t.Errorf("%d multisets of 3 of 6, want 56", len(seen))
	}
}

func TestLetterSetsAreRankedOnce(t *testing.T) {
	seen := map[string]bool{}
	for x := range LetterSets(4) {
		set := UnrankLetters(x, 4)
		if !slices.IsSorted(set) || set[0] < 'a' || set[3] > 'z' || seen[string(set)] {
			t.Fatalf("number %d is %q", x, set)
		}
		seen[string(set)] = true
	}
	if len(seen) != 14950 { // 26*25*24*23 / 24
		t.Errorf("%d sets of 4 letters, want 14950", len(seen))
	}
	if LetterSets(26) != 1 || string(UnrankLetters(0, 26)) != "abcdefghijklmnopqrstuvwxyz" {
		t.Error("not one set of all letters")
	}
}
