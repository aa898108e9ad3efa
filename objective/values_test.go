package objective

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestValueLossesHandWorked(t *testing.T) {
	for name, c := range map[string]struct {
		f                 func(a, b float64) (float64, float64)
		a, b, loss, slope float64
	}{
		"preference, undecided":    {BradleyTerry, 2, 2, math.Ln2, -0.5},
		"preference, 3 to 1":       {BradleyTerry, math.Log(3), 0, math.Log(4.0 / 3), -0.25}, // sigmoid(ln 3) = 3/4
		"preference, wrong by far": {BradleyTerry, -1000, 0, 1000, -1},
		"preference, right by far": {BradleyTerry, 1000, 0, 0, 0},
		"regression":               {SquaredError, 3, 1, 2, 2},
		"event, undecided":         {CrossEntropy, 0, 1, math.Ln2, -0.5},
		"event, 3 to 1":            {CrossEntropy, math.Log(3), 1, math.Log(4.0 / 3), -0.25},
		"no event, 3 to 1":         {CrossEntropy, math.Log(3), 0, math.Log(4), 0.75},
		"event by half":            {CrossEntropy, 0, 0.5, math.Ln2, 0},
	} {
		if loss, slope := c.f(c.a, c.b); math.Abs(loss-c.loss) > 1e-12 || math.Abs(slope-c.slope) > 1e-12 {
			t.Errorf("%s: %v and %v, want %v and %v", name, loss, slope, c.loss, c.slope)
		}
	}
}

func TestValueLossSlopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(-20, 20).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		for name, f := range map[string]func(a, b float64) (float64, float64){
			"preference": BradleyTerry, "regression": SquaredError, "event": CrossEntropy,
		} {
			const h = 1e-5
			up, _ := f(a+h, b)
			down, _ := f(a-h, b)
			if _, slope := f(a, b); math.Abs(slope-(up-down)/(2*h)) > 1e-5 {
				t.Fatalf("%s at %v, %v: slope %v, finite differences say %v", name, a, b, slope, (up-down)/(2*h))
			}
		}
	})
}
