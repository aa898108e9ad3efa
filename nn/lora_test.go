package nn

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/tensor"
)

// livelyLoRA has adapters whose weights all matter, B included.
func livelyLoRA(t testing.TB, m *Model, c LoRAConfig, seed uint64) *LoRA {
	t.Helper()
	a, err := NewLoRA(m, c, seed)
	if err != nil {
		t.Fatal(err)
	}
	r := newStream(seed, 98)
	for _, g := range a.groups {
		for _, p := range g.parts {
			for j, w := 0, p.bT.of(a.w); j < len(w); j++ {
				w[j] = float32(0.3 * r.normal())
			}
		}
	}
	return a
}

func loraTrainer(t testing.TB, m *Model, a *LoRA) *Trainer {
	t.Helper()
	tr, err := NewLoRATrainer(m, a)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// flat is the trainer's gradient.
func flat(t *Trainer) []float32 {
	sum := make([]float32, t.size)
	for _, lane := range t.lanes[:t.dirty] {
		tensor.Add(sum, lane)
	}
	return sum
}

// With W = [[1 2] [3 4]], B = [5 6]ᵀ, A = [7 8] and alpha/rank = 1/2:
// W + 1/2·B·A = [[1+35/2 2+20] [3+21 4+24]].
func TestLoRAMergeHandWorked(t *testing.T) {
	c := Config{Vocab: 3, Width: 2, Layers: 1, Heads: 1, Hidden: 2, Context: 4, BOS: -1, EOS: -1}
	m, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewLoRA(m, LoRAConfig{Rank: 1, Alpha: 0.5, Targets: []string{"o"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(m.lay.layers[0].o.of(m.w), []float32{1, 2, 3, 4})
	m.Touch()
	g := &a.groups[slotO]
	copy(g.a.of(a.w), []float32{7, 8})
	copy(g.parts[0].bT.of(a.w), []float32{5, 6})
	merged, err := a.Merge(m)
	if err != nil {
		t.Fatal(err)
	}
	if got := merged.lay.layers[0].o.of(merged.w); !slices.Equal(got, []float32{18.5, 22, 24, 28}) {
		t.Errorf("merged to %v", got)
	}
	copy(merged.lay.layers[0].o.of(merged.w), []float32{1, 2, 3, 4})
	if !slices.Equal(merged.w, m.w) {
		t.Error("other matrices have changed")
	}
	if a.Params() != 4 {
		t.Errorf("%d parameters, want 4", a.Params())
	}
}

// The gradient of A and B follows from that of the whole matrix of the merged
// model: dB = s·dW·Aᵀ, dA = s·Bᵀ·dW.
func TestLoRAGradientsAgainstFullRank(t *testing.T) {
	for name, c := range tinyConfigs() {
		for _, targets := range [][]string{nil, {"q", "v"}, {"up", "down"}} {
			t.Run(name+" "+strings.Join(targets, ""), func(t *testing.T) {
				m := lively(t, c, 3)
				a := livelyLoRA(t, m, LoRAConfig{Rank: 3, Alpha: 4, Targets: targets}, 2)
				merged, err := a.Merge(m)
				if err != nil {
					t.Fatal(err)
				}
				batch := someBatch(c, 7)
				full, low := NewTrainer(merged), loraTrainer(t, m, a)
				want, err := full.ForwardBackward(batch, weighed)
				if err != nil {
					t.Fatal(err)
				}
				got, err := low.ForwardBackward(batch, weighed)
				if err != nil {
					t.Fatal(err)
				}
				if got != want || !slices.EqualFunc(full.plan.view, low.plan.view, slices.Equal[[]float32]) {
					t.Errorf("loss %v, of the merged model %v: they must agree to the bit", got, want)
				}
				whole, grad := flat(full), flat(low)
				var packs packedWeights
				packs.prepare(m)
				for i, g := range a.groups {
					_, at := packs.job(m, i)
					for k, p := range g.parts {
						wantA, wantB := loraReference(a, g, k, p, at.mat(whole))
						compare(t, p.module+" A", a.rowsOf(&a.groups[i], k, grad).Data, wantA)
						compare(t, p.module+" B", p.bT.of(grad), wantB)
					}
				}
				two := loraTrainer(t, m, a)
				logp, err := two.Forward(batch)
				if err != nil {
					t.Fatal(err)
				}
				dlogp := make([][]float32, len(batch))
				for i := range batch {
					dlogp[i] = make([]float32, len(logp[i]))
					weighed(i, &batch[i], logp[i], dlogp[i])
				}
				if err := two.Backward(dlogp); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(grad, flat(two)) {
					t.Error("Forward and Backward differ from ForwardBackward")
				}
			})
		}
	}
}

// loraReference computes gradients of A and Bᵀ from that of the whole matrix.
func loraReference(a *LoRA, g loraGroup, k int, p loraPart, dw tensor.Mat) (dA, dBT []float64) {
	rank, in, out := a.cfg.Rank, g.a.cols, p.hi-p.lo
	s := a.cfg.Alpha / float64(rank)
	A, bT := a.rowsOf(&g, k, a.w), p.bT.mat(a.w)
	dA, dBT = make([]float64, rank*in), make([]float64, rank*out)
	for r := range rank {
		for o := range out {
			for i := range in {
				d := float64(dw.Row(p.lo + o)[i])
				dA[r*in+i] += s * float64(bT.Row(r)[o]) * d
				dBT[r*out+o] += s * float64(A.Row(r)[i]) * d
			}
		}
	}
	return dA, dBT
}

func compare(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	largest := 0.0
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	if largest == 0 {
		t.Errorf("%s: the reference gradient is zero; the test shows nothing", what)
	}
	for i, x := range want {
		if !(math.Abs(float64(got[i])-x) <= 5e-5*largest+1e-6) {
			t.Errorf("%s[%d]: gradient %v, want %v", what, i, got[i], x)
			return
		}
	}
}

// The loss's slope along the gradient of A and B is the gradient's length.
func TestLoRAGradientsAgainstFiniteDifferences(t *testing.T) {
	c := tinyConfigs()["free, one kv, rope"]
	m := lively(t, c, 8)
	a := livelyLoRA(t, m, LoRAConfig{Rank: 2, Alpha: 2}, 4)
	batch := someBatch(c, 7)
	tr := loraTrainer(t, m, a)
	if _, err := tr.ForwardBackward(batch, weighed); err != nil {
		t.Fatal(err)
	}
	grad := flat(tr)
	start := slices.Clone(a.w)
	at := func(step float32) float64 {
		copy(a.w, start)
		tensor.Axpy(a.w, step, grad)
		tr.touch()
		logp, err := tr.Logprobs(context.Background(), batch)
		if err != nil {
			t.Fatal(err)
		}
		sum, d := 0.0, make([]float32, c.Context)
		for i := range batch {
			sum += weighed(i, &batch[i], logp[i], d)
		}
		return sum
	}
	square := tensor.SumSquares(grad)
	h := 3e-3 / math.Sqrt(square)
	if slope := (at(float32(h)) - at(float32(-h))) / (2 * h); math.Abs(slope-square) > 0.01*square {
		t.Errorf("slope %v, gradient squared %v", slope, square)
	}
}

// Fresh adapters change nothing, steps leave the base alone and move the
// adapters, and the merged model gives the trainer's log-probs to the bit.
func TestLoRATraining(t *testing.T) {
	m := lively(t, small, 1)
	base := slices.Clone(m.w)
	a, err := NewLoRA(m, LoRAConfig{Rank: 4, Alpha: 8}, 7)
	if err != nil {
		t.Fatal(err)
	}
	tr := loraTrainer(t, m, a)
	batch := benchBatch(small, 24, 13)
	before := rows(t, NewTrainer(m), batch)
	if !slices.EqualFunc(before, rows(t, tr, batch), slices.Equal[[]float32]) {
		t.Error("fresh adapters change the log-probs")
	}
	loss := CrossEntropy(1 / float64(Targets(batch)))
	var first, last float64
	for i := range 60 {
		last, err = tr.ForwardBackward(batch, loss)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = last
		}
		if _, err := tr.Step(StepOptions{LR: 1e-2, Clip: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if !(last < 0.9*first) {
		t.Errorf("the loss went from %v to %v", first, last)
	}
	if !slices.Equal(base, m.w) {
		t.Error("the base has changed")
	}
	merged, err := tr.Snapshot(false)
	if err != nil {
		t.Fatal(err)
	}
	want := rows(t, NewTrainer(merged), batch)
	if !slices.EqualFunc(want, rows(t, tr, batch), slices.Equal[[]float32]) {
		t.Error("the merged model has other log-probs than the trainer")
	}
	if slices.EqualFunc(want, before, slices.Equal[[]float32]) {
		t.Error("the log-probs have not moved")
	}
}

// rows copies log-probs.
func rows(t testing.TB, tr *Trainer, batch []Sequence) [][]float32 {
	t.Helper()
	logp, err := tr.Logprobs(context.Background(), batch)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float32, len(logp))
	for i := range out {
		out[i] = slices.Clone(logp[i])
	}
	return out
}

// A trainer that is saved, restored elsewhere and continued gives the bytes of
// one that never stopped; so does its average.
func TestLoRAStateRoundTrip(t *testing.T) {
	m := lively(t, small, 1)
	config := LoRAConfig{Rank: 4, Alpha: 8, Targets: []string{"q", "down"}}
	batch := benchBatch(small, 24, 13)
	make1 := func(m *Model, seed uint64, c LoRAConfig, decay float64) *Trainer {
		a, err := NewLoRA(m, c, seed)
		if err != nil {
			t.Fatal(err)
		}
		tr := loraTrainer(t, m, a)
		if err := tr.Average(decay); err != nil {
			t.Fatal(err)
		}
		return tr
	}
	steps := func(tr *Trainer, n int) {
		for range n {
			if _, err := tr.ForwardBackward(batch, weighed); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Step(StepOptions{LR: 1e-3, Decay: 0.1, Clip: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole, half := make1(m, 1, config, 0.9), make1(m, 1, config, 0.9)
	steps(whole, 6)
	steps(half, 3)
	var state, again bytes.Buffer
	if err := half.Save(&state); err != nil {
		t.Fatal(err)
	}
	rest := make1(m, 2, config, 0.9)
	if err := rest.Restore(bytes.NewReader(state.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := rest.Save(&again); err != nil || !bytes.Equal(state.Bytes(), again.Bytes()) {
		t.Errorf("a restored trainer saves other bytes (%v)", err)
	}
	steps(rest, 3)
	if !slices.Equal(rest.lora.w, whole.lora.w) || !slices.Equal(rest.mean, whole.mean) || rest.Steps() != 6 {
		t.Error("a resumed training differs from one that never stopped")
	}
	other := lively(t, small, 2)
	for what, tr := range map[string]*Trainer{
		"other weights below": make1(other, 1, config, 0.9),
		"adapters {Rank:4":    make1(m, 1, LoRAConfig{Rank: 2, Alpha: 8, Targets: config.Targets}, 0.9),
		"has a decay of 0.9":  make1(m, 1, config, 0.5),
		"or an average":       NewTrainer(m),
	} {
		if err := tr.Restore(bytes.NewReader(state.Bytes())); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
}

func TestBadLoRA(t *testing.T) {
	m := lively(t, small, 1)
	for what, c := range map[string]LoRAConfig{
		"rank is 0":              {Alpha: 1},
		"alpha is 0":             {Rank: 1},
		`no target named "qq"`:   {Rank: 1, Alpha: 1, Targets: []string{"qq"}},
		"rank is 5000; it must":  {Rank: 5000, Alpha: 1},
		"alpha is NaN; it must ": {Rank: 1, Alpha: math.NaN()},
	} {
		if _, err := NewLoRA(m, c, 1); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	a, err := NewLoRA(m, LoRAConfig{Rank: 1, Alpha: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	wide := lively(t, medium, 1)
	if _, err := NewLoRATrainer(wide, a); err == nil || !strings.Contains(err.Error(), "hidden_size") {
		t.Errorf("adapters of another shape: %v", err)
	}
	if _, err := a.Merge(wide); err == nil || !strings.Contains(err.Error(), "hidden_size") {
		t.Errorf("adapters of another shape: %v", err)
	}
}
