package tensor

import "math"

// AdamWStep holds the numbers of one AdamW update, the same for all weights.
type AdamWStep struct {
	LR           float64 // learning rate of this step
	Beta1, Beta2 float64 // decay of the running means of the gradient and of its square
	Eps          float64 // added to the root of the second moment
	Decay        float64 // decoupled weight decay, multiplied by LR; 0 for gains and biases
	GradScale    float64 // multiplies every gradient first (clipping, mean over tokens); 1 changes nothing, 0 is zero
	Correction1  float64 // 1 - Beta1^t, at step t = 1, 2, ...
	Correction2  float64 // 1 - Beta2^t
}

// AdamW updates weights w and moments m and v in place from gradients g
// (Loshchilov and Hutter, 2019), in one pass over memory:
//
//	g' = GradScale·g
//	m  = Beta1·m + (1-Beta1)·g'
//	v  = Beta2·v + (1-Beta2)·g'²
//	w  = w·(1 - LR·Decay) - LR · (m/Correction1) / (sqrt(v/Correction2) + Eps)
//
// All four slices have one length; it panics if they do not. g is unchanged.
func AdamW(w, g, m, v []float32, o AdamWStep) {
	checkLen("AdamW: g", len(g), len(w))
	checkLen("AdamW: m", len(m), len(w))
	checkLen("AdamW: v", len(v), len(w))
	// Multiplying numerator and denominator by sqrt(Correction2) leaves one
	// division and one root an element.
	root := math.Sqrt(o.Correction2)
	c := adamWConsts{
		scale: float32(o.GradScale),
		beta1: float32(o.Beta1), rest1: float32(1 - o.Beta1),
		beta2: float32(o.Beta2), rest2: float32(1 - o.Beta2),
		eps:  float32(o.Eps * root),
		step: float32(o.LR / o.Correction1 * root),
		keep: float32(1 - o.LR*o.Decay),
	}
	for lo := 0; lo < len(w); lo += floatsPerCall {
		vec().adamW(&w[lo], &g[lo], &m[lo], &v[lo], min(floatsPerCall, len(w)-lo), c)
	}
}

// adamWConsts is what one element's update needs; assembly reads it by offset.
type adamWConsts struct {
	scale, beta1, rest1, beta2, rest2, eps, step, keep float32
}
