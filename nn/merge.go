package nn

import (
	"fmt"
	"math"
)

// MergeLinear is the mean of models by weight, tensor by tensor, as in model
// soups (Wortsman et al. 2022). Nil weights are equal ones; their sum must be
// positive.
func MergeLinear(models []*Model, weights []float64) (*Model, error) {
	shares, err := mergeShares(models, weights)
	if err != nil {
		return nil, fmt.Errorf("merging models: %w", err)
	}
	out := models[0].Clone()
	for i := range out.w {
		sum := 0.0
		for k, m := range models {
			sum += shares[k] * float64(m.w[i])
		}
		out.w[i] = float32(sum)
	}
	return out, nil
}

// MergeSlerp merges what models have learnt since init by spherical
// interpolation (Shoemake 1985), tensor by tensor, as WARP does (Ramé et al.
// 2024). Of two models with the task vectors a and b (weights minus those of
// init), the angle W between them and the share t of the second it makes
//
//	init + sin((1-t)·W)/sin W · a + sin(t·W)/sin W · b,
//
// which keeps the length that a mean of unlike vectors loses. More models are
// merged one after the other: model k enters with its weight's share of the
// weights up to k, so that with equal weights all count alike. Where the angle
// says nothing (a vector is zero, or both lie on one line) the mean is taken.
func MergeSlerp(init *Model, models []*Model, weights []float64) (*Model, error) {
	shares, err := mergeShares(append([]*Model{init}, models...), nil)
	if err == nil {
		shares, err = mergeShares(models, weights)
	}
	if err != nil {
		return nil, fmt.Errorf("merging models: %w", err)
	}
	out := models[0].Clone()
	total := shares[0]
	for k, m := range models[1:] {
		total += shares[k+1]
		if total > 0 {
			slerpInto(out, init, m, shares[k+1]/total)
		}
	}
	return out, nil
}

// Interpolate is (1-eta)·init + eta·m: with eta below 1 it goes back towards
// init (LITI, the third stage of WARP; WiSE-FT, Wortsman et al. 2022).
func Interpolate(init, m *Model, eta float64) (*Model, error) {
	if !(eta >= 0 && eta <= 1) {
		return nil, fmt.Errorf("interpolating models: eta is %v; it must be between 0 and 1", eta)
	}
	return MergeLinear([]*Model{init, m}, []float64{1 - eta, eta})
}

// slerpInto replaces a by the point at share t between a and b, seen from init.
func slerpInto(a, init, b *Model, t float64) {
	from, to := init.Tensors(), b.Tensors()
	for i, x := range a.Tensors() {
		o, y := from[i].Data, to[i].Data
		var aa, bb, ab float64
		for j := range o {
			da, db := float64(x.Data[j])-float64(o[j]), float64(y[j])-float64(o[j])
			aa, bb, ab = aa+da*da, bb+db*db, ab+da*db
		}
		ka, kb := slerpFactors(aa, bb, ab, t)
		for j := range o {
			da, db := float64(x.Data[j])-float64(o[j]), float64(y[j])-float64(o[j])
			x.Data[j] = float32(float64(o[j]) + ka*da + kb*db)
		}
	}
	a.Touch()
}

// slerpFactors are the factors of two vectors, given their products.
func slerpFactors(aa, bb, ab, t float64) (ka, kb float64) {
	const straight = 1e-6 // of sin W: below it the quotients are noise
	if aa > 0 && bb > 0 {
		angle := math.Acos(max(-1, min(1, ab/math.Sqrt(aa*bb))))
		if sin := math.Sin(angle); sin > straight {
			return math.Sin((1-t)*angle) / sin, math.Sin(t*angle) / sin
		}
	}
	return 1 - t, t
}

// mergeShares checks models and weights and scales the weights to a sum of 1.
func mergeShares(models []*Model, weights []float64) ([]float64, error) {
	if len(models) == 0 {
		return nil, fmt.Errorf("there are none")
	}
	for k, m := range models[1:] {
		if m.cfg != models[0].cfg {
			return nil, fmt.Errorf("model %d differs in shape: %s", k+1, configDiff(models[0].cfg, m.cfg))
		}
	}
	if weights != nil && len(weights) != len(models) {
		return nil, fmt.Errorf("%d weights for %d models", len(weights), len(models))
	}
	shares, sum := make([]float64, len(models)), 0.0
	for k := range shares {
		shares[k] = 1
		if weights != nil {
			shares[k] = weights[k]
		}
		if !(shares[k] >= 0) || math.IsInf(shares[k], 0) {
			return nil, fmt.Errorf("weight %d is %v; it must not be negative", k, shares[k])
		}
		sum += shares[k]
	}
	if !(sum > 0) {
		return nil, fmt.Errorf("the weights sum to %v", sum)
	}
	for k := range shares {
		shares[k] /= sum
	}
	return shares, nil
}
