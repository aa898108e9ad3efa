package rank

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func tally(t testing.TB, n int, outcomes ...Outcome) *Table {
	t.Helper()
	table, err := Tally(n, slices.Values(outcomes))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func near(t testing.TB, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestBradleyTerryValues(t *testing.T) {
	never := Outcome{First: 0, Second: 1, Value: 1}
	for name, c := range map[string]struct {
		n        int
		outcomes []Outcome
		fit      BradleyTerry
		want     []float64
		tie      float64
	}{
		"three to one":      {2, []Outcome{{0, 1, 1, 3}, {1, 0, 1, 1}}, BradleyTerry{}, []float64{math.Sqrt(3), 1 / math.Sqrt(3)}, 0},
		"graded":            {2, []Outcome{{0, 1, 0.75, 8}}, BradleyTerry{}, []float64{math.Sqrt(3), 1 / math.Sqrt(3)}, 0},
		"a tie is two half": {2, []Outcome{{0, 1, 1, 2}, {1, 0, 0.5, 2}}, BradleyTerry{}, []float64{math.Sqrt(3), 1 / math.Sqrt(3)}, 0},
		"a circle":          {3, []Outcome{{0, 1, 1, 5}, {1, 2, 1, 5}, {2, 0, 1, 5}}, BradleyTerry{}, []float64{1, 1, 1}, 0},
		// Of s and 1/s: (1-s)/(1+s) + 1/(1+s^2) = 0, that is s^3 - s^2 = 2.
		"one game and the prior": {2, []Outcome{never}, BradleyTerry{Prior: 1}, []float64{1.695620769559862, 1 / 1.695620769559862}, 0},
		"nothing but the prior":  {3, []Outcome{never}, BradleyTerry{Prior: 1}, []float64{1.695620769559862, 1 / 1.695620769559862, 1}, 0},
		// Two free parameters fit three frequencies: 4 to 1, and 4 ties of 9.
		"Davidson":            {2, []Outcome{{0, 1, 1, 4}, {1, 0, 1, 1}, {0, 1, 0.5, 4}}, BradleyTerry{Ties: Davidson}, []float64{2, 0.5}, 1},
		"Davidson, no ties":   {2, []Outcome{{0, 1, 1, 3}, {1, 0, 1, 1}}, BradleyTerry{Ties: Davidson}, []float64{math.Sqrt(3), 1 / math.Sqrt(3)}, 0},
		"Davidson, only ties": {2, []Outcome{{0, 1, 0.5, 3}}, BradleyTerry{Ties: Davidson}, []float64{1, 1}, math.Inf(1)},
		"one item":            {1, nil, BradleyTerry{}, []float64{1}, 0},
		"no items":            {0, nil, BradleyTerry{}, nil, 0},
	} {
		for _, method := range []Method{Newman, Zermelo} {
			if c.fit.Ties == Davidson && method == Zermelo {
				continue
			}
			c.fit.Method, c.fit.Tolerance = method, 1e-12
			fit, err := tally(t, c.n, c.outcomes...).BradleyTerry(c.fit)
			if err != nil || len(fit.Strengths) != c.n {
				t.Fatalf("%s by %s: %v, %v", name, method, fit, err)
			}
			for i, want := range c.want {
				near(t, fmt.Sprintf("%s by %s: strength %d", name, method, i), fit.Strengths[i], want, 1e-9)
			}
			if fit.Tie != c.tie {
				near(t, name+": ties", fit.Tie, c.tie, 1e-9)
			}
		}
	}
}

func TestUnconnectedItemsNeedAPrior(t *testing.T) {
	two := []Outcome{{0, 1, 1, 1}, {1, 0, 1, 1}, {2, 3, 1, 1}, {3, 2, 1, 1}}
	for name, c := range map[string]struct {
		n        int
		outcomes []Outcome
		why      string
	}{
		"never compared":  {3, two[:2], "item 2 and others never lost to the rest"},
		"two islands":     {4, two, "item 2 and others never lost to the rest"},
		"item 1 only won": {2, []Outcome{{1, 0, 1, 9}}, "item 1 and others never lost to the rest"},
		"a bridge of losses": {4, append(two[:4:4], Outcome{0, 2, 1, 1}),
			"item 2 and others never won from the rest"},
	} {
		table := tally(t, c.n, c.outcomes...)
		if _, err := table.BradleyTerry(BradleyTerry{}); !errors.Is(err, ErrUnconnected) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
		fit, err := table.BradleyTerry(BradleyTerry{Prior: 1})
		if err != nil {
			t.Errorf("%s with a prior: %v", name, err)
		}
		for i, s := range fit.Strengths {
			if !(s > 0) || math.IsInf(s, 0) {
				t.Errorf("%s with a prior: strength %d is %v", name, i, s)
			}
		}
	}
	// A tie connects both ways.
	if _, err := tally(t, 2, Outcome{0, 1, 0.5, 1}, Outcome{0, 1, 1, 1}).BradleyTerry(BradleyTerry{}); err != nil {
		t.Error(err)
	}
}

func TestFitsThatDoNotConvergeSaySo(t *testing.T) {
	table := tally(t, 3, Outcome{0, 1, 1, 9}, Outcome{1, 0, 1, 1}, Outcome{1, 2, 1, 9}, Outcome{2, 1, 1, 1})
	fit, err := table.BradleyTerry(BradleyTerry{Method: Zermelo, Sweeps: 1})
	if !errors.Is(err, ErrNotConverged) || fit.Sweeps != 1 || fit.Miss < 1e-3 {
		t.Errorf("%+v, %v", fit, err)
	}
	if w, err := table.PageRank(PageRank{Passes: 1}); !errors.Is(err, ErrNotConverged) || len(w) != 3 {
		t.Errorf("%v, %v", w, err)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	for want, o := range map[string]Outcome{
		"items 0 and 2, of 2":              {0, 2, 1, 1},
		"items -1 and 0, of 2":             {-1, 0, 1, 1},
		"item 1 is compared with itself":   {1, 1, 1, 1},
		"the value is 1.5":                 {0, 1, 1.5, 1},
		"the value is NaN":                 {0, 1, math.NaN(), 1},
		"it counts -1":                     {0, 1, 1, -1},
		"it counts +Inf; it must be 0":     {0, 1, 1, math.Inf(1)},
		"counts 1e+07, above 1000000; Elo": {0, 1, 1, 1e7},
	} {
		_, err := Tally(2, slices.Values([]Outcome{o}))
		_, elo := Elo{}.Rate(2, slices.Values([]Outcome{o}))
		if err == nil {
			err = elo
		}
		if err == nil || elo == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, %v", o, err, elo)
		}
	}
	table := tally(t, 2, Outcome{0, 1, 0.7, 1})
	for want, o := range map[string]BradleyTerry{
		`no method "fast"`:                 {Method: "fast"},
		`no way "none" to take ties`:       {Ties: "none"},
		"go with the method newman":        {Ties: Davidson, Method: Zermelo},
		"the prior is -1 games":            {Prior: -1},
		"the tolerance is -1":              {Tolerance: -1},
		"the tolerance is 1e-06 within -1": {Sweeps: -1},
	} {
		if _, err := table.BradleyTerry(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := table.PageRank(PageRank{Damping: 1}); err == nil {
		t.Error("nothing is damped, and that is well")
	}
	if _, err := (Elo{K: -1}).Rate(2, slices.Values([]Outcome{})); err == nil {
		t.Error("a K below 0 is well")
	}
	if _, err := Tally(-1, slices.Values([]Outcome{})); err == nil {
		t.Error("-1 items are well")
	}
}

func TestOtherRankingsValues(t *testing.T) {
	// 0 beat 1 twice in 2 games, 1 and 2 shared 2 games, 0 and 2 tied; 3 sat out.
	table := tally(t, 4, Outcome{0, 1, 1, 2}, Outcome{1, 2, 1, 1}, Outcome{2, 1, 1, 1}, Outcome{2, 0, 0.5, 4})
	for i, want := range []float64{0.75, 0.25, 0.5, 0.5} {
		near(t, fmt.Sprint("win share ", i), table.WinShare()[i], want, 1e-15)
	}
	if table.Pairs() != 3 || table.Len() != 4 {
		t.Errorf("%d pairs of %d items", table.Pairs(), table.Len())
	}
	if got := Order([]float64{1, 3, 2, 3}); !slices.Equal(got, []int{1, 3, 2, 0}) {
		t.Errorf("the order is %v", got)
	}
	// 1 passes all it may to 0, which passes to both: y = 0.075 + 0.425(1-y).
	worth, err := tally(t, 2, Outcome{0, 1, 1, 1}).PageRank(PageRank{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "worth of the loser", worth[1], 0.5/1.425, 1e-9)
	near(t, "worth of the winner", worth[0], 1-0.5/1.425, 1e-9)
	games := []Outcome{{0, 1, 1, 0}, {1, 0, 1, 0}}
	ratings, err := Elo{}.Rate(2, slices.Values(games))
	if err != nil {
		t.Fatal(err)
	}
	// After the first game 1516 to 1484, which expects 1/(1+10^-0.08).
	near(t, "rating", ratings[0], 1516-32/(1+math.Pow(10, -0.08)), 1e-9)
	near(t, "sum of ratings", ratings[0]+ratings[1], 3000, 1e-9)
	slices.Reverse(games)
	if other, _ := (Elo{}).Rate(2, slices.Values(games)); math.Abs(other[0]-ratings[0]) < 1 {
		t.Errorf("the order does not matter: %v and %v", ratings, other)
	}
	half, _ := Elo{}.Rate(2, slices.Values([]Outcome{{0, 1, 1, 1.5}}))
	near(t, "one game and a half", half[0], 1516+16*(1-Elo{}.Expected(1516, 1484)), 1e-9)
}

// random compares every item with a few others. Strengths are drawn from the
// logistic prior, spread times as far apart.
func random(n, each int, spread float64, seed uint64) iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		strength := make([]float64, n)
		for i := range strength {
			u := r.Float64()
			strength[i] = math.Pow(u/(1-u), spread)
		}
		for i := range n {
			for range each {
				j := r.IntN(n - 1)
				if j >= i {
					j++
				}
				value := 0.0
				if r.Float64()*(strength[i]+strength[j]) < strength[i] {
					value = 1
				}
				if !yield(Outcome{i, j, value, 1}) {
					return
				}
			}
		}
	}
}

// Both iterations end at the same strengths, and so at the same ranking.
func TestNewmanAndZermeloAgree(t *testing.T) {
	for _, n := range []int{10, 100, 1000} {
		for _, prior := range []float64{0, 1} {
			table, err := Tally(n, random(n, 40, 0.25, uint64(n)))
			if err != nil {
				t.Fatal(err)
			}
			var fits [2]Fit
			for i, m := range []Method{Newman, Zermelo} {
				fits[i], err = table.BradleyTerry(BradleyTerry{Method: m, Prior: prior, Tolerance: 1e-12})
				if err != nil {
					t.Fatalf("%d items by %s, prior %v: %v", n, m, prior, err)
				}
			}
			for i := range fits[0].Strengths {
				if a, b := fits[0].Strengths[i], fits[1].Strengths[i]; math.Abs(math.Log(a/b)) > 1e-7 {
					t.Fatalf("%d items, prior %v: item %d is %v and %v", n, prior, i, a, b)
				}
			}
			if a, b := Order(fits[0].Strengths), Order(fits[1].Strengths); !sameOrder(a, b, fits[0].Strengths) {
				t.Errorf("%d items: the rankings are %v and %v", n, a, b)
			}
			if n >= 100 && fits[0].Sweeps >= fits[1].Sweeps {
				t.Errorf("%d items, prior %v: Newman's takes %d sweeps, Zermelo's %d", n, prior, fits[0].Sweeps, fits[1].Sweeps)
			}
		}
	}
}

// sameOrder compares rankings, blind to neighbours whose strengths are equal
// but for rounding: items with the same record against the same opponents.
func sameOrder(a, b []int, strengths []float64) bool {
	for k := range a {
		if a[k] != b[k] && math.Abs(math.Log(strengths[a[k]]/strengths[b[k]])) > 1e-7 {
			return false
		}
	}
	return true
}

// The maximum is where every item won as much as its strength expects; any
// other strengths are less likely.
func TestStrengthsAreTheMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "items")
		one := rapid.Custom(func(t *rapid.T) Outcome {
			i := rapid.IntRange(0, n-1).Draw(t, "first")
			j := (i + rapid.IntRange(1, n-1).Draw(t, "step")) % n
			return Outcome{i, j, rapid.SampledFrom([]float64{0, 0.5, 1, 0.3}).Draw(t, "value"), float64(rapid.IntRange(0, 5).Draw(t, "count"))}
		})
		outcomes := rapid.SliceOfN(one, 0, 30).Draw(t, "outcomes")
		ties := rapid.SampledFrom([]string{Halves, Davidson}).Draw(t, "ties")
		table, err := Tally(n, slices.Values(outcomes))
		if err != nil {
			t.Fatal(err)
		}
		fit, err := table.BradleyTerry(BradleyTerry{Prior: 1, Ties: ties, Tolerance: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
		if math.IsInf(fit.Tie, 1) {
			return
		}
		best := table.likelihood(fit.Strengths, fit.Tie, 1)
		for i := range n {
			for _, by := range []float64{0.99, 1.01} {
				moved := slices.Clone(fit.Strengths)
				moved[i] *= by
				if l := table.likelihood(moved, fit.Tie, 1); l > best+1e-9 {
					t.Fatalf("strengths %v are worth %v, with item %d times %v: %v", fit.Strengths, best, i, by, l)
				}
			}
		}
		for _, by := range []float64{0.99, 1.01} {
			if l := table.likelihood(fit.Strengths, fit.Tie*by, 1); l > best+1e-9 {
				t.Fatalf("ties of %v are worth %v, times %v: %v", fit.Tie, best, by, l)
			}
		}
	})
}

// likelihood is the log-probability of all outcomes and of the prior's games, as
// the models define it.
func (t *Table) likelihood(s []float64, tie, prior float64) (sum float64) {
	for i := range s {
		sum += prior * (math.Log(s[i]) - 2*math.Log(s[i]+1))
		for k := t.from[i]; k < t.from[i+1]; k++ {
			j := t.other[k]
			all := s[i] + s[j] + 2*tie*math.Sqrt(s[i]*s[j])
			sum += t.won[k] * math.Log(s[i]/all)
			if ties := t.tied[k]; ties > 0 && tie > 0 {
				sum += ties / 2 * math.Log(2*tie*math.Sqrt(s[i]*s[j])/all)
			} else {
				sum += ties / 2 * math.Log(s[i]/all)
			}
		}
	}
	return sum
}

// What is counted does not depend on the order of the outcomes, nor on who is
// named first; memory does not grow with their number.
func TestTallyStreams(t *testing.T) {
	forward := tally(t, 50, slices.Collect(random(50, 2000, 1, 3))...)
	flipped, err := Tally(50, func(yield func(Outcome) bool) {
		all := slices.Collect(random(50, 2000, 1, 3))
		for i := range all {
			o := all[len(all)-1-i]
			if !yield(Outcome{o.Second, o.First, 1 - o.Value, o.Count}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(forward.other, flipped.other) || !slices.Equal(forward.won, flipped.won) || !slices.Equal(forward.lost, flipped.lost) {
		t.Error("the order matters")
	}
	var c counter
	for o := range random(50, 20_000, 1, 3) {
		c.add(o)
	}
	if cap(c.pairs) > 4*leastPairs {
		t.Errorf("a million comparisons of 1,225 pairs are held in %d entries", cap(c.pairs))
	}
}
