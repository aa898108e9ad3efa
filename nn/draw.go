package nn

import (
	"math"

	"pawl/tensor"
)

// drawer chooses tokens from logits. Its memory is reused.
type drawer struct {
	probs []float32
	kept  []ranked
	tops  []ranked
	logp  [1]float32
	lse   [1]float32
	at    [1]int32
}

// draw chooses the next token from a row of logits, which an intervention may
// already have changed, and returns it with its log-probability under the
// distribution drawn from. Every prompt takes one number from r a token, also
// when greedy, so that streams stay in step.
func (d *drawer) draw(logits []float32, p *Prompt, r *stream) (token int32, logp float32) {
	u := r.uniform()
	if p.Temperature == 0 {
		token = argmax(logits)
		return token, d.logSoftmax(logits, token)
	}
	d.probs = growAligned(d.probs, len(logits))
	q := d.probs
	copy(q, logits)
	if p.Temperature != 1 {
		tensor.Scale(q, float32(1/p.Temperature))
	}
	if !p.truncates(len(q)) {
		tensor.Softmax(q)
		token = pick(q, u)
		if p.Temperature == 1 {
			return token, d.logSoftmax(logits, token)
		}
		copy(q, logits)
		tensor.Scale(q, float32(1/p.Temperature))
		return token, d.logSoftmax(q, token)
	}
	tensor.Softmax(q)
	kept := d.keep(q, p)
	all := mass(kept)
	// The cumulative distribution, likeliest first, inverted at u.
	n := likeliest(kept, func(_ int, sum float64) bool { return sum > u*all })
	return kept[n-1].token(), float32(math.Log(kept[n-1].p() / all))
}

// truncates tells whether any token of n may be cut off.
func (p *Prompt) truncates(n int) bool {
	return p.TopK > 0 && p.TopK < n || p.TopP > 0 && p.TopP < 1 || p.MinP > 0
}

// logSoftmax is the same chain of operations as in training.
func (d *drawer) logSoftmax(logits []float32, token int32) float32 {
	d.at[0] = token
	tensor.LogSoftmaxAt(d.logp[:], d.lse[:], tensor.Mat{Data: logits, Rows: 1, Cols: len(logits), Stride: len(logits)}, d.at[:])
	return d.logp[0]
}

// pick inverts the cumulative distribution at u, by token.
func pick(q []float32, u float64) int32 {
	all := 0.0
	for _, v := range q {
		all += float64(v)
	}
	sum, last := 0.0, 0
	for i, v := range q {
		if v > 0 {
			last = i
		}
		if sum += float64(v); sum > u*all {
			return int32(i)
		}
	}
	return int32(last) // rounding, or logits that are not numbers
}

func argmax(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}
