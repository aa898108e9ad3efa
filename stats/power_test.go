package stats

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Power by summing over all trinomial outcomes.
func TestMcNemarPowerExact(t *testing.T) {
	for _, c := range []struct {
		n                        int
		gain, discordance, alpha float64
	}{{30, 0.2, 0.4, 0.05}, {40, 0, 0.5, 0.05}, {25, 0.3, 0.3, 0.03}, {60, -0.1, 0.2, 0.05}} {
		up, down := (c.discordance+c.gain)/2, (c.discordance-c.gain)/2
		var want float64
		for b := 0; b <= c.n; b++ {
			for l := 0; b+l <= c.n; l++ {
				if McNemar(b, l) <= c.alpha {
					want += binomialPMF(c.n, b, up) * binomialPMF(c.n-b, l, down/(1-up))
				}
			}
		}
		near(t, "power", McNemarPower(c.n, c.gain, c.discordance, c.alpha), want, 1e-9)
	}
}

func TestDetectable(t *testing.T) {
	// Three items: p is at least 1/8, so nothing can be proven at 0.05.
	if g, ok := Detectable(3, 0.2, 0.05, 0.8); ok || g != 1 {
		t.Errorf("three items: %v, %v", g, ok)
	}
	// Five items, no discordance: all five must be gained, g^5 = 0.8.
	g, ok := Detectable(5, 0, 0.05, 0.8)
	if !ok {
		t.Fatal("five items prove nothing")
	}
	near(t, "five items", g, math.Pow(0.8, 0.2), 2e-6)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(20, 1500).Draw(t, "n")
		d := rapid.Float64Range(0, 0.6).Draw(t, "discordance")
		k := rapid.IntRange(1, 10).Draw(t, "attempt")
		alpha := SpendAlpha(0.05, k)
		g, ok := Detectable(n, d, alpha, 0.8)
		if !ok {
			t.Fatalf("%d items prove nothing", n)
		}
		if p := McNemarPower(n, g, max(d, g), alpha); p < 0.8 {
			t.Fatalf("power %v at the detectable gain %v", p, g)
		}
		if p := McNemarPower(n, g*0.99, max(d, g*0.99), alpha); p >= 0.8+1e-3 {
			t.Fatalf("power %v below the detectable gain %v", p, g)
		}
	})
	// The textbook normal approximation is near for many items.
	g, _ = Detectable(2000, 0.2, 0.05, 0.8)
	if want := (1.6449 + 0.8416) * math.Sqrt(0.2/2000); math.Abs(g-want) > 0.1*want {
		t.Errorf("2,000 items: %v, approximation %v", g, want)
	}
	near(t, "mean", DetectableMean(100, 0.5, 0.05, 0.8), 0.124323668, 1e-6)
}

func TestPassAtK(t *testing.T) {
	for _, c := range []struct {
		n, c, k int
		want    float64
	}{
		{4, 2, 2, 5.0 / 6}, {10, 3, 1, 0.3}, {10, 0, 5, 0}, {10, 8, 5, 1}, {5, 1, 5, 1},
		{200, 1, 100, 0.5}, {1000, 10, 100, 0.653072285208},
	} {
		near(t, "pass@k", PassAtK(c.n, c.c, c.k), c.want, 1e-9)
	}
}

// maj@k against all subsets.
func TestMajAtKExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 4), 1, 4).Draw(t, "counts")
		blank := rapid.IntRange(0, 2).Draw(t, "blank")
		right := rapid.IntRange(-1, len(counts)-1).Draw(t, "right")
		var votes []int
		for i, c := range counts {
			for range c {
				votes = append(votes, i)
			}
		}
		for range blank {
			votes = append(votes, -1)
		}
		if len(votes) == 0 || len(votes) > 12 {
			t.Skip("no attempts, or too many subsets")
		}
		k := rapid.IntRange(1, len(votes)).Draw(t, "k")
		var won, shared, all float64
		for set := range 1 << len(votes) {
			got := make([]int, len(counts))
			size := 0
			for i, v := range votes {
				if set>>i&1 == 1 {
					size++
					if v >= 0 {
						got[v]++
					}
				}
			}
			if size != k {
				continue
			}
			all++
			best, tied := 0, 0
			for _, g := range got {
				if g > best {
					best, tied = g, 0
				}
				if g == best {
					tied++
				}
			}
			if right >= 0 && best > 0 && got[right] == best {
				shared += 1 / float64(tied)
				if tied == 1 {
					won++
				}
			}
		}
		gotWon, gotShared := MajAtK(counts, right, blank, k)
		if math.Abs(gotWon-won/all) > 1e-10 || math.Abs(gotShared-shared/all) > 1e-10 {
			t.Fatalf("won %v, shared %v; want %v, %v", gotWon, gotShared, won/all, shared/all)
		}
	})
}

func TestMajAtKValues(t *testing.T) {
	// Two right, one wrong: of three pairs one is won, two are tied.
	won, shared := MajAtK([]int{2, 1}, 0, 0, 2)
	near(t, "won", won, 1.0/3, 1e-12)
	near(t, "shared", shared, 2.0/3, 1e-12)
	// Many attempts keep their precision: with one vote maj@1 is accuracy.
	won, _ = MajAtK([]int{300, 500, 200}, 0, 24, 1)
	near(t, "maj@1", won, 300.0/1024, 1e-9)
}

func TestDiversity(t *testing.T) {
	near(t, "entropy", Entropy([]int{2, 1, 1, 0}), 1.5, 1e-12)
	near(t, "entropy of nothing", Entropy(nil), 0, 1e-12)
	if d := Distinct([]int{2, 0, 1}); d != 2 {
		t.Errorf("distinct %d", d)
	}
	near(t, "distinct of one", DistinctAtK([]int{3, 2}, 1), 1, 1e-12)
	near(t, "distinct of two", DistinctAtK([]int{2, 1}, 2), 5.0/3, 1e-12) // one of three pairs repeats
	near(t, "distinct of all", DistinctAtK([]int{3, 2, 1}, 6), 3, 1e-12)
}
