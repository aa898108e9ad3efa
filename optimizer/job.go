package optimizer

import (
	"context"
	"fmt"

	"pawl/core"
)

// job is all that a training loop is told beside its examples.
type job struct {
	Settings
	steps      int
	ramp       float64 // first part of the steps, in which the examples come in
	loss       core.Loss
	accumulate int     // parts of a batch; 0 is 1
	ema        float64 // decay of the moving average; 0 for none
	last       bool    // the average is not what training gives
	reference  string  // "ema", or that it is against; "" for none
	against    core.Policy
	lora       *LoRA // nil: all weights learn
	head       *head // nil: the objective is one of log-probs
}

// trainer starts a trainer from p as the job wants it.
func (j *job) trainer(ctx context.Context, h core.Host, p core.Policy) (core.Trainer, error) {
	tr, err := h.Trainer(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("starting a trainer: %w", err)
	}
	if err := j.prepare(ctx, h, tr); err != nil {
		tr.Close()
		return nil, fmt.Errorf("starting a trainer: %w", err)
	}
	return tr, nil
}

func (j *job) prepare(ctx context.Context, h core.Host, tr core.Trainer) error {
	if j.lora != nil {
		a, ok := tr.(core.AdapterTrainer)
		if !ok {
			return fmt.Errorf("lora: this trainer cannot train adapters; leave lora out")
		}
		if err := a.Adapt(ctx, j.lora.shape(h.Seed())); err != nil {
			return fmt.Errorf("lora: %w", err)
		}
	}
	if j.head != nil {
		if err := j.head.add(ctx, tr); err != nil {
			return err
		}
	}
	if j.ema > 0 {
		a, ok := tr.(core.AveragingTrainer)
		if !ok {
			return fmt.Errorf("ema: this trainer cannot average its weights; leave ema out")
		}
		if err := a.Average(ctx, j.ema, !j.last); err != nil {
			return fmt.Errorf("ema: %w", err)
		}
	}
	if j.loss.Row != nil {
		if _, ok := tr.(core.RowTrainer); !ok {
			return fmt.Errorf("objective: this trainer cannot train on whole distributions")
		}
	}
	if !j.loss.Reference {
		return nil
	}
	r, ok := tr.(core.ReferenceTrainer)
	if !ok {
		return fmt.Errorf("objective: this trainer can hold no reference")
	}
	refer := func() error { return r.Refer(ctx, j.against) }
	if j.reference == "ema" {
		refer = func() error { return r.ReferAverage(ctx) }
	}
	if err := refer(); err != nil {
		return fmt.Errorf("reference: %w", err)
	}
	return nil
}

// gradient gives the trainer the gradient of one batch, made of the picked rows,
// and returns the loss.
func (j *job) gradient(ctx context.Context, tr core.Trainer, b *core.Batch, rows []row, picked []int) (float64, error) {
	if j.head != nil {
		return j.head.gradient(ctx, tr.(core.ValueTrainer), b, pointsOf(rows, picked), j.accumulate)
	}
	return gradient(ctx, tr, b, j.loss, j.accumulate)
}

// beside fills in the log-probs of the reference. A frozen reference scores each
// row once, however many steps it is part of: its log-probs do not depend on
// what else is in a batch.
type beside struct {
	tr     core.ReferenceTrainer // nil where no objective over log-probs wants a reference
	moving bool
	parts  int
	known  map[int][]float32 // by row
}

func (j *job) beside(tr core.Trainer) *beside {
	if !j.loss.Reference || j.loss.Objective == nil {
		return &beside{}
	}
	return &beside{tr: tr.(core.ReferenceTrainer), moving: j.reference == "ema", parts: j.accumulate, known: map[int][]float32{}}
}

// fill sets b.Reference; picked are the rows that b is made of.
func (r *beside) fill(ctx context.Context, b *core.Batch, picked []int) error {
	if r.tr == nil {
		return nil
	}
	score := func(b *core.Batch) error {
		return inParts(b, r.parts, func(p *core.Batch) error { return r.tr.Reference(ctx, p) })
	}
	b.Reference = sized(b.Reference, b.Tokens)
	if r.moving {
		return score(b)
	}
	var fresh core.Batch
	var of []int
	for i, row := range picked {
		if _, ok := r.known[row]; !ok {
			r.known[row] = nil
			of = append(of, row)
			fresh.Tokens, fresh.Weights = append(fresh.Tokens, b.Tokens[i]), append(fresh.Weights, b.Weights[i])
		}
	}
	if len(of) > 0 {
		fresh.Reference = sized(nil, fresh.Tokens)
		if err := score(&fresh); err != nil {
			return err
		}
		for i, row := range of {
			r.known[row] = fresh.Reference[i]
		}
	}
	for i, row := range picked {
		copy(b.Reference[i], r.known[row])
	}
	return nil
}
