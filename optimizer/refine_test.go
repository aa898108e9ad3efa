package optimizer

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pawl/core"
	"pawl/coretest"
	"pawl/objective"
)

func optimized(t *testing.T, b *bench, c Train, p core.Policy) core.Policy {
	t.Helper()
	o, err := newTrain(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	p, err = o.Optimize(t.Context(), p, coretest.Examples(lesson(9)...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// logprobs of the first batch of the lesson's pairs under p.
func logprobs(t *testing.T, b *bench, p core.Policy) [][]float32 {
	t.Helper()
	_, batch := pairs(t, b)
	tr, err := b.Trainer(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Logprobs(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return batch.Logprobs
}

func farthest(a, b [][]float32) float64 {
	far := 0.0
	for i := range a {
		for j := range a[i] {
			far = math.Max(far, math.Abs(float64(a[i][j]-b[i][j])))
		}
	}
	return far
}

// In parts or at once, linear or not, pairs cut apart or not: the same gradient
// to rounding.
func TestGradientInParts(t *testing.T) {
	b := newBench(t, nil)
	for what, o := range map[string]core.Objective{"supervised": objective.SFT, "preference": dpo, "pieces": pieces} {
		for _, parts := range []int{2, 3, 8, 100} {
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
			x, err1 := gradient(t.Context(), one, batch, core.Loss{Objective: o}, parts)
			y, err2 := gradient(t.Context(), two, plain, core.Loss{Objective: o}, 1)
			if err1 != nil || err2 != nil || math.Abs(x-y) > 1e-6*math.Max(1, math.Abs(y)) {
				t.Fatalf("%s in %d parts: the loss is %v (%v), at once %v (%v)", what, parts, x, err1, y, err2)
			}
			sameStep(t, what, one, two, plain, 2e-5)
		}
	}
}

func TestTrainInParts(t *testing.T) {
	b := newBench(t, nil)
	c := brief(30)
	want := logprobs(t, b, optimized(t, b, c, b.model))
	c.Accumulate = 3
	got := logprobs(t, b, optimized(t, b, c, b.model))
	if far := farthest(got, want); far > 1e-3 {
		t.Errorf("in parts, training ends %v away", far)
	}
	if far := farthest(want, logprobs(t, b, b.model)); far < 0.1 {
		t.Errorf("training moves log-probs by %v only; the test shows nothing", far)
	}
}

// With adapters the weights stay, the adapters change what the policy says, and
// training goes on after a kill to the same bytes.
func TestTrainAdapters(t *testing.T) {
	b := newBench(t, nil)
	c := brief(40)
	c.LoRA, c.EMA = &LoRA{Rank: 2, Alpha: 4, Targets: []string{"q", "v", "down"}}, 0.8
	p := optimized(t, b, c, b.model)
	if p[core.PartWeights] != b.model[core.PartWeights] || p[core.PartAdapter] == "" || p[core.PartAdapterConfig] == "" {
		t.Fatalf("the candidate of %v is %v", b.model, p)
	}
	if far := farthest(logprobs(t, b, p), logprobs(t, b, b.model)); far < 0.1 {
		t.Errorf("adapters move log-probs by %v only", far)
	}

	killed := newBench(t, nil)
	killed.hurry = time.Second
	errKill := errors.New("killed")
	killed.stop = func(n int) error {
		if n == 3 {
			return errKill
		}
		return nil
	}
	o, err := newTrain(t.Context(), killed, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Optimize(t.Context(), killed.model, coretest.Examples(lesson(9)...)); !errors.Is(err, errKill) {
		t.Fatalf("not killed: %v", err)
	}
	killed.stop = nil
	if q := optimized(t, killed, c, killed.model); !reflect.DeepEqual(p, q) {
		t.Errorf("resumed, the candidate is %v, never stopped %v", q, p)
	}
}

// Adapters of the same shape are trained further; others go on top of the sum.
func TestTrainAdaptersFurther(t *testing.T) {
	b := newBench(t, nil)
	c := brief(10)
	c.LoRA = &LoRA{Rank: 2, Alpha: 4}
	p := optimized(t, b, c, b.model)
	more := optimized(t, b, c, p)
	if more[core.PartWeights] != p[core.PartWeights] || more[core.PartAdapter] == p[core.PartAdapter] {
		t.Errorf("adapters trained further: %v becomes %v", p, more)
	}
	idle := c
	idle.LoRA, idle.Rate, idle.Steps = &LoRA{Rank: 3, Alpha: 4}, 0, 1
	other := optimized(t, b, idle, p)
	if other[core.PartWeights] == p[core.PartWeights] {
		t.Error("other adapters are put on the old base, without the old ones")
	}
	if far := farthest(logprobs(t, b, other), logprobs(t, b, p)); far != 0 {
		t.Errorf("untrained adapters on top move log-probs by %v", far)
	}
	full := c
	full.LoRA, full.Rate, full.Steps = nil, 0, 1
	whole := optimized(t, b, full, p)
	if _, has := whole[core.PartAdapter]; has {
		t.Errorf("all weights were trained, and the adapters are still there: %v", whole)
	}
	if far := farthest(logprobs(t, b, whole), logprobs(t, b, p)); far != 0 {
		t.Errorf("training of all weights starts %v away from weights and adapters", far)
	}
	again := c
	again.From = "base"
	if q := optimized(t, b, again, p); !reflect.DeepEqual(q, optimized(t, b, c, b.model)) {
		t.Error("from base, the incumbent's adapters are not left behind")
	}
}

func TestTrainersWithoutCompanions(t *testing.T) {
	for what, c := range map[string]Train{
		"cannot train adapters":  {LoRA: &LoRA{Rank: 1, Alpha: 1}},
		"cannot average its wei": {EMA: 0.9},
	} {
		c.Steps, c.Batch = 1, 1
		_, err := train1(t, host(&recorder{}), c, core.Policy{}, examples("a"))
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
}
