package nn

import (
	"slices"
	"testing"
)

// With a vocabulary for which the head works in blocks, losses, gradients and
// log-probabilities have the bits of one block, and memory stays bounded.
func TestHeadInBlocks(t *testing.T) {
	c := small
	c.Width, c.Heads, c.KVHeads, c.Hidden, c.Layers = 8, 2, 2, 8, 1
	c.Vocab = 101
	const limit = 1700 // blocks of 16 of 40 outs
	batch := benchBatch(c, 2, 21)
	run := func(limit int) (weights []float32, logp [][]float32, loss float64) {
		m, err := New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		tr := NewTrainer(m)
		tr.crew.Size(1)
		for range 8 {
			tr.scratch = append(tr.scratch, &shard{limit: limit})
		}
		loss, err = tr.ForwardBackward(batch, CrossEntropy(1/float64(Targets(batch))))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Step(StepOptions{LR: 1e-3}); err != nil {
			t.Fatal(err)
		}
		got, err := tr.Logprobs(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got {
			logp = append(logp, slices.Clone(row))
		}
		for _, s := range tr.scratch {
			if n := len(s.logits.buf); limit > 0 && n > limit*5/4 {
				t.Errorf("a shard holds %d logits, more than %d and what is spare", n, limit)
			}
		}
		return m.w, logp, loss
	}
	w1, p1, l1 := run(0)
	w2, p2, l2 := run(limit)
	if l1 != l2 || !slices.Equal(w1, w2) || !slices.EqualFunc(p1, p2, slices.Equal) {
		t.Errorf("blocks change the result: loss %v and %v", l1, l2)
	}
}
