package tensor

import (
	"testing"

	"pgregory.net/rapid"
)

// However a sequence is cut into chunks, the rows are those of the whole.
func TestAttentionChunksEqualAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawAttention(t)
		var cuts []int
		for n := 0; n < c.q.Rows; n = cuts[len(cuts)-1] {
			cuts = append(cuts, rapid.IntRange(n+1, c.q.Rows).Draw(t, "cut"))
		}
		for _, l := range availableISAs() {
			withISA(l, func() {
				full, _ := c.run()
				got, past := NewMat(c.q.Rows, c.q.Cols), 0
				var scratch []float32
				if len(cuts)%2 == 0 {
					scratch = Alloc(AttentionChunkScratch(c.q.Rows, c.q.Cols/c.heads))
				}
				for _, end := range cuts {
					AttentionChunk(got.Slice(past, end), c.q.Slice(past, end), c.k, c.v, past, c.heads, c.kvHeads, scratch)
					past = end
				}
				if !equalBits(got, full.out) {
					t.Fatalf("%s: in chunks up to %v, the result differs", l, cuts)
				}
			})
		}
	})
}
