package nn

import (
	"fmt"
	"math"

	"pawl/tensor"
)

// RopeScaling stretches rotary positions beyond the context that a model was
// first trained on. The zero value does nothing.
type RopeScaling struct {
	// Kind is "" for none, "linear" (Chen et al. 2023), which divides every
	// frequency by Factor, or "llama3" (Llama 3.1, Dubey et al. 2024), which
	// divides those that turn fewer than LowFreq times within Original
	// positions, leaves those that turn more than HighFreq times, and goes
	// from one to the other in between.
	Kind              string
	Factor            float64
	LowFreq, HighFreq float64
	Original          int
}

// The kinds of rope scaling.
const (
	ropeLinear = "linear"
	ropeLlama3 = "llama3"
)

func (r RopeScaling) validate(theta float64) error {
	positive := func(name string, x float64) error {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("rope_scaling: %s is %v; it must be positive", name, x)
		}
		return nil
	}
	switch {
	case r == RopeScaling{}:
		return nil
	case theta == 0:
		return fmt.Errorf("rope_scaling is of no use without rotary positions")
	case r.Kind == ropeLinear:
		return positive("factor", r.Factor)
	case r.Kind != ropeLlama3:
		return fmt.Errorf("rope_scaling of type %q is not supported; only linear and llama3 are", r.Kind)
	case !(r.HighFreq > r.LowFreq):
		return fmt.Errorf("rope_scaling: high_freq_factor is %v; it must be above low_freq_factor, %v", r.HighFreq, r.LowFreq)
	case r.Original < 1 || r.Original > maxContext:
		return fmt.Errorf("rope_scaling: original_max_position_embeddings is %d; it must be between 1 and %d", r.Original, maxContext)
	}
	if err := positive("factor", r.Factor); err != nil {
		return err
	}
	return positive("low_freq_factor", r.LowFreq)
}

// factor is what the frequency of a pair, in radians per position, is divided by.
func (r RopeScaling) factor(frequency float64) float64 {
	switch r.Kind {
	case ropeLinear:
		return r.Factor
	case ropeLlama3:
		turns := float64(r.Original) * frequency / (2 * math.Pi)
		// The share of the unscaled frequency: 0 for slow pairs, 1 for fast ones.
		smooth := min(max((turns-r.LowFreq)/(r.HighFreq-r.LowFreq), 0), 1)
		return 1 / (smooth + (1-smooth)/r.Factor)
	}
	return 1
}

// frequencies of the pairs of a head, in radians per position.
func (c Config) frequencies() []float64 {
	f := make([]float64, c.HeadDim()/2)
	for j := range f {
		f[j] = math.Pow(c.RopeTheta, -2*float64(j)/float64(c.HeadDim()))
		f[j] /= c.RopeScaling.factor(f[j])
	}
	return f
}

func newRotary(c Config) *tensor.RotaryTable {
	switch {
	case c.RopeTheta == 0:
		return nil
	case c.RopeScaling == RopeScaling{}:
		return tensor.NewRotaryTable(c.HeadDim(), c.Context, c.RopeTheta)
	}
	return tensor.NewRotaryTableOf(c.frequencies(), c.Context)
}
