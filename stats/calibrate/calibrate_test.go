package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pawl/stats"
)

var methods = []string{Temperature, Platt, Isotonic, Histogram}

func fit(t testing.TB, method string, points []Point) Calibrator {
	t.Helper()
	c, err := Fit(method, points, 2)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func near(t testing.TB, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestCalibratorValues(t *testing.T) {
	// Three of four right at odds of 4 to 1: the odds should be 3 to 1.
	same := []Point{{0.8, true}, {0.8, true}, {0.8, false}, {0.8, true}}
	c := fit(t, Temperature, same)
	near(t, "inverse temperature", c.Slope, math.Log(3)/math.Log(4), 1e-12)
	near(t, "calibrated", c.Apply(0.8), 0.75, 1e-12)
	near(t, "mirrored", c.Apply(0.2), 0.25, 1e-12)
	// Two of two: Platt's targets are 3/4 and 1/4, so the log-odds are +-log 3.
	apart := []Point{{-1, false}, {1, true}, {-1, false}, {1, true}}
	c = fit(t, Platt, apart)
	near(t, "slope", c.Slope, math.Log(3), 1e-6)
	near(t, "shift", c.Shift, 0, 1e-6)
	near(t, "calibrated", c.Apply(1), 0.75, 1e-6)
	// Scores 2 and 3 are pooled to one half.
	c = fit(t, Isotonic, []Point{{1, false}, {2, true}, {3, false}, {4, true}, {5, true}})
	if want := []Knot{{1, 0}, {2, 0.5}, {3, 0.5}, {4, 1}, {5, 1}}; !slices.Equal(c.Knots, want) {
		t.Errorf("knots %v", c.Knots)
	}
	for x, want := range map[float64]float64{0: 0, 1: 0, 1.5: 0.25, 2.5: 0.5, 3.5: 0.75, 9: 1} {
		near(t, fmt.Sprint("calibrated ", x), c.Apply(x), want, 1e-15)
	}
	c = fit(t, Histogram, []Point{{0.1, false}, {0.2, true}, {0.3, true}, {0.4, true}})
	if want := []Knot{{0.1, 0.5}, {0.25, 1}}; !slices.Equal(c.Knots, want) {
		t.Errorf("bins %v", c.Knots)
	}
	for x, want := range map[float64]float64{0: 0.5, 0.24: 0.5, 0.26: 1, 7: 1} {
		near(t, fmt.Sprint("calibrated ", x), c.Apply(x), want, 0)
	}
	if x := c.Apply(math.NaN()); !math.IsNaN(x) {
		t.Errorf("nothing is worth %v", x)
	}
}

func TestFitRefuses(t *testing.T) {
	one := []Point{{0.5, true}}
	for want, c := range map[string]struct {
		method string
		points []Point
		bins   int
	}{
		"there is nothing to fit": {Isotonic, nil, 0},
		"a score is NaN":          {Platt, []Point{{math.NaN(), true}}, 0},
		"a score is 2; temperature wants scores from 0 to 1, platt takes any": {Temperature, []Point{{2, true}}, 0},
		`no calibration method "beta"`:                                        {"beta", one, 0},
		"-1 bins":                                                             {Histogram, one, -1},
	} {
		if _, err := Fit(c.method, c.points, c.bins); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := Fit(Platt, nil, 0); !errors.Is(err, ErrNothingToFit) {
		t.Error(err)
	}
}

func points(t *rapid.T) []Point {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Point {
		return Point{float64(rapid.IntRange(0, 20).Draw(t, "score")) / 20, rapid.Bool().Draw(t, "right")}
	}), 1, 60).Draw(t, "points")
}

func TestCalibratorProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := points(t)
		for _, method := range methods {
			c, err := Fit(method, ps, 5)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Fatalf("%s of %v: %v", method, ps, err)
			}
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			var back Calibrator
			if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, c) {
				t.Fatalf("%s comes back as %+v, %v", b, back, err)
			}
			last := 0.0
			for i := range 41 {
				p := c.Apply(float64(i)/40 - 0.01)
				if !(p >= 0 && p <= 1) {
					t.Fatalf("%s gives the probability %v", method, p)
				}
				if rising := method == Isotonic || method == Temperature; rising && p < last {
					t.Fatalf("%s falls from %v to %v", method, last, p)
				}
				last = p
			}
		}
		// Isotonic regression of what it gave gives it again, and leaves no
		// difference between what it says and what is.
		c, _ := Fit(Isotonic, ps, 0)
		said, right := make([]float64, len(ps)), make([]bool, len(ps))
		again := slices.Clone(ps)
		for i, p := range ps {
			said[i], right[i] = c.Apply(p.Score), p.Right
			again[i].Score = said[i]
		}
		if r := stats.Brier(said, right).Reliability; r > 1e-20 {
			t.Fatalf("the reliability of an isotonic fit on its own points is %v", r)
		}
		d, _ := Fit(Isotonic, again, 0)
		for _, x := range said {
			if y := d.Apply(x); math.Abs(x-y) > 1e-12 {
				t.Fatalf("%v becomes %v the second time", x, y)
			}
		}
	})
}

// Where scores are overconfident by a temperature, every method takes most of
// the error away on points it was not fitted on.
func TestCalibratorsCalibrate(t *testing.T) {
	draw := source(11)
	made := func(n int) []Point {
		ps := make([]Point, n)
		for i := range ps {
			x := 4 * draw.NormFloat64()
			ps[i] = Point{sigmoid(x), draw.Float64() < sigmoid(x/3)} // three times too sure
		}
		return ps
	}
	held, sealed := made(4000), made(4000)
	ece := func(c *Calibrator) float64 {
		said, right := make([]float64, len(sealed)), make([]bool, len(sealed))
		for i, p := range sealed {
			said[i], right[i] = p.Score, p.Right
			if c != nil {
				said[i] = c.Apply(p.Score)
			}
		}
		return stats.ECE(stats.EqualMass(said, right, 15))
	}
	before := ece(nil)
	if before < 0.1 {
		t.Fatalf("the scores are calibrated: ECE %v", before)
	}
	for _, method := range methods {
		c, err := Fit(method, held, 15)
		if err != nil {
			t.Fatal(err)
		}
		after := ece(&c)
		t.Logf("%s: ECE %.3f before, %.3f after", method, before, after)
		limit := before / 3
		if method == Platt { // no logistic curve over the score is the truth here
			limit = before / 2
		}
		if after > limit {
			t.Errorf("%s: ECE %v before and %v after", method, before, after)
		}
	}
	c := fit(t, Temperature, held)
	near(t, "temperature", 1/c.Slope, 3, 0.2)
}
