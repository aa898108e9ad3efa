package tensor

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

const bitsFile = "testdata/bits.json"

// The bits that the assembly of one instruction set computes are those of every
// other, on other processors too: they are recorded. PAWL_UPDATE=1 records them
// anew, which only a change of results on purpose needs.
func TestRecordedBits(t *testing.T) {
	b, err := os.ReadFile(bitsFile)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	want := map[string]string{}
	if err := json.Unmarshal(b, &want); err != nil && len(b) > 0 {
		t.Fatal(err)
	}
	for _, l := range vectorISAs() {
		withISA(l, func() {
			got := map[string]string{}
			for name, values := range recordedCases() {
				got[name] = fmt.Sprintf("%016x", fingerprint(values))
			}
			if os.Getenv("PAWL_UPDATE") != "" {
				out, err := json.MarshalIndent(got, "", "\t")
				if err == nil {
					err = os.WriteFile(bitsFile, append(out, '\n'), 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
				want = got
			}
			for name, g := range got {
				if g != want[name] {
					t.Errorf("%s: %s has fingerprint %s, recorded is %q", l, name, g, want[name])
				}
			}
			if len(want) != len(got) {
				t.Errorf("%s: %d cases, %d recorded", l, len(got), len(want))
			}
		})
	}
}

// fingerprint is FNV-1a over words, all NaNs being one: which of them comes out
// of an operation differs among architectures.
func fingerprint(values []float32) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range values {
		bits := math.Float32bits(v)
		if v != v {
			bits = 0x7fc00000
		}
		h = (h ^ uint64(bits)) * 1099511628211
	}
	return h
}

// recordedCases runs every kernel over a few shapes. Its inputs are whole
// multiples of 2^-23: nothing in making them rounds.
func recordedCases() map[string][]float32 {
	out := map[string][]float32{}
	inf := float32(math.Inf(1))
	odd := []float32{float32(math.NaN()), inf, -inf, 0, 1e-40, -1e-40, 88.7, 88.8, -87.4, -103.9, 3e38}
	for i, c := range kernelCases {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		var all []float32
		for _, n := range []int{1, 3, 4, 15, 16, 17, 31, 33, 64, 100, 200} {
			for _, spread := range []float32{0.25, 1, 32} {
				all = append(all, runKernel(c, r, n, spread, nil)...)
			}
			if c.name != "max" { // of zeros of two signs, and past NaN, it may choose
				all = append(all, runKernel(c, r, n, 1, odd)...)
			}
		}
		out[c.name] = all
	}
	r := rand.New(rand.NewPCG(1, 2))
	recordProducts(r, out)
	recordSequences(r, out)
	recordRows(r, out)
	return out
}

func runKernel(c kernelCase, r *rand.Rand, n int, spread float32, odd []float32) (all []float32) {
	arrays := make([][]float32, c.arrays)
	for i := range arrays {
		arrays[i] = randomMat(r, 1, n, 0).Data
		for j := range arrays[i] {
			arrays[i][j] *= spread
			if len(odd) > 0 && r.IntN(8) == 0 {
				arrays[i][j] = odd[r.IntN(len(odd))]
			}
		}
	}
	c.run(vec(), n, arrays)
	for _, a := range arrays {
		all = append(all, a...)
	}
	return all
}

func recordProducts(r *rand.Rand, out map[string][]float32) {
	for _, s := range [][3]int{{1, 16, 5}, {1, 130, 300}, {2, 40, 1}, {7, 33, 64}, {13, 100, 300}, {140, 7, 20}} {
		m, n, k := s[0], s[1], s[2]
		for _, acc := range []bool{false, true} {
			a, b, c, d := randomMat(r, m, k, 1), randomMat(r, k, n, 2), randomMat(r, m, n, 3), randomMat(r, k, n, 0)
			at, bt := randomMat(r, m, n, 0), randomMat(r, n, k, 1)
			var p Packed
			p.Pack(b)
			Mul(c, a, &p, acc)
			out["Mul"] = appendMat(out["Mul"], c)
			p.PackT(bt)
			Mul(c, a, &p, acc)
			out["Mul, transposed"] = appendMat(out["Mul, transposed"], c)
			MulTN(d, a, at, acc)
			out["MulTN"] = appendMat(out["MulTN"], d)
		}
	}
}

func recordSequences(r *rand.Rand, out map[string][]float32) {
	for _, s := range [][4]int{{1, 1, 1, 5}, {20, 2, 1, 16}, {33, 4, 2, 8}, {70, 3, 3, 24}} {
		rows, heads, kvHeads, hd := s[0], s[1], s[2], s[3]
		c := attentionCase{q: randomMat(r, rows, heads*hd, 1), k: randomMat(r, rows, kvHeads*hd, 2),
			v: randomMat(r, rows, kvHeads*hd, 0), dout: randomMat(r, rows, heads*hd, 3), heads: heads, kvHeads: kvHeads}
		got, _ := c.run()
		got.each(func(name string, m Mat) { out["attention "+name] = appendMat(out["attention "+name], m) })
		step := make([]float32, heads*hd)
		AttentionStep(step, c.q.Row(rows-1), c.k, c.v, rows, heads, kvHeads, nil)
		out["AttentionStep"] = append(out["AttentionStep"], step...)
	}
	for _, hd := range []int{2, 6, 8, 16, 24, 64} {
		for _, inverse := range []bool{false, true} {
			x := randomMat(r, 3, 2*hd, 1)
			Rotary(x, 2, hd, []int32{0, 7, 49}, NewRotaryTable(hd, 50, 10000), inverse)
			out["Rotary"] = appendMat(out["Rotary"], x)
		}
	}
}

func recordRows(r *rand.Rand, out map[string][]float32) {
	for _, cols := range []int{1, 5, 16, 37, 130} {
		x, dlogp := randomMat(r, 3, cols, 1), randomMat(r, 1, 3, 0).Data
		logp, lse, targets := make([]float32, 3), make([]float32, 3), []int32{0, -1, int32(cols - 1)}
		LogSoftmaxAt(logp, lse, x, targets)
		LogSoftmaxAtBackward(x, lse, targets, dlogp)
		out["LogSoftmaxAt"] = append(append(out["LogSoftmaxAt"], logp...), lse...)
		out["LogSoftmaxAtBackward"] = appendMat(out["LogSoftmaxAtBackward"], x)
		row := randomMat(r, 1, cols, 0).Data
		Softmax(row)
		out["Softmax"] = append(out["Softmax"], row...)
	}
}

func appendMat(to []float32, m Mat) []float32 {
	for i := range m.Rows {
		to = append(to, m.Row(i)...)
	}
	return to
}
