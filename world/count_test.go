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
