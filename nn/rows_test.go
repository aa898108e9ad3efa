package nn

import (
	"math"
	"slices"
	"testing"

	"pawl/tensor"
)

// Cross-entropy told as a loss over rows is cross-entropy; so are half of it
// told so, and half by its gradient.
func TestRowsOfCrossEntropy(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := lively(t, c, 3)
		batch := someBatch(c, 7)
		plain, rowed, mixed := NewTrainer(m), NewTrainer(m), NewTrainer(m)
		want, err := plain.ForwardBackward(batch, CrossEntropy(0.5))
		if err != nil {
			t.Fatal(err)
		}
		half := func(r *Row) float64 {
			r.Grad[r.Target] = -1
			r.Scale = 0.25
			return -float64(r.Logprobs[r.Target])
		}
		got, _, err := rowed.ForwardBackwardRows(batch, nil, func(r *Row) float64 {
			defer func() { r.Scale *= 2 }()
			return half(r)
		})
		if err != nil || math.Abs(got-want) > 1e-6*want {
			t.Fatalf("%s: loss %v, want %v (%v)", name, got, want, err)
		}
		dlogp := make([][]float32, len(batch))
		for i := range batch {
			dlogp[i] = make([]float32, len(batch[i].Tokens))
			for k := range dlogp[i] {
				dlogp[i][k] = -0.25 // also where it is ignored
			}
		}
		got, logp, err := mixed.ForwardBackwardRows(batch, dlogp, half)
		if err != nil || math.Abs(2*got-want) > 1e-6*want {
			t.Fatalf("%s: half the loss is %v, want half of %v (%v)", name, got, want, err)
		}
		if !slices.EqualFunc(logp, rows(t, plain, batch), slices.Equal[[]float32]) {
			t.Errorf("%s: other log-probabilities beside a loss over rows", name)
		}
		big := make([]float64, plain.size)
		for i, x := range flat(plain) {
			big[i] = float64(x)
		}
		compare(t, name, flat(rowed), big)
		compare(t, name+", half and half", flat(mixed), big)
		if _, _, err := mixed.ForwardBackwardRows(batch, dlogp[1:], half); err == nil {
			t.Errorf("%s: a gradient of too few sequences is taken", name)
		}
	}
}

// spread is a loss that reads every entry of policy and reference:
// Σ_j (j+1)·(p_j - ref_j)².
func spread(r *Row) float64 {
	sum := 0.0
	for j, p := range r.Probs {
		d := float64(p - r.ReferenceProbs[j])
		sum += float64(j+1) * d * d
		r.Grad[j] = float32(2 * float64(j+1) * d * float64(p))
	}
	return sum
}

// In blocks of any size, of the model and of its reference, a loss over rows
// has the same bits, and memory is bounded by the block.
func TestRowsInBlocks(t *testing.T) {
	c := small
	c.Width, c.Heads, c.KVHeads, c.Hidden, c.Layers = 8, 2, 2, 8, 1
	c.Vocab = 101
	batch := benchBatch(c, 2, 21)
	for _, lora := range []bool{false, true} {
		run := func(limit int) (loss float64, grad []float32, logp [][]float32) {
			tr := NewTrainer(lively(t, c, 1))
			if lora {
				m := lively(t, c, 1)
				m.Freeze()
				tr = loraTrainer(t, m, livelyLoRA(t, m, LoRAConfig{Rank: 2, Alpha: 2}, 4))
			}
			if err := tr.Refer(lively(t, c, 2)); err != nil {
				t.Fatal(err)
			}
			for range 8 {
				tr.scratch = append(tr.scratch, &shard{limit: limit})
			}
			loss, got, err := tr.ForwardBackwardRows(batch, nil, spread)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range slices.Concat(tr.scratch, tr.refer.t.scratch) {
				if n := len(s.logits.buf); limit > 0 && n > limit*5/4 {
					t.Errorf("a shard holds %d logits, more than %d and what is spare", n, limit)
				}
			}
			return loss, flat(tr), got
		}
		l1, g1, p1 := run(0)
		for _, limit := range []int{1700, 3300} { // 16 and 32 of 40 outs
			l2, g2, p2 := run(limit)
			if l1 != l2 || !slices.Equal(g1, g2) || !slices.EqualFunc(p1, p2, slices.Equal) {
				t.Errorf("blocks of %d change the result: loss %v and %v", limit/c.Vocab, l1, l2)
			}
		}
	}
}

// A loss that reads every entry of policy and reference has the slope that its
// gradient says.
func TestRowGradientsAgainstFiniteDifferences(t *testing.T) {
	c := tinyConfigs()["free, one kv, rope"]
	teacherShape := c
	teacherShape.Width, teacherShape.Layers = 24, 1
	batch := someBatch(c, 7)
	base := lively(t, c, 8)
	a := livelyLoRA(t, base, LoRAConfig{Rank: 2, Alpha: 2}, 4)
	for name, x := range map[string]struct {
		tr  *Trainer
		ref *Model
	}{
		"full, another teacher":   {NewTrainer(lively(t, c, 8)), lively(t, teacherShape, 9)},
		"adapters and their base": {loraTrainer(t, base, a), base},
	} {
		if err := x.tr.Refer(x.ref); err != nil {
			t.Fatal(err)
		}
		if _, _, err := x.tr.ForwardBackwardRows(batch, nil, spread); err != nil {
			t.Fatal(err)
		}
		grad := flat(x.tr)
		x.tr.dropGradient()
		start := make([]float32, x.tr.size)
		x.tr.gather(start)
		at := func(step float32) float64 {
			moved := slices.Clone(start)
			tensor.Axpy(moved, step, grad)
			x.tr.scatter(moved)
			sum, _, err := x.tr.ForwardBackwardRows(batch, nil, spread)
			if err != nil {
				t.Fatal(err)
			}
			x.tr.dropGradient()
			return sum
		}
		square := tensor.SumSquares(grad)
		h := 3e-3 / math.Sqrt(square)
		if slope := (at(float32(h)) - at(float32(-h))) / (2 * h); math.Abs(slope-square) > 0.01*square {
			t.Errorf("%s: slope %v, gradient squared %v", name, slope, square)
		}
	}
}

// Where nothing but a head of values learns, the loss is told all the same.
func TestRowsAboveNothingThatLearns(t *testing.T) {
	m, batch := lively(t, small, 1), someBatch(small, 9)
	alone := headed(t, NewTrainer(m), NewScalarHead(small.Width), true)
	free := NewTrainer(m)
	for _, tr := range []*Trainer{alone, free} {
		if err := tr.Refer(lively(t, small, 2)); err != nil {
			t.Fatal(err)
		}
	}
	got, logp, err := alone.ForwardBackwardRows(batch, nil, spread)
	if err != nil {
		t.Fatal(err)
	}
	if want, same, err := free.ForwardBackwardRows(batch, nil, spread); err != nil || got != want || !slices.EqualFunc(logp, same, slices.Equal) {
		t.Errorf("loss %v, want %v (%v)", got, want, err)
	}
}
