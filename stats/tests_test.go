package stats

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestMcNemarValues(t *testing.T) {
	for _, c := range []struct {
		gained, lost int
		p            float64
	}{
		{0, 0, 1},
		{5, 0, 1.0 / 32},
		{10, 3, 378.0 / 8192}, // (286+78+13+1)/2^13
		{3, 10, 8100.0 / 8192},
		{8, 8, 0.5981903076171875},
		{293, 64, 1.964437355245467e-36}, // by rational arithmetic
		{64, 293, 1},
	} {
		near(t, "p", McNemar(c.gained, c.lost), c.p, 1e-11)
	}
	if p := McNemar(6, 1); p != 0.0625 {
		t.Errorf("a small case is %v, not an exact fraction", p)
	}
	for g := range 62 { // the two ways of computing agree where they meet
		near(t, "p", math.Exp(LogMcNemar(g, 60-min(g, 60))), McNemar(g, 60-min(g, 60)), 1e-11)
	}
	// Far below the smallest float64 the logarithm still holds.
	near(t, "log p", LogMcNemar(5000, 0), -5000*math.Ln2, 1e-12)
}

// Against exact integer arithmetic.
func TestMcNemarExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.IntRange(0, 400).Draw(t, "gained")
		l := rapid.IntRange(0, 400).Draw(t, "lost")
		sum := new(big.Int)
		for j := g; j <= g+l; j++ {
			sum.Add(sum, new(big.Int).Binomial(int64(g+l), int64(j)))
		}
		want, _ := new(big.Rat).SetFrac(sum, new(big.Int).Lsh(big.NewInt(1), uint(g+l))).Float64()
		if got := McNemar(g, l); math.Abs(got-want) > 1e-10*want {
			t.Fatalf("p %.17g, want %.17g", got, want)
		}
		// The two directions share the observed outcome, so they exceed 1.
		if McNemar(g, l)+McNemar(l, g) < 1-1e-12 {
			t.Fatalf("both directions significant")
		}
		if McNemar(g+1, l) > McNemar(g, l)*(1+1e-12) || McNemar(g, l+1) < McNemar(g, l)*(1-1e-12) {
			t.Fatalf("not monotone at %d, %d", g, l)
		}
	})
}

func TestSignFlipValues(t *testing.T) {
	for _, c := range []struct {
		d []float64
		p float64
	}{
		{nil, 1},
		{[]float64{0, 0}, 1},
		{[]float64{1, 2, 3}, 1.0 / 8},
		{[]float64{-1, 2, 3}, 2.0 / 8},       // sums 6, 4, ...
		{[]float64{0.1, 0.2, 0.3}, 1.0 / 8},  // a lattice in spite of rounding
		{[]float64{-0.3, 0.1, 0.2}, 5.0 / 8}, // ties with the observed 0 count: ±(.3-.1-.2) and those above
		{[]float64{math.Pi, math.Sqrt2, -1}, 2.0 / 8},
	} {
		got := SignFlip{}.Test(c.d)
		if !got.Exact || math.Abs(got.P-c.p) > 1e-12 {
			t.Errorf("%v: %+v, want %v", c.d, got, c.p)
		}
	}
}

// Differences of -1, 0, 1 make it McNemar's test.
func TestSignFlipIsMcNemar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, l := rapid.IntRange(0, 60).Draw(t, "gained"), rapid.IntRange(0, 60).Draw(t, "lost")
		scale := rapid.SampledFrom([]float64{1, 0.1, 1.0 / 3}).Draw(t, "scale")
		d := make([]float64, 0, g+l+3)
		for range g {
			d = append(d, scale)
		}
		for range l {
			d = append(d, -scale)
		}
		d = append(d, 0, 0, 0)
		got := SignFlip{}.Test(d)
		if want := McNemar(g, l); !got.Exact || math.Abs(got.P-want) > 1e-11*want {
			t.Fatalf("p %v, McNemar %v", got.P, want)
		}
	})
}

// The lattice count, the enumeration and brute force agree.
func TestSignFlipWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ints := rapid.SliceOfN(rapid.IntRange(-6, 6), 1, 11).Draw(t, "differences")
		d := make([]float64, len(ints))
		var abs []float64
		var sum, total float64
		for i, v := range ints {
			d[i] = float64(v)
			if v != 0 {
				abs = append(abs, math.Abs(d[i]))
			}
			sum += d[i]
			total += math.Abs(d[i])
		}
		hits := 0
		for signs := range 1 << len(d) {
			var s float64
			for i, x := range d {
				if signs>>i&1 == 1 {
					x = -x
				}
				s += x
			}
			if s >= sum {
				hits++
			}
		}
		want := float64(hits) / float64(int(1)<<len(d))
		if got := (SignFlip{}).Test(d); math.Abs(got.P-want) > 1e-12 {
			t.Fatalf("lattice %v, brute force %v", got.P, want)
		}
		if len(abs) > 0 {
			if got := enumerate(abs, sum, total); math.Abs(got-want) > 1e-12 {
				t.Fatalf("enumeration %v, brute force %v", got, want)
			}
		}
	})
}

func TestSignFlipSampled(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	d := make([]float64, 60)
	var sum, square float64
	for i := range d {
		d[i] = rng.NormFloat64() + 0.3
		sum += d[i]
		square += d[i] * d[i]
	}
	got := SignFlip{Flips: 50_000, Seed: 3}.Test(d)
	// For 60 smooth differences the normal approximation is close.
	want := 0.5 * math.Erfc(sum/math.Sqrt(2*square))
	if got.Exact || math.Abs(got.P-want) > 0.1*want+5e-4 {
		t.Errorf("p %+v, normal approximation %v", got, want)
	}
	if again := (SignFlip{Flips: 50_000, Seed: 3}).Test(d); again != got {
		t.Errorf("same seed, other result: %+v and %+v", got, again)
	}
	for i, v := range d {
		d[i] = math.Abs(v)
	}
	if p := (SignFlip{Flips: 999}).Test(d).P; p != 1.0/1000 {
		t.Errorf("nothing exceeds all-positive signs, yet p = %v", p)
	}
	for i := range d {
		d[i] = -d[i]
	}
	if p := (SignFlip{Flips: 999}).Test(d).P; p != 1 {
		t.Errorf("all-negative signs give p = %v", p)
	}
}

// Under the null no more than a share alpha of p-values is at most alpha.
func TestSignFlipLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	const trials = 2000
	low := 0
	for i := range trials {
		d := make([]float64, 25)
		for j := range d {
			d[j] = rng.NormFloat64()
		}
		if (SignFlip{Flips: 400, Seed: uint64(i)}).Test(d).P <= 0.05 {
			low++
		}
	}
	if low < 60 || low > 135 { // 100 expected, sd 9.7
		t.Errorf("%d of %d null p-values at most 0.05", low, trials)
	}
}

func TestAlpha(t *testing.T) {
	near(t, "first", SpendAlpha(0.05, 1), 0.0303963550927013, 1e-12)
	near(t, "tenth", SpendAlpha(0.05, 10), 0.000303963550927013, 1e-12)
	near(t, "untouched", AlphaLeft(0.05, 0), 0.05, 1e-12)
	spent := 0.0
	for k := 1; k <= 1000; k++ {
		spent += SpendAlpha(0.05, k)
		near(t, "left", AlphaLeft(0.05, k), 0.05-spent, 1e-9)
	}
}

func TestAdjustments(t *testing.T) {
	ps := []float64{0.01, 0.04, 0.03, 0.005}
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "Holm", Holm(ps)[i], want, 1e-12)
	}
	for i, want := range []float64{0.02, 0.04, 0.04, 0.02} {
		near(t, "Benjamini-Hochberg", BenjaminiHochberg(ps)[i], want, 1e-12)
	}
}
