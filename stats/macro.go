package stats

import "math"

// Stratum is a figure of one part of what is measured, as one of several task sets,
// with the variance of the figure.
type Stratum struct {
	Value    float64
	Variance float64
	N        int // independent units
}

// MeanStratum is the mean of values, of which those of a cluster depend on each
// other; cluster may be nil.
func MeanStratum(values []float64, cluster []string) Stratum {
	mean, n := Mean(values), float64(len(values))
	influence := make([]float64, len(values))
	for i, v := range values {
		influence[i] = (v - mean) / n
	}
	return stratum(mean, influence, cluster)
}

// AUROCStratum is AUROC; ok is false where all are right or all are wrong.
func AUROCStratum(scores []float64, right []bool, cluster []string) (s Stratum, ok bool) {
	area, ok := AUROC(scores, right)
	if !ok {
		return Stratum{}, false
	}
	placed, rights, wrongs := placements(scores, right)
	for i := range placed {
		of := rights
		if !right[i] {
			of = wrongs
		}
		placed[i] = (placed[i] - area) / float64(of)
	}
	return stratum(area, placed, cluster), true
}

// BalancedStratum is the balanced accuracy of verdicts: the mean of the share of
// right ones that are said to be right and of wrong ones that are not, which is 0.5
// for who says the same of all. ok is false where all are right or all are wrong.
func BalancedStratum(said, right []bool, cluster []string) (s Stratum, ok bool) {
	var n, agreed [2]float64
	for i, r := range right {
		n[number(r)]++
		agreed[number(r)] += float64(number(said[i] == r))
	}
	if n[0] == 0 || n[1] == 0 {
		return Stratum{}, false
	}
	influence := make([]float64, len(right))
	for i, r := range right {
		k := number(r)
		influence[i] = (float64(number(said[i] == r)) - agreed[k]/n[k]) / n[k] / 2
	}
	return stratum((agreed[0]/n[0]+agreed[1]/n[1])/2, influence, cluster), true
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stratum sums the influence of every item on the figure by cluster.
func stratum(value float64, influence []float64, cluster []string) Stratum {
	clusters := group(influence, cluster)
	s := Stratum{Value: value, N: len(clusters)}
	for _, c := range clusters {
		var sum float64
		for _, v := range c {
			sum += v
		}
		s.Variance += sum * sum
	}
	if k := float64(s.N); k > 1 {
		s.Variance *= k / (k - 1)
	}
	return s
}

// Minus is the difference of two figures of different items.
func (s Stratum) Minus(t Stratum) Stratum {
	return Stratum{s.Value - t.Value, s.Variance + t.Variance, s.N + t.N}
}

// Macro is the mean of the figures of independent strata, each counting alike
// however many units it has, with a normal 95% interval that covers which units
// were drawn in each stratum, and no other strata. N is the number of units.
func Macro(name string, strata []Stratum) Estimate {
	e := Estimate{Name: name, Method: "stratified"}
	var variance float64
	for _, s := range strata {
		e.Value += s.Value
		variance += s.Variance
		e.N += s.N
	}
	if len(strata) > 0 {
		e.Value /= float64(len(strata))
		half := twoSided(reported) * math.Sqrt(variance) / float64(len(strata))
		e.Low, e.High = e.Value-half, e.Value+half
	}
	return e
}
