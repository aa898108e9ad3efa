package main

import (
	"context"

	"pawl/nn"
)

// loraRank is the rank of the adapters that are measured, of all matrices.
const loraRank = 8

// lora sets a training step of adapters beside the step of the whole model, by
// speed and by memory, for each size and the same batches.
func lora(ctx context.Context, o *options, rep *reporter) error {
	rep.machine(describe())
	for _, z := range sizes {
		m, err := nn.New(z.config, 1)
		if err != nil {
			return err
		}
		batch := z.batch(z.lengths[0])
		full := trainingOurs(m.Clone(), batch)
		adapters, err := trainingAdapters(m, batch)
		if err != nil {
			return err
		}
		var ours, theirs []contender
		for _, threads := range o.threads {
			ours = append(ours, withThreads(threads, adapters))
			whole := withThreads(threads, full)
			whole.how = "full"
			theirs = append(theirs, whole)
		}
		w := workload{what: "train LoRA " + z.name, unit: "tokens/s", amount: float64(z.sequences * z.lengths[0])}
		if err := compare(ctx, o, rep, w, ours, theirs); err != nil {
			return err
		}
		if err := loraPeaks(ctx, o, rep, z); err != nil {
			return err
		}
	}
	return nil
}

// trainingAdapters is trainingOurs for adapters of m, which it freezes: a base
// that others may hold, too, and that is packed once.
func trainingAdapters(m *nn.Model, batch []nn.Sequence) (side, error) {
	m.Freeze()
	a, err := nn.NewLoRA(m, nn.LoRAConfig{Rank: loraRank, Alpha: 2 * loraRank}, 1)
	if err != nil {
		return nil, err
	}
	t, err := nn.NewLoRATrainer(m, a)
	if err != nil {
		return nil, err
	}
	return training(t, batch), nil
}

// loraPeaks compares the peaks of fresh processes that train either way.
func loraPeaks(ctx context.Context, o *options, rep *reporter, z size) error {
	what := "memory train LoRA " + z.name
	if !o.wants(what) {
		return nil
	}
	ours, err := peakOurs(ctx, z.name, "lora")
	if err != nil {
		rep.note("%s: %v", what, err)
		return nil
	}
	full, err := peakOurs(ctx, z.name)
	if err != nil {
		return err
	}
	rep.figure(figure{what: what, unit: "MB", less: true, ours: ours.All, theirs: full.All, theirsBy: "full, one process"})
	rep.figure(figure{what: what + ", above the idle process", unit: "MB", less: true, ours: ours.All - ours.Idle, theirs: full.All - full.Idle, theirsBy: "full, one process"})
	return nil
}
