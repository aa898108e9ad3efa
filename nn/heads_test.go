package nn

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/tensor"
)

func livelyHead(m *Model, seed uint64) *ScalarHead {
	h := NewScalarHead(m.cfg.Width)
	r := newStream(seed, 97)
	for i := range h.Weights() {
		h.Weights()[i] = float32(0.5 * r.normal())
	}
	*h.Bias() = 0.25
	return h
}

func headed(t testing.TB, tr *Trainer, h *ScalarHead, alone bool) *Trainer {
	t.Helper()
	if err := tr.AddHead(h, alone); err != nil {
		t.Fatal(err)
	}
	return tr
}

// valued is someBatch in which every other sequence wants its end, too.
func valued(c Config, n int) []Sequence {
	batch := someBatch(c, n)
	for i := range batch {
		batch[i].End = i%2 == 0
	}
	return batch
}

// With the final norm's gains 0, hidden states are 0 and every value is the
// bias; its gradient is the sum of those of the values, that of the weights 0.
func TestValuesHandWorked(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	m := lively(t, c, 1)
	clear(m.lay.norm.of(m.w))
	m.Touch()
	tr := headed(t, NewTrainer(m), livelyHead(m, 1), true)
	batch := []Sequence{{Tokens: []int32{1, 2, 3}, End: true}, {Tokens: []int32{4, 5}, Loss: []bool{false, false}}}
	values, err := tr.Values(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(values[0], []float32{0, 0.25, 0.25, 0.25}) || !slices.Equal(values[1], []float32{0, 0, 0}) {
		t.Errorf("values %v", values)
	}
	if err := tr.BackwardValues(nil, [][]float32{{100, 1, 2, 4}, {100, 100, 100}}); err != nil {
		t.Fatal(err)
	}
	g := flat(tr)
	if got := g[len(g)-16]; got != 7 || slices.Max(g[:c.Width]) != 0 {
		t.Errorf("the bias has the gradient %v, the weights %v", got, g[:c.Width])
	}
}

// A value depends on its prefix alone, and is the head's map of the state from
// which the next token's log-prob comes.
func TestValuesDependOnPrefixes(t *testing.T) {
	c := tinyConfigs()["free, one kv, rope"]
	m := lively(t, c, 3)
	h := livelyHead(m, 2)
	tokens := []int32{1, 2, 3, 4, 5, 6}
	tr := headed(t, NewTrainer(m), h, false)
	all, err := tr.Values(t.Context(), []Sequence{{Tokens: tokens, End: true}})
	if err != nil {
		t.Fatal(err)
	}
	whole := slices.Clone(all[0])
	if whole[0] != 0 || whole[6] == 0 || whole[1] == whole[2] {
		t.Errorf("values %v", whole)
	}
	for n := 1; n <= len(tokens); n++ {
		one, err := tr.Values(t.Context(), []Sequence{{Tokens: tokens[:n], Loss: make([]bool, n), End: true}})
		if err != nil || one[0][n] != whole[n] {
			t.Errorf("the value of %d tokens is %v, within a longer text %v (%v)", n, one[0][n], whole[n], err)
		}
	}
	logp, values, err := tr.ForwardValues([]Sequence{{Tokens: tokens, End: true}})
	if err != nil || !slices.Equal(values[0], whole) {
		t.Errorf("with log-probs, values are %v, want %v (%v)", values[0], whole, err)
	}
	if want := rows(t, NewTrainer(m), []Sequence{{Tokens: tokens}}); !slices.Equal(logp[0], want[0]) {
		t.Errorf("beside a head, log-probs are %v, want %v", logp[0], want[0])
	}
}

// The slope of a loss of values and log-probs along its gradient is the
// gradient's squared length, for all that may learn.
func TestHeadGradientsAgainstFiniteDifferences(t *testing.T) {
	for name, c := range tinyConfigs() {
		batch := valued(c, 7)
		base := lively(t, c, 8)
		for what, x := range map[string]struct {
			tr    *Trainer
			alone bool
			logp  bool
		}{
			"trunk and head":            {NewTrainer(lively(t, c, 8)), false, false},
			"trunk, head and log-probs": {NewTrainer(lively(t, c, 8)), false, true},
			"head alone":                {NewTrainer(lively(t, c, 8)), true, false},
			"adapters and head":         {loraTrainer(t, base, livelyLoRA(t, base, LoRAConfig{Rank: 2, Alpha: 2}, 4)), false, true},
		} {
			tr := headed(t, x.tr, livelyHead(base, 3), x.alone)
			run := func(back bool) float64 {
				logp, values, err := tr.ForwardValues(batch)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				dlogp, dvalues := make([][]float32, len(batch)), make([][]float32, len(batch))
				for i := range batch {
					dlogp[i], dvalues[i] = make([]float32, len(logp[i])), make([]float32, len(values[i]))
					if x.logp {
						sum += weighed(i, &batch[i], logp[i], dlogp[i])
					}
					for p, v := range values[i] { // Σ (v - c)²/2
						if p > 0 && (p < len(logp[i]) && batch[i].wants(p) || p == len(logp[i]) && batch[i].End) {
							d := float64(v) - coefficient(i, p)
							sum += d * d / 2
							dvalues[i][p] = float32(d)
						}
					}
				}
				if !x.logp {
					dlogp = nil
				}
				if back {
					if err := tr.BackwardValues(dlogp, dvalues); err != nil {
						t.Fatal(err)
					}
				}
				return sum
			}
			run(true)
			grad := flat(tr)
			tr.dropGradient()
			start := make([]float32, tr.size)
			tr.gather(start)
			at := func(step float32) float64 {
				moved := slices.Clone(start)
				tensor.Axpy(moved, step, grad)
				tr.scatter(moved)
				return run(false)
			}
			square := tensor.SumSquares(grad)
			h := 3e-3 / math.Sqrt(square)
			if slope := (at(float32(h)) - at(float32(-h))) / (2 * h); math.Abs(slope-square) > 0.02*square {
				t.Errorf("%s, %s: slope %v, gradient squared %v", name, what, slope, square)
			}
		}
	}
}

// Values alone, without logits, have the gradient that they have beside
// log-probs that count for nothing.
func TestValuesWithoutLogits(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	m := lively(t, c, 8)
	batch := valued(c, 7)
	ones := make([][]float32, len(batch))
	for i := range ones {
		ones[i] = make([]float32, len(batch[i].Tokens)+1)
		for p := range ones[i] {
			ones[i][p] = float32(coefficient(i, p))
		}
	}
	a, b := headed(t, NewTrainer(m), livelyHead(m, 3), false), headed(t, NewTrainer(m), livelyHead(m, 3), false)
	if _, err := a.Values(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := a.BackwardValues(nil, ones); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.ForwardValues(batch); err != nil {
		t.Fatal(err)
	}
	if err := b.BackwardValues(nil, ones); err != nil {
		t.Fatal(err)
	}
	want := make([]float64, b.size)
	for i, x := range flat(b) {
		want[i] = float64(x)
	}
	compare(t, "values", flat(a), want)
	// What marks the ends of sequences does not change the losses of their tokens.
	x, y := NewTrainer(m), NewTrainer(m)
	lx, err1 := x.ForwardBackward(batch, weighed)
	ly, err2 := y.ForwardBackward(someBatch(c, 7), weighed)
	if err1 != nil || err2 != nil || math.Abs(lx-ly) > 1e-5*math.Abs(ly) {
		t.Errorf("with ends wanted the loss is %v, else %v (%v, %v)", lx, ly, err1, err2)
	}
}

// A head trains on a frozen model, goes through its files, and a training that
// was stopped goes on to the same bytes.
func TestHeadTraining(t *testing.T) {
	m := lively(t, small, 1)
	m.Freeze()
	batch := benchBatch(small, 24, 13)
	for i := range batch {
		batch[i].Loss, batch[i].End = make([]bool, 13), true
	}
	fresh := func() *Trainer { return headed(t, NewTrainer(m), NewScalarHead(small.Width), true) }
	steps := func(tr *Trainer, n int) (loss float64) {
		for range n {
			values, err := tr.Values(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			loss = 0
			d := make([][]float32, len(batch))
			for i := range batch { // does the text begin with a small token?
				d[i] = make([]float32, 14)
				want := float32(0)
				if batch[i].Tokens[0] < 12 {
					want = 1
				}
				e := values[i][13] - want
				d[i][13] = e
				loss += float64(e*e) / 2
			}
			if err := tr.BackwardValues(nil, d); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Step(StepOptions{LR: 0.03}); err != nil {
				t.Fatal(err)
			}
		}
		return loss
	}
	whole := fresh()
	first := steps(whole, 1)
	if last := steps(whole, 99); !(last < first/4) {
		t.Errorf("the loss went from %v to %v", first, last)
	}
	half := fresh()
	steps(half, 40)
	var state bytes.Buffer
	if err := half.Save(&state); err != nil {
		t.Fatal(err)
	}
	rest := fresh()
	if err := rest.Restore(bytes.NewReader(state.Bytes())); err != nil {
		t.Fatal(err)
	}
	steps(rest, 60)
	var a, b bytes.Buffer
	if whole.Head(false).WriteSafetensors(&a) != nil || rest.Head(false).WriteSafetensors(&b) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("a resumed training gives another head")
	}
	if err := headed(t, NewTrainer(m.Clone()), NewScalarHead(small.Width), false).Restore(bytes.NewReader(state.Bytes())); err == nil || !strings.Contains(err.Error(), `head is "alone", the trainer's "with"`) {
		t.Errorf("the state of another kind of trainer: %v", err)
	}
	again, err := ReadScalarHead(small.Width, bytes.NewReader(a.Bytes()))
	if err != nil || !slices.Equal(again.w, whole.head.w) {
		t.Errorf("a head has changed on its way (%v)", err)
	}
	if _, err := ReadScalarHead(small.Width+1, bytes.NewReader(a.Bytes())); err == nil || !strings.Contains(err.Error(), "want [1 65]") {
		t.Errorf("a head of another width: %v", err)
	}
}

func TestBadHeads(t *testing.T) {
	m := lively(t, small, 1)
	fails := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
	tr := NewTrainer(m)
	_, err := tr.Values(t.Context(), nil)
	fails("there is no head", err)
	fails("width 3", tr.AddHead(NewScalarHead(3), false))
	fails("needs Values", tr.BackwardValues(nil, nil))
	headed(t, tr, NewScalarHead(small.Width), false)
	fails("there is one already", tr.AddHead(NewScalarHead(small.Width), false))
	batch := someBatch(small, 2)
	if _, err := tr.Values(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	fails("call Forward", tr.Backward(nil))
	fails("call ForwardValues", tr.BackwardValues([][]float32{{}}, nil))
	fails("of 0 and 1 rows", tr.BackwardValues(nil, [][]float32{{}}))
	fails("one more of values", tr.BackwardValues(nil, [][]float32{{}, {}}))
	trained := NewTrainer(m)
	if _, err := trained.ForwardBackward(batch, weighed); err != nil {
		t.Fatal(err)
	}
	fails("training has begun", trained.AddHead(NewScalarHead(small.Width), false))
}

// A head that is cut short, of another width, or not made of numbers is refused:
// judging by it would pass for judging.
func TestDamagedHeadsAreRefused(t *testing.T) {
	written := func(width int, first float32) []byte {
		h := NewScalarHead(width)
		h.Weights()[0] = first
		var b bytes.Buffer
		if err := h.WriteSafetensors(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := written(8, 0.5)
	if h, err := ReadScalarHead(8, bytes.NewReader(whole)); err != nil || h.Weights()[0] != 0.5 {
		t.Fatalf("a whole head: %v", err)
	}
	for name, bad := range map[string][]byte{
		"cut short":     whole[:len(whole)-3],
		"empty":         nil,
		"another width": written(16, 0.5),
		"no number":     written(8, float32(math.NaN())),
		"infinite":      written(8, float32(math.Inf(1))),
	} {
		if _, err := ReadScalarHead(8, bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "reading a head") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
