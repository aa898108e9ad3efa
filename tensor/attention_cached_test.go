package tensor

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// However a sequence is cut, the rows are those of the whole, to the bit, and
// what lies in the cache beyond them does not matter.
func TestAttentionCachedEqualsAttention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawAttention(t)
		n := c.q.Rows
		var cuts []int
		for at := 0; at < n; at = cuts[len(cuts)-1] {
			cuts = append(cuts, at+rapid.OneOf(rapid.Just(1), rapid.IntRange(1, n-at)).Draw(t, "rows"))
		}
		kt := NewMat(c.k.Cols, roundUp(n, lanes)+16*rapid.IntRange(0, 1).Draw(t, "more"))
		for i := range kt.Data {
			kt.Data[i] = float32(math.NaN())
		}
		for j := range n {
			for d, x := range c.k.Row(j) {
				kt.Row(d)[j] = x
			}
		}
		for _, l := range availableISAs() {
			withISA(l, func() {
				full, _ := c.run()
				got, past := NewMat(n, c.q.Cols), 0
				var scratch []float32
				if len(cuts)%2 == 0 {
					scratch = Alloc(AttentionCachedScratch(n))
				}
				for _, end := range cuts {
					AttentionCached(got.Slice(past, end), c.q.Slice(past, end), kt, c.v, past, c.heads, c.kvHeads, scratch)
					past = end
				}
				if !equalBits(got, full.out) {
					t.Fatalf("%s: cut at %v, the result differs", l, cuts)
				}
			})
		}
	})
}
