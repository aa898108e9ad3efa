package world

import (
	"testing"

	"pgregory.net/rapid"
)

func TestShuffleIsABijection(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 7, 100, 1000} {
		s := newShuffle(n, 42)
		seen := make([]bool, n)
		for i := range n {
			x := s.at(i)
			if x >= n || seen[x] {
				t.Fatalf("n=%d: position %d gives %d, outside or a second time", n, i, x)
			}
			seen[x] = true
			if back := s.index(x); back != i {
				t.Fatalf("n=%d: index(at(%d)) = %d", n, i, back)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, Largest).Draw(t, "n")
		s := newShuffle(n, rapid.Uint64().Draw(t, "key"))
		i := rapid.Uint64Range(0, n-1).Draw(t, "i")
		if x := s.at(i); x >= n || s.index(x) != i {
			t.Fatalf("at(%d) = %d, back to %d", i, x, s.index(x))
		}
	})
}

func TestShuffleMixes(t *testing.T) {
	s := newShuffle(10_000, 7)
	low := 0
	for i := range uint64(1000) { // neighbours must not stay neighbours
		if s.at(i) < 5000 {
			low++
		}
	}
	if low < 420 || low > 580 { // five standard deviations of a fair coin
		t.Errorf("%d of the first 1000 positions fall in the lower half, want about 500", low)
	}
}

func TestBoundsCoverTheSpace(t *testing.T) {
	for _, n := range []uint64{1, 10, 99, 100, 160_000, Largest} {
		var next uint64
		for _, name := range Splits {
			first, size, err := bounds(n, name)
			if err != nil || first != next {
				t.Fatalf("n=%d %s: starts at %d, want %d (%v)", n, name, first, next, err)
			}
			next = first + size
		}
		if next != n {
			t.Errorf("n=%d: splits end at %d", n, next)
		}
	}
	if _, _, err := bounds(100, "tests"); err == nil {
		t.Error("an unknown split is accepted")
	}
}

func TestSplitOfKnowsItsOwn(t *testing.T) {
	for _, split := range Splits {
		s, err := NewShare("a space", 160_000, split, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if got := s.splitOf(s.Instance(i)); got != split {
				t.Fatalf("instance %d of %s belongs to %s", i, split, got)
			}
		}
	}
}
