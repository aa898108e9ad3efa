package nn

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pawl/tensor"
)

// tinyConfigs cover tied and free heads, grouped and equal heads, with and
// without positions, and sizes that fit no vector.
func tinyConfigs() map[string]Config {
	return map[string]Config{
		"tied, grouped, rope":   {Vocab: 11, Width: 24, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 29, Context: 16, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: -1, EOS: -1},
		"free, one kv, rope":    {Vocab: 13, Width: 16, Layers: 2, Heads: 4, KVHeads: 1, Hidden: 20, Context: 16, RopeTheta: 100, NormEps: 1e-5, BOS: -1, EOS: -1},
		"free, equal, no rope":  {Vocab: 7, Width: 15, Layers: 1, Heads: 3, KVHeads: 3, Hidden: 10, Context: 16, NormEps: 1e-5, BOS: -1, EOS: -1},
		"tied, deep, wide head": {Vocab: 9, Width: 20, Layers: 3, Heads: 1, KVHeads: 1, Hidden: 33, Context: 16, RopeTheta: 10000, NormEps: 1e-3, TieEmbeddings: true, BOS: -1, EOS: -1},
		"qwen2":                 {Vocab: 11, Width: 16, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 20, Context: 16, RopeTheta: 1e6, NormEps: 1e-6, QKVBias: true, TieEmbeddings: true, BOS: -1, EOS: -1},
		"qwen3":                 {Vocab: 11, Width: 12, Layers: 2, Heads: 4, KVHeads: 2, HeadSize: 6, Hidden: 18, Context: 16, RopeTheta: 1e6, NormEps: 1e-6, QKNorm: true, BOS: -1, EOS: -1},
		"llama, all biases":     {Vocab: 9, Width: 16, Layers: 2, Heads: 2, KVHeads: 1, HeadSize: 4, Hidden: 20, Context: 16, RopeTheta: 500, NormEps: 1e-5, QKVBias: true, OutBias: true, MLPBias: true, BOS: -1, EOS: -1},
		"llama3":                {Vocab: 9, Width: 16, Layers: 1, Heads: 2, KVHeads: 2, Hidden: 20, Context: 16, RopeTheta: 100, RopeScaling: RopeScaling{Kind: ropeLlama3, Factor: 8, LowFreq: 1, HighFreq: 4, Original: 8}, NormEps: 1e-5, BOS: -1, EOS: -1},
		"everything":            {Vocab: 9, Width: 10, Layers: 2, Heads: 4, KVHeads: 2, HeadSize: 4, Hidden: 12, Context: 16, RopeTheta: 100, RopeScaling: RopeScaling{Kind: ropeLinear, Factor: 2}, NormEps: 1e-5, QKVBias: true, OutBias: true, MLPBias: true, QKNorm: true, BOS: -1, EOS: -1},
	}
}

// normal is a standard normal by Box and Muller.
func (s *stream) normal() float64 {
	return math.Sqrt(-2*math.Log(1-s.uniform())) * math.Cos(2*math.Pi*s.uniform())
}

// lively makes a model whose weights, gains included, are all different and
// large enough that every gradient matters.
func lively(t testing.TB, c Config, seed uint64) *Model {
	t.Helper()
	m, err := New(c, seed)
	if err != nil {
		t.Fatal(err)
	}
	r := newStream(seed, 99)
	for _, x := range m.Tensors() {
		for i := range x.Data {
			if len(x.Shape) == 1 {
				x.Data[i] = float32(1 + 0.2*r.normal())
			} else {
				x.Data[i] = float32(0.3 * r.normal())
			}
		}
	}
	m.Touch()
	return m
}

// someBatch has sequences of several lengths and masks, among them one without
// a wanted token.
func someBatch(c Config, n int) []Sequence {
	r := newStream(5, 5)
	batch := make([]Sequence, n)
	for i := range batch {
		length := 1 + int(r.next()%uint64(min(c.Context, 9)))
		for range length {
			batch[i].Tokens = append(batch[i].Tokens, int32(r.next()%uint64(c.Vocab)))
		}
		if i%3 > 0 {
			batch[i].Loss = make([]bool, length)
			for t := range length {
				batch[i].Loss[t] = i%3 == 1 && r.next()%2 == 0
			}
		}
	}
	return batch
}

// coefficient is a loss that weighs every token differently.
func coefficient(i, t int) float64 { return math.Sin(float64(3*i+t)) - 0.4 }

func weighed(i int, s *Sequence, logp, dlogp []float32) float64 {
	sum := 0.0
	for t := range logp {
		if s.wants(t) {
			sum += coefficient(i, t) * float64(logp[t])
			dlogp[t] = float32(coefficient(i, t))
		}
	}
	return sum
}

// gradient is the sum of the lanes, by Hugging Face name.
func (t *Trainer) gradient() map[string][]float32 {
	sum := tensor.Alloc(t.m.lay.size)
	for _, lane := range t.lanes[:t.dirty] {
		tensor.Add(sum, lane)
	}
	out := map[string][]float32{}
	for _, x := range t.m.lay.tensors(t.m.cfg, sum) {
		out[x.Name] = x.Data
	}
	return out
}

func checkAgainst(t *testing.T, want refResult, loss float64, logp [][]float32, grad map[string][]float32) {
	t.Helper()
	if math.Abs(loss-want.loss) > 1e-4*(1+math.Abs(want.loss)) {
		t.Errorf("loss %v, want %v", loss, want.loss)
	}
	for i := range logp {
		for p := range logp[i] {
			if math.Abs(float64(logp[i][p])-want.logp[i][p]) > 2e-5*(1+math.Abs(want.logp[i][p])) {
				t.Errorf("log-probability of token %d of sequence %d: %v, want %v", p, i, logp[i][p], want.logp[i][p])
			}
		}
	}
	if len(grad) != len(want.grad) {
		t.Errorf("%d gradients, want %d", len(grad), len(want.grad))
	}
	for name, g := range want.grad {
		largest := 0.0
		for _, x := range g {
			largest = max(largest, math.Abs(x))
		}
		if largest == 0 {
			t.Errorf("%s: the reference gradient is zero; the test shows nothing", name)
		}
		for i, x := range g {
			if d := math.Abs(float64(grad[name][i]) - x); !(d <= 5e-5*largest+1e-6) {
				t.Errorf("%s[%d]: gradient %v, want %v", name, i, grad[name][i], x)
				break
			}
		}
	}
}

func TestGradientsAgainstReference(t *testing.T) {
	for name, c := range tinyConfigs() {
		t.Run(name, func(t *testing.T) {
			m := lively(t, c, 3)
			batch := someBatch(c, 7)
			want := refRun(m, batch, coefficient)

			fused := NewTrainer(m)
			loss, err := fused.ForwardBackward(batch, weighed)
			if err != nil {
				t.Fatal(err)
			}
			checkAgainst(t, want, loss, fused.plan.view, fused.gradient())

			// The two-step way gives the same bits, whether activations were
			// kept or computed again.
			for _, recompute := range []bool{false, true} {
				two := NewTrainer(m)
				logp, err := two.Forward(batch)
				if err != nil {
					t.Fatal(err)
				}
				dlogp := make([][]float32, len(batch))
				for i := range batch {
					dlogp[i] = make([]float32, len(logp[i]))
					weighed(i, &batch[i], logp[i], dlogp[i])
				}
				two.retain = two.retain && !recompute
				if err := two.Backward(dlogp); err != nil {
					t.Fatal(err)
				}
				for name, g := range fused.gradient() {
					if !slices.Equal(g, two.gradient()[name]) {
						t.Errorf("%s: Forward and Backward (recompute %v) differ from ForwardBackward", name, recompute)
					}
				}
			}
		})
	}
}

// The loss's own slope, measured by moving each parameter group along its
// gradient, is the gradient's squared length.
func TestGradientsAgainstFiniteDifferences(t *testing.T) {
	for name, c := range tinyConfigs() {
		t.Run(name, func(t *testing.T) {
			m := lively(t, c, 8)
			batch := someBatch(c, 7)
			tr := NewTrainer(m)
			if _, err := tr.ForwardBackward(batch, weighed); err != nil {
				t.Fatal(err)
			}
			grad := tr.gradient()
			at := func() float64 {
				m.Touch()
				logp, err := tr.Logprobs(context.Background(), batch)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				d := make([]float32, c.Context)
				for i := range batch {
					sum += weighed(i, &batch[i], logp[i], d)
				}
				return sum
			}
			for _, x := range m.Tensors() {
				g := grad[x.Name]
				square := tensor.SumSquares(g)
				h := 1e-2 / math.Sqrt(square)
				old := slices.Clone(x.Data)
				move := func(s float64) float64 {
					for i := range x.Data {
						x.Data[i] = float32(float64(old[i]) + s*float64(g[i]))
					}
					return at()
				}
				slope := (8*(move(h)-move(-h)) - (move(2*h) - move(-2*h))) / (12 * h)
				copy(x.Data, old)
				if math.Abs(slope-square) > 3e-3*square+1e-3 {
					t.Errorf("%s: slope %v along the gradient, want its squared length %v", x.Name, slope, square)
				}
			}
		})
	}
}

// trainSome trains for a few steps and returns losses and final weights.
func trainSome(t testing.TB, m *Model, batch []Sequence, steps int) ([]float64, []float32) {
	t.Helper()
	tr := NewTrainer(m)
	var losses []float64
	for i := range steps {
		loss, err := tr.ForwardBackward(batch, CrossEntropy(1/float64(Targets(batch))))
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, loss)
		if _, err := tr.Step(StepOptions{LR: 1e-2 * Schedule(i, steps, 2, 0.3), Beta2: 0.98, Decay: 0.1, Clip: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return losses, m.Params()
}

func withProcs(n int, f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	f()
}

func TestTrainingIsTheSameForAnyThreads(t *testing.T) {
	c := Config{Vocab: 24, Width: 32, Layers: 2, Heads: 4, KVHeads: 2, Hidden: 48, Context: 32, RopeTheta: 10000, NormEps: 1e-5, TieEmbeddings: true, BOS: -1, EOS: -1}
	batch := someBatch(c, 300)
	var first []float32
	for _, procs := range []int{1, 2, 4} {
		withProcs(procs, func() {
			m, err := New(c, 1)
			if err != nil {
				t.Fatal(err)
			}
			losses, w := trainSome(t, m, batch, 4)
			if first == nil {
				first = slices.Clone(w)
				if !(losses[3] < losses[0]) {
					t.Errorf("losses %v do not fall", losses)
				}
				var p plan
				if err := p.make(&c, batch); err != nil || len(p.lanes) < 3 {
					t.Errorf("the batch makes %d lanes (%v); too few to show anything", len(p.lanes), err)
				}
			} else if !slices.Equal(first, w) {
				t.Errorf("GOMAXPROCS=%d gives other weights than 1", procs)
			}
		})
	}
}

// A log-probability does not depend on what else is in the batch.
func TestLogprobsDoNotDependOnTheBatch(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	m := lively(t, c, 2)
	batch := someBatch(c, 60)
	tr := NewTrainer(m)
	logp, err := tr.Logprobs(context.Background(), batch)
	if err != nil {
		t.Fatal(err)
	}
	var together [][]float32
	for _, l := range logp {
		together = append(together, slices.Clone(l))
	}
	for i := range batch {
		alone, err := tr.Logprobs(context.Background(), batch[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone[0], together[i]) {
			t.Errorf("sequence %d: %v alone, %v in a batch", i, alone[0], together[i])
		}
	}
}

func TestStateRoundTrip(t *testing.T) {
	c := tinyConfigs()["tied, grouped, rope"]
	batch := someBatch(c, 20)
	step := func(tr *Trainer) {
		t.Helper()
		if _, err := tr.ForwardBackward(batch, CrossEntropy(0.01)); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Step(StepOptions{LR: 1e-3}); err != nil {
			t.Fatal(err)
		}
	}
	a := NewTrainer(lively(t, c, 1))
	step(a)
	var blob bytes.Buffer
	if err := a.Save(&blob); err != nil {
		t.Fatal(err)
	}
	step(a)
	b := NewTrainer(lively(t, c, 2))
	if err := b.Restore(bytes.NewReader(blob.Bytes())); err != nil {
		t.Fatal(err)
	}
	if b.Steps() != 1 {
		t.Errorf("%d steps, want 1", b.Steps())
	}
	step(b)
	if !slices.Equal(a.m.w, b.m.w) || !slices.Equal(a.m1, b.m1) || !slices.Equal(a.m2, b.m2) {
		t.Error("a restored trainer does not continue as the saved one")
	}

	before := slices.Clone(b.m.w)
	for name, damage := range map[string]func([]byte) []byte{
		"cut off":   func(x []byte) []byte { return x[:len(x)-5] },
		"checksum":  func(x []byte) []byte { x[len(x)/2] ^= 1; return x },
		"starts":    func(x []byte) []byte { x[0]++; return x },
		"too early": func(x []byte) []byte { return nil },
	} {
		err := b.Restore(bytes.NewReader(damage(bytes.Clone(blob.Bytes()))))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("damaged state: error %v, want one with %q", err, name)
		}
	}
	other := c
	other.Hidden++
	wide, err := New(other, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := NewTrainer(wide).Restore(bytes.NewReader(blob.Bytes())); err == nil || !strings.Contains(err.Error(), "intermediate_size is 29, want 30") {
		t.Errorf("state of another shape: %v", err)
	}
	if !slices.Equal(before, b.m.w) {
		t.Error("a failed Restore changed the weights")
	}
}

func TestStepOptions(t *testing.T) {
	c := tinyConfigs()["free, equal, no rope"]
	batch := someBatch(c, 9)
	fresh := func() *Trainer {
		tr := NewTrainer(lively(t, c, 4))
		if _, err := tr.ForwardBackward(batch, weighed); err != nil {
			t.Fatal(err)
		}
		return tr
	}
	for what, o := range map[string]StepOptions{
		"the learning rate is NaN":    {LR: math.NaN()},
		"the first beta is 1; it":     {LR: 1, Beta1: 1},
		"the second beta is -1; it":   {LR: 1, Beta2: -1},
		"the largest norm is -2; it":  {LR: 1, Clip: -2},
		"the weight decay is +Inf; i": {LR: 1, Decay: math.Inf(1)},
	} {
		tr := fresh()
		before := slices.Clone(tr.m.w)
		if _, err := tr.Step(o); err == nil || !strings.Contains(err.Error(), what) || !slices.Equal(tr.m.w, before) {
			t.Errorf("%+v: error %v, want %q and the same weights", o, err, what)
		}
	}
	// Decay alone: matrices shrink by 1 - LR·Decay, gains do not.
	tr := fresh()
	tr.dropGradient()
	tr.openLanes()
	before := slices.Clone(tr.m.w)
	if _, err := tr.Step(StepOptions{LR: 0.5, Decay: 0.1}); err != nil {
		t.Fatal(err)
	}
	for i, w := range tr.m.w {
		want := float64(before[i])
		if i < tr.m.lay.matrices {
			want *= 0.95
		}
		if math.Abs(float64(w)-want) > 1e-6 {
			t.Fatalf("weight %d decays from %v to %v, want %v", i, before[i], w, want)
		}
	}
	// The norm is that of the whole gradient, and clipping bounds it: with one
	// step from rest, m = (1-beta1)·g.
	tr = fresh()
	square := 0.0
	for _, g := range tr.gradient() {
		square += tensor.SumSquares(g)
	}
	norm, err := tr.Step(StepOptions{LR: 1e-3, Clip: 0.5})
	if err != nil || math.Abs(norm-math.Sqrt(square)) > 1e-6*norm {
		t.Errorf("norm %v (%v), want %v", norm, err, math.Sqrt(square))
	}
	if got := math.Sqrt(tensor.SumSquares(tr.m1)) / 0.1; math.Abs(got-0.5) > 1e-5 {
		t.Errorf("norm after clipping at 0.5: %v", got)
	}
	if _, err := tr.Step(StepOptions{}); err == nil {
		t.Error("a step without a gradient is no error")
	}
	// A gradient that is not a number is dropped.
	tr = fresh()
	before = slices.Clone(tr.m.w)
	tr.lanes[0][3] = float32(math.NaN())
	if _, err := tr.Step(StepOptions{LR: 1}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN in the gradient: %v", err)
	}
	if !slices.Equal(before, tr.m.w) || tr.Steps() != 0 {
		t.Error("a NaN gradient changed the weights")
	}
	if _, err := tr.ForwardBackward(batch, weighed); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Step(StepOptions{LR: 1e-3}); err != nil {
		t.Errorf("after a NaN gradient: %v", err)
	}
}

func TestBadBatches(t *testing.T) {
	c := tinyConfigs()["free, equal, no rope"]
	tr := NewTrainer(lively(t, c, 1))
	for _, x := range []struct {
		seq  Sequence
		want string
	}{
		{Sequence{Tokens: []int32{1, 7}}, "sequence 1: token 1 is 7, outside the vocabulary of 7"},
		{Sequence{Tokens: []int32{-1, 0}}, "token 0 is -1"},
		{Sequence{Tokens: make([]int32, 18)}, "17 tokens do not fit the context of 16"},
		{Sequence{Tokens: []int32{1, 2}, Loss: []bool{true}}, "1 loss marks for 2 tokens"},
	} {
		_, err := tr.ForwardBackward([]Sequence{{Tokens: []int32{1, 2}}, x.seq}, weighed)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	if err := tr.Backward(nil); err == nil {
		t.Error("Backward without Forward is no error")
	}
	for _, empty := range [][]Sequence{nil, {{}}, {{Tokens: []int32{3}}}, {{Tokens: []int32{3, 1}, Loss: []bool{true, false}}}} {
		if loss, err := tr.ForwardBackward(empty, weighed); err != nil || loss != 0 {
			t.Errorf("a batch with nothing wanted: loss %v, %v", loss, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tr.Logprobs(ctx, someBatch(c, 5)); err == nil {
		t.Error("a cancelled Logprobs is no error")
	}
}

func TestPanicsOfLossesReachTheCaller(t *testing.T) {
	c := tinyConfigs()["free, equal, no rope"]
	tr := NewTrainer(lively(t, c, 1))
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "no such loss") {
			t.Errorf("recovered %v", v)
		}
	}()
	tr.ForwardBackward(someBatch(c, 200), func(int, *Sequence, []float32, []float32) float64 { panic("no such loss") })
}

func TestSchedule(t *testing.T) {
	for _, x := range []struct {
		step, total, warmup int
		decay, want         float64
	}{
		{0, 100, 10, 0.2, 0.1}, {9, 100, 10, 0.2, 1}, {50, 100, 10, 0.2, 1}, {80, 100, 10, 0.2, 1},
		{81, 100, 10, 0.2, 0.95}, {99, 100, 10, 0.2, 0.05}, {100, 100, 10, 0.2, 0}, {-1, 100, 10, 0.2, 0},
		{99, 100, 0, 0, 1}, {0, 1, 0, 1, 1}, {4, 10, 10, 1, 0.5}, {5, 10, 10, 1, 0.5},
	} {
		if got := Schedule(x.step, x.total, x.warmup, x.decay); math.Abs(got-x.want) > 1e-12 {
			t.Errorf("Schedule(%d, %d, %d, %v) = %v, want %v", x.step, x.total, x.warmup, x.decay, got, x.want)
		}
	}
}
