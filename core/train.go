package core

import "context"

// Batch is what an objective sees and what a trainer works on. The outer index
// of every field is the sequence, the inner one the token; position 0 predicts
// nothing, and its entries are ignored.
type Batch struct {
	Tokens    [][]int32
	Weights   [][]float32            // loss weight per token; 0 where nothing is to be learnt
	Logprobs  [][]float32            // of the policy in training; filled by Trainer.Logprobs
	Behaviour [][]float32            // of the policy that sampled; nil if unknown
	Reference [][]float32            // of the frozen reference; nil unless asked for
	Signals   map[string][][]float32 // further per-token signals, by name
	Groups    []Group                // which sequences form one example
	Grad      [][]float32            // out: d(loss)/d(log-prob) per token

	// Of a trainer with a scalar head (ValueTrainer), one more a sequence than
	// it has tokens: entry t is about the tokens before t, the last about all.
	Values    [][]float32
	ValueGrad [][]float32 // out: d(loss)/d(value)
}

// Part is sequences lo to hi of b, hi excluded, for a trainer: it shares all
// memory with b and has no groups.
func (b *Batch) Part(lo, hi int) Batch {
	cut := func(x [][]float32) [][]float32 {
		if x == nil {
			return nil
		}
		return x[lo:hi]
	}
	return Batch{
		Tokens: b.Tokens[lo:hi], Weights: cut(b.Weights), Logprobs: cut(b.Logprobs),
		Behaviour: cut(b.Behaviour), Reference: cut(b.Reference), Grad: cut(b.Grad),
		Values: cut(b.Values), ValueGrad: cut(b.ValueGrad),
	}
}

// SignalSteps is the signal of an example that values steps: one value for every
// node of a path, of which those of steps count.
const SignalSteps = "steps"

// Group says which sequences First..First+len(Labels)-1 form one example.
type Group struct {
	First  int
	Labels []float64
}

// Objective reads the log-probs in b, writes b.Grad, and returns the loss.
// It must not keep b. The loss and gradient are those of the mean over the
// batch, in whatever normalisation its docstring states.
type Objective func(b *Batch) float64

// StepOptions are the settings of one optimizer step.
type StepOptions struct {
	Rate         float64 // learning rate of this step, schedule applied
	Beta1, Beta2 float64
	Epsilon      float64
	Decay        float64 // decoupled weight decay
	Clip         float64 // largest gradient norm; 0 for none
}

// Trainer is what gradient optimizers drive; the embedded engine and Tinker
// servers satisfy it.
type Trainer interface {
	Logprobs(ctx context.Context, b *Batch) error // fills b.Logprobs
	Backward(ctx context.Context, b *Batch) error // from b.Grad, of the batch last given to Logprobs
	Step(ctx context.Context, o StepOptions) error
	Save(ctx context.Context) (Policy, error)
	Close() error
}

// Checkpointer is the companion of trainers whose whole state fits in a blob.
// Restoring it and going on gives the bytes that never stopping gives.
type Checkpointer interface {
	Checkpoint() ([]byte, error)
	Restore(state []byte) error
}

// FusedTrainer is the companion of trainers that go forward and back in one
// pass, which needs d(loss)/d(log-prob) before the log-probs are known. That
// suits linear objectives, such as supervised training: their gradient does
// not depend on the log-probs. ForwardBackward reads b.Grad and fills
// b.Logprobs. Gradients of several passes before a Step add up.
type FusedTrainer interface {
	ForwardBackward(ctx context.Context, b *Batch) error
}

// LoRA is the shape of low-rank adapters (Hu et al. 2021): a target matrix W is
// used as W + Alpha/Rank * B*A.
type LoRA struct {
	Rank    int
	Alpha   float64
	Targets []string // of q, k, v, o, gate, up and down; nil for all
	Seed    uint64   // of A; B starts at zero
}

// AdapterTrainer is the companion of trainers that can train adapters in place
// of all weights. Adapt comes before any other call. Adapters that the policy
// has already are trained further if they have this shape; else new ones are
// put on top of them.
type AdapterTrainer interface {
	Adapt(ctx context.Context, l LoRA) error
}

// AveragingTrainer is the companion of trainers that can keep an exponential
// moving average of what they train: mean = decay*mean + (1-decay)*weights
// after every step. With result, Save gives the mean in place of the last
// weights. Average comes before the first step.
type AveragingTrainer interface {
	Average(ctx context.Context, decay float64, result bool) error
}

// Merge asks for a mix of policies of one shape.
type Merge struct {
	Kind    string    // "linear", "slerp" or "warp"
	Init    Policy    // where the policies of a slerp or warp started
	Of      []Policy  // what is merged
	Weights []float64 // of each; nil for equal ones
	Eta     float64   // warp: how far from Init to the merged policy the result lies
}

// Merger is the companion of trainers that can merge policies. The result is the
// trainer's policy with merged weights.
type Merger interface {
	Merge(ctx context.Context, m Merge) (Policy, error)
}

// ValueTrainer is the companion of trainers that can train a scalar head on the
// policy's last hidden state. AddHead comes before the first step; the head is
// the policy's part of that name (PartValueHead, PartRewardHead), or starts at
// zero, and Save stores it as that part. With alone nothing else learns.
type ValueTrainer interface {
	AddHead(ctx context.Context, part string, alone bool) error
	// Values fills b.Values: before every token of weight, and of a reward head
	// at the end of every sequence as well; 0 elsewhere.
	Values(ctx context.Context, b *Batch) error
	// LogprobsValues is Logprobs and Values in one pass.
	LogprobsValues(ctx context.Context, b *Batch) error
	// BackwardValues adds to the gradient from b.ValueGrad, of the batch last
	// given to Values or LogprobsValues; after the latter from b.Grad too.
	BackwardValues(ctx context.Context, b *Batch) error
}
