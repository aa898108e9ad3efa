package nn

import (
	"math"
	"slices"

	"pawl/tensor"
)

// drawer chooses tokens from logits. Its memory is reused.
type drawer struct {
	probs []float32
	order []int32
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
	truncated := (p.TopK > 0 && p.TopK < len(q)) || (p.TopP > 0 && p.TopP < 1)
	if !truncated {
		tensor.Softmax(q)
		token = pick(q, nil, u)
		if p.Temperature == 1 {
			return token, d.logSoftmax(logits, token)
		}
		copy(q, logits)
		tensor.Scale(q, float32(1/p.Temperature))
		return token, d.logSoftmax(q, token)
	}
	tensor.Softmax(q)
	kept := d.keep(q, p)
	token = pick(q, kept, u)
	mass := 0.0
	for _, i := range kept {
		mass += float64(q[i])
	}
	return token, float32(math.Log(float64(q[token]) / mass))
}

// keep returns the tokens that survive top-k, then top-p (Holtzman et al.
// 2020), likeliest first and ties by index. At least one does.
func (d *drawer) keep(q []float32, p *Prompt) []int32 {
	d.order = grow(d.order, len(q))
	for i := range d.order {
		d.order[i] = int32(i)
	}
	slices.SortStableFunc(d.order, func(a, b int32) int {
		switch {
		case q[a] > q[b]:
			return -1
		case q[a] < q[b]:
			return 1
		}
		return 0
	})
	kept := d.order
	if p.TopK > 0 && p.TopK < len(kept) {
		kept = kept[:p.TopK]
	}
	if p.TopP > 0 && p.TopP < 1 {
		all, mass := 0.0, 0.0
		for _, i := range kept {
			all += float64(q[i])
		}
		for n, i := range kept {
			if mass += float64(q[i]); mass >= p.TopP*all {
				kept = kept[:n+1]
				break
			}
		}
	}
	return kept
}

// logSoftmax is the same chain of operations as in training.
func (d *drawer) logSoftmax(logits []float32, token int32) float32 {
	d.at[0] = token
	tensor.LogSoftmaxAt(d.logp[:], d.lse[:], tensor.Mat{Data: logits, Rows: 1, Cols: len(logits), Stride: len(logits)}, d.at[:])
	return d.logp[0]
}

// pick inverts the cumulative distribution at u, over all tokens or over kept.
func pick(q []float32, kept []int32, u float64) int32 {
	n := len(q)
	if kept != nil {
		n = len(kept)
	}
	token := func(i int) int32 {
		if kept != nil {
			return kept[i]
		}
		return int32(i)
	}
	all := 0.0
	for i := range n {
		all += float64(q[token(i)])
	}
	sum, last := 0.0, token(0)
	for i := range n {
		t := token(i)
		if q[t] > 0 {
			last = t
		}
		if sum += float64(q[t]); sum > u*all {
			return t
		}
	}
	return last // rounding, or logits that are not numbers
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
