package core

import "context"

// Row is the distribution over the whole vocabulary from which one token of
// weight was to be drawn.
type Row struct {
	Target         int32     // the token itself
	Logprobs       []float32 // of all tokens, under the policy in training
	Probs          []float32 // their exponentials, which trainers compute faster than losses
	Reference      []float32 // log-probs under the reference; nil where there is none
	ReferenceProbs []float32 // and theirs
	Grad           []float32 // out: d(loss)/d(Logprobs), which arrives zeroed
}

// RowLoss is a loss of one token that sees its whole distribution: it adds to
// r.Grad, as if the entries of r.Logprobs were free of each other, and returns
// its value. The loss of a batch is the mean over its tokens, by weight. A
// RowLoss changes nothing else, must not keep r and is called from several
// goroutines.
type RowLoss func(r *Row) float64

// Loss is an objective with what it needs besides the log-probs of the policy in
// training. Components of kind objective are built to an Objective or a Loss.
type Loss struct {
	Objective Objective // over log-probs; nil for none
	Row       RowLoss   // over whole distributions, added to it; nil for none
	Reference bool      // b.Reference or r.Reference must be there
}

// AsLoss reads a built objective.
func AsLoss(built any) (Loss, bool) {
	switch o := built.(type) {
	case Objective:
		return Loss{Objective: o}, true
	case Loss:
		return o, true
	}
	return Loss{}, false
}

// ValueLoss is an objective over what a reward head makes of texts. Components of
// kind objective that train a head are built to one.
type ValueLoss struct {
	// Mean reads the values of whole texts, or of parts of them where it does not
	// compare, adds its derivatives to slopes, and returns the loss of the batch. It
	// is called with groups that share all values out.
	Mean  func(values, slopes []float64, groups []Group) float64
	Pairs bool // it compares the sequences of a group by their labels; else labels are probabilities
}

// Plus is the sum of two losses.
func (l Loss) Plus(m Loss) Loss {
	sum := Loss{Objective: l.Objective, Row: l.Row, Reference: l.Reference || m.Reference}
	switch {
	case sum.Objective == nil:
		sum.Objective = m.Objective
	case m.Objective != nil:
		sum.Objective = plus(l.Objective, m.Objective)
	}
	switch {
	case sum.Row == nil:
		sum.Row = m.Row
	case m.Row != nil:
		sum.Row = func(r *Row) float64 { return l.Row(r) + m.Row(r) }
	}
	return sum
}

// plus adds objectives, each of which writes the whole of b.Grad.
func plus(f, g Objective) Objective {
	var kept []float32
	return func(b *Batch) float64 {
		loss := f(b)
		kept = kept[:0]
		for _, row := range b.Grad {
			kept = append(kept, row...)
		}
		loss += g(b)
		at := 0
		for _, row := range b.Grad {
			for j := range row {
				row[j] += kept[at+j]
			}
			at += len(row)
		}
		return loss
	}
}

// RowTrainer is the companion of trainers that can train on whole distributions.
// ForwardBackwardRows adds the gradient of scale times the sum of the batch's
// row losses, each times its token's weight, and that of b.Grad, and fills
// b.Logprobs. It returns the first part of the loss.
type RowTrainer interface {
	ForwardBackwardRows(ctx context.Context, b *Batch, loss RowLoss, scale float64) (float64, error)
}

// ReferenceTrainer is the companion of trainers that can compute under a frozen
// reference beside the policy in training. Memory is shared where that can be:
// with models in use elsewhere, and with the base of adapters in training.
type ReferenceTrainer interface {
	// Refer makes p the reference. It must have the tokens of the policy in
	// training.
	Refer(ctx context.Context, p Policy) error
	// ReferAverage makes the moving average of AveragingTrainer the reference.
	ReferAverage(ctx context.Context) error
	// Reference fills b.Reference. It comes before Logprobs, never between
	// Logprobs and Backward.
	Reference(ctx context.Context, b *Batch) error
}
