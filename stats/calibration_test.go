package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Four predictions, worked by hand.
var (
	fourSaid  = []float64{0.9, 0.6, 0.9, 0.2}
	fourRight = []bool{true, true, false, false}
)

func TestCalibrationValues(t *testing.T) {
	wide := EqualWidth(fourSaid, fourRight, 5)
	if len(wide) != 3 || wide[2].N != 2 || wide[2].Right != 1 || wide[1].Low != 0.6 || wide[0].High != 0.2 {
		t.Errorf("bins of equal width: %+v", wide)
	}
	// A prediction on a border is in the lower bin: 0.5 with 0.3, not with 0.7.
	if halves := EqualWidth([]float64{0.3, 0.5, 0.7}, []bool{true, true, true}, 2); len(halves) != 2 || halves[0].N != 2 || halves[0].High != 0.5 {
		t.Errorf("a prediction on a border: %+v", halves)
	}
	near(t, "ECE, equal width", ECE(wide), 0.4*2/4+0.4/4+0.2/4, 1e-15)
	mass := EqualMass(fourSaid, fourRight, 2)
	if len(mass) != 2 || mass[0].N != 2 || mass[1].Low != 0.9 {
		t.Errorf("bins of equal mass: %+v", mass)
	}
	near(t, "ECE, equal mass", ECE(mass), 0.1/2+0.4/2, 1e-15)
	b := Brier(fourSaid, fourRight)
	near(t, "Brier", b.Score, 0.255, 1e-15)
	near(t, "reliability", b.Reliability, 0.13, 1e-15)
	near(t, "resolution", b.Resolution, 0.125, 1e-15)
	near(t, "uncertainty", b.Uncertainty, 0.25, 1e-15)
	area, ok := AUROC(fourSaid, fourRight)
	if !ok {
		t.Error("no AUROC")
	}
	near(t, "AUROC", area, 2.5/4, 1e-15)
	curve := RiskCoverage(fourSaid, fourRight)
	if len(curve) != 3 || curve[0] != (Coverage{0.9, 2, 1, 0.5, 0.5}) || curve[1].Wrong != 1 || curve[2].Share != 1 {
		t.Errorf("the curve is %+v", curve)
	}
	near(t, "AURC", AURC(curve), (0.5+0.5+1.0/3+0.5)/4, 1e-15)
	if c, ok := CoverageAt(curve, 0.4); !ok || c.At != 0.6 {
		t.Errorf("at most 0.4 wrong: %+v", c)
	}
	if c, ok := CoverageAt(curve, 0.5); !ok || c.Share != 1 { // just what is allowed
		t.Errorf("at most half wrong: %+v", c)
	}
	if c, ok := CoverageAt(curve, 0.3); ok {
		t.Errorf("at most 0.3 wrong: %+v", c)
	}
	near(t, "no successes of ten", ClopperPearson(0, 10, 0.95).High, 1-math.Pow(0.025, 0.1), 1e-9)
	near(t, "ten successes of ten", ClopperPearson(10, 10, 0.95).Low, math.Pow(0.025, 0.1), 1e-9)
	near(t, "none of ten", AtMost(0, 10, 0.1), math.Pow(0.9, 10), 1e-12)
	near(t, "one of two at most", AtMost(1, 2, 0.5), 0.75, 1e-12)
	near(t, "all", AtMost(3, 3, 0.1), 1, 0)
}

func TestCalibrationOfNothing(t *testing.T) {
	if ECE(EqualWidth(nil, nil, 3)) != 0 || ECE(EqualMass(nil, nil, 3)) != 0 || (Brier(nil, nil) != BrierScore{}) || AURC(RiskCoverage(nil, nil)) != 0 {
		t.Error("nothing is something")
	}
	for _, right := range [][]bool{{true, true}, {false, false}} {
		if a, ok := AUROC([]float64{0, 1}, right); ok {
			t.Errorf("AUROC of %v is %v", right, a)
		}
		if e, ok := AUROCEstimate("a", []float64{0, 1}, right, nil); ok {
			t.Errorf("AUROC of %v is %+v", right, e)
		}
	}
	for name, f := range map[string]func(){
		"lengths":     func() { AUROC([]float64{1}, nil) },
		"NaN":         func() { RiskCoverage([]float64{math.NaN()}, []bool{true}) },
		"above one":   func() { Brier([]float64{1.1}, []bool{true}) },
		"no bins":     func() { EqualMass([]float64{0.1}, []bool{true}, 0) },
		"probability": func() { AtMost(0, 1, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is let pass", name)
				}
			}()
			f()
		}()
	}
}

// judged draws scores, many of them equal, and whether they were right.
func judged(t *rapid.T, least int) ([]float64, []bool) {
	n := rapid.IntRange(least, 60).Draw(t, "n")
	scores, right := make([]float64, n), make([]bool, n)
	for i := range scores {
		scores[i] = float64(rapid.IntRange(0, 12).Draw(t, "score")) / 12
		right[i] = rapid.Bool().Draw(t, "right")
	}
	return scores, right
}

func TestCalibrationProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores, right := judged(t, 1)
		b := Brier(scores, right)
		if d := b.Reliability - b.Resolution + b.Uncertainty - b.Score; math.Abs(d) > 1e-12 {
			t.Fatalf("the parts of %+v miss the whole by %v", b, d)
		}
		for _, bins := range [][]Bin{EqualWidth(scores, right, 7), EqualMass(scores, right, 7)} {
			n := 0
			for i, x := range bins {
				n += x.N
				if i > 0 && x.Low <= bins[i-1].High {
					t.Fatalf("bins %+v overlap", bins)
				}
			}
			if e := ECE(bins); n != len(scores) || len(bins) > 7 || e < 0 || e > 1 {
				t.Fatalf("%d of %d predictions in %d bins, ECE %v", n, len(scores), len(bins), e)
			}
		}
		// Only the order of scores matters to AUROC, and turning it about turns it.
		area, ok := AUROC(scores, right)
		bent, turned := make([]float64, len(scores)), make([]float64, len(scores))
		for i, s := range scores {
			bent[i], turned[i] = math.Exp(3*s)-7, -s
		}
		if !ok {
			return
		}
		if a, _ := AUROC(bent, right); a != area {
			t.Fatalf("AUROC is %v, and %v after bending", area, a)
		}
		if a, _ := AUROC(turned, right); math.Abs(a+area-1) > 1e-12 {
			t.Fatalf("AUROC is %v, and %v after turning", area, a)
		}
		if e, ok := AUROCEstimate("a", scores, right, nil); !ok || !(0 <= e.Low && e.Low <= area && area <= e.High && e.High <= 1) {
			t.Fatalf("AUROC %v has the estimate %+v", area, e)
		}
		curve := RiskCoverage(scores, right)
		last := curve[len(curve)-1]
		if a := AURC(curve); last.N != len(scores) || a < 0 || a > 1 {
			t.Fatalf("the curve ends at %+v, its area is %v", last, a)
		}
	})
}

// The interval holds the true area about as often as it says, also where the
// items of a task depend on each other.
func TestAUROCIntervalCovers(t *testing.T) {
	for _, each := range []int{1, 5} {
		r := rand.New(rand.NewPCG(5, uint64(each)))
		held, draws := 0, 400
		for range draws {
			var scores []float64
			var right []bool
			var tasks []string
			for task := range 60 {
				ease := r.NormFloat64() * 0.7 // shared by the attempts at a task
				for range each {
					ok := r.Float64() < 0.5
					x := ease + 0.7*r.NormFloat64()
					if ok {
						x++
					}
					scores, right, tasks = append(scores, x), append(right, ok), append(tasks, fmt.Sprint(task))
				}
			}
			e, _ := AUROCEstimate("a", scores, right, tasks)
			// Two normals of variance 0.98 a distance of 1 apart.
			if truth := 0.5 * math.Erfc(-1/math.Sqrt(2*0.98)/math.Sqrt2); e.Low <= truth && truth <= e.High {
				held++
			}
		}
		if share := float64(held) / float64(draws); share < 0.92 {
			t.Errorf("with %d attempts a task, %.3f of the 95%% intervals hold the true area", each, share)
		}
	}
}

func TestClopperPearsonAgreesWithTheBinomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		i := ClopperPearson(k, n, 0.9)
		if k < n && math.Abs(AtMost(k, n, i.High)-0.05) > 1e-6 {
			t.Fatalf("%d of %d: at the upper end, as few or fewer have probability %v", k, n, AtMost(k, n, i.High))
		}
		if k > 0 && math.Abs(1-AtMost(k-1, n, i.Low)-0.05) > 1e-6 {
			t.Fatalf("%d of %d: at the lower end, as many or more have probability %v", k, n, 1-AtMost(k-1, n, i.Low))
		}
	})
}
