package nn

import "fmt"

// Average makes the trainer keep an exponential moving average of all that
// learns, from its present values on: after every step
//
//	mean = decay·mean + (1-decay)·weights
//
// (Polyak and Juditsky 1992 for averaging; WARP, Ramé et al. 2024, anchors its
// KL term to this average, with 1-decay = 0.01). 0 ends it.
func (t *Trainer) Average(decay float64) error {
	if !(decay >= 0 && decay < 1) {
		return fmt.Errorf("averaging weights: the decay is %v; it must be at least 0 and below 1", decay)
	}
	t.mean, t.decay = nil, decay
	if decay > 0 {
		t.mean = make([]float32, t.size)
		t.gather(t.mean)
	}
	return nil
}

// Snapshot is a copy of the model as it stands, adapters merged; averaged takes
// the moving average in place of the last weights.
func (t *Trainer) Snapshot(averaged bool) (*Model, error) {
	if averaged && t.mean == nil {
		return nil, fmt.Errorf("taking averaged weights: the trainer keeps no average; call Average first")
	}
	m := t.m.Clone()
	switch {
	case t.lora == nil && t.alone:
	case t.lora == nil && averaged:
		copy(m.w, t.mean[:len(m.w)])
	case t.lora != nil:
		t.lora.addTo(m, t.adapterWeights(averaged))
	}
	return m, nil
}

// Adapters is a copy of the adapters in training, or of their moving average;
// nil where the whole model learns.
func (t *Trainer) Adapters(averaged bool) *LoRA {
	if t.lora == nil {
		return nil
	}
	a := t.lora.Clone()
	copy(a.w, t.adapterWeights(averaged))
	return a
}

func (t *Trainer) adapterWeights(averaged bool) []float32 {
	if averaged && t.mean != nil && !t.alone {
		return t.mean[:len(t.lora.w)]
	}
	return t.lora.w
}
