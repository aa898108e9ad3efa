package tensor

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// attentionCase is one random sequence.
type attentionCase struct {
	q, k, v, dout  Mat
	heads, kvHeads int
}

func drawAttention(t *rapid.T) attentionCase {
	kvHeads := rapid.IntRange(1, 3).Draw(t, "key heads")
	group := rapid.IntRange(1, 3).Draw(t, "group")
	headDim := rapid.SampledFrom([]int{1, 5, 8, 8, 16, 16, 16, 24, 32, 48, 64}).Draw(t, "head size")
	rows := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 70)).Draw(t, "rows")
	gap := rapid.IntRange(0, 5)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	heads := kvHeads * group
	return attentionCase{
		q:     randomMat(r, rows, heads*headDim, gap.Draw(t, "gap q")),
		k:     randomMat(r, rows, kvHeads*headDim, gap.Draw(t, "gap k")),
		v:     randomMat(r, rows, kvHeads*headDim, gap.Draw(t, "gap v")),
		dout:  randomMat(r, rows, heads*headDim, gap.Draw(t, "gap dout")),
		heads: heads, kvHeads: kvHeads,
	}
}

// attentionGrads are the results of a forward and a backward pass.
type attentionGrads struct{ out, dq, dk, dv Mat }

// exact computes everything in float64 from the definition.
func (c attentionCase) exact() attentionGrads {
	rows, hd := c.q.Rows, c.q.Cols/c.heads
	g := attentionGrads{NewMat(rows, c.q.Cols), NewMat(rows, c.q.Cols), NewMat(rows, c.k.Cols), NewMat(rows, c.k.Cols)}
	at := func(m Mat, i, h, d int) float64 { return float64(m.Row(i)[h*hd+d]) }
	dk, dv := make([]float64, rows*c.k.Cols), make([]float64, rows*c.k.Cols)
	scale := 1 / math.Sqrt(float64(hd))
	for h := range c.heads {
		kv := h / (c.heads / c.kvHeads)
		for i := range rows {
			p, dp := make([]float64, i+1), make([]float64, i+1)
			sum, dot := 0.0, 0.0
			for j := range p {
				for d := range hd {
					p[j] += at(c.q, i, h, d) * at(c.k, j, kv, d) * scale
				}
				p[j] = math.Exp(p[j])
				sum += p[j]
			}
			for j := range p {
				p[j] /= sum
				for d := range hd {
					dp[j] += at(c.dout, i, h, d) * at(c.v, j, kv, d)
				}
				dot += p[j] * dp[j]
			}
			for d := range hd {
				out, dq := 0.0, 0.0
				for j := range p {
					ds := p[j] * (dp[j] - dot) * scale
					out += p[j] * at(c.v, j, kv, d)
					dq += ds * at(c.k, j, kv, d)
					dk[j*c.k.Cols+kv*hd+d] += ds * at(c.q, i, h, d)
					dv[j*c.k.Cols+kv*hd+d] += p[j] * at(c.dout, i, h, d)
				}
				g.out.Row(i)[h*hd+d] = float32(out)
				g.dq.Row(i)[h*hd+d] = float32(dq)
			}
		}
	}
	for i := range dk {
		g.dk.Data[i], g.dv.Data[i] = float32(dk[i]), float32(dv[i])
	}
	return g
}

// run computes everything with the kernels in force; its matrices start full of
// garbage and have gaps.
func (c attentionCase) run() (attentionGrads, []float32) {
	r := rand.New(rand.NewPCG(9, 9))
	g := attentionGrads{
		randomMat(r, c.q.Rows, c.q.Cols, 2), randomMat(r, c.q.Rows, c.q.Cols, 3),
		randomMat(r, c.k.Rows, c.k.Cols, 4), randomMat(r, c.k.Rows, c.k.Cols, 5),
	}
	probs := Alloc(AttentionScratch(c.q.Rows, c.heads))
	for i := range probs {
		probs[i] = float32(math.NaN())
	}
	Attention(g.out, c.q, c.k, c.v, c.heads, c.kvHeads, probs)
	AttentionBackward(g.dq, g.dk, g.dv, c.dout, c.q, c.k, c.v, c.heads, c.kvHeads, probs)
	return g, probs
}

// each visits the four results by name.
func (g attentionGrads) each(f func(name string, m Mat)) {
	f("out", g.out)
	f("dq", g.dq)
	f("dk", g.dk)
	f("dv", g.dv)
}

func TestAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawAttention(t)
		want := map[string]Mat{}
		c.exact().each(func(name string, m Mat) { want[name] = m })
		first := map[string]Mat{}
		for _, l := range availableISAs() {
			withISA(l, func() {
				got, _ := c.run()
				got.each(func(name string, m Mat) {
					if d := maxDiff(m, want[name]); !(d < 2e-5) {
						t.Fatalf("%s: %s off by %g", l, name, d)
					}
					if !gapsKept(m) {
						t.Fatalf("%s: wrote outside %s", l, name)
					}
					switch _, have := first[name]; {
					case l == isaPortable:
					case !have:
						first[name] = m
					case !equalBits(first[name], m):
						t.Fatalf("%s of %s differs from that of %s", name, l, vectorISAs()[0])
					}
				})
			})
		}
	})
}

// A decoding step over the cache gives the row that a pass over the whole
// sequence gives, to the bit, also when the cache is longer than what is valid.
func TestAttentionStepEqualsAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawAttention(t)
		n := rapid.IntRange(1, c.q.Rows).Draw(t, "n")
		for _, l := range availableISAs() {
			withISA(l, func() {
				full, _ := c.run()
				step := make([]float32, c.q.Cols)
				var scratch []float32
				if n%2 == 0 {
					scratch = Alloc(AttentionStepScratch(n, c.q.Cols/c.heads))
				}
				AttentionStep(step, c.q.Row(n-1), c.k, c.v, n, c.heads, c.kvHeads, scratch)
				if !equalBits(rowMat(step), full.out.Slice(n-1, n)) {
					t.Fatalf("%s: the step to row %d differs from the pass", l, n-1)
				}
				// A prefix of the sequence gives the prefix of the result.
				head := attentionCase{c.q.Slice(0, n), c.k.Slice(0, n), c.v.Slice(0, n), c.dout.Slice(0, n), c.heads, c.kvHeads}
				if part, _ := head.run(); !equalBits(part.out, full.out.Slice(0, n)) {
					t.Fatalf("%s: the first %d rows depend on later ones", l, n)
				}
			})
		}
	})
}

// Two positions, one head of size one: the weights of row 1 are
// softmax(2*1, 2*3), so the output is computed on paper.
func TestAttentionByHand(t *testing.T) {
	for _, hd := range []int{1, 8} {
		q, k, v := NewMat(2, hd), NewMat(2, hd), NewMat(2, hd)
		q.Row(1)[0] = 2 * float32(math.Sqrt(float64(hd)))
		k.Row(0)[0], k.Row(1)[0] = 1, 3
		v.Row(0)[0], v.Row(1)[0] = 10, 20
		want := (10*math.Exp(2) + 20*math.Exp(6)) / (math.Exp(2) + math.Exp(6))
		for _, l := range availableISAs() {
			withISA(l, func() {
				out := NewMat(2, hd)
				Attention(out, q, k, v, 1, 1, make([]float32, AttentionScratch(2, 1)))
				if out.Row(0)[0] != 10 || math.Abs(float64(out.Row(1)[0])-want) > 1e-5 {
					t.Errorf("%s, head size %d: %v and %v, want 10 and %v", l, hd, out.Row(0)[0], out.Row(1)[0], want)
				}
			})
		}
	}
}

// Scores far apart must not overflow, and NaN must not vanish.
func TestAttentionExtremes(t *testing.T) {
	for _, l := range availableISAs() {
		withISA(l, func() {
			r := rand.New(rand.NewPCG(5, 5))
			q, k, v := randomMat(r, 20, 16, 0), randomMat(r, 20, 16, 0), randomMat(r, 20, 16, 0)
			Scale := func(m Mat, s float32) {
				for i := range m.Data {
					m.Data[i] *= s
				}
			}
			Scale(q, 1000)
			Scale(k, 1000)
			out, probs := NewMat(20, 16), make([]float32, AttentionScratch(20, 1))
			Attention(out, q, k, v, 1, 1, probs)
			for i := range out.Rows {
				for _, x := range out.Row(i) {
					if !(x >= -1 && x <= 1) {
						t.Fatalf("%s: row %d holds %v, outside the values' range", l, i, x)
					}
				}
			}
			q.Row(7)[2] = float32(math.NaN())
			Attention(out, q, k, v, 1, 1, probs)
			for i := range out.Rows {
				if x := out.Row(i)[0]; (x != x) != (i == 7) {
					t.Fatalf("%s: row %d is %v after a NaN in query 7", l, i, x)
				}
			}
			step := make([]float32, 16)
			AttentionStep(step, q.Row(7), k, v, 8, 1, 1, nil)
			if step[0] == step[0] {
				t.Fatalf("%s: the step lost the NaN", l)
			}
		})
	}
}

func TestAttentionRefusesWrongShapes(t *testing.T) {
	m, probs := NewMat(3, 8), make([]float32, AttentionScratch(3, 2))
	for name, f := range map[string]func(){
		"heads":   func() { Attention(m, m, m, m, 3, 1, probs) },
		"groups":  func() { Attention(m, m, m, m, 2, 4, probs) },
		"keys":    func() { Attention(m, m, NewMat(3, 4), m, 2, 2, probs) },
		"scratch": func() { Attention(m, m, m, m, 2, 2, probs[1:]) },
		"dout":    func() { AttentionBackward(m, m, m, NewMat(2, 8), m, m, m, 2, 2, probs) },
		"cache":   func() { AttentionStep(m.Row(0), m.Row(1), m, m, 4, 2, 2, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
