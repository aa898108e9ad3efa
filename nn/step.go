package nn

import (
	"fmt"
	"math"

	"pawl/tensor"
)

// learnt is a stretch of what a trainer moves: weights that lie somewhere, and
// their place in gradients and moments.
type learnt struct {
	at     int
	w      []float32
	decays bool
}

// learn adds weights to what learns.
func (t *Trainer) learn(w []float32, decays bool) {
	t.spans = append(t.spans, learnt{t.size, w, decays})
	t.size += len(w)
}

// gather copies all that learns to flat, scatter copies it back.
func (t *Trainer) gather(flat []float32) {
	for _, x := range t.spans {
		copy(flat[x.at:], x.w)
	}
}

func (t *Trainer) scatter(flat []float32) {
	for _, x := range t.spans {
		copy(x.w, flat[x.at:])
	}
	t.touch()
}

// touch marks that what learns has changed.
func (t *Trainer) touch() {
	if t.alone {
		return
	}
	t.moved++
	if t.lora == nil {
		t.m.Touch()
	}
}

// StepOptions are the numbers of one optimizer step. Zero betas, Eps and Clip
// mean 0.9, 0.999, 1e-8 and no clipping.
type StepOptions struct {
	LR           float64
	Beta1, Beta2 float64
	Eps          float64
	Decay        float64 // decoupled weight decay of matrices; norm gains have none
	Clip         float64 // largest norm of the whole gradient
}

// check refuses numbers with which a step would leave weights that are none.
func (o *StepOptions) check() error {
	for _, f := range []struct {
		name  string
		value float64
		below float64
	}{
		{"learning rate", o.LR, math.Inf(1)}, {"first beta", o.Beta1, 1}, {"second beta", o.Beta2, 1}, {"epsilon", o.Eps, math.Inf(1)},
		{"weight decay", o.Decay, math.Inf(1)}, {"largest norm", o.Clip, math.Inf(1)},
	} {
		if !(f.value >= 0 && f.value < f.below) {
			return fmt.Errorf("the %s is %v; it must be 0 or more, and below %v", f.name, f.value, f.below)
		}
	}
	return nil
}

func (t *Trainer) moments() {
	if t.m1 == nil {
		t.m1, t.m2 = tensor.Alloc(t.size), tensor.Alloc(t.size)
	}
}

// chunk is how many floats of the buffer one task of a step takes.
const chunk = 1 << 14

// Step updates the weights from the gradient gathered since the last step and
// returns the norm of that gradient before clipping. If the norm is not a
// number, nothing changes but that the gradient is dropped, and Step says so.
func (t *Trainer) Step(o StepOptions) (float64, error) {
	if o.Beta1 == 0 {
		o.Beta1 = 0.9
	}
	if o.Beta2 == 0 {
		o.Beta2 = 0.999
	}
	if o.Eps == 0 {
		o.Eps = 1e-8
	}
	if err := o.check(); err != nil {
		return 0, fmt.Errorf("stepping: %w", err)
	}
	if t.dirty == 0 {
		return 0, fmt.Errorf("stepping: there is no gradient; call Backward or ForwardBackward first")
	}
	if t.lora == nil && !t.alone && t.m.Frozen() {
		return 0, fmt.Errorf("stepping: the model is frozen; train a Clone of it")
	}
	t.forward = false
	norm := t.gradNorm()
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		t.dropGradient()
		return norm, fmt.Errorf("stepping: the gradient norm is %v; lower the learning rate, or clip", norm)
	}
	t.moments()
	t.steps++
	t.opt = tensor.AdamWStep{
		LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay, GradScale: 1,
		Correction1: 1 - math.Pow(o.Beta1, float64(t.steps)),
		Correction2: 1 - math.Pow(o.Beta2, float64(t.steps)),
	}
	if o.Clip > 0 && norm > o.Clip {
		t.opt.GradScale = o.Clip / norm
	}
	t.crew.Run(t.chunks(), t.stepTask)
	t.dirty = 0
	t.touch()
	return norm, nil
}

func (t *Trainer) chunks() int { return (t.size + chunk - 1) / chunk }

// gradNorm sums the lanes into the first and returns the norm of the sum.
func (t *Trainer) gradNorm() float64 {
	t.sums = grow(t.sums, t.chunks())
	t.crew.Run(t.chunks(), t.sumTask)
	sum := 0.0
	for _, s := range t.sums {
		sum += s
	}
	t.dirty = 1
	return math.Sqrt(sum)
}

func (t *Trainer) sumChunk(_, i int) {
	lo, hi := i*chunk, min((i+1)*chunk, t.size)
	g := t.lanes[0][lo:hi]
	for _, lane := range t.lanes[1:t.dirty] {
		tensor.Add(g, lane[lo:hi])
		clear(lane[lo:hi]) // while it is in cache
	}
	t.sums[i] = tensor.SumSquares(g)
}

func (t *Trainer) stepChunk(_, i int) {
	lo, hi := i*chunk, min((i+1)*chunk, t.size)
	for k := range t.spans {
		x := &t.spans[k]
		from, to := max(lo, x.at), min(hi, x.at+len(x.w))
		if from >= to {
			continue
		}
		o := t.opt
		if !x.decays {
			o.Decay = 0
		}
		w := x.w[from-x.at : to-x.at]
		tensor.AdamW(w, t.lanes[0][from:to], t.m1[from:to], t.m2[from:to], o)
		if t.mean != nil {
			tensor.Scale(t.mean[from:to], float32(t.decay))
			tensor.Axpy(t.mean[from:to], float32(1-t.decay), w)
		}
	}
	clear(t.lanes[0][lo:hi])
}

// dropGradient forgets what Backward has gathered.
func (t *Trainer) dropGradient() {
	for _, lane := range t.lanes[:t.dirty] {
		clear(lane)
	}
	t.dirty = 0
}

// Reset makes the optimizer's state that of a fresh trainer; the weights stay.
// An average begins anew.
func (t *Trainer) Reset() {
	t.dropGradient()
	clear(t.m1)
	clear(t.m2)
	t.steps = 0
	if t.mean != nil {
		t.gather(t.mean)
	}
}
