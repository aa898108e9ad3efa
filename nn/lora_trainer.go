package nn

import "fmt"

// NewLoRATrainer starts training the adapters a on the frozen model m, with
// fresh optimizer state. m is read and never written, so that any number of
// trainers and samplers may share it. Memory is that of the packed weights
// with adapters added; gradients and moments are the adapters' alone.
func NewLoRATrainer(m *Model, a *LoRA) (*Trainer, error) {
	if err := a.fits(m); err != nil {
		return nil, fmt.Errorf("training adapters: %w", err)
	}
	t := newTrainer(m)
	t.lora = newLowRank(a)
	t.learn(a.w, true)
	return t, nil
}

// LoRA is the adapters in training, nil where the whole model learns.
func (t *Trainer) LoRA() *LoRA {
	if t.lora == nil {
		return nil
	}
	return t.lora.LoRA
}
