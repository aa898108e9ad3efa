package gate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pawl/core"
	"pawl/coretest"
	"pawl/registry"
	"pawl/stats"
)

var standard = Paired{Alpha: 0.05, Power: 0.8}

// trial has gained items turned right, lost turned wrong, n in all, half of
// the others right.
func trial(attempt, gained, lost, n int) core.Trial {
	t := core.Trial{Attempt: attempt}
	for i := range n {
		e := core.Evidence{ID: fmt.Sprint(i)}
		switch {
		case i < gained:
			e.Candidate = 1
		case i < gained+lost:
			e.Incumbent = 1
		case i%2 == 0:
			e.Incumbent, e.Candidate = 1, 1
		}
		t.Items = append(t.Items, e)
	}
	return t
}

func decide(t testing.TB, g core.Gate, tr core.Trial) core.Verdict {
	t.Helper()
	v, err := g.Decide(context.Background(), tr)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPairedByHand(t *testing.T) {
	v := decide(t, standard, trial(2, 18, 4, 100))
	want := core.Verdict{
		Outcome: core.Promote, N: 100, Incumbent: 0.43, Candidate: 0.57, Gained: 18, Lost: 4, Difference: 0.14,
		PValue: 9109.0 / 4194304, // C(22,18)+...+C(22,22) = 7315+1540+231+22+1, of 2^22
		Alpha:  0.05 * 6 / (math.Pi * math.Pi) / 4, AlphaLeft: 0.05 - 0.05*6/(math.Pi*math.Pi)*1.25,
	}
	if diff := cmp.Diff(want, v, cmpopts.EquateApprox(1e-9, 0), cmpopts.IgnoreFields(core.Verdict{}, "Low", "High", "Detectable", "Reason")); diff != "" {
		t.Error(diff)
	}
	i := stats.PairedDifference(18, 4, 100, 0.95)
	if v.Low != i.Low || v.High != i.High {
		t.Errorf("interval %v to %v, want %+v", v.Low, v.High, i)
	}
	if p := stats.McNemarPower(100, v.Detectable, 0.22, v.Alpha); math.Abs(p-0.8) > 0.001 {
		t.Errorf("power %v at the detectable gain %v", p, v.Detectable)
	}
}

func TestPairedOutcomes(t *testing.T) {
	gained := standard
	gained.MinGain = 0.1
	for _, c := range []struct {
		name         string
		gate         Paired
		attempt      int
		up, down, n  int
		want, reason string
	}{
		{"clear gain", standard, 1, 30, 5, 200, core.Promote, "Promoted: the candidate gained 30 of 200 items and lost 5, which"},
		{"same gain, later", standard, 40, 18, 4, 200, core.NotProven, "above the 1.9e-05 allowed; a true gain of"},
		{"clear loss", standard, 1, 5, 30, 200, core.Reject, "Rejected: the candidate gained 5 of 200 items and lost 30, so it is worse"},
		{"loss shown by the interval", standard, 30, 5, 20, 200, core.Reject, "lies below zero"},
		{"gain too small to matter", gained, 1, 15, 0, 200, core.NotProven, "the gain of 7.5 points is below the 10.0 points asked for"},
		{"no change", standard, 1, 0, 0, 200, core.NotProven, "Not proven"},
		{"too few items", standard, 1, 4, 0, 4, core.NotProven, "so few items can prove nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := decide(t, c.gate, trial(c.attempt, c.up, c.down, c.n))
			if v.Outcome != c.want || !strings.Contains(v.Reason, c.reason) {
				t.Errorf("%s: %q, want %s with %q", v.Outcome, v.Reason, c.want, c.reason)
			}
		})
	}
}

func TestPairedErrors(t *testing.T) {
	bad := trial(1, 1, 0, 3)
	bad.Items[2].ID = "0"
	nan := trial(1, 1, 0, 3)
	nan.Items[1].Candidate = math.NaN()
	big := trial(1, 1, 0, 3) // its difference overflows
	big.Items[1].Candidate, big.Items[1].Incumbent = 1e308, -1e308
	for _, c := range []struct {
		gate  Paired
		trial core.Trial
		want  string
	}{
		{standard, trial(0, 1, 0, 3), "attempts count from 1"},
		{standard, core.Trial{Attempt: 3}, "deciding on attempt 3: there are no items"},
		{standard, bad, `item "0" appears twice`},
		{standard, nan, `item "1" has the score NaN`},
		{standard, big, `item "1" has the score -1e+308; scores lie between`},
		{Paired{Power: 0.8}, trial(1, 1, 0, 3), "alpha is 0"},
		{Paired{Alpha: 0.05}, trial(1, 1, 0, 3), "power is 0"},
		{Paired{Alpha: 0.05, Power: 0.8, MinGain: math.NaN()}, trial(1, 1, 0, 3), "min_gain is NaN"},
	} {
		if _, err := c.gate.Decide(context.Background(), c.trial); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := standard.Decide(ctx, trial(1, 1, 0, 3)); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPairedSuite(t *testing.T) {
	coretest.Gate(t, func(*coretest.Host) (core.Gate, error) { return standard, nil })
}

// A comparison that stands alone may spend all of alpha.
func TestPairedAlone(t *testing.T) {
	v, p, err := standard.Compare(trial(0, 9, 2, 50)) // p = 67/2048 = 0.0327
	if err != nil || v.Alpha != 0.05 || v.AlphaLeft != 0 || v.Outcome != core.Promote || p.Gained != 9 {
		t.Errorf("%+v, %+v, %v", v, p, err)
	}
	if v := decide(t, standard, trial(1, 9, 2, 50)); v.Outcome != core.NotProven {
		t.Errorf("as the first of a run: %+v", v)
	}
}

func TestPairedRegistered(t *testing.T) {
	g, err := registry.Make[core.Gate](context.Background(), registry.Default, nil, core.Spec{Kind: core.KindGate, Name: "paired"})
	if err != nil {
		t.Fatal(err)
	}
	if g != core.Gate(standard) {
		t.Errorf("defaults are %+v", g)
	}
}

// Whatever the evidence, exchanging the policies never promotes both, mirrors
// the figures, and every figure is one that JSON can carry.
func TestPairedSwapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		grades := rapid.SampledFrom([]int{1, 1, 4, 997}).Draw(t, "grades")
		clusters := rapid.SampledFrom([]int{0, 1, 8}).Draw(t, "clusters")
		a := core.Trial{Attempt: rapid.IntRange(1, 50).Draw(t, "attempt")}
		b := a
		for i := range n {
			e := core.Evidence{ID: fmt.Sprint(i)}
			e.Incumbent = float64(rapid.IntRange(0, grades).Draw(t, "incumbent")) / float64(grades)
			e.Candidate = float64(rapid.IntRange(0, grades).Draw(t, "candidate")) / float64(grades)
			if clusters > 0 {
				e.Cluster = fmt.Sprint(i % clusters)
			}
			a.Items = append(a.Items, e)
			e.Incumbent, e.Candidate = e.Candidate, e.Incumbent
			b.Items = append(b.Items, e)
		}
		v, _ := standard.Decide(context.Background(), a)
		w, _ := standard.Decide(context.Background(), b)
		if v.Outcome == core.Promote && w.Outcome != core.Reject {
			t.Fatalf("promoted one way, %s the other:\n%+v\n%+v", w.Outcome, v, w)
		}
		if v.Gained != w.Lost || v.Lost != w.Gained || math.Abs(v.Difference+w.Difference) > 1e-12 {
			t.Fatalf("not mirrored:\n%+v\n%+v", v, w)
		}
		for _, x := range []float64{v.Incumbent, v.Candidate, v.Difference, v.Low, v.High, v.PValue, v.Alpha, v.AlphaLeft, v.Detectable} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("a figure is not finite: %+v", v)
			}
		}
		if v.Reason == "" || v.PValue < 0 || v.PValue > 1 || v.Low > v.Difference || v.High < v.Difference {
			t.Fatalf("%+v", v)
		}
	})
}

// draw simulates n pairs in which up and down are the chances of a gain and a
// loss, and tests them.
func draw(rng *rand.Rand, n int, up, down float64) stats.Paired {
	gained, lost := 0, 0
	for range n {
		switch x := rng.Float64(); {
		case x < up:
			gained++
		case x < up+down:
			lost++
		}
	}
	i := stats.PairedDifference(gained, lost, n, 0.95)
	return stats.Paired{N: n, Clusters: n, Gained: gained, Lost: lost, Difference: float64(gained-lost) / float64(n), Low: i.Low, High: i.High,
		PValue: stats.McNemar(gained, lost), Worse: stats.McNemar(lost, gained), Binary: true, Exact: true}
}

// Campaigns of 30 useless candidates promote one in at most a share alpha of
// campaigns, whereas testing each at 0.05 promotes one in most.
func TestPairedCampaigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(30, 200))
	const campaigns = 600
	ours, naive := 0, 0
	for range campaigns {
		promoted, fooled := false, false
		for k := 1; k <= 30; k++ {
			p := draw(rng, 200, 0.15, 0.15)
			promoted = promoted || standard.outcome(p, stats.SpendAlpha(standard.Alpha, k)) == core.Promote
			fooled = fooled || p.PValue <= 0.05
		}
		if promoted {
			ours++
		}
		if fooled {
			naive++
		}
	}
	// Three standard errors above alpha.
	if limit := campaigns * (0.05 + 3*math.Sqrt(0.05*0.95/campaigns)); float64(ours) > limit {
		t.Errorf("%d of %d null campaigns promoted something, more than %.0f", ours, campaigns, limit)
	}
	if naive < campaigns/2 {
		t.Errorf("the naive gate was fooled in %d of %d campaigns only: the simulation has no force", naive, campaigns)
	}
}

// A gain of the stated detectable size is promoted in about the stated share
// of trials; twice the items detect less.
func TestPairedPower(t *testing.T) {
	rng := rand.New(rand.NewPCG(80, 1))
	alpha := stats.SpendAlpha(standard.Alpha, 1)
	const n, discordance, trials = 400, 0.2, 1500
	gain, _ := stats.Detectable(n, discordance, alpha, 0.8)
	hits := 0
	for range trials {
		if standard.outcome(draw(rng, n, (discordance+gain)/2, (discordance-gain)/2), alpha) == core.Promote {
			hits++
		}
	}
	if share := float64(hits) / trials; share < 0.76 || share > 0.84 {
		t.Errorf("power %.3f at the detectable gain %.4f", share, gain)
	}
	if more, _ := stats.Detectable(2*n, discordance, alpha, 0.8); more >= gain {
		t.Errorf("twice the items detect %v, not less than %v", more, gain)
	}
}

// Permuted signs of graded scores: the sampled test keeps its verdicts apart
// too, and repeats to the bit.
func TestPairedGradedSampled(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	tr := core.Trial{Attempt: 3}
	for i := range 120 {
		x := rng.Float64()
		tr.Items = append(tr.Items, core.Evidence{ID: fmt.Sprint(i), Incumbent: x, Candidate: x + 0.2*rng.NormFloat64() + 0.1})
	}
	v := decide(t, standard, tr)
	if v.Outcome != core.Promote || v.Low <= 0 || v.Detectable <= 0 || v.Detectable > 0.1 {
		t.Errorf("%+v", v)
	}
	if again := decide(t, standard, tr); again != v {
		t.Errorf("the same trial, another verdict: %+v and %+v", v, again)
	}
}

func BenchmarkDecide(b *testing.B) {
	tr := trial(3, 293, 64, 1319)
	for b.Loop() {
		decide(b, standard, tr)
	}
}
