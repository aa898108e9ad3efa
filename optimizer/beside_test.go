package optimizer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"pawl/core"
	"pawl/coretest"
	"pawl/objective"
)

// against is train with a loss, on the lesson's pairs.
func against(t *testing.T, b *bench, c Train, l core.Loss, p core.Policy) (core.Policy, error) {
	t.Helper()
	b.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return l, nil }
	o, err := newTrain(t.Context(), b, c)
	if err != nil {
		t.Fatal(err)
	}
	return o.Optimize(t.Context(), p, coretest.Examples(lesson(9)...))
}

// seen is an objective that writes down the references it is given.
func seen(refs *[][][]float32) core.Objective {
	return func(b *core.Batch) float64 {
		*refs = append(*refs, copied(b.Reference))
		return objective.SFT(b)
	}
}

// scores counts how many sequences a reference has scored.
type scores struct {
	engineTrainer
	refer core.ReferenceTrainer
	n     int
}

func (s *scores) Refer(ctx context.Context, p core.Policy) error { return s.refer.Refer(ctx, p) }
func (s *scores) ReferAverage(ctx context.Context) error         { return s.refer.ReferAverage(ctx) }
func (s *scores) Reference(ctx context.Context, b *core.Batch) error {
	s.n += len(b.Tokens)
	return s.refer.Reference(ctx, b)
}

// A frozen reference scores a row once, and its log-probs are those of the
// policy itself, whatever has been trained since.
func TestReferenceOfTraining(t *testing.T) {
	b := newBench(t, nil)
	trained := optimized(t, b, brief(20), b.model)
	for name, c := range map[string]struct {
		reference string
		want      core.Policy
		lora      *LoRA
	}{
		"start": {"start", trained, nil}, "base": {"base", b.model, nil}, "adapters": {"start", b.model, &LoRA{Rank: 2, Alpha: 4}},
	} {
		start := trained
		if c.lora != nil {
			start = b.model
		}
		h := &counting{bench: b}
		rows, err := encode(t.Context(), h, start, coretest.Examples(lesson(9)...))
		if err != nil {
			t.Fatal(err)
		}
		var refs [][][]float32
		settings := brief(12).Settings
		if _, err := fit(t.Context(), h, start, rows, job{
			Settings: settings, steps: 12, reference: c.reference, against: c.want, lora: c.lora, accumulate: 2,
			loss: core.Loss{Objective: seen(&refs), Reference: true},
		}); err != nil {
			t.Fatal(err)
		}
		if h.last.n != len(rows) {
			t.Errorf("%s: %d sequences were scored of %d rows", name, h.last.n, len(rows))
		}
		var batch core.Batch
		fill(&batch, rows, exampleStarts(rows), newOrder(h.Seed(), 9), 11*settings.Batch, settings.Batch)
		tr, err := b.Trainer(t.Context(), c.want)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Logprobs(t.Context(), &batch); err != nil {
			t.Fatal(err)
		}
		if got := refs[len(refs)-1]; !slices.EqualFunc(got, batch.Logprobs, slices.Equal[[]float32]) {
			t.Errorf("%s: the reference's log-probs are %v, the policy's %v", name, got, batch.Logprobs)
		}
	}
}

type counting struct {
	*bench
	last *scores
}

func (c *counting) Trainer(ctx context.Context, p core.Policy) (core.Trainer, error) {
	tr, err := c.bench.Trainer(ctx, p)
	if err != nil {
		return nil, err
	}
	c.last = &scores{engineTrainer: tr.(engineTrainer), refer: tr.(core.ReferenceTrainer)}
	return &counted{c.last, tr.(core.AdapterTrainer)}, nil
}

type counted struct {
	*scores
	core.AdapterTrainer
}

// apart is the mean divergence of p from a teacher on the lesson's tokens.
func apart(t *testing.T, b *bench, p, teacher core.Policy, beta float64) float64 {
	t.Helper()
	rows, err := encode(t.Context(), b, p, coretest.Examples(lesson(9)...))
	if err != nil {
		t.Fatal(err)
	}
	var batch core.Batch
	fill(&batch, rows, exampleStarts(rows), newOrder(1, 9), 0, 9)
	tr, err := b.Trainer(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.(core.ReferenceTrainer).Refer(t.Context(), teacher); err != nil {
		t.Fatal(err)
	}
	v, err := gradient(t.Context(), tr, &batch, core.Loss{Row: objective.Divergence(beta)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Distillation takes a policy to its teacher, in one part or several.
func TestDistillation(t *testing.T) {
	b := newBench(t, nil)
	teacher := optimized(t, b, brief(60), b.model)
	b.Named["teacher"] = teacher
	for _, beta := range []float64{0, 0.5, 1} {
		var ends [2][][]float32
		for i, parts := range []int{1, 3} {
			c := brief(60)
			c.Reference, c.Accumulate, c.WeightDecay = "teacher", parts, 0
			p, err := against(t, b, c, core.Loss{Row: objective.Divergence(beta), Reference: true}, b.model)
			if err != nil {
				t.Fatal(err)
			}
			ends[i] = logprobs(t, b, p)
			if before, after := apart(t, b, b.model, teacher, beta), apart(t, b, p, teacher, beta); !(after < before/10) {
				t.Errorf("beta %v: distillation takes the student from %v to %v from its teacher", beta, before, after)
			}
		}
		if far := farthest(ends[0], ends[1]); far > 0.02 {
			t.Errorf("beta %v: in parts, distillation ends %v away", beta, far)
		}
	}
}

// A KL penalty keeps training near its start, whatever is added to it and
// wherever the other objective has its gradient from.
func TestPenaltiesHold(t *testing.T) {
	b := newBench(t, nil)
	bent := func(b *core.Batch) float64 { // supervised, but not linear: 1 + loss²/2
		v := objective.SFT(b)
		for i := range b.Grad {
			for j := range b.Grad[i] {
				b.Grad[i][j] *= float32(v)
			}
		}
		return 1 + v*v/2
	}
	for name, o := range map[string]core.Objective{"linear": objective.SFT, "bent": bent} {
		moved := func(penalty float64) float64 {
			row := objective.Divergence(1)
			c := brief(40)
			c.WeightDecay = 0
			p, err := against(t, b, c, core.Loss{Objective: o, Reference: true, Row: func(r *core.Row) float64 {
				v := row(r)
				for j := range r.Grad {
					r.Grad[j] *= float32(penalty)
				}
				return penalty * v
			}}, b.model)
			if err != nil {
				t.Fatal(err)
			}
			return apart(t, b, p, b.model, 1)
		}
		if free, held := moved(0), moved(50); !(held < free/20) || free < 0.5 {
			t.Errorf("%s: free, training goes %v nats away, held %v", name, free, held)
		}
	}
}

// Rows that repeat supervised training give what it gives.
func TestRowsAndLogprobsAgree(t *testing.T) {
	b := newBench(t, nil)
	rowed := core.Loss{Row: func(r *core.Row) float64 {
		r.Grad[r.Target]--
		return -float64(r.Logprobs[r.Target])
	}}
	for _, parts := range []int{1, 4} {
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
		x, err1 := gradient(t.Context(), one, batch, rowed, parts)
		y, err2 := gradient(t.Context(), two, plain, core.Loss{Objective: objective.SFT}, 1)
		if err1 != nil || err2 != nil || math.Abs(x-y) > 1e-6*y {
			t.Fatalf("the loss is %v (%v), of log-probs %v (%v)", x, err1, y, err2)
		}
		sameStep(t, "rows", one, two, plain, 2e-5)
	}
}

func TestReferencesThatAreNotThere(t *testing.T) {
	b := newBench(t, nil)
	c := brief(1)
	c.Reference = "nobody"
	if _, err := against(t, b, c, core.Loss{Row: objective.Divergence(0), Reference: true}, b.model); err == nil || !strings.Contains(err.Error(), "no such policy") {
		t.Errorf("nobody: %v", err)
	}
	if err := (Train{Reference: "ema"}).Validate(); err == nil || !strings.Contains(err.Error(), "add ema") {
		t.Errorf("no average: %v", err)
	}
	for what, l := range map[string]core.Loss{
		"whole distributions": {Row: objective.Divergence(0)},
		"hold no reference":   {Objective: objective.SFT, Reference: true},
	} {
		h := host(&recorder{})
		h.Builder = func(context.Context, core.Host, core.Spec) (any, error) { return l, nil }
		if _, err := train1(t, h, Train{Steps: 1, Settings: Settings{Batch: 1}}, core.Policy{}, examples("a")); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want an error about %q, got %v", what, err)
		}
	}
}

// WARP's anchor: the average is the reference, the last weights the result.
func TestAnchoredToTheAverage(t *testing.T) {
	b := newBench(t, nil)
	c := brief(10)
	c.EMA, c.Reference, c.Result = 0.9, "ema", "last"
	var refs [][][]float32
	p, err := against(t, b, c, core.Loss{Objective: seen(&refs), Reference: true}, b.model)
	if err != nil {
		t.Fatal(err)
	}
	plain := brief(10)
	if q := optimized(t, newBench(t, nil), plain, b.model); q[core.PartWeights] != p[core.PartWeights] {
		t.Error("result: last is not the last weights")
	}
	c.Result = "average"
	mean, err := against(t, b, c, core.Loss{Objective: objective.SFT}, b.model)
	if err != nil || mean[core.PartWeights] == p[core.PartWeights] {
		t.Errorf("result: average is the last weights (%v)", err)
	}
	if slices.EqualFunc(refs[0], refs[len(refs)-1], slices.Equal[[]float32]) {
		t.Error("the reference does not follow")
	}
}
