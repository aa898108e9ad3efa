package optimizer

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/objective"

	"pgregory.net/rapid"
)

// Batch k is the same whatever was asked for before; a whole number of epochs
// holds every example equally often; rows of one example stay together.
func TestFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 3), 1, 8).Draw(t, "rows of each example")
		size := rapid.IntRange(1, 12).Draw(t, "batch")
		seed := rapid.Uint64().Draw(t, "seed")
		var rows []row
		for e, n := range sizes {
			for k := range n {
				rows = append(rows, row{tokens: []int32{int32(e), int32(k)}, weights: []float32{0, 1}, label: float64(k), first: k == 0})
			}
		}
		starts := exampleStarts(rows)
		if len(starts) != len(sizes) {
			t.Fatalf("%d examples are found, there are %d", len(starts), len(sizes))
		}
		counts := make([]int, len(sizes))
		walking := newOrder(seed, len(sizes))
		var b core.Batch
		for k := range len(sizes) { // len(sizes) batches are size whole epochs
			fill(&b, rows, starts, walking, k*size, size)
			var alone core.Batch
			fill(&alone, rows, starts, newOrder(seed, len(sizes)), k*size, size)
			if !reflect.DeepEqual(b.Tokens, alone.Tokens) || !reflect.DeepEqual(b.Groups, alone.Groups) {
				t.Fatalf("batch %d depends on those before it", k)
			}
			if len(b.Groups) != size {
				t.Fatalf("batch %d has %d examples, not %d", k, len(b.Groups), size)
			}
			at := 0
			for _, g := range b.Groups {
				e := int(b.Tokens[g.First][0])
				counts[e]++
				if g.First != at || len(g.Labels) != sizes[e] {
					t.Fatalf("batch %d: example %d has the rows %d+%d", k, e, g.First, len(g.Labels))
				}
				for i, label := range g.Labels {
					if tok := b.Tokens[g.First+i]; int(tok[0]) != e || int(tok[1]) != i || label != float64(i) {
						t.Fatalf("batch %d: row %d of example %d is %v, labelled %v", k, i, e, tok, label)
					}
				}
				at += len(g.Labels)
			}
			for i := range b.Tokens {
				if len(b.Logprobs[i]) != 2 || len(b.Grad[i]) != 2 || len(b.Weights[i]) != 2 || slices.Max(b.Grad[i]) != 0 {
					t.Fatalf("batch %d: row %d has %d log-probs and the gradient %v", k, i, len(b.Logprobs[i]), b.Grad[i])
				}
				b.Grad[i][1] = 7 // must be gone in the next batch
			}
		}
		for e, n := range counts {
			if n != size {
				t.Fatalf("in %d epochs example %d comes %d times", size, e, n)
			}
		}
	})
}

// The rows of an example carry loss where its answer is, times its weights.
func TestWeightsSignal(t *testing.T) {
	h := host(&recorder{})
	ep := coretest.Episode(coretest.Task("t", "q", ""), "ab", "c")
	ex := &core.Example{Episode: ep, Leaves: ep.Leaves(), Labels: []float64{1, -1}}
	in := func(rows ...[]float32) core.Examples {
		one := *ex
		if rows != nil {
			one.Signals = map[string][][]float32{"weights": rows}
		}
		return coretest.Examples(&one)
	}
	for _, c := range []struct {
		what string
		in   core.Examples
		want [][]float32
		err  string
	}{
		{"none", in(), [][]float32{{0, 1, 1}, {0, 1}}, ""},
		{"each its own", in([]float32{9, 0.5, 2}, []float32{9, -1}), [][]float32{{0, 0.5, 2}, {0, -1}}, ""},
		{"of the first only", in([]float32{1, 0, 3}), [][]float32{{0, 0, 3}, {0, 1}}, ""},
		{"too few", in([]float32{1, 1}, []float32{1, 1}), nil, "task t: 2 weights for 3 tokens"},
		{"too many", in([]float32{1, 1, 1}, []float32{1, 1, 1}), nil, "task t: 3 weights for 2 tokens"},
		{"all zero", in([]float32{1, 0, 0}, []float32{1, 0}), nil, ErrNothingToLearn.Error()},
	} {
		rows, err := encode(t.Context(), h, nil, c.in)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		if err != nil || len(rows) != len(c.want) {
			t.Errorf("%s: %d rows (%v)", c.what, len(rows), err)
			continue
		}
		for i, r := range rows {
			if !slices.Equal(r.weights, c.want[i]) || r.label != ex.Labels[i] || r.first != (i == 0) {
				t.Errorf("%s, row %d: weights %v, want %v; label %v, first %v", c.what, i, r.weights, c.want[i], r.label, r.first)
			}
		}
	}
}

// What the prompt's own tokens are does not matter to the loss, only what they
// are to the answer: the prompt's log-probs carry no weight.
func TestPromptsCarryNoLoss(t *testing.T) {
	b := newBench(t, nil)
	rows, err := encode(t.Context(), b, b.model, coretest.Examples(lesson(1)...)) // <s> a \n x </s>
	if err != nil || len(rows) != 1 || !slices.Equal(rows[0].weights, []float32{0, 0, 0, 1, 1}) {
		t.Fatalf("the weights are %v (%v)", rows, err)
	}
	loss := func(change int) float64 {
		var batch core.Batch
		fill(&batch, rows, []int{0}, newOrder(1, 1), 0, 1)
		for i := range batch.Logprobs[0] {
			batch.Logprobs[0][i] = -1
		}
		if change >= 0 {
			batch.Logprobs[0][change] = -50
		}
		return objective.SFT(&batch)
	}
	for i := range rows[0].tokens {
		if same := loss(i) == loss(-1); same != (rows[0].weights[i] == 0) {
			t.Errorf("token %d carries loss: %v", i, !same)
		}
	}
	// On the engine: labels are the tokens themselves. The last prompt token and
	// the answer are flipped in turn, where nothing follows that would read them.
	train := func(edit func([]row)) core.Digest {
		rows, err := encode(t.Context(), b, b.model, coretest.Examples(lesson(4)...))
		if err != nil {
			t.Fatal(err)
		}
		edit(rows)
		p, err := fit(t.Context(), b, b.model, rows, job{Settings: brief(2).Settings, steps: 2, loss: core.Loss{Objective: objective.SFT}})
		if err != nil {
			t.Fatal(err)
		}
		return p[core.PartWeights]
	}
	plain := train(func([]row) {})
	if train(func(rows []row) { rows[0].tokens[len(rows[0].tokens)-1]-- }) == plain {
		t.Error("another last token of an answer is learnt as if it were the same")
	}
	unlearnt := train(func(rows []row) { rows[0].weights[len(rows[0].tokens)-1] = 0 })
	flipped := train(func(rows []row) {
		last := len(rows[0].tokens) - 1
		rows[0].weights[last] = 0
		rows[0].tokens[last]--
	})
	if unlearnt != flipped || unlearnt == plain {
		t.Error("a token without weight is learnt")
	}
}

// dpo is a toy of the preference kind: it looks at how the log-probs of two
// sequences differ, so its gradient depends on them.
func dpo(b *core.Batch) float64 {
	loss := 0.0
	for _, g := range b.Groups {
		margin := 0.0
		for i, sign := range []float64{1, -1} {
			for j, w := range b.Weights[g.First+i%len(g.Labels)] {
				margin += sign * float64(w*b.Logprobs[g.First+i%len(g.Labels)][j])
			}
		}
		p := 1 / (1 + math.Exp(-margin))
		loss -= math.Log(p)
		for i, sign := range []float64{1, -1}[:len(g.Labels)] {
			for j, w := range b.Weights[g.First+i] {
				b.Grad[g.First+i][j] = float32(-sign * (1 - p) * float64(w))
			}
		}
	}
	return loss
}

// hinge pulls log-probs up to an edge (or, not below, down to it) and is flat
// on its other side: linear in pieces.
func hinge(edge float32, below bool) core.Objective {
	return func(b *core.Batch) float64 {
		loss := 0.0
		for i := range b.Tokens {
			for j, w := range b.Weights[i] {
				b.Grad[i][j] = 0
				if lp := b.Logprobs[i][j]; w != 0 && (lp < edge) == below {
					loss += float64(edge - lp)
					b.Grad[i][j] = -1
				}
			}
		}
		return loss
	}
}

// paths counts how a trainer is driven.
type paths struct {
	engineTrainer
	fused, two int
}

func (p *paths) ForwardBackward(ctx context.Context, b *core.Batch) error {
	p.fused++
	return p.engineTrainer.ForwardBackward(ctx, b)
}

func (p *paths) Logprobs(ctx context.Context, b *core.Batch) error {
	p.two++
	return p.engineTrainer.Logprobs(ctx, b)
}

// unfused hides what only the engine's trainer can do.
type unfused struct{ core.Trainer }

func pairs(t *testing.T, b *bench) ([]row, *core.Batch) {
	t.Helper()
	var exs []*core.Example
	for _, ex := range lesson(4) {
		other := ex.Episode.Append(core.Node{Parent: ex.Episode.Root(), Role: core.RoleAssistant, Content: "w"})
		exs = append(exs, &core.Example{Episode: ex.Episode, Leaves: []core.Ref{ex.Leaves[0], other}, Labels: []float64{1, 0}})
	}
	rows, err := encode(t.Context(), b, b.model, coretest.Examples(exs...))
	if err != nil {
		t.Fatal(err)
	}
	var batch core.Batch
	fill(&batch, rows, exampleStarts(rows), newOrder(1, 4), 0, 4)
	return rows, &batch
}

// The way through a trainer is chosen by what the objective does, and every
// way gives the same gradient: after a step the weights agree.
func TestGradientTakesTheRightWay(t *testing.T) {
	b := newBench(t, nil)
	for what, c := range map[string]struct {
		objective  core.Objective
		fused, two int
	}{
		"supervised":                    {objective.SFT, 1, 0},
		"preference":                    {dpo, 0, 1},
		"a hinge that holds":            {hinge(1, true), 1, 0},
		"a hinge that is seen":          {hinge(-3, true), 0, 1},
		"a hinge that bites unseen":     {hinge(-11.5, true), 1, 0}, // at -5.6, a fresh model's, it does not bite
		"a hinge that is past the edge": {hinge(-5.5, true), 0, 1},
	} {
		_, batch := pairs(t, b)
		_, plain := pairs(t, b)
		one, err := b.Trainer(t.Context(), b.model)
		if err != nil {
			t.Fatal(err)
		}
		two, err := b.Trainer(t.Context(), b.model)
		if err != nil {
			t.Fatal(err)
		}
		tr := &paths{engineTrainer: one.(engineTrainer)}
		x, err1 := gradient(t.Context(), tr, batch, core.Loss{Objective: c.objective}, 1)
		y, err2 := gradient(t.Context(), unfused{two}, plain, core.Loss{Objective: c.objective}, 1)
		if err1 != nil || err2 != nil || math.Abs(x-y) > 1e-5*math.Max(1, math.Abs(y)) {
			t.Fatalf("%s: the loss is %v (%v), in two passes %v (%v)", what, x, err1, y, err2)
		}
		if tr.fused != c.fused || tr.two != c.two {
			t.Errorf("%s: %d passes are fused and %d are not, want %d and %d", what, tr.fused, tr.two, c.fused, c.two)
		}
		sameStep(t, what, one, two, plain, 1e-6)
	}
}

// pieces has one slope at log-probs that are whole or half numbers, as those
// are that linear tries, and another everywhere else.
func pieces(b *core.Batch) float64 {
	loss := 0.0
	for i := range b.Tokens {
		for j, w := range b.Weights[i] {
			b.Grad[i][j] = 0
			if w == 0 {
				continue
			}
			slope := float32(-1)
			if lp := b.Logprobs[i][j]; lp != 0 && lp != float32(math.Round(float64(lp)*2)/2) {
				slope = -3 // true log-probs are no halves
			}
			b.Grad[i][j] = slope
			loss += float64(slope * b.Logprobs[i][j])
		}
	}
	return loss
}

// An objective that passes for linear but is not gets its true gradient.
func TestGradientMendsAWrongGuess(t *testing.T) {
	b := newBench(t, nil)
	_, batch := pairs(t, b)
	_, plain := pairs(t, b)
	one, err := b.Trainer(t.Context(), b.model)
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Trainer(t.Context(), b.model)
	if err != nil {
		t.Fatal(err)
	}
	tr := &paths{engineTrainer: one.(engineTrainer)}
	if _, err := gradient(t.Context(), tr, batch, core.Loss{Objective: pieces}, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := gradient(t.Context(), unfused{two}, plain, core.Loss{Objective: pieces}, 1); err != nil {
		t.Fatal(err)
	}
	if tr.fused != 1 || tr.two != 1 {
		t.Errorf("%d passes are fused and %d are not, want one of each", tr.fused, tr.two)
	}
	sameStep(t, "pieces", one, two, plain, 2e-5) // two gradients are summed in another order
}

// sameStep compares gradients: after a step of plain gradient descent, which
// AdamW is not, log-probs would move by them; so all its help is taken away.
func sameStep(t *testing.T, what string, one, two core.Trainer, b *core.Batch, tolerance float64) {
	t.Helper()
	var after [2][][]float32
	for i, tr := range []core.Trainer{one, two} {
		// With a huge epsilon the step is rate/epsilon times the gradient.
		if err := tr.Step(t.Context(), core.StepOptions{Rate: 1e6, Beta1: 1e-12, Beta2: 1e-12, Epsilon: 1e7}); err != nil {
			t.Fatal(err)
		}
		if err := tr.Logprobs(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		after[i] = copied(b.Logprobs)
	}
	for s := range after[0] {
		for j, x := range after[0][s] {
			if y := after[1][s][j]; math.Abs(float64(x-y)) > tolerance*math.Max(1, math.Abs(float64(y))) {
				t.Errorf("%s: after a step log-prob %d of sequence %d is %v, in two passes %v", what, j, s, x, y)
			}
		}
	}
}

// A long training in one pass or two: the same to rounding.
func TestFusedTrainingEqualsTwoPasses(t *testing.T) {
	b := newBench(t, nil)
	rows, batch := pairs(t, b)
	var last [2][][]float32
	for i, hide := range []bool{false, true} {
		h := hiding{b, hide}
		p, err := fit(t.Context(), h, b.model, rows, job{Settings: brief(10).Settings, steps: 10, loss: core.Loss{Objective: objective.SFT}})
		if err != nil {
			t.Fatal(err)
		}
		tr, err := b.Trainer(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Logprobs(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		last[i] = copied(batch.Logprobs)
	}
	for s := range last[0] {
		for j, x := range last[0][s] {
			if y := last[1][s][j]; math.Abs(float64(x-y)) > 1e-4*math.Max(1, math.Abs(float64(y))) {
				t.Errorf("log-prob %d of sequence %d is %v, in two passes %v", j, s, x, y)
			}
		}
	}
}

type hiding struct {
	*bench
	hide bool
}

func (h hiding) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	tr, err := h.bench.Trainer(ctx, p)
	if h.hide {
		return unfused{tr}, err
	}
	return tr, err
}

// failure is a trainer that fails where it is told to.
type failure struct {
	at     string
	closed int
}

var errBroken = errors.New("broken")

func (f *failure) fails(at string) error {
	if f.at == at {
		return errBroken
	}
	return nil
}

func (f *failure) Logprobs(context.Context, *core.Batch) error        { return f.fails("forward") }
func (f *failure) Backward(context.Context, *core.Batch) error        { return f.fails("backward") }
func (f *failure) Step(context.Context, core.StepOptions) error       { return f.fails("step") }
func (f *failure) Save(context.Context) (core.Policy, error)          { return core.Policy{}, f.fails("save") }
func (f *failure) ForwardBackward(context.Context, *core.Batch) error { return f.fails("both") }
func (f *failure) Restore([]byte) error                               { return f.fails("restore") }
func (f *failure) Checkpoint() ([]byte, error)                        { return nil, f.fails("checkpoint") }
func (f *failure) Close() error                                       { f.closed++; return nil }

func TestTrainersThatFail(t *testing.T) {
	for _, at := range []string{"backward", "forward", "both", "step", "save", "restore", ""} {
		f := &failure{at: at}
		h := host(nil)
		h.Training = f
		if at == "forward" || at == "backward" { // a trainer that cannot fuse
			h.Training = unfused{f}
		}
		if at == "restore" {
			if err := h.Keep(t.Context(), make([]byte, 8)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := train1(t, h, Train{Steps: 2, Settings: Settings{Batch: 1}}, core.Policy{}, examples("a"))
		if errors.Is(err, errBroken) != (at != "") {
			t.Errorf("a trainer that fails at %q: %v", at, err)
		}
		if f.closed != 1 {
			t.Errorf("a trainer that fails at %q is closed %d times", at, f.closed)
		}
	}
}

// A loss without a value names step, rate and what to do, and no step is taken.
func TestLossesWithoutAValue(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		r := &recorder{}
		h := host(r)
		n := 0
		h.Builder = func(context.Context, core.Host, core.Spec) (any, error) {
			return core.Objective(func(*core.Batch) float64 {
				if n++; n > 2 {
					return v
				}
				return 1
			}), nil
		}
		_, err := train1(t, h, Train{Steps: 9, Settings: Settings{Batch: 1, Rate: 3}}, core.Policy{}, examples("a"))
		if err == nil || !strings.Contains(err.Error(), "training step 2: the loss is") || !strings.Contains(err.Error(), "lower the rate (now 3)") {
			t.Errorf("a loss of %v: %v", v, err)
		}
		if len(r.steps) != 2 {
			t.Errorf("a loss of %v: %d steps are taken", v, len(r.steps))
		}
	}
}
