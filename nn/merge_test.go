package nn

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// plane is models of one tensor of interest, the final norm's gains: two numbers.
func plane(t testing.TB, x, y float32) *Model {
	t.Helper()
	m, err := New(Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, Hidden: 2, Context: 4, BOS: -1, EOS: -1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(m.lay.norm.of(m.w), []float32{x, y})
	m.Touch()
	return m
}

func gains(m *Model) []float32 { return m.lay.norm.of(m.w) }

func near(t *testing.T, what string, got []float32, want ...float64) {
	t.Helper()
	for i, w := range want {
		if math.Abs(float64(got[i])-w) > 1e-6 {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

func TestMergesHandWorked(t *testing.T) {
	merged := func(m *Model, err error) []float32 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return gains(m)
	}
	init := plane(t, 1, 1)
	a, b := plane(t, 3, 1), plane(t, 1, 3) // task vectors (2, 0) and (0, 2): a right angle
	near(t, "mean", merged(MergeLinear([]*Model{a, b}, nil)), 2, 2)
	near(t, "by weight", merged(MergeLinear([]*Model{a, b}, []float64{3, 1})), 2.5, 1.5)

	// Half way on the arc: init + sin 45° · ((2, 0) + (0, 2)), of length 2 still.
	r := math.Sqrt2
	near(t, "slerp", merged(MergeSlerp(init, []*Model{a, b}, nil)), 1+r, 1+r)
	// A third of the way: sin 60° and sin 30°.
	near(t, "slerp by weight", merged(MergeSlerp(init, []*Model{a, b}, []float64{2, 1})), 1+math.Sqrt(3), 2)
	// Lengths 2 and 4 at a right angle: 1 + sin 45°·(2, 4).
	near(t, "slerp of unlike lengths", merged(MergeSlerp(init, []*Model{a, plane(t, 1, 5)}, nil)), 1+r, 1+2*r)
	// On one line, opposite, and where one has not moved, the mean.
	near(t, "one line", merged(MergeSlerp(init, []*Model{a, plane(t, 5, 1)}, nil)), 4, 1)
	near(t, "opposite", merged(MergeSlerp(init, []*Model{a, plane(t, -3, 1)}, nil)), 0, 1)
	near(t, "not moved", merged(MergeSlerp(init, []*Model{a, init}, nil)), 2, 1)
	// A third model joins (√2, √2), 45° away from it, with a share of 1/3:
	// sin 30°/sin 45° and sin 15°/sin 45°.
	k, l := math.Sin(math.Pi/6)*r, math.Sin(math.Pi/12)*r
	near(t, "three", merged(MergeSlerp(init, []*Model{a, b, a}, nil)), 1+k*r+l*2, 1+k*r)

	near(t, "a quarter of the way back", merged(Interpolate(init, a, 0.75)), 2.5, 1)
	near(t, "all the way back", merged(Interpolate(init, a, 0)), 1, 1)
	if !slices.Equal(gains(a), []float32{3, 1}) || !slices.Equal(gains(init), []float32{1, 1}) {
		t.Error("merging changes what is merged")
	}
}

// Each tensor has an angle of its own; a model merged with itself stays.
func TestMergeByTensor(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	init, a, b := lively(t, c, 1), lively(t, c, 2), lively(t, c, 3)
	copy(b.lay.layers[0].o.of(b.w), a.lay.layers[0].o.of(a.w))
	m, err := MergeSlerp(init, []*Model{a, b}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range m.Tensors() {
		length := func(m *Model) float64 {
			sum := 0.0
			for j, v := range m.Tensors()[i].Data {
				d := float64(v) - float64(init.Tensors()[i].Data[j])
				sum += d * d
			}
			return math.Sqrt(sum)
		}
		// The arc between two vectors keeps to lengths between (or near) theirs.
		la, lb, lm := length(a), length(b), length(m)
		if lm < 0.9*min(la, lb) || lm > 1.1*max(la, lb) {
			t.Errorf("%s: lengths %v and %v make %v", x.Name, la, lb, lm)
		}
	}
	near(t, "one alike tensor", m.lay.layers[0].o.of(m.w), float64(a.lay.layers[0].o.of(a.w)[0]))
	same, err := MergeSlerp(init, []*Model{a, a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range same.w {
		if math.Abs(float64(w-a.w[i])) > 1e-6 {
			t.Fatalf("a model merged with itself moves from %v to %v", a.w[i], w)
		}
	}
}

func TestBadMerges(t *testing.T) {
	m := plane(t, 1, 1)
	other := lively(t, small, 1)
	fails := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
	_, err := MergeLinear(nil, nil)
	fails("there are none", err)
	_, err = MergeLinear([]*Model{m, other}, nil)
	fails("model 1 differs in shape: vocab_size is 24, want 3", err)
	_, err = MergeSlerp(other, []*Model{m}, nil)
	fails("differs in shape", err)
	_, err = MergeSlerp(m, nil, nil)
	fails("there are none", err)
	_, err = MergeLinear([]*Model{m, m}, []float64{1})
	fails("1 weights for 2 models", err)
	_, err = MergeLinear([]*Model{m, m}, []float64{1, -1})
	fails("must not be negative", err)
	_, err = MergeLinear([]*Model{m, m}, []float64{0, 0})
	fails("sum to 0", err)
	_, err = Interpolate(m, m, 1.5)
	fails("between 0 and 1", err)
}
