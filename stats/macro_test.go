package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func exactly(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestStrataHandWorked(t *testing.T) {
	// 0 and 1 alone: mean 1/2, influences -1/4 and 1/4, variance 2 * 1/16 * 2/(2-1).
	m := MeanStratum([]float64{0, 1}, nil)
	exactly(t, "the mean", m.Value, 0.5)
	exactly(t, "its variance", m.Variance, 0.25)
	// In one cluster the deviations cancel: clusters {0, 1}, {1}: mean 2/3,
	// influences (-2/3+1/3)/3 and (1/3)/3.
	c := MeanStratum([]float64{0, 1, 1}, []string{"a", "a", "b"})
	exactly(t, "the clustered variance", c.Variance, 2*(1.0/81+1.0/81))
	if m.N != 2 || c.N != 2 {
		t.Errorf("%d and %d units", m.N, c.N)
	}
	// Of two right ones one is found, of the wrong one it is: (1/2 + 1)/2.
	b, ok := BalancedStratum([]bool{true, false, false}, []bool{true, true, false}, nil)
	exactly(t, "balanced accuracy", b.Value, 0.75)
	exactly(t, "its variance", b.Variance, 2*(1.0/8)*(1.0/8)*3/2)
	if _, one := BalancedStratum([]bool{true}, []bool{true}, nil); !ok || one {
		t.Error("a balance of one class")
	}
	if _, one := AUROCStratum([]float64{1}, []bool{true}, nil); one {
		t.Error("an area of one class")
	}
	d := m.Minus(c)
	exactly(t, "a difference", d.Value, 0.5-2.0/3)
	exactly(t, "its variance", d.Variance, m.Variance+c.Variance)
	// Each stratum counts alike: the variance of the mean of two is their sum over 4.
	e := Macro("both", []Stratum{m, c})
	exactly(t, "the macro mean", e.Value, (0.5+2.0/3)/2)
	half := 1.959963984540054 * math.Sqrt(m.Variance+c.Variance) / 2
	if math.Abs(e.High-e.Value-half) > 1e-6 || math.Abs(e.Value-e.Low-half) > 1e-6 || e.N != 4 {
		t.Errorf("the macro mean: %+v, want half a width of %v", e, half)
	}
	if e := Macro("none", nil); e.Value != 0 || e.N != 0 {
		t.Errorf("of nothing: %+v", e)
	}
}

// The interval of a macro mean over unequal strata holds the truth as often as it
// says.
func TestMacroCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	chance, sizes := []float64{0.2, 0.5, 0.9}, []int{40, 200, 80}
	truth := (0.2 + 0.5 + 0.9) / 3
	const trials = 2000
	held := 0
	for range trials {
		var strata []Stratum
		for k, p := range chance {
			var values []float64
			for range sizes[k] {
				v := 0.0
				if r.Float64() < p {
					v = 1
				}
				values = append(values, v)
			}
			strata = append(strata, MeanStratum(values, nil))
		}
		if e := Macro("", strata); e.Low <= truth && truth <= e.High {
			held++
		}
	}
	if share := float64(held) / trials; share < 0.93 || share > 0.97 {
		t.Errorf("95%% intervals hold the truth in %.3f of %d trials", share, trials)
	}
}
