package objective

import (
	"context"
	"math"

	"pawl/core"
	"pawl/registry"
)

func init() {
	registry.Loss("distill", registry.Doc{
		Summary: "Takes over the reference's whole distribution at every token.",
		Detail: "The generalised Jensen-Shannon divergence between teacher P (the optimizer's `reference`) and policy Q, in nats " +
			"per token: beta*KL(P || M) + (1-beta)*KL(Q || M) with M = beta*P + (1-beta)*Q. At the ends, where that is 0, it " +
			"is KL(P || Q) for beta 0 and KL(Q || P) for beta 1. Which tokens, the selector says: the policy's own samples make " +
			"it on-policy distillation. Teacher and policy must have one tokenizer; only the embedded model can be trained so.",
		Paper:   "On-Policy Distillation of Language Models: Learning from Self-Generated Mistakes (Agarwal et al., 2024)",
		Example: "train: {objective: {distill: {beta: 0.5}}, reference: teacher}",
	}, func(_ context.Context, _ core.Host, c DistillConfig) (core.Loss, error) {
		return core.Loss{Row: Divergence(c.Beta), Reference: true}, nil
	})
}

// DistillConfig configures distillation.
type DistillConfig struct {
	Beta float64 `yaml:"beta" default:"0.5" min:"0" max:"1" doc:"0 for the forward KL divergence, which covers the teacher's modes; 1 for the reverse one, which seeks one; between, the Jensen-Shannon divergence." inline:"true"`
}

// Divergence is the generalised Jensen-Shannon divergence between r.Reference
// and r.Logprobs, in nats. With respect to the policy's log-prob of token j its
// gradient is (1-beta)·q_j·(log q_j - log m_j); at the ends it is that of the
// KL divergences.
func Divergence(beta float64) core.RowLoss {
	switch beta {
	case 0:
		return forwardKL(1)
	case 1:
		return reverseKL(1)
	}
	return func(r *core.Row) float64 {
		sum := 0.0
		// Slices of one length spare the loop its checks.
		n := len(r.Logprobs)
		lqs, qs, lps, ps, grad := r.Logprobs[:n], r.Probs[:n], r.Reference[:n], r.ReferenceProbs[:n], r.Grad[:n]
		for j, lq := range lqs {
			p, q := float64(ps[j]), float64(qs[j])
			switch {
			case q != 0: // so that NaN shows
				// log q - log m, through p/q - 1: where the two are alike, as
				// they are late in training, m would lose what parts them.
				x := float64(lps[j]) - float64(lq)
				beyond := p/q - 1
				if math.Abs(x) < 0.5 {
					beyond = expm1(x)
				}
				above := -logOf(1 + beta*beyond)
				d := (1 - beta) * q * above
				grad[j] += float32(d)
				sum += d
				if p != 0 {
					sum += beta * p * (x + above)
				}
			case p != 0: // m is beta·p
				sum -= beta * p * math.Log(beta)
			}
		}
		return sum
	}
}

// logOf is the logarithm of a positive normal number, with a relative error below
// 1e-8: x = 2^k·f with f around 1, and log f = 2·artanh((f-1)/(f+1)). It is
// several times faster than math.Log, which is most of what a row costs.
// Infinity and NaN stay what they are.
func logOf(x float64) float64 {
	if !(x <= math.MaxFloat64) {
		return x
	}
	const least = 0x3fe6a09e667f3bcd // the bits of the smallest f, √½
	bits := math.Float64bits(x)
	k := int64(bits-least) >> 52
	f := math.Float64frombits(bits - uint64(k)<<52)
	s := (f - 1) / (f + 1)
	z := s * s
	y := z * z
	return float64(k)*math.Ln2 + s*((2+z*(2./3))+y*((2./5+z*(2./7))+y*(2./9)))
}

// expm1 is exp(x) - 1 for |x| < 1/2, with a relative error below 1e-7 there and
// vanishing towards 0.
func expm1(x float64) float64 {
	y := x * x
	return x * ((1 + x*(1./2)) + y*((1./6+x*(1./24))+y*((1./120+x*(1./720))+y*(1./5040+x*(1./40320)))))
}

// forwardKL is coefficient times KL(reference || policy), whose gradient is
// -p_j.
func forwardKL(coefficient float64) core.RowLoss {
	return func(r *core.Row) float64 {
		sum := 0.0
		n := len(r.Logprobs)
		lqs, lps, ps, grad := r.Logprobs[:n], r.Reference[:n], r.ReferenceProbs[:n], r.Grad[:n]
		for j, p := range ps {
			if p != 0 {
				sum += float64(p) * float64(lps[j]-lqs[j])
				grad[j] -= float32(coefficient * float64(p))
			}
		}
		return coefficient * sum
	}
}

// reverseKL is coefficient times KL(policy || reference), whose gradient is
// q_j·(log q_j - log p_j + 1).
func reverseKL(coefficient float64) core.RowLoss {
	return func(r *core.Row) float64 {
		sum := 0.0
		n := len(r.Logprobs)
		lqs, qs, lps, grad := r.Logprobs[:n], r.Probs[:n], r.Reference[:n], r.Grad[:n]
		for j, q := range qs {
			if q != 0 {
				d := float64(q) * float64(lqs[j]-lps[j])
				sum += d
				grad[j] += float32(coefficient * (d + float64(q)))
			}
		}
		return coefficient * sum
	}
}
