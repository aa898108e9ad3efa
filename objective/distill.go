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
		return forwardKL
	case 1:
		return reverseKL
	}
	return func(r *core.Row) float64 {
		sum := 0.0
		for j, lq := range r.Logprobs {
			p, q := math.Exp(float64(r.Reference[j])), math.Exp(float64(lq))
			m := beta*p + (1-beta)*q
			if m == 0 {
				continue // neither gives the token any chance
			}
			lm := math.Log(m)
			if p > 0 {
				sum += beta * p * (float64(r.Reference[j]) - lm)
			}
			if q > 0 {
				d := (1 - beta) * q * (float64(lq) - lm)
				sum += d
				r.Grad[j] += float32(d)
			}
		}
		return sum
	}
}

// forwardKL is KL(reference || policy), with the gradient -p_j.
func forwardKL(r *core.Row) float64 {
	sum := 0.0
	for j, lq := range r.Logprobs {
		if p := math.Exp(float64(r.Reference[j])); p > 0 {
			sum += p * float64(r.Reference[j]-lq)
			r.Grad[j] -= float32(p)
		}
	}
	return sum
}

// reverseKL is KL(policy || reference), with the gradient q_j·(log q_j - log p_j + 1).
func reverseKL(r *core.Row) float64 {
	sum := 0.0
	for j, lq := range r.Logprobs {
		if q := math.Exp(float64(lq)); q > 0 {
			d := q * float64(lq-r.Reference[j])
			sum += d
			r.Grad[j] += float32(d + q)
		}
	}
	return sum
}
