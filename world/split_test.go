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
		n := rapid.Uint64Range(1, largest).Draw(t, "n")
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
	for _, n := range []uint64{1, 10, 99, 100, 160_000, largest} {
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

func TestSplitsShareNothing(t *testing.T) {
	make3 := map[string]func(split string, seed uint64) (World, error){
		"chain": func(split string, seed uint64) (World, error) {
			return NewChain(ChainConfig{Split: split, Numbers: 3, Modulus: 8, Seed: seed})
		},
		"chain by multiset": func(split string, seed uint64) (World, error) {
			return NewChain(ChainConfig{Split: split, Numbers: 3, Modulus: 10, By: "multiset", Seed: seed})
		},
		"long chain": func(split string, seed uint64) (World, error) {
			return NewChain(ChainConfig{Split: split, Numbers: 30, Modulus: 20, Seed: seed})
		},
		"addition": func(split string, seed uint64) (World, error) {
			return NewAddition(AdditionConfig{Split: split, Digits: 1, Seed: seed})
		},
		"long addition": func(split string, seed uint64) (World, error) {
			return NewAddition(AdditionConfig{Split: split, Digits: 40, Seed: seed})
		},
		"countdown": func(split string, seed uint64) (World, error) {
			return NewCountdown(CountdownConfig{Split: split, Max: 12, Seed: seed})
		},
	}
	for name, build := range make3 {
		t.Run(name, func(t *testing.T) {
			owner := map[string]string{} // canonical form -> split
			for k, split := range Splits {
				w, err := build(split, uint64(k)) // other seeds must not matter
				if err != nil {
					t.Fatal(err)
				}
				ids := map[string]bool{}
				for i := range min(w.Len(), 500) {
					task := w.Task(i)
					if ids[task.ID] {
						t.Fatalf("%s repeats %s", split, task.ID)
					}
					ids[task.ID] = true
					c := canonical(task, name == "chain by multiset" || name == "countdown")
					if was, ok := owner[c]; ok && was != split {
						t.Fatalf("%s is in %s and in %s", c, was, split)
					}
					owner[c] = split
				}
			}
		})
	}
}

func TestSplitOfKnowsItsOwn(t *testing.T) {
	for _, split := range Splits {
		w, err := NewChain(ChainConfig{Split: split, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if got := w.share.splitOf(w.share.instance(i)); got != split {
				t.Fatalf("instance %d of %s belongs to %s", i, split, got)
			}
		}
	}
}

func TestSeedReordersOneSplit(t *testing.T) {
	set := func(seed uint64) (ids []string, all map[string]bool) {
		w, err := NewChain(ChainConfig{Split: "gate", Numbers: 2, Modulus: 12, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		all = map[string]bool{}
		for i := range w.Len() {
			id := w.Task(i).ID
			ids, all[id] = append(ids, id), true
		}
		return ids, all
	}
	one, oneSet := set(1)
	two, twoSet := set(2)
	same := 0
	for i := range one {
		if !twoSet[one[i]] || !oneSet[two[i]] {
			t.Fatalf("seeds disagree on what belongs to the split: %s, %s", one[i], two[i])
		}
		if one[i] == two[i] {
			same++
		}
	}
	if same == len(one) {
		t.Error("the seed does not change the order")
	}
}
