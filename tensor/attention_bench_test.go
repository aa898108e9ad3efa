package tensor

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// attentionShapes are rows, heads, key heads and head size of one sequence.
var attentionShapes = [][4]int{{13, 4, 4, 16}, {13, 8, 4, 8}, {32, 4, 4, 32}, {64, 6, 6, 64}}

func benchmarkAttention(b *testing.B, run func(b *testing.B, s [4]int, c attentionCase)) {
	for _, l := range vectorISAs() {
		for _, s := range attentionShapes {
			b.Run(fmt.Sprintf("%s/%drows/%dheads/%dkeyheads/size%d", l, s[0], s[1], s[2], s[3]), func(b *testing.B) {
				setISA(b, l)
				r := rand.New(rand.NewPCG(1, 1))
				q, kv := s[1]*s[3], s[2]*s[3]
				run(b, s, attentionCase{
					randomMat(r, s[0], q, 2*kv), randomMat(r, s[0], kv, q+kv), randomMat(r, s[0], kv, q+kv),
					randomMat(r, s[0], q, 0), s[1], s[2],
				})
			})
		}
	}
}

// BenchmarkAttention is a forward and a backward pass over one sequence.
func BenchmarkAttention(b *testing.B) {
	benchmarkAttention(b, func(b *testing.B, s [4]int, c attentionCase) {
		out, dq, dk, dv := NewMat(s[0], c.q.Cols), NewMat(s[0], c.q.Cols), NewMat(s[0], c.k.Cols), NewMat(s[0], c.k.Cols)
		probs := Alloc(AttentionScratch(s[0], s[1]))
		b.Run("forward", func(b *testing.B) {
			for b.Loop() {
				Attention(out, c.q, c.k, c.v, c.heads, c.kvHeads, probs)
			}
		})
		b.Run("backward", func(b *testing.B) {
			for b.Loop() {
				AttentionBackward(dq, dk, dv, c.dout, c.q, c.k, c.v, c.heads, c.kvHeads, probs)
			}
		})
	})
}

func BenchmarkAttentionStep(b *testing.B) {
	benchmarkAttention(b, func(b *testing.B, s [4]int, c attentionCase) {
		out := make([]float32, c.q.Cols)
		scratch := Alloc(AttentionStepScratch(s[0], s[3]))
		for b.Loop() {
			AttentionStep(out, c.q.Row(s[0]-1), c.k, c.v, s[0], c.heads, c.kvHeads, scratch)
		}
	})
}

// BenchmarkRotary turns the queries and keys of a batch of 1,664 tokens.
func BenchmarkRotary(b *testing.B) {
	for _, l := range availableISAs() {
		for _, hd := range []int{8, 16, 32} {
			b.Run(fmt.Sprintf("%s/size%d", l, hd), func(b *testing.B) {
				setISA(b, l)
				const rows = 1664
				x := randomMat(rand.New(rand.NewPCG(1, 1)), rows, 128, 64)
				pos := make([]int32, rows)
				for i := range pos {
					pos[i] = int32(i % 13)
				}
				table := NewRotaryTable(hd, 64, 10000)
				for b.Loop() {
					Rotary(x, 128/hd, hd, pos, table, false)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/token")
			})
		}
	}
}
