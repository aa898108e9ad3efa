package stats

import (
	"fmt"
	"math"
	"slices"
)

// Estimate is a measured figure with its 95% interval. Its fields are those of
// core.Estimate, so that one converts to the other.
type Estimate struct {
	Name   string
	Value  float64
	Low    float64
	High   float64
	N      int    // independent units
	Unit   string // of the value; none for shares
	Method string // "wilson", "bootstrap"
}

// reported is the level of every interval that people are shown.
const reported = 0.95

// many units need no resampling: what BCa corrects falls with their number, and
// its cost grows with it.
const many = 50_000

// MeanEstimate is the mean of independent values, one a task. Where all are 0
// or 1 it is a proportion, with Wilson's interval; graded values get a BCa
// bootstrap interval with a fixed seed, or the normal one where there are more
// than 50,000. No values give 0 with the interval 0 to 1.
func MeanEstimate(name string, values []float64) Estimate {
	if k, ok := successes(values); ok {
		i := Wilson(k, len(values), reported)
		return Estimate{Name: name, Value: Mean(values), Low: i.Low, High: i.High, N: len(values), Method: "wilson"}
	}
	mean := Mean(values)
	if n := len(values); n > many {
		var square float64
		for _, x := range values {
			square += (x - mean) * (x - mean)
		}
		return normalEstimate(name, mean, square/float64(n-1)/float64(n), n)
	}
	i := Bootstrap{}.Mean(values).Around(mean)
	return Estimate{Name: name, Value: mean, Low: i.Low, High: i.High, N: len(values), Method: "bootstrap"}
}

// normalEstimate is a mean with a variance of its own that is known well enough.
func normalEstimate(name string, mean, variance float64, n int) Estimate {
	half := twoSided(reported) * math.Sqrt(variance)
	return Estimate{Name: name, Value: mean, Low: mean - half, High: mean + half, N: n, Method: "normal"}
}

// ClusteredEstimate is the mean of all values where those of one cluster, such
// as the attempts at one task, depend on each other. With one value a cluster
// it is MeanEstimate. Where all values are 0 or 1 the interval is Wilson's for
// as many independent values as would have the observed variance (the
// effective sample size under the design effect: Kish, Survey Sampling, 1965;
// for proportions: Korn and Graubard, 1998), never more than there are; graded
// values get a bootstrap of whole clusters, or of more than 50,000 clusters the
// normal interval with their robust variance. N is the number of clusters.
func ClusteredEstimate(name string, clusters [][]float64) Estimate {
	var flat []float64
	n := 0
	for _, c := range clusters {
		if len(c) > 0 {
			n++
		}
		flat = append(flat, c...)
	}
	if n == len(flat) {
		return MeanEstimate(name, flat)
	}
	e := Estimate{Name: name, Value: Mean(flat), N: n}
	if _, ok := successes(flat); !ok {
		if n > many {
			return normalEstimate(name, e.Value, clusterVariance(clusters, e.Value, n, len(flat)), n)
		}
		i := Bootstrap{}.ClusteredMean(clusters).Around(e.Value)
		e.Low, e.High, e.Method = i.Low, i.High, "cluster bootstrap"
		return e
	}
	effective := effectiveSize(clusters, e.Value, n, len(flat))
	i := wilson(e.Value, effective, twoSided(reported))
	e.Low, e.High, e.Method = max(0, i.Low), min(1, i.High), "clustered wilson"
	return e
}

// SampledEstimates measures attempts at tasks, those of one task in one list:
// their mean, tasks being the independent units; and where all are right or
// wrong, and every task has several, pass@k for the k among 1, 10, 100 and all
// that every task allows, by the estimator of PassAtK. Tasks without attempts
// are left out.
func SampledEstimates(name string, tasks [][]float64) []Estimate {
	out := []Estimate{ClusteredEstimate(name, tasks)}
	type counted struct{ n, right int }
	var counts []counted
	least, most := math.MaxInt, 0
	for _, t := range tasks {
		right, binary := successes(t)
		if !binary {
			return out
		}
		if len(t) > 0 {
			counts, least, most = append(counts, counted{len(t), right}), min(least, len(t)), max(most, len(t))
		}
	}
	if len(counts) == 0 || least < 2 {
		return out
	}
	for _, k := range slices.Compact([]int{1, min(10, least), min(100, least), least}) {
		if k == 1 && least == most { // the same figure, so that it has the same interval
			e := out[0]
			e.Name = "pass@1"
			out = append(out, e)
			continue
		}
		values := make([]float64, len(counts))
		for i, c := range counts {
			values[i] = PassAtK(c.n, c.right, k)
		}
		out = append(out, MeanEstimate(fmt.Sprintf("pass@%d", k), values))
	}
	return out
}

// effectiveSize is p(1-p) over the cluster-robust variance of p.
func effectiveSize(clusters [][]float64, p float64, n, values int) float64 {
	if n < 2 || p == 0 || p == 1 {
		return float64(n) // the spread between clusters is unknown: trust clusters alone
	}
	variance := clusterVariance(clusters, p, n, values)
	if variance == 0 {
		return float64(values)
	}
	return min(float64(values), max(1, p*(1-p)/variance))
}

// clusterVariance is the variance of the mean of all values, of which there are
// so many in n clusters, robust to their depending on each other within one.
func clusterVariance(clusters [][]float64, mean float64, n, values int) float64 {
	var square float64
	for _, c := range clusters {
		var d float64
		for _, x := range c {
			d += x - mean
		}
		square += d * d
	}
	return square / float64(values) / float64(values) * float64(n) / float64(n-1)
}

// successes counts the ones if all values are 0 or 1.
func successes(values []float64) (int, bool) {
	k := 0
	for _, v := range values {
		switch v {
		case 0:
		case 1:
			k++
		default:
			return 0, false
		}
	}
	return k, true
}

// Paired is a comparison of two systems on the same items.
type Paired struct {
	N                    int
	Clusters             int     // independent units; N where no items share a cluster
	Incumbent, Candidate float64 // means
	Gained, Lost         int     // items whose value rose, fell
	Difference           float64 // candidate minus incumbent
	Low, High            float64 // 95% interval of the difference
	PValue               float64 // one-sided: candidate better
	Worse                float64 // one-sided p-value of the other direction
	Binary               bool    // all values are 0 or 1
	Exact                bool    // the p-values are counted, not sampled
	SD                   float64 // of the items' differences
}

// Compare is how to compare; the zero value is sound.
type Compare struct {
	Cluster []string // of each item; items of one cluster depend on each other; nil or "" stand alone
	Flips   int      // see SignFlip
	Seed    uint64
}

// ComparePaired compares values of the same independent items: where all are 0
// or 1 by McNemar's exact test with Tango's interval, otherwise by the
// sign-flip permutation test with a paired bootstrap interval.
func ComparePaired(incumbent, candidate []float64) Paired {
	return Compare{}.Paired(incumbent, candidate)
}

// Paired is ComparePaired with choices. Where clusters hold several items, the
// cluster is the unit that the permutation flips and the bootstrap draws, also
// for binary values.
func (o Compare) Paired(incumbent, candidate []float64) Paired {
	n := len(incumbent)
	if n != len(candidate) || o.Cluster != nil && n != len(o.Cluster) {
		panic(fmt.Sprintf("stats: comparing %d with %d values in %d clusters", n, len(candidate), len(o.Cluster)))
	}
	p := Paired{N: n, Incumbent: Mean(incumbent), Candidate: Mean(candidate)}
	differences := make([]float64, n)
	for i := range differences {
		d := candidate[i] - incumbent[i]
		differences[i] = d
		switch {
		case d > 0:
			p.Gained++
		case d < 0:
			p.Lost++
		}
	}
	_, a := successes(incumbent)
	_, b := successes(candidate)
	p.Binary = a && b
	p.Difference = Mean(differences)
	clusters := group(differences, o.Cluster)
	p.Clusters = len(clusters)
	p.SD = spread(clusters, p.Difference, n)
	if p.Binary && len(clusters) == n {
		i := PairedDifference(p.Gained, p.Lost, n, reported)
		// One ratio of counts, so that equal counts give equal figures.
		if n > 0 {
			p.Difference = float64(p.Gained-p.Lost) / float64(n)
		}
		p.Low, p.High = i.Low, i.High
		p.PValue, p.Worse, p.Exact = McNemar(p.Gained, p.Lost), McNemar(p.Lost, p.Gained), true
		return p
	}
	sums, negated := make([]float64, len(clusters)), make([]float64, len(clusters))
	for i, c := range clusters {
		for _, d := range c {
			sums[i] += d
		}
		negated[i] = -sums[i]
	}
	test := SignFlip{Flips: o.Flips, Seed: o.Seed}
	better, worse := test.Test(sums), test.Test(negated)
	p.PValue, p.Worse, p.Exact = better.P, worse.P, better.Exact
	i := Bootstrap{Seed: o.Seed}.ClusteredMean(clusters).Around(p.Difference)
	p.Low, p.High = i.Low, i.High
	return p
}

// group splits values by cluster, in the order of first appearance.
func group(values []float64, cluster []string) [][]float64 {
	groups := make([][]float64, 0, len(values))
	at := map[string]int{}
	for i, v := range values {
		if cluster == nil || cluster[i] == "" {
			groups = append(groups, []float64{v})
			continue
		}
		g, ok := at[cluster[i]]
		if !ok {
			g = len(groups)
			at[cluster[i]] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], v)
	}
	return groups
}

// spread is the standard deviation that an item's difference would need for
// the mean of n independent ones to vary as the clusters' mean does.
func spread(clusters [][]float64, mean float64, n int) float64 {
	if len(clusters) < 2 {
		return 0
	}
	var square float64
	for _, c := range clusters {
		var d float64
		for _, x := range c {
			d += x - mean
		}
		square += d * d
	}
	k := float64(len(clusters))
	return math.Sqrt(square / float64(n) * k / (k - 1))
}
