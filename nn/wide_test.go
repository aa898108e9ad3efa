package nn

import (
	"slices"
	"testing"

	"pawl/tensor"
)

// Products that are shared with other cores are the products.
func TestWideProducts(t *testing.T) {
	r := newStream(1, 1)
	random := func(rows, cols int) tensor.Mat {
		m := tensor.NewMat(rows, cols)
		for i := range m.Data {
			m.Data[i] = float32(r.normal())
		}
		return m
	}
	w := wideProducts{help: 2}
	for _, x := range []struct{ rows, k, n int }{{1, 384, 1152}, {1, 1024, 384}, {3, 700, 515}, {1, 17, 9001}, {2, 3000, 50}, {1, 64, 64}} {
		var p tensor.Packed
		p.PackT(random(x.n, x.k))
		a := random(x.rows, x.k)
		for range 40 {
			got, want := random(x.rows, x.n), tensor.NewMat(x.rows, x.n)
			copy(want.Data, got.Data)
			acc := r.next()%2 == 0
			w.mul(got, a, &p, acc)
			tensor.Mul(want, a, &p, acc)
			if !slices.Equal(got.Data, want.Data) {
				t.Fatalf("%+v, acc %v: the product differs", x, acc)
			}
		}
	}
}

// A model that is large enough for helpers samples the same with and without.
func TestWideSampling(t *testing.T) {
	c := Config{Vocab: 700, Width: 256, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 512, Context: 32, RopeTheta: 10000, BOS: -1, EOS: -1}
	m := lively(t, c, 1)
	for i := range m.w {
		m.w[i] *= 0.3
	}
	m.Touch()
	var want [][]Completion
	for _, workers := range []int{1, 2, 3} {
		withProcs(workers, func() {
			got := generate(t, NewSampler(m, SamplerOptions{Workers: workers}), Prompt{Tokens: []int32{1, 2, 3}, N: 1, Temperature: 1, MaxTokens: 20})
			if want == nil {
				want = got
			} else if !same(want[0][0], got[0][0]) {
				t.Errorf("%d workers: %v, want %v", workers, got[0][0], want[0][0])
			}
		})
	}
}
