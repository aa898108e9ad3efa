package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMeanEstimate(t *testing.T) {
	e := MeanEstimate("accuracy", []float64{1, 1, 1, 1, 1, 1, 1, 1, 0, 0})
	if e.Name != "accuracy" || e.Value != 0.8 || e.N != 10 || e.Method != "wilson" || math.Abs(e.Low-0.490162) > 1e-6 {
		t.Errorf("%+v", e)
	}
	if e := MeanEstimate("x", nil); e.Value != 0 || e.Low != 0 || e.High != 1 || e.N != 0 {
		t.Errorf("no values: %+v", e)
	}
	g := MeanEstimate("score", []float64{0.2, 0.4, 0.9, 0.5})
	if g.Method != "bootstrap" || g.Value != 0.5 || g.Low < 0.2 || g.High > 0.9 || g.Low >= 0.5 || g.High <= 0.5 {
		t.Errorf("%+v", g)
	}
}

// With one value a cluster nothing changes; copies add nothing; independent
// values in clusters count nearly in full.
func TestClusteredEstimate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var single, copies, independent [][]float64
	for range 200 {
		x := float64(rng.IntN(2))
		single = append(single, []float64{x})
		copies = append(copies, []float64{x, x, x, x, x})
		var c []float64
		for range 5 {
			c = append(c, float64(rng.IntN(2)))
		}
		independent = append(independent, c)
	}
	width := func(e Estimate) float64 { return e.High - e.Low }
	s, c, i := ClusteredEstimate("x", single), ClusteredEstimate("x", copies), ClusteredEstimate("x", independent)
	if s.Method != "wilson" || c.N != 200 || math.Abs(width(s)-width(c)) > 1e-3 {
		t.Errorf("copies %+v, single %+v", c, s)
	}
	if r := width(i) / width(s); r < 0.38 || r > 0.55 { // 1/sqrt(5) = 0.447
		t.Errorf("independent values narrow the interval by %.3f", r)
	}
	// Nothing wrong so far still is no proof of perfection.
	if e := ClusteredEstimate("x", [][]float64{{1, 1}, {1, 1}, {1}}); e.High != 1 || math.Abs(e.Low-Wilson(3, 3, 0.95).Low) > 1e-12 {
		t.Errorf("all right: %+v", e)
	}
	if e := ClusteredEstimate("x", [][]float64{{0.5, 1}, {0.25}}); e.Method != "cluster bootstrap" || e.N != 2 {
		t.Errorf("graded: %+v", e)
	}
}

func TestComparePairedBinary(t *testing.T) {
	a := []float64{0, 0, 0, 0, 0, 1, 1, 0, 1, 1}
	b := []float64{1, 1, 1, 1, 1, 1, 0, 0, 1, 1}
	got := ComparePaired(a, b)
	i := PairedDifference(5, 1, 10, 0.95)
	want := Paired{N: 10, Clusters: 10, Incumbent: 0.4, Candidate: 0.8, Gained: 5, Lost: 1, Difference: 0.4, Low: i.Low, High: i.High,
		PValue: 7.0 / 64, Worse: 63.0 / 64, Binary: true, Exact: true, SD: got.SD}
	got.PValue, got.Worse = math.Round(got.PValue*1e12)/1e12, math.Round(got.Worse*1e12)/1e12
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	near(t, "sd", got.SD, math.Sqrt((0.6-0.16)*10/9), 1e-12)
}

func TestComparePairedGraded(t *testing.T) {
	got := ComparePaired([]float64{0.5, 0.25, 0, 1}, []float64{1, 0.5, 0, 0.75})
	// Differences 0.5, 0.25, 0, -0.25: of 8 sign vectors, sums of at least 0.5
	// are 1, 0.5 and 0.5.
	if got.Gained != 2 || got.Lost != 1 || got.Difference != 0.125 || !got.Exact || got.Binary || got.PValue != 3.0/8 || got.Worse != 7.0/8 {
		t.Errorf("%+v", got)
	}
}

// Exchanging the systems mirrors everything; the order of items is irrelevant.
func TestComparePairedSymmetry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		grades := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "grades")
		clustered := rapid.Bool().Draw(t, "clustered")
		a, b, cluster := make([]float64, n), make([]float64, n), make([]string, n)
		for i := range n {
			a[i] = float64(rapid.IntRange(0, grades).Draw(t, "a")) / float64(grades)
			b[i] = float64(rapid.IntRange(0, grades).Draw(t, "b")) / float64(grades)
			if clustered {
				cluster[i] = string(rune('a' + rapid.IntRange(0, 9).Draw(t, "cluster")))
			}
		}
		o := Compare{Cluster: cluster}
		x, y := o.Paired(a, b), o.Paired(b, a)
		if x.Gained != y.Lost || x.PValue != y.Worse || x.Worse != y.PValue || math.Abs(x.Difference+y.Difference) > 1e-12 {
			t.Fatalf("not mirrored: %+v and %+v", x, y)
		}
		if x.PValue+x.Worse < 1-1e-9 && x.Exact {
			t.Fatalf("both directions significant: %+v", x)
		}
		slices.Reverse(a)
		slices.Reverse(b)
		slices.Reverse(cluster)
		if z := o.Paired(a, b); math.Abs(z.PValue-x.PValue) > 1e-12 {
			t.Fatalf("order matters: %v and %v", x.PValue, z.PValue)
		}
	})
}

// Clusters of copies are no further evidence.
func TestComparePairedClusters(t *testing.T) {
	var a, b []float64
	var cluster []string
	for i := range 4 {
		for range 10 {
			a, b, cluster = append(a, 0), append(b, 1), append(cluster, string(rune('a'+i)))
		}
	}
	if p := (Compare{Cluster: cluster}).Paired(a, b).PValue; p != 1.0/16 {
		t.Errorf("four clusters give p %v", p)
	}
}

// Beyond 50,000 units the interval is the normal one, which resampling agrees
// with; clusters of equal values are as wide as one value each.
func TestEstimatesOfManyUnits(t *testing.T) {
	values := make([]float64, many+1)
	var clusters, copies [][]float64
	for i := range values {
		values[i] = float64(i%11) / 10
		clusters = append(clusters, []float64{values[i], float64(i%7) / 6})
		copies = append(copies, []float64{values[i], values[i]})
	}
	for _, c := range []struct {
		got  Estimate
		want Interval
	}{
		{MeanEstimate("x", values), Bootstrap{Resamples: 300, Percentile: true}.Mean(values)},
		{ClusteredEstimate("x", clusters), Bootstrap{Resamples: 300, Percentile: true}.ClusteredMean(clusters)},
		{ClusteredEstimate("x", copies), Bootstrap{Resamples: 300, Percentile: true}.Mean(values)},
	} {
		width := c.want.High - c.want.Low
		if e := c.got; e.Method != "normal" || e.N != many+1 || math.Abs(e.Low-c.want.Low) > width/5 || math.Abs(e.High-c.want.High) > width/5 {
			t.Errorf("%+v, where resampling gives %v", e, c.want)
		}
	}
}

// Where all tasks have as many attempts, pass@1 is their accuracy, with its interval.
func TestPassAtOneIsTheAccuracy(t *testing.T) {
	e := SampledEstimates("accuracy", [][]float64{{1, 0}, {0, 1}, {1, 1}, {0, 0}})
	if e[1].Name != "pass@1" || e[1].Value != e[0].Value || e[1].Low != e[0].Low || e[1].High != e[0].High {
		t.Errorf("%+v and %+v", e[0], e[1])
	}
	if e := SampledEstimates("accuracy", [][]float64{{1, 0}, {0, 1, 1}}); e[1].Value == e[0].Value {
		t.Errorf("%+v and %+v weigh tasks alike", e[0], e[1])
	}
}

// pass@k is the estimator of Chen et al. (2021): of 1 right among 12 samples, 10
// hold it with chance 1 - C(11,10)/C(12,10) = 1 - 11/66; of 2 right among 12,
// with 1 - C(10,10)/C(12,10) = 1 - 1/66.
func TestSampledEstimates(t *testing.T) {
	one, two := make([]float64, 12), make([]float64, 12)
	one[5], two[0], two[11] = 1, 1, 1
	shown := func(es []Estimate) string {
		var got []string
		for _, m := range es {
			got = append(got, fmt.Sprintf("%s %.4f n%d", m.Name, m.Value, m.N))
		}
		return strings.Join(got, ", ")
	}
	for _, c := range []struct {
		name  string
		tasks [][]float64
		want  string
	}{
		{"accuracy", [][]float64{one, two, nil}, "accuracy 0.1250 n2, pass@1 0.1250 n2, pass@10 0.9091 n2, pass@12 1.0000 n2"},
		{"accuracy", [][]float64{{1, 0, 0}, {0, 1, 1}}, "accuracy 0.5000 n2, pass@1 0.5000 n2, pass@3 1.0000 n2"},
		{"accuracy", [][]float64{{1, 0}, {0}}, "accuracy 0.3333 n2"},
		{"score", [][]float64{{0.5, 0}}, "score 0.2500 n1"},
		{"accuracy", nil, "accuracy 0.0000 n0"},
	} {
		if got := shown(SampledEstimates(c.name, c.tasks)); got != c.want {
			t.Errorf("%v: %s, want %s", c.tasks, got, c.want)
		}
	}
}
